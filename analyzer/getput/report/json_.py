"""``--format json``: one answer as one object, its keys and their order as ``docs/formats.md`` promises them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from getput import __version__
from getput.model import Anchor, Answer, Finding, PatchAnswer, Step, Verified
from getput.report import Look

SCHEMA = 1


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:  # noqa: ARG001
    """One object over several lines.  ASCII only: the rest, bytes that are no UTF-8 too, is written as ``\\u....``."""
    for answer in answers:
        yield json.dumps(as_object(answer), indent=2) + "\n"


def as_object(answer: Answer) -> dict[str, Any]:
    """The answer in the words of JSON."""
    out = {
        "schema": SCHEMA,
        "getput": __version__,
        "input": answer.input,
        "patches": [_patch(patch) for patch in answer.patches],
        "findings": [finding_object(finding) for finding in answer.findings],
        "errors": [{"where": error.where, "message": error.message} for error in answer.errors],
        "stats": {
            "functions": answer.stats.functions,
            "unparsed": answer.stats.unparsed,
            "bounded": answer.stats.bounded,
            "elapsed_ms": answer.stats.elapsed_ms,
            "index": answer.stats.index,
            "suppressed": answer.stats.suppressed,
            "baseline": answer.stats.baseline,
        },
    }
    if answer.suppressed:
        out["suppressed"] = [_suppressed(finding) for finding in answer.suppressed]
    if answer.notes:
        out["notes"] = [{"where": note.where, "message": note.message} for note in answer.notes]
    if answer.verified:
        out["verified"] = [_verified(one) for one in answer.verified]
    return out


def _verified(one: Verified) -> dict[str, Any]:
    return {
        "patch": one.patch,
        "verdict": one.verdict.value,
        "fixed": [finding.fingerprint for finding in one.fixed],
        "left": [finding.fingerprint for finding in one.left],
        "brought": [finding.fingerprint for finding in one.brought],
    }


def _patch(patch: PatchAnswer) -> dict[str, Any]:
    return {
        "subject": patch.subject,
        "message_id": patch.message_id,
        "commit": patch.commit,
        "applied": patch.applied,
        "files": [{"path": file.path, "status": file.status, "reason": file.reason} for file in patch.files],
    }


def finding_object(finding: Finding) -> dict[str, Any]:
    """A finding in the words of JSON."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "status": finding.status.value,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "function": finding.function,
        "anchor": _anchor(finding.anchor),
        "object": finding.object,
        "family": finding.family,
        "message": finding.message,
        "path": [_step(step) for step in finding.path],
        "fix": finding.fix,
        "patch": finding.patch,
        "mended_by": finding.mended_by,
        "fingerprint": finding.fingerprint,
    }


def _suppressed(finding: Finding) -> dict[str, Any]:
    """A finding as any other, and why it is not among them."""
    why = finding.suppressed
    return finding_object(finding) | {"suppressed": why and {"reason": why.reason, "expires": why.expires}}


def _anchor(anchor: Anchor | None) -> dict[str, Any] | None:
    return None if anchor is None else {"file": anchor.file, "line": anchor.line, "side": anchor.side}


def _step(step: Step) -> dict[str, Any]:
    return {"file": step.file, "line": step.line, "column": step.column, "note": step.note}
