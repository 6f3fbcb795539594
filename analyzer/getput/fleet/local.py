"""One machine: what each of its processes does."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import overload

from getput.fleet.store import Results
from getput.fleet.tasks import Batch, Judged
from getput.fleet.work import Worker, broken
from getput.fleet.world import World

DIED = "the process that judged it died"
PATIENCE = 1.0  # seconds between two looks at the parent
BATCH = 16  # patches that go to a process at once, so that handing out costs little


class Batches(Sequence[Batch]):
    """The tasks with these ids in batches, each read from the results when it is handed out."""

    def __init__(self, results: Results, groups: Sequence[Sequence[int]]) -> None:
        self.results = results
        self.groups = groups

    def __len__(self) -> int:
        return len(self.groups)

    @overload
    def __getitem__(self, at: int) -> Batch: ...
    @overload
    def __getitem__(self, at: slice) -> Batches: ...
    def __getitem__(self, at: int | slice) -> Batch | Batches:
        if isinstance(at, slice):
            return Batches(self.results, self.groups[at])
        return self.results.batch(self.groups[at])


def batches(results: Results, tasks: Sequence[tuple[int, int]]) -> Batches:
    """*tasks* (id, number of patches) in batches of about ``BATCH`` patches."""
    groups: list[list[int]] = []
    size = BATCH
    for task, patches in tasks:
        if size >= BATCH:
            groups.append([])
            size = 0
        groups[-1].append(task)
        size += patches
    return Batches(results, groups)


class _Process:
    """What one process keeps between batches."""

    worker: Worker


def start(world: World, parent: int) -> None:
    """Get ready in a process of *parent*'s, or in *parent* itself."""
    if os.getpid() != parent:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _Process.worker = Worker(world, world.tree)


def _end_with(parent: int) -> None:
    """End this process once *parent* is gone: killed, it tells nobody."""
    while os.getppid() == parent:
        time.sleep(PATIENCE)
    os._exit(1)


def work(batch: Batch) -> list[Judged]:
    """What comes of one batch."""
    return _Process.worker.batch(batch)


InOrder = Callable[..., Iterator[list[Judged]]]  # ``getput.cli.jobs.in_order``


def judged(world: World, waiting: Batches, jobs: int, in_order: InOrder) -> Iterator[list[Judged]]:
    """What comes of each batch, in *jobs* processes; a batch that kills its process is judged again, one task after the other."""
    settings = (world, os.getpid())
    for number, every in enumerate(in_order(start, settings, work, waiting, jobs, _died)):
        if every:
            yield every
            continue
        singles = [Batch((task,)) for task in waiting[number].tasks]
        alone = in_order(start, settings, work, singles, max(2, jobs), _died) if len(singles) > 1 else iter([[]])
        for single, one in zip(singles, alone, strict=True):
            yield one or [broken(single.tasks[0], DIED)]


def _died(batch: Batch, error: Exception) -> list[Judged]:  # noqa: ARG001
    return []
