"""``--format sarif``: SARIF 2.1.0, for GitHub's code scanning and for viewers.

One run for all answers.  The first location of what a patch introduces is a line that the patch changed: GitHub shows no other.  The way to the bug
is a code flow, its first and last step are related locations that the message links to.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from getput import __version__
from getput.model import Answer, Confidence, Finding, Problem, Severity, Status
from getput.report import Look
from getput.report.edits import Edit, edits
from getput.report.escape import printable
from getput.report.place import spot, text_at, told
from getput_rules import RULES
from getput_rules.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "SRCROOT"
PRECISION = {Confidence.HIGH: "very-high", Confidence.MEDIUM: "high", Confidence.LOW: "medium"}
RANK = {Confidence.HIGH: 95.0, Confidence.MEDIUM: 80.0, Confidence.LOW: 50.0}
STATES = {Status.INTRODUCED: "new", Status.EXISTING: "unchanged", Status.FIXED: "absent"}
PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}
NUMBERS = {rule.id: number for number, rule in enumerate(RULES)}


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:  # noqa: ARG001
    """One document."""
    results: list[dict[str, Any]] = []
    notifications: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    sound = True
    for answer in answers:
        for finding in answer.findings:
            seen[finding.fingerprint] += 1
            results.append(_result(finding, answer, seen[finding.fingerprint]))
        sound = sound and not answer.errors
        notifications += [_notification(one, "error") for one in answer.errors]
        notifications += [_notification(one, "note") for one in answer.notes]
    run = {
        "tool": {
            "driver": {
                "name": "getput",
                "semanticVersion": __version__,
                "version": __version__,
                "rules": [_rule(rule) for rule in RULES],
            }
        },
        "automationDetails": {"id": "getput/"},
        "originalUriBaseIds": {BASE: {"description": {"text": "The top of the source tree."}}},
        "invocations": [{"executionSuccessful": sound, "toolExecutionNotifications": notifications}],
        "columnKind": "utf16CodeUnits",
        "results": results,
    }
    yield json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    """What the rule's own documentation says of it."""
    parts = rule.sections
    text = "\n\n".join(f"{heading}\n\n{body}" for heading, body in parts.items())
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": f"{rule.summary}."},
        "fullDescription": {"text": " ".join(parts["What it does"].split())},
        "help": {"text": text, "markdown": "\n\n".join(f"## {name}\n\n{body}" for name, body in parts.items())},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {
            "precision": PRECISION[rule.standing],
            "problem.severity": PROBLEMS[rule.severity],
            "tags": ["correctness", "linux-kernel", "reference-count"],
        },
    }


def _result(finding: Finding, answer: Answer, times: int) -> dict[str, Any]:
    where = spot(finding, answer)
    related = _related(finding, (where.file, where.line))
    text = _plain(printable(told(finding)))
    if related:
        text += ". " + ", ".join(f"[{_link(one['message']['text'])}]({one['id']})" for one in related)
    out: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [_location(where.file, where.line, where.column, where.text, function=finding.function)],
        "partialFingerprints": {
            "primaryLocationLineHash": f"{finding.fingerprint}:{times}",
            "getput/v1": finding.fingerprint,
        },
        "rank": RANK[finding.confidence],
        "properties": {
            "precision": PRECISION[finding.confidence],
            "confidence": finding.confidence.value,
            "object": printable(finding.object),
            "family": finding.family,
            "tags": [f"confidence-{finding.confidence.value}", finding.family],
        },
    }
    if finding.rule in NUMBERS:
        out["ruleIndex"] = NUMBERS[finding.rule]
    if any(patch.applied for patch in answer.patches):
        out["baselineState"] = STATES[finding.status]
    if related:
        out["relatedLocations"] = related
    if finding.path:
        steps = [
            {
                "executionOrder": number,
                "location": _location(step.file, step.line, step.column, step.text, printable(step.note)),
            }
            for number, step in enumerate(finding.path, 1)
        ]
        out["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    changes = _changes(finding.fix or "")
    if changes:
        out["fixes"] = [{"description": {"text": "Mends it."}, "artifactChanges": changes}]
    return out


def _related(finding: Finding, primary: tuple[str, int]) -> list[dict[str, Any]]:
    """Where the reference was taken, and where the bug is, as far as these are not the *primary* place."""
    places: dict[tuple[str, int], dict[str, Any]] = {}
    ends = [finding.path[0], finding.path[-1]] if finding.path else []
    for step in ends:
        if (step.file, step.line) != primary:
            known = (step.file, step.line, step.column, step.text, printable(step.note))
            places.setdefault((step.file, step.line), _location(*known))
    here = (finding.file, finding.line)
    if here != primary and here not in places:
        places[here] = _location(*here, finding.column, text_at(finding, *here), "the bug is here")
    return [{"id": number, **place} for number, place in enumerate(places.values(), 1)]


def _location(file: str, line: int, column: int, text: str, message: str = "", *, function: str = "") -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": line}
    if column and text:
        region["startColumn"] = _utf16(text, column)
    if text:
        region["snippet"] = {"text": printable(text)}
    out: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(file), "region": region}}
    if function:
        out["logicalLocations"] = [{"name": printable(function), "kind": "function"}]
    if message:
        out["message"] = {"text": message}
    return out


def _artifact(file: str) -> dict[str, str]:
    uri = quote(file.encode("utf-8", "surrogateescape"), safe="/")
    return {"uri": f"file://{uri}"} if uri.startswith("/") else {"uri": uri, "uriBaseId": BASE}


def _utf16(text: str, column: int) -> int:
    """The column of the byte *column* (both 1-based) of *text*, in units of UTF-16."""
    before = text.encode("utf-8", "surrogateescape")[: column - 1].decode("utf-8", "replace")
    return len(before.encode("utf-16-le")) // 2 + 1


def _plain(text: str) -> str:
    """*text*, in which nothing reads as a link."""
    return text.replace("](", "]\\(") if "](" in text else text


def _link(text: str) -> str:
    """*text* as the words of a link."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _changes(fix: str) -> list[dict[str, Any]]:
    files: dict[str, list[dict[str, Any]]] = {}
    for edit in edits(fix):
        files.setdefault(edit.file, []).append(_replacement(edit))
    return [{"artifactLocation": _artifact(file), "replacements": every} for file, every in files.items()]


def _replacement(edit: Edit) -> dict[str, Any]:
    region = {"startLine": edit.first, "startColumn": 1, "endLine": edit.first + edit.gone, "endColumn": 1}
    out: dict[str, Any] = {"deletedRegion": region}
    if edit.lines:
        out["insertedContent"] = {"text": "".join(f"{line}\n" for line in edit.lines)}
    return out


def _notification(one: Problem, level: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": f"{printable(one.where)}: {printable(one.message)}"}}
