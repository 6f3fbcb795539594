"""The objects of a repository, by name, from one process of git that is asked for one after the other."""

from __future__ import annotations

import atexit
from contextlib import suppress
from typing import TYPE_CHECKING

from getput.patch.gitprocess import LATE, Git, GitError, answers

if TYPE_CHECKING:
    import subprocess


class Objects:
    """Reads objects; the process starts with the first that is asked for."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self.trouble: str | None = None  # why they cannot be read any more
        self._reader: subprocess.Popen[bytes] | None = None

    def read(self, name: bytes) -> tuple[bytes, bytes] | None:
        """(type, content) of the object called *name*, which holds no line end; None where there is none, or several."""
        if self.trouble is not None:
            return None
        try:
            reader = self._start()
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write(name + b"\n")
            reader.stdin.flush()
            if not answers(reader.stdout):
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
            self._reader = self.git.start("cat-file", "--batch")
            atexit.register(self.close)
        return self._reader

    def close(self) -> None:
        """End the process."""
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
