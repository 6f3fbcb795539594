"""Processes that judge one body at a time and are killed where that takes too long."""

from __future__ import annotations

import multiprocessing
import resource
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from getput.config import Settings
from getput.model import Status

RENEWED = 500  # judgements after which a process is replaced, so that nothing it keeps can grow for ever


class Work(NamedTuple):
    """What every process needs to know: the tree, the settings, whether to use an index, and how many bytes it may map."""

    tree: Path
    settings: Settings
    indexed: bool
    memory: int


class Said(NamedTuple):
    """What came of one body: the rendered answer, and of how many findings."""

    text: str
    findings: int


class TookTooLongError(Exception):
    """The time for one judgement was over; its process is gone."""


class LostError(Exception):
    """The process ended without an answer: out of memory, or crashed."""


class Worker:
    """One process, started when it is first asked, and again whenever it is gone."""

    def __init__(self, work: Work) -> None:
        self.work = work
        # A server has threads, from which forking is not safe: processes are forked from one that has none.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["getput.cli.check", "getput.report.json_", "getput.report.sarif"])
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self._asked = 0

    def start(self) -> None:
        """Be ready for the next body."""
        if self._process is not None and self._process.is_alive():
            return
        self.end()
        ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_work, args=(self.work, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe, self._asked = ours, 0

    def ask(self, body: bytes, form: str, seconds: float) -> Said:
        """The answer to *body* in the format *form*.  Raises TookTooLongError or LostError; both leave no process behind."""
        self.start()
        assert self._pipe is not None
        try:
            self._pipe.send((form, body))
            if not self._pipe.poll(seconds):
                self.end()
                raise TookTooLongError
            said = Said(*self._pipe.recv())
        except (EOFError, OSError) as error:
            self.end()
            raise LostError from error
        self._asked += 1
        if self._asked >= RENEWED:
            self.end()
        return said

    def end(self) -> None:
        """Kill the process."""
        process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join()
            process.close()


def _work(work: Work, pipe: Connection) -> None:
    """In the process: answer until nobody asks any more."""
    from getput.cli import check
    from getput.report import FORMATS, Look
    from getput.report.select import shown, wanted

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (work.memory, work.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    needs = frozenset[str]().union(*(FORMATS[name].needs for name in ("json", "sarif")))
    check.begin(work.tree, work.settings, index=work.indexed, needs=needs)
    while True:
        try:
            form, body = pipe.recv()
        except EOFError:
            return
        answer = shown(wanted(check.judged_body(body), work.settings), frozenset({Status.INTRODUCED}))
        pipe.send(("".join(FORMATS[form].render([answer], Look())), len(answer.findings)))
