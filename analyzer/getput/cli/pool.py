"""Work spread over processes, none of which can take more with it than the task it works on."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any

from getput.cli.jobs import ProcessDiedError, Result, Task

AHEAD = 4  # tasks handed out to each process before their answers are asked for: bounds what waits in memory

# Forking costs a hundredth of starting a new interpreter, and is safe while this process has one thread.
START = "fork" if sys.platform == "linux" else "spawn"


def spread(
    start: Callable[..., None],
    settings: tuple[Any, ...],
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    jobs: int,
    dead: Callable[[Task, ProcessDiedError], Result],
) -> Iterator[Result]:
    """What ``getput.cli.jobs.in_order`` promises, in *jobs* processes."""
    done = 0
    while done < len(tasks):
        for result in _until_broken(start, settings, work, tasks[done:], jobs):
            yield result
            done += 1
        # The pool broke somewhere in what was handed out: take those one by one, each in a process of its own.
        for task in tasks[done : done + jobs * AHEAD]:
            yield _alone(start, settings, work, task, dead)
            done += 1


@contextmanager
def _pool(start: Callable[..., None], settings: tuple[Any, ...], jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes are gone afterwards; where the work is given up, they finish what they are at and begin nothing more."""
    context = multiprocessing.get_context(START)
    enough = context.Event()
    pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(start, settings, enough))
    try:
        yield pool
    except BaseException:
        enough.set()
        raise
    finally:
        with _deaf():
            pool.shutdown(wait=True, cancel_futures=True)


class _Process:
    """What one process knows: whether there is any use in going on."""

    enough: Event


def _begin(start: Callable[..., None], settings: tuple[Any, ...], enough: Event) -> None:
    """In a new process: an interrupt from the keyboard is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _Process.enough = enough
    start(*settings)


def _unless_enough(work: Callable[[Task], Result], task: Task) -> Result | None:
    """``work(task)``, or nothing where nobody waits for it any more."""
    return None if _Process.enough.is_set() else work(task)


@contextmanager
def _deaf() -> Iterator[None]:
    """An interrupt from the keyboard waits until this is done, in processes that are started meanwhile too."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _until_broken(
    start: Callable[..., None],
    settings: tuple[Any, ...],
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    jobs: int,
) -> Iterator[Result]:
    """Results in order, to the end or to the first task whose answer is lost because some process died."""
    waiting: deque[Future[Any]] = deque()
    try:
        with _pool(start, settings, jobs) as pool:
            for task in tasks:
                with _deaf():
                    waiting.append(pool.submit(_unless_enough, work, task))
                if len(waiting) >= jobs * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    except BrokenProcessPool:
        return


def _alone(
    start: Callable[..., None],
    settings: tuple[Any, ...],
    work: Callable[[Task], Result],
    task: Task,
    dead: Callable[[Task, ProcessDiedError], Result],
) -> Result:
    try:
        with _pool(start, settings, 1) as pool:
            with _deaf():
                answer: Future[Result] = pool.submit(work, task)
            return answer.result()
    except BrokenProcessPool:
        return dead(task, ProcessDiedError("the process that judged it died"))
