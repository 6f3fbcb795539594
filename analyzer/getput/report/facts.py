"""``--format facts``: for a reviewer that is a program: who owns what in every function that a patch touches, before and after it, on every exit.

No verdicts: a function has the fingerprints of the findings in it, which ``--format json`` tells of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from getput import __version__
from getput.model import Answer, CounterFacts, ExitFacts, FunctionFacts, ObjectFacts, SideFacts
from getput.report import Look

SCHEMA = 1


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:  # noqa: ARG001
    """One object over several lines, ASCII only."""
    for answer in answers:
        yield json.dumps(as_object(answer), indent=1) + "\n"


def as_object(answer: Answer) -> dict[str, Any]:
    """The facts in the words of JSON: ``docs/formats.md`` promises the keys and their order."""
    return {
        "schema": SCHEMA,
        "getput": __version__,
        "input": answer.input,
        "patches": [
            {
                "subject": patch.subject,
                "message_id": patch.message_id,
                "commit": patch.commit,
                "applied": patch.applied,
                "functions": [_function(one, answer) for one in answer.facts if one.patch == index],
            }
            for index, patch in enumerate(answer.patches)
        ],
        "errors": [{"where": error.where, "message": error.message} for error in answer.errors],
    }


def _function(one: FunctionFacts, answer: Answer) -> dict[str, Any]:
    files = {side.file for side in (one.before, one.after) if side is not None}
    return {
        "function": one.function,
        "before": _side(one.before),
        "after": _side(one.after),
        "findings": [
            finding.fingerprint
            for finding in answer.findings
            if finding.patch == one.patch and finding.function == one.function and finding.file in files
        ],
    }


def _side(side: SideFacts | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "file": side.file,
        "line": side.line,
        "last_line": side.last_line,
        "returns": side.returns,
        "problem": side.problem or None,
        "counters": [_counter(one) for one in side.counters],
    }


def _counter(one: CounterFacts) -> dict[str, Any]:
    effects = None
    if one.contract is not None:
        effects = [
            {"does": effect.does, "target": effect.target, "family": effect.family, "when": list(effect.when)}
            for effect in one.contract
        ]
    return {
        "counter": one.counter,
        "bounded": one.bounded,
        "contract": effects,
        "exits": [_exit(each) for each in one.exits],
    }


def _exit(one: ExitFacts) -> dict[str, Any]:
    return {
        "line": one.line,
        "kind": one.kind,
        "returns": list(one.returns),
        "objects": [_object(each) for each in one.objects],
    }


def _object(one: ObjectFacts) -> dict[str, Any]:
    return {
        "object": one.object,
        "family": one.family,
        "role": one.role,
        "count": [one.low, one.high],
        "owner": one.owner,
        "stored_in": list(one.stored_in),
        "taken": [{"by": call.callee, "line": call.line} for call in one.taken],
        "dropped": [{"by": call.callee, "line": call.line} for call in one.dropped],
        "passed_to": list(one.passed_to),
    }
