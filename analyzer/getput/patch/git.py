"""Asking git: blobs by id, the patches of a revision or range, what is staged.

Never writes, never fetches, runs no hook and no filter.
"""

from __future__ import annotations

import atexit
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from getput.pattern import pattern

if TYPE_CHECKING:
    import subprocess

_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE")
# Nothing is locked, asked, or fetched: a blob that a partial clone lacks is one that is not there.
_SAFE = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",  # an id is the content that it names, whatever the repository would rather have it be
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}
# Settings and options that the user's configuration would otherwise decide: the same commit is the same patch for everyone.
_PLAIN = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.alternateRefsCommand=",
    "core.quotePath=true",
    "diff.relative=false",
    "diff.suppressBlankEmpty=false",
    "log.showSignature=false",
)
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
SOON = 20.0  # seconds for what git answers at once
LATER = 600.0  # for a range, which may be long
LATE = "git gave no answer in time"
_COMMIT = pattern(rb"^\0commit ([0-9a-f]{40,64}) (.*)\n(.*)\n(.*)\n([^\0]*)\0", re.MULTILINE)
_HEAD = "%x00commit %H %s%n%an <%ae>%n%aD%n%b%x00"
_HEX = pattern(r"[0-9a-f]{4,64}\Z")


class GitError(Exception):
    """What git said, in one line, or that it could not be started."""


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
        self._reader: subprocess.Popen[bytes] | None = None
        self.trouble: str | None = None  # why blobs cannot be read any more
        self._environment: dict[str, str] | None = None

    # --- blobs ---------------------------------------------------------------------------------------------------

    def blob(self, name: str, limit: int) -> bytes | None:
        """The content of the blob with the id *name*, which may be abbreviated.

        None where the repository has none or several, where it has more than *limit* bytes, and where git cannot be
        asked.
        """
        if not _HEX.match(name):
            return None
        found = self._object(name.encode())
        return found[1] if found is not None and found[0] == b"blob" and len(found[1]) <= limit else None

    def stored(self, commit: str, path: str) -> tuple[str, bytes] | None:
        """What lies at *path* in the tree of *commit* (a full id): ("blob" or "tree", its content as git stores it).  The path "" is the top.

        None where nothing lies there, and where git cannot be asked.
        """
        if not _HEX.match(commit) or "\n" in path or "\0" in path:
            return None
        found = self._object(f"{commit}:{path}".encode("utf-8", "surrogateescape"))
        return None if found is None else (found[0].decode("ascii", "replace"), found[1])

    def _object(self, name: bytes) -> tuple[bytes, bytes] | None:
        """(type, content) of the object called *name*, which holds no line end; None where there is none, or several."""
        if self.trouble is not None:
            return None
        try:
            reader = self._start()
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write(name + b"\n")
            reader.stdin.flush()
            if not _answers(reader.stdout):
                self.close()
                raise GitError(LATE)
            line = reader.stdout.readline()
            head = line.split()
            if len(head) != 3 or line.endswith((b" missing\n", b" ambiguous\n")):
                self.trouble = (
                    None if head else "git cat-file ended: is the repository sound, and does git trust its owner?"
                )
                return None
            size = int(head[2])
            data = reader.stdout.read(size + 1)
        except (OSError, ValueError, GitError) as error:
            self.trouble = str(error)
            return None
        if len(data) != size + 1:
            self.trouble = "git cat-file ended early"
            return None
        return head[1], data[:-1]

    def _start(self) -> subprocess.Popen[bytes]:
        if self._reader is None:
            self._reader = self._open("cat-file", "--batch")
            atexit.register(self.close)
        return self._reader

    def close(self) -> None:
        """End the process that reads blobs."""
        reader, self._reader = self._reader, None
        if reader is None:
            return
        # Not by closing its input: a forked process may hold that open still.
        reader.kill()
        reader.wait()
        for pipe in (reader.stdin, reader.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    # --- changes -------------------------------------------------------------------------------------------------

    def changes(self, revision: str) -> Iterator[Change]:
        """The patches of one commit, or of a range (``a..b``, oldest first, without its merges).

        A merge named on its own is the patch against its first parent.  Raises GitError.
        """
        if revision.startswith("-") or not revision.strip() or "\0" in revision or "\n" in revision:
            raise GitError("not a git revision")
        if ".." in revision:
            known = self._say("rev-list", "--max-count=1", revision, "--")
            if not known.strip():
                raise GitError("no commit in this range")
            which = ["--reverse", "--no-merges", "--right-only" if "..." in revision else "--topo-order", revision]
        else:
            which = ["--max-count=1", "--first-parent", "-m", "--root", self.commit(revision)]
        text = self._say("log", "--format=" + _HEAD, "--encoding=UTF-8", *_DIFF, *which, "--")
        yield from _changes_in(text)

    def commits(self, names: Sequence[str]) -> Iterator[Change]:
        """The patches of these commits (full ids), in this order, each against its first parent; one of a commit that is not there is left out.

        Raises GitError.
        """
        wanted = [name for name in names if _HEX.match(name)]
        if not wanted:
            return
        text = self._say(
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
        if revisions.startswith("-") or not revisions.strip() or "\0" in revisions or "\n" in revisions:
            raise GitError("not a git revision")
        which = ["--right-only" if "..." in revisions else "--topo-order", "--no-merges", "--reverse"]
        yield from self._known(*which, revisions)

    def single(self, revision: str) -> Iterator[Known]:
        """The commit that *revision* means, without its patch.  Raises GitError."""
        yield from self._known("--max-count=1", self.commit(revision))

    def _known(self, *which: str) -> Iterator[Known]:
        form = "--format=%x00%H%x01%an <%ae>%x01%cI%x01%s"
        for line in self._lines("log", form, "--encoding=UTF-8", "--no-patch", *which, "--"):
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
        for line in self._lines("log", *form, *raw, which, "--"):
            if line.startswith(b"\0"):
                commit = line[1:].decode("ascii", "replace").strip()
            elif line.startswith(b":"):
                head, _, path = line.rstrip(b"\n").partition(b"\t")
                modes = head.split()
                if len(modes) == 5 and modes[1].startswith(b"100"):
                    yield Addition(commit, path.decode("utf-8", "surrogateescape"), modes[3].decode("ascii", "replace"))

    def commit(self, revision: str) -> str:
        """The full id of the commit that *revision* means.  Raises GitError."""
        if revision.startswith("-") or not revision.strip() or "\0" in revision or "\n" in revision:
            raise GitError("not a git revision")
        return self._say("rev-parse", "--verify", revision.removesuffix("^!") + "^{commit}").decode().strip()

    def has_commit(self, name: str) -> bool:
        """Whether the repository has the commit with this full id."""
        found = self._object(name.encode()) if _HEX.match(name) else None
        return found is not None and found[0] == b"commit"

    def staged(self) -> Change:
        """What the index changes against HEAD, or against nothing before the first commit.  Raises GitError."""
        return Change(None, "staged changes", self._say("diff", "--cached", *_DIFF, "--"))

    def head(self) -> str:
        """The id of the commit that is checked out.  Raises GitError."""
        return self._say("rev-parse", "--verify", "HEAD^{commit}").decode().strip()

    def at_head(self, path: str) -> bytes | None:
        """The file at *path* (from the top of the work tree) as HEAD has it; None where HEAD, if there is one, has none."""
        try:
            process = self._open("cat-file", "blob", f"HEAD:{path}")
            out, _ = _ended(process, SOON)
        except GitError:
            return None
        return None if process.returncode else out

    def config(self, section: str) -> bytes:
        """All settings of *section* that hold here, as ``git config --null --show-origin --get-regexp`` prints them.  Raises GitError."""
        process = self._open("config", "--null", "--show-origin", "--get-regexp", rf"^{section}\.")
        out, said = _ended(process, SOON)
        if process.returncode not in (0, 1):  # 1: there are none
            raise GitError(said.decode("utf-8", "replace").strip().partition("\n")[0] or "git config failed")
        return out

    def value(self, key: str) -> str:
        """One setting; empty where it is not set.  Raises GitError where git cannot say."""
        out, _ = _ended(self._open("config", "--get", key), SOON)
        return out.decode("utf-8", "replace").strip()

    # --- processes -----------------------------------------------------------------------------------------------

    def _say(self, *arguments: str, said: bytes = b"") -> bytes:
        """What git prints, told *said* on its standard input.  Raises GitError with its first complaint."""
        process = self._open(*arguments)
        seconds = LATER if arguments[0] in ("log", "diff", "rev-list") else SOON
        out, complaint = _ended(process, seconds, said)
        if process.returncode:
            raise GitError(_first(complaint, arguments[0]))
        return out

    def _lines(self, *arguments: str) -> Iterator[bytes]:
        """What git prints, line by line as it comes.  Raises GitError with its first complaint."""
        import tempfile

        with tempfile.TemporaryFile() as complaints:
            process = self._open(*arguments, complaints=complaints)
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.close()
                yield from process.stdout
                if process.wait():
                    complaints.seek(0)
                    raise GitError(_first(complaints.read(1 << 16), arguments[0]))
            finally:
                process.kill()
                process.wait()
                process.stdout.close()

    def _open(self, *arguments: str, complaints: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        import subprocess

        command = ["git", "-C", str(self.tree), "--no-pager", "--literal-pathspecs"]
        for setting in _PLAIN:
            command += ["-c", setting]
        try:
            return subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints or (subprocess.DEVNULL if arguments[0] == "cat-file" else subprocess.PIPE),
                env=self._env(),
            )
        except OSError as error:
            raise GitError(f"git cannot be started: {error.strerror}") from error

    def _env(self) -> dict[str, str]:
        """The environment, without what a hook of another repository set in it."""
        if self._environment is None:
            environment = {**os.environ, **_SAFE}
            environment.pop("GIT_EXTERNAL_DIFF", None)
            if work_tree(self.tree) != work_tree(Path.cwd()):
                for name in _ELSEWHERE:
                    environment.pop(name, None)
            self._environment = environment
        return self._environment


def _changes_in(text: bytes) -> Iterator[Change]:
    """The commits that git printed with ``_HEAD`` and their patches."""
    marks = list(_COMMIT.finditer(text))
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        subject, author, date, message = (part.decode("utf-8", "surrogateescape") for part in mark.groups()[1:])
        yield Change(mark.group(1).decode(), subject, text[mark.end() : end], message, author, date)


def _first(complaint: bytes, command: str) -> str:
    """The first line of what git complained of."""
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else f"git {command} failed"


def _answers(pipe: IO[bytes]) -> bool:
    """Whether something can be read from *pipe* soon."""
    import select

    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(SOON * 1000))


def _ended(process: subprocess.Popen[bytes], seconds: float, told: bytes = b"") -> tuple[bytes, bytes]:
    """What a process of git, *told* this on its standard input, says until it ends.  Raises GitError where that takes longer than *seconds*."""
    import subprocess

    try:
        out, said = process.communicate(told, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise GitError(LATE) from error
    return out, said or b""


def work_tree(folder: Path) -> Path | None:
    """The root of the git work tree (or the bare repository) around *folder*; None where there is none."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100 -- resolve() would follow links out of the tree
    for place in (here, *here.parents):
        if (place / ".git").exists() or ((place / "HEAD").is_file() and (place / "objects").is_dir()):
            return place
    return None


def repository(tree: Path) -> Repository | None:
    """The repository around *tree*, one and the same within a process; None where there is none."""
    root = work_tree(tree)
    return None if root is None else _repository(Path(os.path.abspath(tree)), os.getpid())  # noqa: PTH100 -- as above


@lru_cache(maxsize=8)
def _repository(tree: Path, _process: int) -> Repository:
    return Repository(tree)
