"""Asking git: blobs by id, the patches of a revision or range, what is staged."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from getput.patch.gitdir import work_tree
from getput.patch.gitobjects import Objects
from getput.patch.gitprocess import Git, GitError
from getput.pattern import pattern

# Options that the user's configuration would otherwise decide: the same commit is the same patch for everyone.
_DIFF = (
    "-p",
    "-M",
    "-U3",
    "-O/dev/null",
    "--inter-hunk-context=0",
    "--diff-algorithm=default",
    "--full-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--ignore-submodules=all",
)
_COMMIT = pattern(rb"^\0commit ([0-9a-f]{40,64}) (.*)\n(.*)\n(.*)\n([^\0]*)\0", re.MULTILINE)
_HEAD = "%x00commit %H %s%n%an <%ae>%n%aD%n%b%x00"
_HEX = pattern(r"[0-9a-f]{4,64}\Z")


class Change(msgspec.Struct, frozen=True):
    """One commit, or the index, as a patch: ``diff`` is git's unified diff with full blob ids, ``message`` what stands below the subject;
    ``author`` and ``date`` as in a mail."""

    commit: str | None
    subject: str
    diff: bytes
    message: str = ""
    author: str = ""
    date: str = ""


class Known(NamedTuple):
    """A commit without its patch; ``date`` is its committer's, as in ISO 8601."""

    commit: str
    author: str
    date: str
    subject: str


class Addition(NamedTuple):
    """A file that a commit put in, new or over another one; ``blob`` is the id of its content."""

    commit: str
    path: str
    blob: str


class Repository:
    """One git repository; the process that reads blobs starts with the first blob asked for."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self._git = Git(tree)
        self._objects = Objects(self._git)

    # --- blobs ---------------------------------------------------------------------------------------------------

    def blob(self, name: str, limit: int) -> bytes | None:
        """The content of the blob with the id *name*, which may be abbreviated.

        None where the repository has none or several, where it has more than *limit* bytes, and where git cannot be
        asked.
        """
        if not _HEX.match(name):
            return None
        found = self._objects.read(name.encode())
        return found[1] if found is not None and found[0] == b"blob" and len(found[1]) <= limit else None

    def stored(self, commit: str, path: str) -> tuple[str, bytes] | None:
        """What lies at *path* in the tree of *commit* (a full id): ("blob" or "tree", its content as git stores it).  The path "" is the top.

        None where nothing lies there, and where git cannot be asked.
        """
        if not _HEX.match(commit) or "\n" in path or "\0" in path:
            return None
        found = self._objects.read(f"{commit}:{path}".encode("utf-8", "surrogateescape"))
        return None if found is None else (found[0].decode("ascii", "replace"), found[1])

    @property
    def trouble(self) -> str | None:
        """Why blobs cannot be read any more; None where they can."""
        return self._objects.trouble

    def close(self) -> None:
        """End the process that reads blobs."""
        self._objects.close()

    # --- changes -------------------------------------------------------------------------------------------------

    def changes(self, revision: str) -> Iterator[Change]:
        """The patches of one commit, or of a range (``a..b``, oldest first, without its merges).

        A merge named on its own is the patch against its first parent.  Raises GitError.
        """
        _check(revision)
        if ".." in revision:
            known = self._git.say("rev-list", "--max-count=1", revision, "--")
            if not known.strip():
                raise GitError("no commit in this range")
            which = ["--reverse", "--no-merges", "--right-only" if "..." in revision else "--topo-order", revision]
        else:
            which = ["--max-count=1", "--first-parent", "-m", "--root", self.commit(revision)]
        text = self._git.say("log", "--format=" + _HEAD, "--encoding=UTF-8", *_DIFF, *which, "--")
        yield from _changes_in(text)

    def commits(self, names: Sequence[str]) -> Iterator[Change]:
        """The patches of these commits (full ids), in this order, each against its first parent; one of a commit that is not there is left out.

        Raises GitError.
        """
        wanted = [name for name in names if _HEX.match(name)]
        if not wanted:
            return
        text = self._git.say(
            "log",
            "--no-walk=unsorted",
            "--ignore-missing",
            "--first-parent",
            "-m",
            "--root",
            "--stdin",
            "--format=" + _HEAD,
            "--encoding=UTF-8",
            *_DIFF,
            said="".join(f"{name}\n" for name in wanted).encode(),
        )
        yield from _changes_in(text)

    def history(self, revisions: str) -> Iterator[Known]:
        """The commits of a range (``a..b``, oldest first, without its merges), without their patches.

        Read as git says them, so memory stays flat.  Raises GitError.
        """
        _check(revisions)
        which = ["--right-only" if "..." in revisions else "--topo-order", "--no-merges", "--reverse"]
        yield from self._known(*which, revisions)

    def single(self, revision: str) -> Iterator[Known]:
        """The commit that *revision* means, without its patch.  Raises GitError."""
        yield from self._known("--max-count=1", self.commit(revision))

    def _known(self, *which: str) -> Iterator[Known]:
        form = "--format=%x00%H%x01%an <%ae>%x01%cI%x01%s"
        for line in self._git.lines("log", form, "--encoding=UTF-8", "--no-patch", *which, "--"):
            text = line.decode("utf-8", "surrogateescape").rstrip("\n")
            if text.startswith("\0") and text.count("\1") >= 3:
                yield Known(*text[1:].split("\1", 3))

    def additions(self, since: str | None, until: str) -> Iterator[Addition]:
        """Every file that the commits after *since* up to *until* (full ids) put in, oldest first; memory stays flat.  Raises GitError."""
        which = until if since is None else f"{since}..{until}"
        commit = ""
        raw = (
            "--raw",
            "--no-abbrev",
            "--no-renames",
            "--root",
            "-m",
            "--first-parent",
            "--diff-filter=AM",
            "-O/dev/null",
        )
        form = ("--reverse", "--topo-order", "--format=%x00%H", "--no-ext-diff", "--ignore-submodules=all")
        for line in self._git.lines("log", *form, *raw, which, "--"):
            if line.startswith(b"\0"):
                commit = line[1:].decode("ascii", "replace").strip()
            elif line.startswith(b":"):
                head, _, path = line.rstrip(b"\n").partition(b"\t")
                modes = head.split()
                if len(modes) == 5 and modes[1].startswith(b"100"):
                    yield Addition(commit, path.decode("utf-8", "surrogateescape"), modes[3].decode("ascii", "replace"))

    def commit(self, revision: str) -> str:
        """The full id of the commit that *revision* means.  Raises GitError."""
        _check(revision)
        return self._git.say("rev-parse", "--verify", revision.removesuffix("^!") + "^{commit}").decode().strip()

    def has_commit(self, name: str) -> bool:
        """Whether the repository has the commit with this full id."""
        found = self._objects.read(name.encode()) if _HEX.match(name) else None
        return found is not None and found[0] == b"commit"

    def staged(self) -> Change:
        """What the index changes against HEAD, or against nothing before the first commit.  Raises GitError."""
        return Change(None, "staged changes", self._git.say("diff", "--cached", *_DIFF, "--"))

    def head(self) -> str:
        """The id of the commit that is checked out.  Raises GitError."""
        return self._git.say("rev-parse", "--verify", "HEAD^{commit}").decode().strip()

    def at_head(self, path: str) -> bytes | None:
        """The file at *path* (from the top of the work tree) as HEAD has it; None where HEAD, if there is one, has none."""
        try:
            status, out, _ = self._git.answer("cat-file", "blob", f"HEAD:{path}")
        except GitError:
            return None
        return None if status else out

    def config(self, section: str) -> bytes:
        """All settings of *section* that hold here, as ``git config --null --show-origin --get-regexp`` prints them.  Raises GitError."""
        status, out, said = self._git.answer("config", "--null", "--show-origin", "--get-regexp", rf"^{section}\.")
        if status not in (0, 1):  # 1: there are none
            raise GitError(said.decode("utf-8", "replace").strip().partition("\n")[0] or "git config failed")
        return out

    def value(self, key: str) -> str:
        """One setting; empty where it is not set.  Raises GitError where git cannot say."""
        _, out, _ = self._git.answer("config", "--get", key)
        return out.decode("utf-8", "replace").strip()


def _check(revision: str) -> None:
    """Raises GitError for what git could take for an option, or for several arguments."""
    if revision.startswith("-") or not revision.strip() or "\0" in revision or "\n" in revision:
        raise GitError("not a git revision")


def _changes_in(text: bytes) -> Iterator[Change]:
    """The commits that git printed with ``_HEAD`` and their patches."""
    marks = list(_COMMIT.finditer(text))
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        subject, author, date, message = (part.decode("utf-8", "surrogateescape") for part in mark.groups()[1:])
        yield Change(mark.group(1).decode(), subject, text[mark.end() : end], message, author, date)


def repository(tree: Path) -> Repository | None:
    """The repository around *tree*, one and the same within a process; None where there is none."""
    root = work_tree(tree)
    return None if root is None else _repository(Path(os.path.abspath(tree)), os.getpid())  # noqa: PTH100 -- as in work_tree


@lru_cache(maxsize=8)
def _repository(tree: Path, _process: int) -> Repository:
    return Repository(tree)
