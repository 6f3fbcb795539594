"""What a finding can be seen by: the function before and after the patch, the way through each, and the counts on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from getput.csource.syntax import FunctionSource
from getput.flow.picture import Text, picture
from getput.index.names import Names
from getput.model import Exhibit, Finding, Note, Side, Status
from getput.ownership.replay import Range, Walk, replay
from getput.ownership.state import Count, Key
from getput.ownership.unit import Unit
from getput.ownership.view import FunctionReport, Mark, marks
from getput.verdict.judge import Judge
from getput.verdict.place import FLIPPED, negated, text_at
from getput_rules.wording import name_of

MOVES = frozenset({"take", "drop", "page_free"})
TEXTS = {
    "take": "{text}() takes a reference",
    "drop": "{text}() drops a reference",
    "page_free": "the page goes back to its driver",
    "true": "taken",
    "false": "not taken",
    "case": "this case",
    "loop": "one turn of {text}()",
}
SAME_DECISION, SAME_END = 0.3, 0.1  # what it is worth that two ways last decide alike, that they end on the same line
Decision = tuple[int | None, str, str]  # line (None where the image has no such line), kind, text
UNFINISHED = (",", "=", "&&", "||", "+", "|", "?")  # what ends a line of C that goes on in the next


class Image(NamedTuple):
    """One image of a file, and the lines of it that the patch changed."""

    unit: Unit
    changed: Collection[int]


class Way(NamedTuple):
    """A way through a function as the engine kept it: one counter, the object that it is about if that is known, and where it ends."""

    counter: str
    about: Count | None
    marks: tuple[Mark, ...]
    end: int


def standing(
    judge: Judge, names: Names | None, path: str, text: bytes, findings: Sequence[Finding]
) -> list[Exhibit | None]:
    """What each of *findings* can be seen by: of what stands in the file *path*, which is read alone, or with the *names* of an index."""
    unit = judge.unit(text, path, None if names is None else names.seen_from(path), guesses=False)
    return [exhibit(finding, None, Image(unit, ())) for finding in findings]


def exhibit(finding: Finding, before: Image | None, after: Image | None) -> Exhibit | None:
    """What *finding* can be seen by; None where its function does not stand in the image that it is about, or could not be read."""
    mine, other = (before, after) if finding.status is Status.FIXED else (after, before)
    side = "before" if finding.status is Status.FIXED else "after"
    source = None if mine is None else _function(mine.unit, finding.function, finding.line)
    if mine is None or source is None:
        return None
    way = _way_of(finding, mine.unit, source)
    followed = None if way is None else _followed(mine.unit, source, way)
    shown = _Drawn(mine, source, way, followed).side(finding)
    twin = None if other is None else _function(other.unit, finding.function, None)
    counterpart = None
    if other is not None and twin is not None:
        lines = _paired(shown, other.unit, twin)
        elsewhere = None if way is None or followed is None else _like(way, mine.unit, other.unit, twin, lines)
        again = None if elsewhere is None else _followed(other.unit, twin, elsewhere)
        counterpart = _Drawn(other, twin, elsewhere, again).side(None)
    return Exhibit(side, *((shown, counterpart) if side == "before" else (counterpart, shown)))


def _function(unit: Unit, name: str, line: int | None) -> FunctionSource | None:
    """The function of this name: the one that holds *line*, where there are several.  None for what a macro is as a function."""
    found = [source for source in unit.sources if source.name == name and source.start < unit.written]
    if line is None:
        return found[0] if found else None
    return next((one for one in found if unit.line(one.start) <= line <= unit.line(one.end - 1)), None)


# --- which way -------------------------------------------------------------------------------------------------------


def _way_of(finding: Finding, unit: Unit, source: FunctionSource) -> Way | None:
    """The way that *finding* tells of, as the engine went it."""
    steps = {(step.line, step.column) for step in finding.path if step.file == unit.path}
    counter = unit.tables.counter_of(finding.family)
    best, most = None, 0
    for report in unit.reports(source):
        if report.counter != counter:
            continue
        for way in _ways(report):
            named = way.about is not None and name_of(way.about) == finding.object
            here = unit.lines.position(way.end) == (finding.line, finding.column)
            met = {unit.lines.position(mark.at) for mark in way.marks} & steps
            score = 100 * named + 50 * here + len(met)
            if score > most and (named or here):
                best, most = way, score
    return best


def _ways(report: FunctionReport) -> Iterator[Way]:
    """Every way that a report knows, with what it is about."""
    for leak in report.leaks:
        for out, standing in ((leak.shown, leak.standing), *leak.rest):
            yield Way(report.counter, standing.count, (*marks(standing.trace),), out.at)
    for incident in report.incidents:
        yield Way(report.counter, incident.count, (*marks(incident.trace),), incident.at)
    for out in report.exits:
        for standing in out.standings:
            yield Way(report.counter, standing.count, (*marks(standing.trace),), out.at)


def _like(way: Way, mine: Unit, other: Unit, source: FunctionSource, lines: dict[int, int]) -> Way | None:
    """The way through *source* in the *other* image that decides as *way* does, where the two functions are the same (*lines*: line of this
    image to line of the other)."""
    run = other.run(source, way.counter) if way.counter in other.counters(source) else None
    if run is None:
        return None

    decided = _decisions(mine, way.marks, lines.get)
    end = lines.get(mine.line(way.end))
    best, most = None, -1.0
    for ending in run[2].endings:
        trace = tuple(marks(ending.state.trace))
        others = _decisions(other, trace, lambda line: line)
        alike = SequenceMatcher(None, decided, others, autojunk=False).ratio()
        last = next((one for one in reversed(decided) if one[0] is not None), None)
        score = alike + SAME_DECISION * (last in others) + SAME_END * (end == other.line(ending.at))
        if score > most:
            best, most = Way(way.counter, way.about, trace, ending.at), score
    return best


def _decisions(unit: Unit, way: Sequence[Mark], line_in_other: Callable[[int], int | None]) -> list[Decision]:
    """What is decided on a way, in the lines of the other image."""
    return [(line_in_other(unit.line(mark.at)), mark.kind, mark.text) for mark in way if mark.kind not in MOVES]


def _paired(shown: Side, unit: Unit, source: FunctionSource) -> dict[int, int]:
    """The lines of *shown* to those of the same function in another image."""
    first, theirs = _lines(unit, source)
    match = SequenceMatcher(None, shown.lines, theirs, autojunk=False)
    return {
        shown.first + block.a + step: first + block.b + step
        for block in match.get_matching_blocks()
        for step in range(block.size)
    }


def _lines(unit: Unit, source: FunctionSource) -> tuple[int, list[str]]:
    """The first line of a function, and its text line by line."""
    first, last = unit.line(source.start), unit.line(source.end - 1)
    return first, [text_at(unit.lines, line) for line in range(first, last + 1)]


class _Followed(NamedTuple):
    """A way followed again: the walk, and the object that it is about."""

    walk: Walk
    key: Key | None

    @property
    def numbers(self) -> list[tuple[int, Range | None]]:
        return [] if self.key is None else self.walk.numbers(self.key)


def _followed(unit: Unit, source: FunctionSource, way: Way) -> _Followed | None:
    walk = replay(unit, source, way.counter, way.marks, way.end)
    return None if walk is None else _Followed(walk, _object(walk, way.about))


def _object(walk: Walk, wanted: Count | None) -> Key | None:
    """The object on a walk that another way knows as *wanted*: of that name, or taken by the same call."""
    if wanted is None:
        return None
    best, most = None, 0
    for key, count in sorted(walk.objects.items()):
        same = bool(count.taken and wanted.taken and count.taken[0].callee == wanted.taken[0].callee)
        there = bool(count.taken and wanted.taken and count.taken[0].at == wanted.taken[0].at)
        named = bool(count.label) and count.label == wanted.label
        score = (4 * named + 2 * same + there) if count.family == wanted.family and (named or same) else 0
        if score > most:
            best, most = key, score
    return best


# --- one side --------------------------------------------------------------------------------------------------------


class _Drawn:
    """One image of the function with a way through it."""

    def __init__(self, image: Image, source: FunctionSource, way: Way | None, followed: _Followed | None) -> None:
        self.unit = image.unit
        self.source = source
        self.way = way
        self.followed = followed
        self.first, self.lines = _lines(image.unit, source)
        last = self.first + len(self.lines) - 1
        self.changed = tuple(sorted(line for line in image.changed if self.first <= line <= last))
        self.numbers = followed.numbers if followed is not None else []

    def side(self, finding: Finding | None) -> Side:
        """All of it; *finding* on the side that it is about."""
        side = Side(
            self.unit.path, self.first, tuple(self.lines), self.changed, graph=self.graph(lost=finding is not None)
        )
        if self.followed is None or self.way is None:
            return side if finding is None else replace(side, notes=tuple(self.told(finding)))
        passed = {self.unit.line(moment.at) for moment in self.followed.walk.moments}
        counts: dict[int, Range] = {}
        for at, number in self.numbers:
            if number is not None:
                counts[self.unit.line(at)] = number
        return replace(
            side,
            way=tuple(sorted(self.whole(passed))),
            counts=tuple((line, _said(number)) for line, number in sorted(counts.items())),
            held=tuple(line for line, (_, high) in sorted(counts.items()) if high > 0),
            notes=tuple(self.notes(finding)),
        )

    def whole(self, passed: set[int]) -> set[int]:
        """*passed* lines with those on which their statements go on."""
        out = set()
        for line in passed:
            at = line - self.first
            while 0 <= at < len(self.lines):
                out.add(self.first + at)
                if not self.goes_on(at) or self.first + at + 1 in passed:
                    break
                at += 1
        code = self.code()
        ordered = sorted(out)
        for line, following in pairwise(ordered):
            if code.isdisjoint(range(line + 1, following)):
                out.update(range(line + 1, following))  # blank lines, braces, comments
        return out

    def code(self) -> set[int]:
        """The lines on which something happens."""
        function = self.unit.function(self.source)
        blocks = function.blocks if function is not None else ()
        return {self.unit.line(one.at) for block in blocks for one in (*block.instrs, block.end) if one.at >= 0}

    def goes_on(self, index: int) -> bool:
        """Whether the next line belongs to the statement of this one."""
        text = self.lines[index].split("/*")[0].split("//")[0].rstrip()
        following = self.lines[index + 1].strip() if index + 1 < len(self.lines) else ""
        opened = text.count("(") > text.count(")")
        return opened or (text.endswith(UNFINISHED) and bool(following))

    def notes(self, finding: Finding | None) -> Iterator[Note]:
        """What is to be said beside the lines of a way that was followed, from where the object is first counted."""
        assert self.way is not None
        moved = self.moved()
        begins = min(moved, default=-1)
        known = finding is None or not self.way.marks or begins < 0
        end = self.unit.line(self.way.end)
        said = set()
        for mark in self.on_the_way(finding):
            known = known or mark.at == begins
            if not known or (mark.kind in MOVES and moved and mark.at not in moved):
                continue
            kind = FLIPPED[mark.kind] if mark.kind in FLIPPED and negated(self.unit.lines, mark.at) else mark.kind
            note = Note(self.unit.line(mark.at), kind, TEXTS.get(kind, kind).format(text=mark.text))
            if note not in said:
                said.add(note)
                yield note
        yield self.last(end, finding)

    def on_the_way(self, finding: Finding | None) -> Sequence[Mark]:
        """The marks of the way, without what happens where it ends if that is what *finding* is about."""
        assert self.way is not None
        shown = list(self.way.marks)
        while finding is not None and shown and shown[-1].at == self.way.end:
            shown.pop()
        return shown

    def moved(self) -> dict[int, Range]:
        """The offsets at which the object's count changes, with what it is after that."""
        out: dict[int, Range] = {}
        before: Range | None = None
        for at, number in self.numbers:
            if number is not None and number != (before or (0, 0)):
                out.setdefault(at, number)
            before = number
        return out

    def last(self, line: int, finding: Finding | None) -> Note:
        """What is said where the way ends."""
        number = self.numbers[-1][1] if self.numbers else None
        held = number is not None and number[1] > 0
        if finding is None:
            return Note(
                line, "exit", "leaves with a count of " + _said(number) if number is not None else "leaves here"
            )
        if finding.path and finding.path[-1].note == "and the function is left here":
            return Note(
                line, "lost", "lost here" + (f": left with a count of {_said(number)}" if held and number else "")
            )
        return Note(line, "lost", finding.message)

    def told(self, finding: Finding) -> Iterator[Note]:
        """What the finding itself says beside lines of this function."""
        last = self.first + len(self.lines) - 1
        steps = [step for step in finding.path if step.file == self.unit.path and self.first <= step.line <= last]
        for number, step in enumerate(steps):
            yield Note(step.line, "lost" if number == len(steps) - 1 else "step", step.note)
        if not steps:
            yield Note(finding.line, "lost", finding.message)

    def graph(self, *, lost: bool) -> str:
        """The picture of the function's graph; where the way ends, something is *lost* or not."""
        function = self.unit.function(self.source)
        if function is None:
            return ""
        lines = self.unit.lines
        text = Text(self.unit.line, lambda line: text_at(lines, line), lambda at: negated(lines, at))
        return picture(function, text, self.followed.walk.blocks if self.followed is not None else (), lost=lost).svg


def _said(number: Range) -> str:
    """A count: one number, or the two that it can be."""
    low, high = number
    return f"{low}" if low == high else f"{low}/{high}"


def _in_words(number: Range) -> str:
    low, high = number
    return f"{low}" if low == high else f"{low} or {high}: nobody looked at the result"
