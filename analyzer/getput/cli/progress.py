"""How far long work has come: one line on a terminal's standard error, and nothing anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 1.0  # seconds that nobody needs to be told about
PACE = 0.1  # seconds between two updates


def counted(things: Iterable[T], total: int, noun: str, wanted: bool) -> Generator[T, None, None]:
    """*things* as they come, ``17 of 300 patches`` shown meanwhile; the line is wiped before a thing is handed on."""
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
        yield from things
        return
    start = time.monotonic()
    last = 0.0
    try:
        for done, thing in enumerate(things, 1):
            now = time.monotonic()
            if last:
                _show("")
            yield thing
            if now - start > PATIENCE and now - last > PACE and done < total:
                _show(f"{done} of {total} {noun}")
                last = now
    except KeyboardInterrupt:
        _show("")
        raise


def _show(text: str) -> None:
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()
