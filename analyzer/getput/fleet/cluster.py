"""Many machines, by Dask: its scheduler hands out the batches, tries again what a worker lost, and shows it all on its dashboard.

The client alone reads and writes the results.  A worker finds the tree by its content, at the place where the client has it or in one of the folders
that ``GETPUT_TREES`` names; one that has another tree, or another getput, is told to leave.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from getput.fleet.tasks import Batch, Judged
from getput.fleet.work import UnfitError, Worker, broken
from getput.fleet.world import TREES, World, content_of
from getput.index.stamp import stamp_of
from getput.patch.git import repository

AHEAD = 2  # batches for each thread of the workers that are with the scheduler at any time: bounds what waits in memory
LEAST = 4  # batches that are out at least
RETRIES = 3
LOST = "the worker that judged it died, and so did those that tried again"
CUT_OFF = "the connection to the scheduler is lost; the same command goes on from here"


class ClusterError(Exception):
    """The cluster cannot be used, or no longer; the message says why."""


class Refused(NamedTuple):
    """The answer of a worker that is not fit."""

    worker: str
    why: str


# --- on a worker -----------------------------------------------------------------------------------------------------


class _Here:
    """What a worker's process keeps between batches; one thread judges at a time."""

    lock = threading.Lock()
    ready: ClassVar[dict[tuple[str, str, bool], Worker]] = {}


def judge(world: World, batch: Batch) -> list[Judged] | Refused:
    """What comes of one batch, on the worker that runs this."""
    address = import_module("distributed").get_worker().address
    with _Here.lock:
        try:
            return _worker(world, batch).batch(batch)
        except UnfitError as error:
            return Refused(address, str(error))


def _worker(world: World, batch: Batch) -> Worker:
    """Who judges here in this *world*.  Raises UnfitError."""
    commit = next((task.commit for task in batch.tasks if task.commit), None)
    key = (world.identity, world.of_commits, commit is not None)
    if key not in _Here.ready:
        if stamp_of(world.settings, Path(os.devnull)) != world.stamp:
            raise UnfitError("another version of getput or of its tables")
        _Here.ready.clear()
        _Here.ready[key] = Worker(world, _tree(world, commit), away=True)
    return _Here.ready[key]


def _tree(world: World, commit: str | None) -> Path:
    """Where the tree lies here, or the repository that has *commit*.  Raises UnfitError."""
    named = [Path(folder) for folder in os.environ.get(TREES, "").split(os.pathsep) if folder]
    places = [place for place in (*named, world.tree) if place.is_dir()]
    for place in places:
        git = repository(place)
        if (git is not None and git.has_commit(commit)) if commit else content_of(place) == world.content:
            return place
    what = f"no repository with the commit {commit}" if commit else f"no tree like {world.tree}"
    raise UnfitError(f"{what} (set {TREES} to the folder that it is in)")


# --- on the client ---------------------------------------------------------------------------------------------------


@contextmanager
def connected(address: str, jobs: int) -> Iterator[Any]:
    """A client of the scheduler at *address*; ``local`` starts one with *jobs* workers on this machine.  Raises ClusterError."""
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise ClusterError("Dask is not installed: pip install 'getput[cluster]'") from error
    for part in ("client", "batched"):  # that the scheduler is lost is said in a line, by us
        logging.getLogger(f"distributed.{part}").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        try:
            if address == "local":
                local = distributed.LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None)
                address = stack.enter_context(local)
            client = stack.enter_context(distributed.Client(address, timeout="20s"))
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(f"no scheduler answers at {address}: {error}") from error
        yield client


def judged(client: Any, world: World, waiting: Sequence[Batch], told: Callable[[str], None]) -> Iterator[list[Judged]]:
    """What comes of each batch, as it comes.  *told* what happens to workers.  Raises ClusterError where the scheduler is lost."""
    try:
        yield from _Round(client, world, waiting, told).run()
    except OSError as error:  # Dask's own of a connection that is closed among them
        raise ClusterError(CUT_OFF) from error


class _Round:
    """All of what is to be judged, as far as it is with the scheduler."""

    def __init__(self, client: Any, world: World, waiting: Sequence[Batch], told: Callable[[str], None]) -> None:
        self.client = client
        self.world = world
        self.told = told
        self.distributed = import_module("distributed")
        self.waiting = iter(waiting)
        self.again: list[Batch] = []
        self.out: dict[str, Batch] = {}  # by the key of its future
        self.dismissed: set[str] = set()
        self.coming = self.distributed.as_completed(with_results=False)

    def run(self) -> Iterator[list[Judged]]:
        """Refill what is out whenever something comes back: whoever writes the results sets the pace."""
        self.refill()
        while self.out:
            future = next(self.coming)
            batch = self.out.pop(future.key)
            answer = self.answer(future, batch)
            future.release()
            if answer:
                yield answer
            self.refill()

    def refill(self) -> None:
        """Hand out as much as may be out."""
        threads = sum(self.client.nthreads().values())
        while len(self.out) < max(LEAST, AHEAD * threads):
            batch = self.again.pop() if self.again else next(self.waiting, None)
            if batch is None:
                return
            future = self.client.submit(judge, self.world, batch, pure=False, retries=RETRIES)
            self.out[future.key] = batch
            self.coming.add(future)

    def answer(self, future: Any, batch: Batch) -> list[Judged]:
        """What came of *batch*; nothing where it has to be tried again."""
        if future.status == "finished":
            result = future.result()
            if not isinstance(result, Refused):
                return list(result)
            self.dismiss(result)
            self.again.append(batch)
            return []
        if future.status in ("cancelled", "lost"):
            raise ClusterError(CUT_OFF)
        error = future.exception()
        if not isinstance(error, self.distributed.KilledWorker):
            raise ClusterError(f"a worker failed: {type(error).__name__}: {error}") from error
        if len(batch.tasks) > 1:
            self.again += [Batch((task,)) for task in batch.tasks]
            return []
        return [broken(batch.tasks[0], LOST)]

    def dismiss(self, refused: Refused) -> None:
        """Do without a worker that is not fit.  Raises ClusterError where none is left."""
        if refused.worker not in self.dismissed:
            self.dismissed.add(refused.worker)
            self.told(f"{refused.worker} is not used: {refused.why}")
            self.client.retire_workers([refused.worker], close_workers=True)
        if not self.client.nthreads().keys() - self.dismissed:  # it may be there for a while yet
            raise ClusterError(f"no worker is left: {refused.why}")
