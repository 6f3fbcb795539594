"""The one place that opens files of a tree, a configuration or a cache: whatever lies there, reading it ends, and soon.

A name may be a pipe that nobody writes to, a device without an end, a file larger than memory, or a link that leads somewhere else.
"""

from __future__ import annotations

import errno
import os
import stat
import tomllib
from pathlib import Path

MAX_SOURCE = 10 << 20  # bytes of a file of C
MAX_TEXT = 64 << 20  # bytes of any other: a baseline of a whole tree is large
_PIECE = 1 << 16  # bytes that are read at once where a file's size does not say how many there are
_HANDED = ("/dev/fd/", "/proc/self/fd/")  # what a shell makes of <(command)


def contents(path: Path, *, within: Path | None = None, limit: int = MAX_SOURCE) -> bytes:
    """What the regular file at *path* holds.

    Raises OSError, with a reason, for anything else, for more than *limit* bytes, and for what does not lie below *within*
    when all links are followed.
    """
    real = str(path)
    if within is not None:
        real, root = os.path.realpath(path), os.path.realpath(within)
        if os.path.commonpath((real, root)) != root:
            raise OSError(errno.EPERM, "a symbolic link leads out of the tree", str(path))
    try:
        handle = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    with os.fdopen(handle, "rb", buffering=0) as file:
        data = file.read(min(status.st_size, limit) + 1)
        while len(data) <= limit and (more := file.read(min(_PIECE, limit + 1 - len(data)))):
            data += more  # it grew, or does not know its size
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit >> 20} MB", str(path))
    return data


def text(path: Path) -> str:
    """The UTF-8 text of a file of settings; what the user's shell handed over may be a pipe.  Raises OSError and UnicodeDecodeError."""
    if str(path).startswith(_HANDED):
        with path.open("rb") as file:
            data = file.read(MAX_TEXT + 1)
        if len(data) > MAX_TEXT:
            raise OSError(errno.EFBIG, f"larger than {MAX_TEXT >> 20} MB", str(path))
    else:
        data = contents(path, limit=MAX_TEXT)
    return data.decode("utf-8").replace("\r\n", "\n")


def toml(said: str) -> dict[str, object]:
    """*said* as TOML.  Raises tomllib.TOMLDecodeError, also for what is nested beyond all reason."""
    try:
        return tomllib.loads(said)
    except RecursionError:
        raise tomllib.TOMLDecodeError("nested too deeply") from None
