"""Long work that an interrupt from the keyboard ends, with what was done until then kept."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def until_interrupted(things: Generator[T, None, None], done: list[T]) -> bool:
    """Append *things* to *done* as they come; whether SIGINT ended it."""
    try:
        for thing in things:
            done.append(thing)  # noqa: PERF402 -- what is there must stay when the next one does not come
    except KeyboardInterrupt:
        things.close()
        return True
    return False
