"""What goes to those who judge, and what comes back."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec


class Word(StrEnum):
    """What became of a patch, in one word."""

    INTRODUCED = "introduced"  # it brings a bug
    CLEAN = "clean"  # all of its C was judged, and it brings none
    PARTLY = "partly"  # some of its C could not be judged; what could brings none
    NOTHING = "nothing"  # it changes no C
    UNJUDGED = "unjudged"  # none of its C could be judged


class Task(msgspec.Struct, frozen=True):
    """What is judged together, under the ``key`` of its result: the patches of a series (``getput.fleet.patches.opened`` reads them), or a commit."""

    key: str
    bodies: tuple[bytes, ...]
    commit: str | None = None

    @property
    def size(self) -> int:
        """How many patches it is."""
        return len(self.bodies) or 1


class Batch(msgspec.Struct, frozen=True):
    """Tasks that are handed out together."""

    tasks: tuple[Task, ...]

    @property
    def size(self) -> int:
        """How many patches it is."""
        return sum(task.size for task in self.tasks)


class Found(NamedTuple):
    """A finding as the results have it; ``finding`` is the object of ``docs/formats.md``, as JSON."""

    rule: str
    severity: str
    confidence: str
    status: str
    file: str
    line: int
    function: str
    object: str
    family: str
    subsystem: str
    fingerprint: str
    message: str
    finding: str


class JudgedPatch(msgspec.Struct, frozen=True):
    """What came of one patch; ``why`` says what could not be judged, a line each; ``files`` is JSON."""

    verdict: str
    applied: str | None
    why: str
    files: str
    findings: tuple[Found, ...] = ()


class Judged(msgspec.Struct, frozen=True):
    """What came of one task."""

    key: str
    patches: tuple[JudgedPatch, ...]
    milliseconds: float
    worker: str
