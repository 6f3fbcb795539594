"""Fixes by the patch itself: what it took away and should have left, put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from getput.csource.outline import ELSE
from getput.ownership.unit import Unit
from getput.pattern import pattern
from getput.verdict.case import Case
from getput.verdict.edits import Edit, lines_of, matched

Candidate = tuple[str, Callable[[], list[Edit]]]
BACK = "put back"
_WORD = pattern(rb"[A-Za-z_]\w*")
_CALL = pattern(rb"([A-Za-z_]\w*)\s*\(")
_LABEL = pattern(rb"^\s*(?:goto\s+\w+;|\w+:\s*)$")
_NOTHING = pattern(rb"^\s*(?:/?\*.*|//.*|[{}]?\s*)$")
_STATEMENT = pattern(rb"^\s*[A-Za-z_]\w*\(.*\);\s*$")  # a call on a line of its own
MOST_TOGETHER = 6  # changes that braces may hold together
KEYWORDS = frozenset({b"if", b"while", b"for", b"switch", b"return", b"sizeof"})


class Change(msgspec.Struct, frozen=True):
    """A run of lines that the patch changed: ``old`` what stood there, ``new`` what does, from offset ``start`` to ``end``.  ``rest`` are the changes
    behind it without which the braces do not match."""

    old: tuple[bytes, ...]
    new: tuple[bytes, ...]
    start: int
    end: int
    rest: tuple[Change, ...] = ()

    @property
    def restored(self) -> list[Edit]:
        """What makes it as it was."""
        return [Edit(one.start, one.end, b"".join(one.old)) for one in (self, *self.rest)]

    @property
    def lines(self) -> tuple[bytes, ...]:
        """All lines that stood there."""
        return tuple(line for one in (self, *self.rest) for line in one.old)

    def plain(self, freeing: bool) -> bool:
        """Whether it is as it was without losing anything that the patch does: nothing new is called there, but what frees where that is the bug."""
        new = calls(tuple(line for one in (self, *self.rest) for line in one.new)) - calls(self.lines)
        return not new or (freeing and all(b"free" in name for name in new))

    @property
    def depth(self) -> int:
        """How many braces more are open behind what stood there than behind what stands there."""
        old, new = b"".join(self.old), b"".join(self.new)
        return old.count(b"{") - old.count(b"}") - new.count(b"{") + new.count(b"}")


def calls(lines: tuple[bytes, ...]) -> set[bytes]:
    """The names that are called in *lines*."""
    return {name for line in lines for name in _CALL.findall(line)} - KEYWORDS


def removed(case: Case) -> Iterator[Candidate]:
    """Put back one change that counts, its counting lines alone, all that count in the function."""
    mine = [one for one in taken_away(case) if case.source.start <= one.start < case.source.end]
    counting = [one for one in mine if counts(case, one)]
    anchor = case.finding.anchor
    near = anchor_offset(case, anchor.line if anchor is not None and anchor.side == "after" else case.finding.line)
    counting.sort(key=lambda one: abs(one.start - near))
    freeing = case.finding.rule == "free-of-counted"
    for one in counting:
        if one.plain(freeing):
            yield BACK, partial(list, one.restored)
    for one in counting:
        if not freeing and not one.plain(freeing):
            lines = b"".join(line for line in one.lines if _STATEMENT.match(line) and counting_line(case, line))
            for at in dict.fromkeys((one.start, one.end)):
                if lines and between(case, at) and not used(case, lines, at):
                    yield BACK, partial(list, [Edit(at, at, lines)])
    plain = [one for one in counting if one.plain(freeing)]
    if len(plain) > 1:
        yield BACK, partial(together, plain)


def removed_around(case: Case) -> Iterator[Candidate]:
    """Put back with that the ways out and the declarations that go with it, and what counts in the rest of the file."""
    freeing = case.finding.rule == "free-of-counted"
    every = [one for one in taken_away(case) if one.plain(freeing)]
    mine = [one for one in every if case.source.start <= one.start < case.source.end]
    plain = [one for one in mine if counts(case, one)]
    helping = [one for one in mine if counts(case, one) or leads(one) or declares(one, plain)]
    if len(helping) > len(plain) and plain:
        yield BACK, partial(together, helping)
    leading = [one for one in mine if leads(one)]
    if not plain and leading:
        yield BACK, partial(together, leading)
    beyond = [one for one in every if counts(case, one)]
    if len(beyond) > len(plain):
        yield BACK, partial(together, beyond)


def taken_away(case: Case) -> list[Change]:
    """The changes of the file that took something away, with what their braces hold together."""
    return [] if case.before is None else bundled(changes(case.before, case.unit))


def between(case: Case, at: int) -> bool:
    """Whether a statement may be put in at an offset, where a line begins."""
    following = next((one for one in case.outline.statements if one.start >= at and one.kind != ELSE), None)
    return following is None or case.outline.listed(following)


def used(case: Case, lines: bytes, at: int) -> bool:
    """Whether what *lines* put is still used behind an offset: something else must go before them than what did."""
    last = case.source.end
    for found in _CALL.finditer(lines):
        if case.dropping(found[1].decode("ascii")) is not None:
            args = lines[found.end() :].partition(b")")[0].decode("latin-1")
            for name in case.roots(args):
                if name in case.locals and case.named(name, at, last):
                    return True
    return False


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
        if tag != "equal"
    ]


def bundled(every: list[Change]) -> list[Change]:
    """*every* with those together that the braces hold together, without those that took nothing away."""
    out: list[Change] = []
    index = 0
    while index < len(every):
        last, depth = index, every[index].depth
        while depth > 0 and last + 1 < len(every) and last - index < MOST_TOGETHER:
            last += 1
            depth += every[last].depth
        one = every[index]
        if depth == 0 and last > index:
            one = msgspec.structs.replace(one, rest=tuple(every[index + 1 : last + 1]))
            index = last
        if one.lines:
            out.append(one)
        index += 1
    return out


def together(changes: list[Change]) -> list[Edit]:
    """What makes all of *changes* as they were."""
    return [edit for one in changes for edit in one.restored]


def counts(case: Case, change: Change) -> bool:
    """Whether what the change took away counts, or names the object together with a way out."""
    return any(counting_line(case, line) for line in change.lines)


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
    return any(_LABEL.match(line) for line in change.lines)


def declares(change: Change, others: list[Change]) -> bool:
    """Whether the change took away the declaration of a name that *others* took away, too, and nothing else."""
    if change.new and calls(change.new):
        return False
    lines = [line for line in change.lines if not _NOTHING.match(line)]
    if not lines or any(b"(" in line or b";" not in line for line in lines):
        return False
    named = {word for line in lines for word in _WORD.findall(line)}
    used = {word for other in others for line in other.lines for word in _WORD.findall(line)}
    return bool(named & used)
