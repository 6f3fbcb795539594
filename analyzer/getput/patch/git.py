"""Asking git: blobs by id, the patches of a revision or range, what is staged.

Never writes, never fetches, runs no hook and no filter.
"""

from __future__ import annotations

import atexit
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

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
        if self.trouble is not None or not _HEX.match(name):
            return None
        try:
            reader = self._start()
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write(name.encode() + b"\n")
            reader.stdin.flush()
            if not _answers(reader.stdout):
                self.close()
                raise GitError(LATE)
            head = reader.stdout.readline().split()
            if len(head) != 3:
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
        return data[:-1] if head[1] == b"blob" and size <= limit else None

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
            commit = self._say("rev-parse", "--verify", revision.removesuffix("^!") + "^{commit}").decode().strip()
            which = ["--max-count=1", "--first-parent", "-m", "--root", commit]
        text = self._say(
            "log", "--format=%x00commit %H %s%n%an <%ae>%n%aD%n%b%x00", "--encoding=UTF-8", *_DIFF, *which, "--"
        )
        marks = list(_COMMIT.finditer(text))
        for number, mark in enumerate(marks):
            end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
            subject, author, date, message = (part.decode("utf-8", "surrogateescape") for part in mark.groups()[1:])
            yield Change(mark.group(1).decode(), subject, text[mark.end() : end], message, author, date)

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

    def _say(self, *arguments: str) -> bytes:
        """What git prints.  Raises GitError with its first complaint."""
        process = self._open(*arguments)
        out, said = _ended(process, LATER if arguments[0] in ("log", "diff", "rev-list") else SOON)
        if process.returncode:
            lines = said.decode("utf-8", "replace").strip().splitlines()
            raise GitError(lines[0] if lines else f"git {arguments[0]} failed")
        return out

    def _open(self, *arguments: str) -> subprocess.Popen[bytes]:
        import subprocess

        command = ["git", "-C", str(self.tree), "--no-pager", "--literal-pathspecs"]
        for setting in _PLAIN:
            command += ["-c", setting]
        try:
            return subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if arguments[0] == "cat-file" else subprocess.PIPE,
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


def _answers(pipe: IO[bytes]) -> bool:
    """Whether something can be read from *pipe* soon."""
    import select

    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(SOON * 1000))


def _ended(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bytes]:
    """What a process of git says until it ends.  Raises GitError where that takes longer than *seconds*."""
    import subprocess

    try:
        out, said = process.communicate(timeout=seconds)
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
