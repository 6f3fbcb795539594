"""One image of a function with a way through it: the lines that the way passes, the counts on them, and what is said beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from getput.csource.syntax import FunctionSource
from getput.flow.picture import Text, picture
from getput.model import Finding, Note, Side
from getput.ownership.replay import Range, Walk
from getput.ownership.state import Count, Key
from getput.ownership.unit import Unit
from getput.ownership.view import Mark
from getput.verdict.place import FLIPPED, NOTES, negated, text_at

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


def lines_of(unit: Unit, source: FunctionSource) -> tuple[int, list[str]]:
    """The first line of a function, and its text line by line."""
    first, last = unit.line(source.start), unit.line(source.end - 1)
    return first, [text_at(unit.lines, line) for line in range(first, last + 1)]


class Followed(NamedTuple):
    """A way followed again: the walk, and the object that it is about."""

    walk: Walk
    key: Key | None

    @property
    def numbers(self) -> list[tuple[int, Range | None]]:
        return [] if self.key is None else self.walk.numbers(self.key)


class Drawn:
    """One image of the function with a way through it."""

    def __init__(self, image: Image, source: FunctionSource, way: Way | None, followed: Followed | None) -> None:
        self.unit = image.unit
        self.source = source
        self.way = way
        self.followed = followed
        self.first, self.lines = lines_of(image.unit, source)
        last = self.first + len(self.lines) - 1
        self.changed = tuple(sorted(line for line in image.changed if self.first <= line <= last))
        self.numbers = followed.numbers if followed is not None else []

    def side(self, finding: Finding | None, noted: Collection[int] = ()) -> Side:
        """All of it; *finding* on the side that it is about, on the other the lines that are *noted* there."""
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
            notes=tuple(self.notes(finding, noted)),
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

    def notes(self, finding: Finding | None, noted: Collection[int]) -> Iterator[Note]:
        """What is to be said beside the lines of a way that was followed, from where the object is first counted; where it never is, beside the
        lines that are *noted* on the other side."""
        assert self.way is not None
        moved = self.moved()
        begins = min(moved, default=-1)
        known = begins < 0 or all(mark.at != begins for mark in self.way.marks)
        said = set()
        for mark in self.on_the_way(finding):
            known = known or mark.at == begins
            if not known or (mark.kind in MOVES and moved and mark.at not in moved):
                continue
            kind = FLIPPED[mark.kind] if mark.kind in FLIPPED and negated(self.unit.lines, mark.at) else mark.kind
            note = Note(self.unit.line(mark.at), kind, TEXTS.get(kind, kind).format(text=mark.text))
            elsewhere = finding is None and begins < 0 and note.line not in (*noted, *self.changed)
            if note not in said and not elsewhere:
                said.add(note)
                yield note
        yield self.last(self.unit.line(self.way.end), finding)

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
        if finding is None:
            if number is None:
                return Note(line, "exit", "left here and nothing was counted")
            return Note(
                line, "exit", f"left here with a count of {_in_words(number)}{self.owner() if number[1] > 0 else ''}"
            )
        if finding.path and finding.path[-1].note == NOTES["exit"]:
            held = number is not None and number[1] > 0
            said = f": left with a count of {_in_words(number)}" if held and number is not None else ""
            return Note(line, "lost", f"lost here{said}")
        return Note(line, "lost", finding.message)

    def owner(self) -> str:
        """Who owes the reference that is left where the way ends, as far as the engine knows: in parentheses, or empty."""
        if self.way is None or self.followed is None or self.followed.key is None:
            return ""
        about = self.followed.walk.objects[self.followed.key]
        report = self.unit.report(self.source, self.way.counter)
        for out in report.exits if report is not None else ():
            for standing in out.standings if out.at == self.way.end else ():
                if standing.count.label == about.label and standing.high > 0:
                    kept = "stored where it is kept" if standing.held_by not in ("", "local", "freed") else ""
                    said = standing.escaped or kept
                    return f" ({said})" if said else ""
        return ""

    def told(self, finding: Finding) -> Iterator[Note]:
        """What the finding itself says beside lines of this function."""
        last = self.first + len(self.lines) - 1
        steps = [step for step in finding.path if step.file == self.unit.path and self.first <= step.line <= last]
        for number, step in enumerate(steps):
            last_one = number == len(steps) - 1
            said = finding.message if step.note == NOTES["here"] else step.note
            yield Note(step.line, "lost" if last_one else "step", said)
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
    return f"{low}" if low == high else f"{low} or {high} (which of the two is not known)"
