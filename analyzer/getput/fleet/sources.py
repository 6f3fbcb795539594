"""Where patches come from: mboxes, maildirs, folders of mails, archives of public-inbox, and ranges of a kernel's history.

A source is read from a *mark* on, which says how far the reading before came; marks are handed out with what is read, so
that a reading which is stopped at any moment goes on there.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

from getput.patch.git import Repository
from getput.patch.gitdir import work_tree
from getput.patch.gitprocess import GitError
from getput.patch.mail import spans
from getput.patch.series import inflated

MAX_MAIL = 64 << 20  # bytes
MAX_FILE = 512 << 20  # of a packed file
_GZIP = b"\x1f\x8b\x08"
_MAILDIR = ("cur", "new")


class SourceError(Exception):
    """Why a source cannot be read."""


class Kind(StrEnum):
    """What a source is."""

    MBOX = "mbox"
    MAILDIR = "maildir"
    FOLDER = "folder"
    ARCHIVE = "archive"
    RANGE = "range"


class Source(msgspec.Struct, frozen=True):
    """One place that patches come from; ``name`` is what tells it from others, ``list`` the mailing list that it holds where its mails do not say."""

    kind: Kind
    name: str
    path: Path
    list: str = ""


class Mail(msgspec.Struct, frozen=True):
    """One mail of a source, at a ``position`` that does not change; ``raw`` is None where it cannot be read, and ``problem`` says why.

    ``mark`` is where a reading goes on that has this one behind it.
    """

    position: str
    raw: bytes | None
    mark: str = ""
    problem: str = ""


def source_of(word: str, tree: Path) -> list[Source]:
    """The sources that *word* names: a file or a folder there is, else a range of the repository around *tree*.  Raises SourceError."""
    path = Path(word)
    try:
        about = path.stat()
    except (OSError, ValueError):
        return [_range(word, tree)]
    where = Path(os.path.abspath(path))  # noqa: PTH100 -- links stay as they were named
    name, called = str(where), where.name or "root"
    if not stat.S_ISDIR(about.st_mode):
        return [Source(Kind.MBOX, name, where, _list_of(called))]
    if all((where / part).is_dir() for part in _MAILDIR):
        return [Source(Kind.MAILDIR, name, where, called)]
    epochs = _epochs(where)
    if epochs:
        return [Source(Kind.ARCHIVE, str(one), one, _list_of(called)) for one in epochs]
    if (where / ".git").exists():
        raise SourceError(f"{word}: a work tree of git: name a range of its commits, and the tree by --tree")
    return [Source(Kind.FOLDER, name, where, called)]


def _range(word: str, tree: Path) -> Source:
    root = work_tree(tree)
    if root is None:
        raise SourceError(f"{word}: no such file or folder, and no git repository that could have such commits")
    return Source(Kind.RANGE, f"{word} of {root}", root, "")


def _list_of(name: str) -> str:
    """What an mbox or an archive called *name* is probably the archive of."""
    for suffix in (".gz", ".mbox", ".mbx", ".eml", ".patch", ".git"):
        name = name.removesuffix(suffix)
    return name


def _epochs(folder: Path) -> list[Path]:
    """The git repositories of an archive of public-inbox, oldest first: *folder* itself, or those in it or in its ``git``."""
    if _bare(folder):
        return [folder]
    for place in (folder / "git", folder):
        found = [one for one in place.glob("*.git") if one.stem.isdecimal() and _bare(one)]
        if found:
            return sorted(found, key=lambda one: int(one.stem))
    return []


def _bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


# --- mails -----------------------------------------------------------------------------------------------------------


def mails(source: Source, mark: str) -> Iterator[Mail]:
    """The mails of *source* behind *mark* (empty: all).  Raises SourceError where it cannot be read at all."""
    try:
        if source.kind is Kind.MBOX:
            yield from _of_file(source.path, "", mark)
        elif source.kind is Kind.ARCHIVE:
            yield from _of_archive(source.path, mark)
        else:
            for path in _files(source):
                yield from _of_file(path, _named(path, source), "")
    except (OSError, GitError, ValueError) as error:
        raise SourceError(f"{source.name}: {getattr(error, 'strerror', None) or error}") from error


def renewed(source: Source, mark: str) -> bool:
    """Whether what was read of *source* up to *mark* may be something else by now, so that it has to be forgotten and read anew."""
    if source.kind is Kind.ARCHIVE:
        if not mark:
            return False
        return not Repository(source.path).has_commit(mark)
    if source.kind is Kind.RANGE:
        return True
    return source.kind is not Kind.MBOX or mark.partition(" ")[0] != _state(source.path)


def _state(path: Path) -> str:
    """What tells whether a file has changed."""
    try:
        about = path.stat()
    except OSError:
        return "?"
    return f"{about.st_size}.{about.st_mtime_ns}.{about.st_ino}"


def _files(source: Source) -> Iterator[Path]:
    """The files of a folder, sorted; hidden ones are left out, and so are links to folders."""
    places = [source.path / part for part in _MAILDIR] if source.kind is Kind.MAILDIR else [source.path]
    for place in places:
        for folder, below, names in os.walk(place):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    yield Path(folder, name)


def _named(path: Path, source: Source) -> str:
    """How a file is known: in a maildir without its flags, and wherever it was moved to."""
    if source.kind is Kind.MAILDIR:
        return path.name.partition(":")[0]
    return str(path.relative_to(source.path))


def _of_file(path: Path, name: str, mark: str) -> Iterator[Mail]:
    """The mails of one file: an mbox, one mail, or either packed by gzip."""
    state = _state(path)
    begin = int(mark.partition(" ")[2] or 0)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        yield Mail(name or "0", None, f"{state} 0", f"cannot be read: {error.strerror}")
        return
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            yield Mail(name or "0", None, f"{state} 0", "not a regular file")
            return
        if about.st_size == 0:
            return
        packed = file.read(3) == _GZIP
        if packed and about.st_size > MAX_FILE:
            yield Mail(name or "0", None, f"{state} 0", f"larger than {MAX_FILE >> 20} MB")
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            yield from _within(raw, packed, name, state, begin)


def _within(raw: mmap.mmap, packed: bool, name: str, state: str, begin: int) -> Iterator[Mail]:
    content: bytes | mmap.mmap = raw
    if packed:
        try:
            content = inflated(raw[:])
        except ValueError as error:
            yield Mail(name or "0", None, f"{state} 0", str(error))
            return
    for start, end in spans(content):
        if start < begin:
            continue
        position = f"{name}:{start}" if name and start else name or str(start)
        if end - start > MAX_MAIL:
            yield Mail(position, None, f"{state} {end}", f"a mail larger than {MAX_MAIL >> 20} MB")
        else:
            yield Mail(position, content[start:end], f"{state} {end}")


def _of_archive(path: Path, mark: str) -> Iterator[Mail]:
    """The mails that the commits of an archive put in, behind the commit *mark*."""
    git = Repository(path)
    try:
        until = git.commit("HEAD")
        since = mark or None
        last = since
        for one in git.additions(since, until):
            if one.path == "d":  # what was taken out of the archive again
                continue
            raw = git.blob(one.blob, MAX_MAIL)
            if raw is None and git.trouble is not None:
                raise GitError(git.trouble)
            problem = "" if raw is not None else "the mail is not in the repository, or too large"
            yield Mail(f"{one.commit}:{one.path}", raw, last or "", problem)
            last = one.commit
        yield Mail("", None, until)
    finally:
        git.close()
