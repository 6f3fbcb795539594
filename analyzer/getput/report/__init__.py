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
    """How an answer is to look, for formats that leave a choice.

    ``color``: terminal colors.  ``quiet``: no line that sums up.  ``suppressed``: what is suppressed, too.  ``fingerprints``: that of every finding.
    ``width``: how many characters a line of source may take (0: any number).  ``url``: where the whole answer can be read.  The rest is what the
    options of checkpatch.pl with these names ask for.
    """

    color: bool = False
    quiet: bool = False
    suppressed: bool = False
    fingerprints: bool = False
    width: int = 0
    url: str = ""
    terse: bool = False
    showfile: bool = False
    show_types: bool = False
    no_summary: bool = False


Render = Callable[["Iterable[Answer]", Look], Iterator[str]]


class Format(NamedTuple):
    """A format: the module that renders it, what it is, and what it holds.

    ``carries_errors``: what could not be judged is part of it, so nobody has to be told on standard error.
    ``one_answer``: a document of one answer.
    ``standing``: says something of what stands in a tree only, not of a patch; ``changing``: of a patch only.
    ``raw``: bytes that are no UTF-8 (kept as surrogates) go out as they came in, whatever the encoding of standard output.
    ``looks``: what of ``Look`` beyond color and quiet it heeds.
    ``needs``: what an answer holds beyond its findings for this format alone, by the names of ``model.Extra``.
    """

    module: str
    summary: str
    carries_errors: bool = False
    one_answer: bool = False
    standing: bool = False
    needs: frozenset[str] = frozenset()
    changing: bool = False
    raw: bool = False
    looks: frozenset[str] = frozenset()

    @property
    def render(self) -> Render:
        """The module's function; imports the module."""
        render: Render = import_module(self.module).render
        return render


_LETTERS = frozenset({"letters"})
CHECKPATCH = frozenset({"terse", "showfile", "show_types", "no_summary"})

FORMATS = {
    "text": Format("getput.report.text", "for people, in the style of gcc and clang"),
    "json": Format("getput.report.json_", "one object", carries_errors=True, one_answer=True),
    "jsonl": Format("getput.report.jsonl", "one object a line, one line an input", carries_errors=True),
    "checkpatch": Format("getput.report.checkpatch", "lines of checkpatch.pl", needs=_LETTERS, looks=CHECKPATCH),
    "b4": Format(
        "getput.report.b4",
        "what b4 expects of review-perpatch-check-cmd",
        carries_errors=True,
        changing=True,
        looks=frozenset({"url"}),
    ),
    "mail": Format(
        "getput.report.mail", "a reply to each patch with findings", needs=_LETTERS, changing=True, raw=True
    ),
    "sarif": Format("getput.report.sarif", "SARIF 2.1.0", carries_errors=True, needs=_LETTERS),
    "rdjsonl": Format("getput.report.rdjsonl", "for reviewdog, one finding a line", needs=_LETTERS),
    "github": Format("getput.report.github", "annotations of GitHub's workflow commands", needs=_LETTERS),
    "gitlab": Format("getput.report.gitlab", "GitLab's code quality report", needs=_LETTERS),
    "patchwork": Format(
        "getput.report.patchwork",
        "a check of patchwork, one object a line, one line a patch",
        carries_errors=True,
        changing=True,
        looks=frozenset({"url"}),
    ),
    "junit": Format("getput.report.junit", "JUnit XML, one test a file of a patch", carries_errors=True),
    "facts": Format(
        "getput.report.facts",
        "JSON for programs that review: who owns what in each touched function, before and after",
        carries_errors=True,
        one_answer=True,
        changing=True,
        needs=frozenset({"facts"}),
    ),
    "html": Format(
        "getput.report.page",
        "one page for a browser: every finding in its source, with the way and the counts",
        needs=frozenset({"exhibits"}),
    ),
    "table": Format("getput.report.table", "findings counted by rule, family and subsystem", standing=True),
}
