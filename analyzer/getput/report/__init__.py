"""Answers as text: one module a format, one registry of them.

A format's module has ``render(answers, look)``: it takes answers that hold only what is to be shown, in the inputs'
order, and yields pieces of text, each as soon as it can be said.  It reads nothing and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from getput.model import Answer


class Look(NamedTuple):
    """How an answer is to look, for formats that leave a choice: terminal colors, no summary line, what is suppressed too,
    every finding's fingerprint, and how many characters a line of source may take (0: any number)."""

    color: bool = False
    quiet: bool = False
    suppressed: bool = False
    fingerprints: bool = False
    width: int = 0


Render = Callable[["Iterable[Answer]", Look], Iterator[str]]


class Format(NamedTuple):
    """A format: the module that renders it, what it is, and what it holds.

    ``carries_errors``: what could not be judged is part of it, so nobody has to be told on standard error.
    ``one_answer``: a document of one answer.
    ``standing``: says something of what stands in a tree only, not of a patch.
    """

    module: str
    summary: str
    carries_errors: bool = False
    one_answer: bool = False
    standing: bool = False

    @property
    def render(self) -> Render:
        """The module's function; imports the module."""
        render: Render = import_module(self.module).render
        return render


FORMATS = {
    "text": Format("getput.report.text", "for people, in the style of gcc and clang"),
    "json": Format("getput.report.json_", "one object", carries_errors=True, one_answer=True),
    "jsonl": Format("getput.report.jsonl", "one object a line, one line an input", carries_errors=True),
    "table": Format("getput.report.table", "findings counted by rule, family and subsystem", standing=True),
}
