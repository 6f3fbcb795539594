"""From what a rule found in one image to a finding with lines, text and path."""

from __future__ import annotations

import hashlib

import msgspec

from getput.csource.lines import LineMap
from getput.csource.syntax import FunctionSource
from getput.model import Anchor, Finding, Severity, Status, Step
from getput.ownership.view import Found, Mark

KINDS = {
    "leak-on-error": "leak",
    "leak-always": "leak",
    "leak-on-iterator-exit": "leak",
    "leak-by-overwrite": "leak",
    "get-discarded": "leak",
    "leak-of-stored-reference": "stored",
    "unbalanced-teardown": "stored",
    "use-without-reference": "missing",
    "count-kept-by-failed-get": "leak",
}


class Judged(msgspec.Struct, frozen=True):
    """One thing found in one function of one image, with its lines; ``way`` holds the steps of the path."""

    rule: str
    severity: Severity
    found: Found
    function: str
    path: str
    line: int
    column: int
    way: tuple[Step, ...]
    also: tuple[Judged, ...] = ()  # the same at its other exits

    @property
    def ending(self) -> tuple[str, ...]:
        """The source at which the way ends: the last condition, and the exit."""
        return tuple([step.text.strip() for step in self.way[-2:]])

    @property
    def group(self) -> tuple[str, str, str]:
        """What survives any change of wording: the kind of bug, the family, the function."""
        return (KINDS.get(self.rule, "put"), self.found.family, self.function)

    @property
    def keys(self) -> tuple[tuple[object, ...], ...]:
        """Identities from strict to loose: two images' findings with equal keys are the same bug."""
        found = self.found
        return (
            (*self.group, self.rule, found.role, found.api, found.exit, found.object),
            (*self.group, self.rule, found.role, found.api, found.exit),
            (*self.group, found.api, found.object),
            (*self.group, found.role, found.exit),
            (*self.group, found.role),
        )

    @property
    def elsewhere(self) -> tuple[object, ...]:
        """What is the same where the code has moved into another function."""
        found = self.found
        return (*self.group[:2], self.rule, found.role, found.api, found.exit, found.object)


NOTES = {
    "take": "the reference is taken here by {text}()",
    "given": "the caller hands the reference over here",
    "drop": "{text}() drops it here",
    "page_free": "the page goes back to its driver here",
    "true": "this condition holds",
    "false": "this condition does not hold",
    "case": "this case",
    "loop": "an iteration of {text}()",
    "exit": "and the function is left here",
    "here": "here",
}
FLIPPED = {"true": "false", "false": "true"}  # the graph has no negations, the source has
MAX_STEPS = 14


def judged(rule: str, severity: Severity, found: Found, source: FunctionSource, path: str, lines: LineMap) -> Judged:
    """Place *found* in its file."""
    also = tuple(
        [
            judged(rule, severity, msgspec.structs.replace(found, at=at, way=way, also=()), source, path, lines)
            for at, way in found.also
        ]
    )
    line, column = lines.position(found.at)
    way = tuple([Step(at.path, at.line, at.column, note, at.text) for at, note in found.beyond])
    way += steps(found.way, path, lines)
    return Judged(rule, severity, found, source.name, path, line, column, way, also)


def steps(way: tuple[Mark, ...], path: str, lines: LineMap) -> tuple[Step, ...]:
    """The marks of a way as steps with lines and source text; a long way keeps its beginning and its end."""
    out: list[Step] = []
    for mark in way:
        line, column = lines.position(mark.at)
        kind = mark.kind
        if kind in FLIPPED and negated(lines, mark.at):
            kind = FLIPPED[kind]
        note = NOTES.get(kind, kind).format(text=mark.text)
        step = Step(path, line, column, note, text_at(lines, line))
        if not out or (out[-1].line, out[-1].note) != (line, note):
            out.append(step)
    if len(out) > MAX_STEPS:
        out = [*out[: MAX_STEPS // 2], *out[-(MAX_STEPS // 2) :]]
    return tuple(out)


def text_at(lines: LineMap, line: int) -> str:
    """The source of one line."""
    return lines.line_text(line).decode("utf-8", "surrogateescape")


def finding(one: Judged, status: Status, anchor: Anchor | None, patch: int | None) -> Finding:
    """The public form."""
    found = one.found
    return Finding(
        rule=one.rule,
        severity=one.severity,
        confidence=found.confidence,
        status=status,
        file=one.path,
        line=one.line,
        column=one.column,
        function=one.function,
        object=found.object,
        family=found.family,
        message=found.message,
        path=one.way,
        anchor=anchor,
        patch=patch,
        question=found.question,
    )


def fingerprint(one: Judged, ordinal: int) -> str:
    """Stable across moves of the code: what the bug is, and which of its kind in its function."""
    text = "\0".join(
        (
            one.path,
            one.function,
            one.rule,
            one.found.family,
            one.found.role,
            one.found.api,
            one.found.exit,
            str(ordinal),
        )
    )
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def negated(lines: LineMap, at: int) -> bool:
    """Whether the condition that begins at *at* stands under an odd number of ``!``."""
    line, column = lines.position(at)
    text = lines.line_text(line)
    count, index = 0, column - 1
    while index < len(text) and text[index : index + 1] in (b"!", b"(", b" "):
        count += text[index : index + 1] == b"!"
        index += 1
    index = column - 2
    while index >= 0 and text[index : index + 1] in (b"!", b"(", b" "):
        count += text[index : index + 1] == b"!"
        index -= 1
    return count % 2 == 1
