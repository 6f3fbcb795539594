"""A fault of getput's own is the answer to one input, and the others never hear of it."""

from __future__ import annotations

from getput.cli.check import Task, _judge, _start
from getput.cli.guard import guarded
from getput.config import Settings
from getput.report.select import unjudged


def broken() -> None:
    raise ValueError("no such thing")


def test_a_fault_says_what_and_where():
    answer = guarded("a.patch", broken)
    (problem,) = answer.errors
    assert (answer.input, problem.where) == ("a.patch", "a.patch")
    assert problem.message == "internal error: ValueError: no such thing (test_guard.py:12)"
    assert unjudged(answer)


def test_check_judges_under_guard(monkeypatch, kernel, leaking, clean):
    _start(kernel.top, Settings(), False, False, frozenset())
    tasks = [Task((str(path),), False, None) for path in (leaking, clean)]
    assert [len(_judge(task).errors) for task in tasks] == [0, 0]
    monkeypatch.setattr("getput.verdict.judge.Judge.check", broken)
    (problem,) = _judge(tasks[0]).errors
    assert problem.message.startswith("internal error: TypeError: ")
