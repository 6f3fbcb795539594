"""The entry of the package: inputs in, submissions with the images of every touched file out."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from getput.model import Problem
from getput.patch import diff as diffs
from getput.patch.git import Change, Repository, repository
from getput.patch.gitdir import work_tree
from getput.patch.gitprocess import GitError
from getput.patch.images import FileImages, Tree, is_source
from getput.patch.mail import Mail, message, split
from getput.patch.notes import notes
from getput.patch.order import Order, ordered
from getput.patch.overlay import resolve

MAX_INPUT = 512 << 20  # bytes
_GZIP = b"\x1f\x8b\x08"
MAX_MAILS = 20_000  # of one input
STAGED = "--staged"
UNKNOWN = "Needed a single revision"  # git rev-parse --verify, of a name that it does not know


class TreeError(ValueError):
    """The tree does not exist or cannot be read."""


class Patch(msgspec.Struct, frozen=True):
    """One patch: ``applied`` is "forward", "already", "blobs" or "hunks-only"; None where nothing could be applied."""

    subject: str
    message_id: str | None
    commit: str | None
    applied: str | None
    files: tuple[FileImages, ...]
    message: str = ""  # what its author says below the subject
    where: str = ""  # the input that it stands in
    mail: Mail | None = None
    diffs: tuple[diffs.FileDiff, ...] = ()


class Submission(msgspec.Struct, frozen=True):
    """What is judged together: one input, or all as one series; ``problems`` say what of it cannot be judged, ``notes`` what
    of it is no patch to judge, and what of a series is not there."""

    name: str
    patches: tuple[Patch, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...] = ()


class InputError(ValueError):
    """Why an input is not read."""


class _Part(msgspec.Struct, frozen=True):
    """One mail, commit or index: the input it comes from, and the files it touches."""

    where: str
    mail: Mail
    files: tuple[diffs.FileDiff, ...]
    is_commit: bool = False


def default_tree(cwd: Path) -> Path:
    """The root of the git work tree around *cwd*, else *cwd* itself."""
    root = work_tree(cwd)
    return cwd if root is None or not (root / ".git").exists() else root


def read_submissions(
    inputs: Sequence[str],
    tree: Path | None,
    each: bool,
    staged: bool = False,
    stdin: BinaryIO | bytes | None = None,
) -> Iterator[Submission]:
    """One submission an input if *each*, else one for all; read as they are asked for, so memory stays flat.

    An input is a file, "-" for *stdin*, or a git revision or range of the repository around *tree*; *staged* adds the
    index.  An input that cannot be read is a submission with problems.  Raises TreeError, before the first submission,
    for a tree that is none.
    """
    if tree is not None:
        _check(tree)
    names = [*inputs, STAGED] if staged else list(inputs)
    for chosen in ([name] for name in names) if each else [names]:
        yield _submission(chosen, tree, staged, stdin)


def put_together(
    name: str, series: Sequence[tuple[str, Sequence[diffs.FileDiff]]], tree: Tree, git: Repository | None
) -> Submission:
    """A series whose diffs are known, in the order in which they apply, each with the place that its problems are told of."""
    parts = [_Part(where, Mail("", None, None, ""), tuple(files)) for where, files in series]
    problems: list[Problem] = []
    patches = _patches(parts, Order([part.mail for part in parts], [], [], []), tree, git, problems)
    return Submission(name, patches, tuple(problems))


def committed(name: str, change: Change, git: Repository) -> Submission:
    """A commit, of whose files both images are taken from the repository."""
    part = _part(name, change)
    problems: list[Problem] = []
    patches = _patches([part], Order([part.mail], [], [], []), Tree(None), git, problems)
    return Submission(name, patches, tuple(problems))


def _check(tree: Path) -> None:
    """Raises TreeError unless *tree* is a folder that can be read."""
    try:
        about = tree.stat()
    except OSError as error:
        raise TreeError(f"{tree}: {error.strerror}") from error
    if not stat.S_ISDIR(about.st_mode):
        raise TreeError(f"{tree}: not a folder")
    if not os.access(tree, os.R_OK | os.X_OK):
        raise TreeError(f"{tree}: cannot be read")


def _submission(names: Sequence[str], tree: Path | None, staged: bool, stdin: BinaryIO | bytes | None) -> Submission:
    """All inputs of *names* as one series."""
    problems: list[Problem] = []
    found: list[_Part] = []
    idle: list[_Part] = []
    git = None if tree is None else repository(tree)
    for name in names:
        try:
            if staged and name == STAGED:
                parts = [_index(git)]
            elif name == "-":
                parts = _mails("-", stdin if isinstance(stdin, bytes) else _content(stdin or sys.stdin.buffer))
            else:
                parts = _named(name, git)
        except (OSError, GitError, InputError) as error:
            problems.append(Problem(name, getattr(error, "strerror", None) or str(error)))
            continue
        with_diff = [part for part in parts if part.files or part.is_commit]
        if not with_diff:
            problems.append(Problem(name, "no patch in it"))
        found += with_diff
        idle += [part for part in parts if not part.files and not part.is_commit]
    mails = [part.mail for part in found]
    order = Order(mails, [], [], []) if any(part.is_commit for part in found) else ordered(mails)
    patches = _patches(found, order, Tree(tree), git, problems)
    where = {id(part.mail): part.where for part in (*found, *idle)}
    said = notes(order, [part.mail for part in idle], where) if patches else ()
    return Submission(" ".join(names), patches, tuple(problems), tuple(said))


def _patches(
    found: Sequence[_Part], order: Order, tree: Tree, git: Repository | None, problems: list[Problem]
) -> tuple[Patch, ...]:
    """The patches in their order, with all their images; what cannot be judged goes to *problems*."""
    parts = {id(part.mail): part for part in found}
    for mail in order.superseded:
        problems.append(Problem(parts[id(mail)].where, f"{mail.subject}: left out, a newer version of it is there"))
    series = [parts[id(mail)] for mail in order.mails]
    out: list[Patch] = []
    unknown = False
    for part, became in zip(series, resolve([part.files for part in series], tree, git), strict=True):
        mail = part.mail
        for file in became.files:
            unknown = unknown or file.status == "failed" or not file.whole
            if file.status == "failed" and file.reason:
                problems.append(Problem(part.where, file.reason))
        if became.alone:
            title = mail.subject or "patch"
            problems.append(Problem(part.where, f"{title}: applies on its own only, not after the patches before it"))
        applied = became.applied.value if became.applied else None
        said = (mail.subject, mail.message_id, mail.commit, applied, became.files, message(mail))
        out.append(Patch(*said, part.where, mail, part.files))
    if unknown and git is not None and git.trouble is not None:
        problems.append(Problem(str(git.tree), f"blobs cannot be read: {git.trouble}"))
    return tuple(out)


def _detail(said: GitError) -> str:
    """What git adds to its refusal of a revision, where that says more than the refusal does."""
    text = str(said).removeprefix("fatal: ")
    return "" if text == UNKNOWN else f": {text}"


def _named(name: str, git: Repository | None) -> list[_Part]:
    """A file if there is one of this name, else a revision.  Raises OSError, GitError or InputError."""
    try:
        about = Path(name).stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        if git is None:
            raise InputError("no such file, and no git repository that could have a revision of this name") from error
        try:
            return [_part(name, change) for change in git.changes(name)]
        except GitError as said:
            raise GitError(f"no such file, and no git revision{_detail(said)}") from said
    if stat.S_ISDIR(about.st_mode):
        raise InputError("is a folder, not a patch")
    with Path(name).open("rb") as file:
        return _mails(name, _content(file))


def _content(file: BinaryIO) -> bytes:
    """All of *file*.  Raises InputError where that is too much."""
    pieces: list[bytes] = []
    size = 0
    while piece := file.read(1 << 20):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_INPUT:
            raise InputError(f"larger than {MAX_INPUT >> 20} MB")
    return b"".join(pieces)


def _mails(name: str, raw: bytes) -> list[_Part]:
    """The mails in *raw*, with what they touch.  Raises InputError for too many."""
    parts: list[_Part] = []
    for mail in split(inflated(raw) if raw.startswith(_GZIP) else raw):
        if len(parts) == MAX_MAILS:
            raise InputError(f"more than {MAX_MAILS} mails")
        parts.append(_Part(name, mail, tuple(diffs.parse(mail.text, mail.line, is_source))))
    return parts


def inflated(raw: bytes) -> bytes:
    """What gzip made *raw* of: mail archives hand out threads that way.  Raises InputError."""
    import zlib

    try:
        text = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(raw, MAX_INPUT + 1)
    except zlib.error as error:
        raise InputError(f"damaged gzip file: {error}") from error
    if len(text) > MAX_INPUT:
        raise InputError(f"larger than {MAX_INPUT >> 20} MB")
    return text


def _index(git: Repository | None) -> _Part:
    """What is staged.  Raises GitError."""
    if git is None:
        raise GitError("no git repository: nothing can be staged")
    return _part(STAGED, git.staged())


def _part(name: str, change: Change) -> _Part:
    """A commit, or the index; it may be empty."""
    text = change.diff.decode("utf-8", "surrogateescape")
    headers = {name: value for name, value in (("from", change.author), ("date", change.date)) if value}
    mail = Mail(change.subject, None, change.commit, text, said=change.message, headers=headers)
    return _Part(name, mail, tuple(diffs.parse(text, wanted=is_source, message=False)), is_commit=True)
