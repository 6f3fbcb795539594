"""Building and refreshing an index, in as many processes as are wanted."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from getput.cli import UsageError
from getput.cli.jobs import ProcessDiedError, in_order
from getput.cli.output import message
from getput.cli.progress import counted
from getput.config import Settings
from getput.index.build import LAST, Found, Job, Progress, Round, refresh
from getput.index.place import place
from getput.index.scope import Scope
from getput.index.stamp import stamp_of
from getput.index.store import UNUSABLE, Store, locked, remove
from getput.ownership.apis import load
from getput.ownership.vocabulary import Vocabulary
from getput.verdict.survey import Worker


def brought_up_to_date(
    tree: Path, settings: Settings, jobs: int, *, show: bool, scope: Scope = Scope.PROVEN
) -> tuple[Store, Progress]:
    """The index of *tree*, open and true, that knows what is in *scope* at least; and what that took.

    Waits for another process that writes it.  Raises UsageError where it cannot be written.
    """
    where = place(tree)
    try:
        with locked(where, wait=False) as mine:
            if mine:
                return _refreshed(where, tree, settings, jobs, show, scope)
        message("another getput is at work on the index of this tree: waiting for it")
        with locked(where, wait=True):
            return _refreshed(where, tree, settings, jobs, show, scope)
    except UNUSABLE as error:
        raise UsageError(f"the index cannot be used: {_named(error, where)}") from error


def _named(error: Exception, where: Path) -> str:
    """What went wrong, and with which file."""
    return str(error) if str(where.parent) in str(error) else f"{where}: {error}"


def _opened(where: Path, tree: Path, settings: Settings, scope: Scope) -> Store:
    """The index, ready to be written: made anew where what lies there is none, or damaged."""
    stamp = stamp_of(settings, tree)

    def proven() -> frozenset[str]:
        return Vocabulary(load(settings.tables)).proven

    try:
        store = Store(where, write=True)
        store.prepare(stamp, tree.resolve(), scope, proven)
    except UNUSABLE:
        remove(where)
        store = Store(where, write=True)
        store.prepare(stamp, tree.resolve(), scope, proven)
    return store


def _refreshed(
    where: Path, tree: Path, settings: Settings, jobs: int, show: bool, scope: Scope
) -> tuple[Store, Progress]:
    store = _opened(where, tree, settings, scope)

    def run(round_: Round) -> Generator[Sequence[Found], None, None]:
        parts = in_order(_start, (tree, settings, where, round_.number), _work, round_.batches, jobs, _died)
        noun = f"batches of files, round {round_.number + 1} of {LAST + 1}"
        return counted(parts, len(round_.batches), noun, show)

    done = refresh(store, tree, run)
    store.fold()
    return store, done


class _Process:
    """What one process keeps between batches."""

    worker: Worker


def _start(tree: Path, settings: Settings, where: Path, number: int) -> None:
    _Process.worker = Worker(tree, settings, where, number)


def _work(batch: Sequence[Job]) -> list[Found]:
    return _Process.worker.batch(batch)


def _died(batch: Sequence[Job], error: ProcessDiedError) -> list[Found]:
    return [Worker.failed(job, str(error)) for job in batch]
