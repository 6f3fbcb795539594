"""``--format rdjsonl``: reviewdog's diagnostics, one object a line.

{"message":"demo_read(): ...","location":{"path":"drivers/demo/demo.c","range":{"start":{"line":13}}},"severity":"WARNING",...}

The place is a line that the patch changed, for reviewdog leaves out what is not on one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from getput.model import Answer, Finding, Severity, Status
from getput.report import Look
from getput.report.edits import Edit, edits
from getput.report.escape import printable
from getput.report.place import spot, told

SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:  # noqa: ARG001
    """One line a finding; nothing of what a patch fixes, which nobody has to look at."""
    for answer in answers:
        for finding in answer.findings:
            if finding.status is not Status.FIXED:
                yield json.dumps(_diagnostic(finding, answer), separators=(",", ":")) + "\n"


def _diagnostic(finding: Finding, answer: Answer) -> dict[str, Any]:
    where = spot(finding, answer)
    out: dict[str, Any] = {
        "message": printable(told(finding)),
        "location": _location(where.file, where.line, where.column),
        "severity": SEVERITIES[finding.severity],
        "source": {"name": "getput"},
        "code": {"value": finding.rule},
    }
    suggestions = [_suggestion(edit) for edit in edits(finding.fix or "") if edit.file == where.file]
    if suggestions:
        out["suggestions"] = suggestions
    related = [
        {"message": printable(step.note), "location": _location(step.file, step.line, step.column)}
        for step in finding.path
    ]
    if related:
        out["related_locations"] = related
    return out


def _location(file: str, line: int, column: int) -> dict[str, Any]:
    start = {"line": line, "column": column} if column else {"line": line}
    return {"path": printable(file), "range": {"start": start}}


def _suggestion(edit: Edit) -> dict[str, Any]:
    """Whole lines for whole lines: where nothing goes, a line that stays is written once more."""
    first, last, lines = edit.first, edit.first + edit.gone - 1, list(edit.lines)
    if not edit.gone and edit.below is not None:
        last, lines = first, [*lines, edit.below]
    elif not edit.gone and edit.above is not None:
        first, last, lines = first - 1, first - 1, [edit.above, *lines]
    return {"range": {"start": {"line": first}, "end": {"line": max(first, last)}}, "text": "\n".join(lines)}
