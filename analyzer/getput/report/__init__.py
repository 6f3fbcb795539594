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
    """How an answer is to look, for formats that leave a choice: terminal colors, and no summary line."""

    color: bool = False
    quiet: bool = False


Render = Callable[["Iterable[Answer]", Look], Iterator[str]]


class Format(NamedTuple):
    """A format: the module that renders it, what it is, and what it holds.

    ``carries_errors``: what could not be judged is part of it, so nobody has to be told on standard error.
    ``one_answer``: a document of one answer.
    ``standing``: says something of what stands in a tree only, not of a patch.
    ``needs``: what an answer holds beyond its findings for this format alone, by the values of ``model.Extra``.
    """

    module: str
    summary: str
    carries_errors: bool = False
    one_answer: bool = False
    standing: bool = False
    needs: frozenset[str] = frozenset()

    @property
    def render(self) -> Render:
        """The module's function; imports the module."""
        render: Render = import_module(self.module).render
        return render


FORMATS = {
    "text": Format("getput.report.text", "for people, in the style of gcc and clang"),
    "json": Format("getput.report.json_", "one object", carries_errors=True, one_answer=True),
    "jsonl": Format("getput.report.jsonl", "one object a line, one line an input", carries_errors=True),
    "html": Format(
        "getput.report.page",
        "one page for a browser: every finding in its source, with the way and the counts",
        needs=frozenset({"exhibits"}),
    ),
    "table": Format("getput.report.table", "findings counted by rule, family and subsystem", standing=True),
}
