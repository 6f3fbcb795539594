"""Progress: on a terminal, after a while, and never anywhere else."""

from __future__ import annotations

import io
import sys

import pytest

from getput.cli import progress
from getput.cli.progress import counted


class Terminal(io.StringIO):
    """A standard error that people look at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def slow(monkeypatch):
    """Every look at the clock finds ten seconds gone."""
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))


def said(monkeypatch, stream: io.StringIO, wanted: bool = True) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(counted(iter("abc"), 3, "patches", wanted)) == ["a", "b", "c"]
    return stream.getvalue()


@pytest.mark.usefixtures("slow")
def test_a_terminal_is_told_and_wiped_before_each_answer(monkeypatch):
    assert said(monkeypatch, Terminal()) == ("\r\x1b[K1 of 3 patches\r\x1b[K\r\x1b[K2 of 3 patches\r\x1b[K")


@pytest.mark.usefixtures("slow")
def test_a_file_is_told_nothing(monkeypatch):
    assert said(monkeypatch, io.StringIO()) == ""


@pytest.mark.usefixtures("slow")
def test_nor_who_asked_for_quiet(monkeypatch):
    assert said(monkeypatch, Terminal(), wanted=False) == ""


def test_quick_work_needs_none(monkeypatch):
    assert said(monkeypatch, Terminal()) == ""
