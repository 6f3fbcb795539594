"""Starting git: so that no configuration makes it run anything else, and for a time that is bounded.

Never writes, never fetches, runs no hook and no filter.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from getput.patch.gitdir import work_tree

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
# Settings that the user's configuration would otherwise decide: the same commit is the same patch for everyone.
_PLAIN = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.alternateRefsCommand=",
    "core.quotePath=true",
    "diff.relative=false",
    "diff.suppressBlankEmpty=false",
    "log.showSignature=false",
)
SOON = 20.0  # seconds for what git answers at once
LATER = 600.0  # for a range, which may be long
LATE = "git gave no answer in time"


class GitError(Exception):
    """What git said, in one line, or that it could not be started."""


class Git:
    """git, as it is asked in the folder *tree*."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self._environment: dict[str, str] | None = None

    def answer(self, *arguments: str, said: bytes = b"") -> tuple[int, bytes, bytes]:
        """(exit status, what it prints, what it complains of) of git, told *said* on its standard input.  Raises GitError where it gives none."""
        process = self.start(*arguments)
        seconds = LATER if arguments[0] in ("log", "diff", "rev-list") else SOON
        out, complaint = _ended(process, seconds, said)
        return process.returncode, out, complaint

    def say(self, *arguments: str, said: bytes = b"") -> bytes:
        """What git prints, told *said* on its standard input.  Raises GitError with its first complaint."""
        status, out, complaint = self.answer(*arguments, said=said)
        if status:
            raise GitError(_first(complaint, arguments[0]))
        return out

    def lines(self, *arguments: str) -> Iterator[bytes]:
        """What git prints, line by line as it comes.  Raises GitError with its first complaint."""
        import tempfile

        with tempfile.TemporaryFile() as complaints:
            process = self.start(*arguments, complaints=complaints)
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

    def start(self, *arguments: str, complaints: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        """A process of git with pipes to it and from it; *complaints* is where its standard error goes.  Raises GitError."""
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


def answers(pipe: IO[bytes]) -> bool:
    """Whether something can be read from *pipe* soon."""
    import select

    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(SOON * 1000))


def _first(complaint: bytes, command: str) -> str:
    """The first line of what git complained of."""
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else f"git {command} failed"


def _ended(process: subprocess.Popen[bytes], seconds: float, told: bytes) -> tuple[bytes, bytes]:
    """What a process of git, *told* this on its standard input, says until it ends.  Raises GitError where that takes longer than *seconds*."""
    import subprocess

    try:
        out, said = process.communicate(told, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise GitError(LATE) from error
    return out, said or b""
