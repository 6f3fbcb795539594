"""Fixes by the patch itself: what it took away and should have left, put back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from getput.csource.outline import ELSE
from getput.ownership.unit import Unit
from getput.verdict.case import Case
from getput.verdict.edits import Edit, lines_of, matched

Candidate = tuple[str, Callable[[], list[Edit]]]
BACK = "put back"
_WORD = re.compile(rb"[A-Za-z_]\w*")
_CALL = re.compile(rb"([A-Za-z_]\w*)\s*\(")
_LABEL = re.compile(rb"^\s*(?:goto\s+\w+;|\w+:\s*)$")
_NOTHING = re.compile(rb"^\s*(?:/?\*.*|//.*|[{}]?\s*)$")
_STATEMENT = re.compile(rb"^\s*[A-Za-z_]\w*\(.*\);\s*$")  # a call on a line of its own
KEYWORDS = frozenset({b"if", b"while", b"for", b"switch", b"return", b"sizeof"})


class Change(msgspec.Struct, frozen=True):
    """A run of lines that the patch changed: ``old`` what stood there, ``new`` what does, from offset ``start`` to ``end``."""

    old: tuple[bytes, ...]
    new: tuple[bytes, ...]
    start: int
    end: int

    @property
    def restored(self) -> Edit:
        """What makes it as it was."""
        return Edit(self.start, self.end, b"".join(self.old))

    @property
    def plain(self) -> bool:
        """Whether it is as it was without losing anything that the patch does: nothing new is called there."""
        return calls(self.new) <= calls(self.old)


def calls(lines: tuple[bytes, ...]) -> set[bytes]:
    """The names that are called in *lines*."""
    return {name for line in lines for name in _CALL.findall(line)} - KEYWORDS


def removed(case: Case) -> Iterator[Candidate]:
    """Put back one change that counts, its counting lines alone, all that count in the function, all that count in the file."""
    if case.before is None:
        return
    every = changes(case.before, case.unit)
    mine = [one for one in every if case.source.start <= one.start < case.source.end]
    counting = [one for one in mine if counts(case, one)]
    anchor = case.finding.anchor
    near = anchor_offset(case, anchor.line if anchor is not None and anchor.side == "after" else case.finding.line)
    counting.sort(key=lambda one: abs(one.start - near))
    for one in counting:
        if one.plain:
            yield BACK, lambda one=one: [one.restored]  # type: ignore[misc]
    for one in counting:
        if not one.plain:
            lines = b"".join(line for line in one.old if _STATEMENT.match(line) and counting_line(case, line))
            for at in dict.fromkeys((one.start, one.end)):
                if lines and between(case, at):
                    yield BACK, lambda at=at, lines=lines: [Edit(at, at, lines)]  # type: ignore[misc]
    plain = [one for one in counting if one.plain]
    if len(plain) > 1:
        yield BACK, lambda: [one.restored for one in plain]
    helping = [one for one in mine if one.plain and (counts(case, one) or leads(one) or declares(one, plain))]
    if len(helping) > len(plain) and plain:
        yield BACK, lambda: [one.restored for one in helping]
    if not plain and any(leads(one) for one in mine):
        yield BACK, lambda: [one.restored for one in mine if one.plain and leads(one)]
    beyond = [one for one in every if one.plain and counts(case, one)]
    if len(beyond) > len(plain):
        yield BACK, lambda: [one.restored for one in beyond]


def between(case: Case, at: int) -> bool:
    """Whether a statement may be put in at an offset, where a line begins."""
    following = next((one for one in case.outline.statements if one.start >= at and one.kind != ELSE), None)
    return following is None or case.outline.listed(following)


def anchor_offset(case: Case, line: int) -> int:
    """Where a line of the file begins."""
    try:
        return case.unit.lines.offset(line)
    except IndexError:
        return case.at


def changes(before: Unit, after: Unit) -> list[Change]:
    """What differs between two images of a file, in its order."""
    old, new = lines_of(before.text[: before.written]), lines_of(after.text[: after.written])
    starts = [0]
    for line in new:
        starts.append(starts[-1] + len(line))
    return [
        Change(tuple(old[a:b]), tuple(new[c:d]), starts[c], starts[d])
        for tag, a, b, c, d in matched(old, new)
        if tag != "equal" and b > a
    ]


def counts(case: Case, change: Change) -> bool:
    """Whether what the change took away counts, or names the object together with a way out."""
    return any(counting_line(case, line) for line in change.old)


def counting_line(case: Case, line: bytes) -> bool:
    """Whether a line takes or drops something of the finding's counter."""
    vocabulary = case.unit.vocabulary
    for found in _WORD.finditer(line):
        word = found[0].decode("ascii")
        if case.counter in vocabulary.counters.get(word, ()) or case.dropping(word) is not None:
            return True
        if case.counter.startswith("?") and case.counter[1:] in word and line[found.end() :].lstrip()[:1] == b"(":
            return True
        if case.before is not None and word in case.before.by_name and word != case.source.name:
            if case.before.touches(case.before.by_name[word], case.counter):
                return True
    return False


def leads(change: Change) -> bool:
    """Whether what the change took away is a way out: a ``goto``, a label."""
    return any(_LABEL.match(line) for line in change.old)


def declares(change: Change, others: list[Change]) -> bool:
    """Whether the change took away the declaration of a name that *others* took away, too, and nothing else."""
    if change.new and calls(change.new):
        return False
    lines = [line for line in change.old if not _NOTHING.match(line)]
    if not lines or any(b"(" in line or b";" not in line for line in lines):
        return False
    named = {word for line in lines for word in _WORD.findall(line)}
    used = {word for other in others for line in other.old for word in _WORD.findall(line)}
    return bool(named & used)
