"""Work in several processes: order, and what happens when one of them dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest

from getput.cli import pool
from getput.cli.jobs import ProcessDiedError, in_order

BASE = 0


def begin(base: int) -> None:
    global BASE  # noqa: PLW0603 -- what a process keeps
    BASE = base


def work(task: int) -> tuple[int, int]:
    if task < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return BASE + task, os.getpid()


def slow(task: int) -> int:
    time.sleep(task)
    return task


def dead(task: int, error: ProcessDiedError) -> tuple[int, int]:
    return task, 0


def test_results_come_in_the_order_of_the_tasks():
    tasks = list(range(200))
    said = list(in_order(begin, (1000,), work, tasks, 3, dead))
    assert [result for result, _ in said] == [1000 + task for task in tasks]
    assert os.getpid() not in {process for _, process in said}


@pytest.mark.parametrize(("tasks", "count"), [([1, 2, 3], 1), ([7], 8)])
def test_one_task_or_one_process_stays_here(tasks, count):
    assert list(in_order(begin, (10,), work, tasks, count, dead)) == [(10 + task, os.getpid()) for task in tasks]


def test_nothing_to_do():
    assert list(in_order(begin, (0,), work, [], 4, dead)) == []


@pytest.mark.parametrize("tasks", [[-1, 1], [1, -1], [1, 2, -1, 3, -2, 4, 5, 6, 7, 8, 9, 10, 11, 12, -3], [-1, -2, -3]])
def test_a_process_that_dies_takes_no_other_task_with_it(tasks):
    said = [result for result, _ in in_order(begin, (0,), work, tasks, 2, dead)]
    assert said == tasks


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_new_interpreters_do_as_well_as_forks(monkeypatch):
    monkeypatch.setattr(pool, "START", "spawn")
    assert list(in_order(len, ("x",), abs, [-3, -2, -1], 2, dead)) == [3, 2, 1]


def test_who_wants_no_more_answers_waits_for_few():
    answers = in_order(begin, (0,), slow, [0, *[1] * 100], 2, dead)
    assert next(answers) == 0
    start = time.monotonic()
    answers.close()
    assert time.monotonic() - start < 25
    assert multiprocessing.active_children() == []
