"""``--format github``: annotations, as the log of a GitHub workflow is asked for them.

::warning file=drivers/demo/demo.c,line=13,title=leak-on-error (high confidence)::demo_read(): ...

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from getput.model import Answer, Finding, Severity, Status
from getput.report import Look
from getput.report.escape import printable
from getput.report.place import spot, told
from getput.report.text import summary

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:
    """One command a finding, then the line that sums up, for who reads the log."""
    for answer in answers:
        for finding in answer.findings:
            if finding.status is not Status.FIXED:
                yield _annotation(finding, answer)
        if not look.quiet:
            yield summary(answer) + "\n"


def _annotation(finding: Finding, answer: Answer) -> str:
    where = spot(finding, answer)
    said = {
        "file": printable(where.file),
        "line": str(where.line),
        "col": str(where.column) if where.column else "",
        "title": f"{finding.rule} ({finding.confidence.value} confidence)",
    }
    properties = ",".join(f"{name}={_escaped(value, '%:,')}" for name, value in said.items() if value)
    way = [f"{step.file}:{step.line}: {step.note}" for step in finding.path]
    message = "\n".join(map(printable, [told(finding), *way]))
    return f"::{COMMANDS[finding.severity]} {properties}::{_escaped(message, '%')}\n"


def _escaped(text: str, special: str) -> str:
    """*text* with ends of lines and *special* characters written as the runner reads them."""
    return re.sub(f"[\r\n{special}]", lambda found: f"%{ord(found[0]):02X}", text)
