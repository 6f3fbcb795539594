"""How far long work has come: one line on a terminal's standard error, and nothing anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 1.0  # seconds that nobody needs to be told about
PACE = 0.1  # seconds between two updates
WIDTH = 20  # of a bar


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


def paced(
    things: Iterable[T], total: int | None, noun: str, wanted: bool, reached: Callable[[T], int], done: int = 0
) -> Generator[T, None, None]:
    """*things* as they come; meanwhile a bar, how many of *total* that *reached* counts, how fast, and how long it will still take.

    *done* of them were there from the start.
    """
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
        yield from things
        return
    start = last = time.monotonic()
    try:
        for thing in things:
            count = reached(thing)
            now = time.monotonic()
            if now - start > PATIENCE and now - last > PACE:
                _show(bar(count, total, noun, (count - done) / (now - start)))
                last = now
            yield thing
    finally:
        _show("")


def bar(done: int, total: int | None, noun: str, rate: float) -> str:
    """One line: ``[####......] 400 of 1,000 patches, 20 a second, 30 s left``."""
    pace = f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.1f} a second"
    if total is None:
        return f"{done:,} {noun}, {pace}"
    full = round(WIDTH * done / total) if total else WIDTH
    left = f", {duration((total - done) / rate)} left" if rate > 0 else ""
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {done:,} of {total:,} {noun}, {pace}{left}"


def duration(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3 h 20 min``, ``2 days 4 h``: as exact as anybody needs."""
    minutes, hours = round(seconds / 60), int(seconds // 3600)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 90:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {int(seconds % 3600 // 60)} min"
    return f"{hours // 24} days {hours % 24} h"


def _show(text: str) -> None:
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()
