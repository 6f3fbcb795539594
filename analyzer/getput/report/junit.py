"""``--format junit``: XML as JUnit's reports are read by CI systems: a test case for each file, or for each finding in it.

<testsuite name="0001-demo.patch" tests="1" failures="1" errors="0" skipped="0">
  <testcase classname="demo: read more" name="drivers/demo/demo.c: demo_read: leak-on-error"><failure ...
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from getput.model import Answer, FileAnswer, Finding, Status
from getput.report import Look
from getput.report.escape import printable

_NONE = re.compile("[\ufffe\uffff]")  # of what is printable, no characters of XML


class Case(NamedTuple):
    """One test: its name, what became of it ("", "failure", "error", "skipped"), a sentence and a text on that."""

    suite: str
    name: str
    became: str = ""
    message: str = ""
    kind: str = ""
    text: str = ""


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:  # noqa: ARG001
    """One document, a suite an answer; ASCII, whatever standard output is."""
    for text in _document(answers):
        yield text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _document(answers: Iterable[Answer]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="getput">\n'
    for answer in answers:
        cases = list(_cases(answer))
        counts = {what: sum(case.became == what for case in cases) for what in ("failure", "error", "skipped")}
        yield (
            f'  <testsuite name={_quoted(answer.input)} tests="{len(cases)}" failures="{counts["failure"]}"'
            f' errors="{counts["error"]}" skipped="{counts["skipped"]}" time="{answer.stats.elapsed_ms / 1000:.3f}">\n'
        )
        yield from map(_case, cases)
        yield "  </testsuite>\n"
    yield "</testsuites>\n"


def _cases(answer: Answer) -> Iterator[Case]:
    compared = any(patch.applied for patch in answer.patches)
    known = set()
    for index, patch in enumerate(answer.patches):
        suite = patch.subject or patch.commit or answer.input
        found = [one for one in answer.findings if one.patch == index or (one.patch is None and index == 0)]
        for file in patch.files:
            known.add(file.reason)
            yield from _file(file, suite, [one for one in found if one.file == file.path], compared)
        paths = {file.path for file in patch.files}
        for one in found:
            if one.file not in paths:
                yield _finding(one, suite, compared)
    for error in answer.errors:
        if error.message not in known:
            yield Case(answer.input, error.where, "error", error.message, "not-judged")


def _file(file: FileAnswer, suite: str, found: list[Finding], compared: bool) -> Iterator[Case]:
    if file.status == "failed":
        yield Case(suite, file.path, "error", file.reason or "not judged", "not-judged")
    elif file.status == "skipped":
        yield Case(suite, file.path, "skipped", file.reason or "")
    elif not found:
        yield Case(suite, file.path)
    for one in found:
        yield _finding(one, suite, compared)


def _finding(one: Finding, suite: str, compared: bool) -> Case:
    """What a patch introduces is a failure, and so is what stands in a tree; what stood there before it, or is mended, passes."""
    name = f"{one.file}: {one.function}: {one.rule}"
    if one.status is Status.FIXED or (compared and one.status is Status.EXISTING):
        return Case(suite, name)
    lines = [f"{one.file}:{one.line}: {one.message}", *(f"{step.file}:{step.line}: {step.note}" for step in one.path)]
    return Case(suite, name, "failure", one.message, one.rule, "\n".join(map(printable, lines)))


def _case(case: Case) -> str:
    head = f"    <testcase classname={_quoted(case.suite)} name={_quoted(case.name)}"
    if not case.became:
        return head + "/>\n"
    kind = f" type={_quoted(case.kind)}" if case.kind else ""
    inner = f"<{case.became} message={_quoted(case.message)}{kind}"
    inner += f">{escape(_NONE.sub('?', case.text))}</{case.became}>" if case.text else "/>"
    return f"{head}>{inner}</testcase>\n"


def _quoted(text: str) -> str:
    return quoteattr(_NONE.sub("?", printable(text)))
