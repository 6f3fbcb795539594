"""The same work on many things: in this process, or in several, with the answers in the things' order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class ProcessDiedError(Exception):
    """The process that worked on a task ended without an answer (killed, out of memory, crashed)."""


def in_order(
    start: Callable[..., None],
    settings: tuple[Any, ...],
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    jobs: int,
    dead: Callable[[Task, ProcessDiedError], Result],
) -> Iterator[Result]:
    """``work(task)`` for each task, in the tasks' order, after ``start(*settings)`` once in every process.

    Functions stand at the top of modules and values can be pickled, so that processes may be started in any way.
    A process that dies takes no other task with it: *dead* answers for the one it was working on.
    """
    jobs = min(jobs, len(tasks))
    if jobs <= 1:
        if tasks:
            start(*settings)
        yield from map(work, tasks)
        return
    from getput.cli.pool import spread  # one patch needs no processes, nor the time that it takes to import them

    yield from spread(start, settings, work, tasks, jobs, dead)
