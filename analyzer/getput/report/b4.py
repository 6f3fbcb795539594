"""``--format b4``: what ``b4 review`` expects of a ``review-perpatch-check-cmd``: an array, ``[]`` where there is nothing to say.

[{"tool": "getput", "status": "warn", "summary": "1 introduced", "url": "", "details": "[{...}]"}]

b4 keeps one entry a tool and patch: all findings are in the ``details``, which are in turn a list that b4 shows line by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from getput.model import Answer, Finding, Severity, Status
from getput.report import Look
from getput.report.escape import printable
from getput.report.place import told

STATUSES = {Severity.ERROR: "fail", Severity.WARNING: "warn", Severity.NOTE: "pass"}
ORDER = ("pass", "warn", "fail")
SAID = {Status.FIXED: "(fixed) ", Status.EXISTING: "(pre-existing) ", Status.INTRODUCED: ""}


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:
    """One array for all answers: what was found, and what could not be judged."""
    entries = [entry for answer in answers if (entry := _entry(answer, look))]
    yield json.dumps(entries, indent=2) + "\n"


def _entry(answer: Answer, look: Look) -> dict[str, str] | None:
    """All that is to be said of one answer; None where that is nothing."""
    if not answer.findings and not answer.errors:
        return None
    details = [{"status": _status(one), "description": _description(one)} for one in answer.findings]
    details += [{"status": "warn", "description": f"not judged: {printable(one.message)}"} for one in answer.errors]
    counts = [(status, sum(one.status is status for one in answer.findings)) for status in Status]
    summary = [f"{count} {status.value}" for status, count in counts if count]
    summary += [f"{len(answer.errors)} not judged"] if answer.errors else []
    return {
        "tool": "getput",
        "status": max((one["status"] for one in details), key=ORDER.index),
        "summary": ", ".join(summary),
        "url": look.url,
        "details": json.dumps(details),
    }


def _status(finding: Finding) -> str:
    """What stood there before, or is mended, is no reason to refuse a patch."""
    return STATUSES[finding.severity] if finding.status is Status.INTRODUCED else "pass"


def _description(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}"
    return printable(f"{SAID[finding.status]}{place}: {told(finding)} [{finding.rule}]")
