"""The source of a finding's function as rows: before beside after, the way through each, what happens on it, far lines folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from getput.model import Exhibit, Note, Side
from getput.report.page.markup import sentence, text

NEAR = 3  # lines around what is worth a look
FEWEST = 6  # lines that are folded
LARGE = 400  # lines of a function in which those that stand there many times ("}") do not tell what belongs together: that would take too long
CHIPS = frozenset({"true", "false", "case", "loop"})  # notes that stand behind the line
MARKS = {"take": "t", "drop": "d", "page_free": "d", "lost": "x", "exit": "o", "step": "o"}
CHANGED = {"before": "del", "after": "add"}

Row = tuple[int | None, int | None]  # indexes of a line before and after; None where one has nothing beside the other


def listing(exhibit: Exhibit) -> str:
    """The rows of both sides, or of the only one."""
    sides = [_Side(side, name) for name, side in (("before", exhibit.before), ("after", exhibit.after)) if side]
    if len(sides) == 1:
        only = sides[0]
        return "".join(_folded([(index,) for index in range(len(only.lines))], sides))
    return "".join(_folded(_paired(sides[0].lines, sides[1].lines), sides))


def _paired(before: Sequence[str], after: Sequence[str]) -> list[Row]:
    """Which line stands beside which."""
    rows: list[Row] = []
    match = SequenceMatcher(None, before, after, autojunk=len(after) > LARGE)
    for _, first, end, other, other_end in match.get_opcodes():
        for step in range(max(end - first, other_end - other)):
            left = first + step if first + step < end else None
            right = other + step if other + step < other_end else None
            rows.append((left, right))
    return rows


def _folded(rows: Sequence[tuple[int | None, ...]], sides: Sequence[_Side]) -> Iterator[str]:
    """The rows; those that are far from anything worth a look are folded away."""
    worth = [
        place
        for place, row in enumerate(rows)
        if place == 0 or any(index is not None and side.worth(index) for index, side in zip(row, sides, strict=True))
    ]
    near = {place + step for place in worth for step in range(-NEAR, NEAR + 1)}
    for shown, group in groupby(range(len(rows)), key=near.__contains__):
        places = list(group)
        written = "".join(_row(rows[place], sides) for place in places)
        if shown or len(places) < FEWEST:
            yield written
            continue
        rail = sides[0].beside_fold(rows[places[0]][0]) if len(sides) == 1 else ""
        yield (
            f'<details class="fold"><summary{rail}>{len(places)} lines{_meanwhile(rows, places, sides)}</summary>'
            f"{written}</details>"
        )


def _meanwhile(rows: Sequence[tuple[int | None, ...]], places: Sequence[int], sides: Sequence[_Side]) -> str:
    """What is to be said of lines that are folded away: whether the way passes them."""
    passed = any(
        side.first + index in side.way
        for place in places
        for index, side in zip(rows[place], sides, strict=True)
        if index is not None
    )
    return ", passed on the way" if passed else ""


def _row(row: tuple[int | None, ...], sides: Sequence[_Side]) -> str:
    cells = [side.cell(index) for index, side in zip(row, sides, strict=True)]
    return cells[0] if len(cells) == 1 else f'<div class="r">{cells[0]}{cells[1]}</div>'


class _Side:
    """One image of the function, ready to be written line by line."""

    def __init__(self, side: Side, name: str) -> None:
        self.lines = side.lines
        self.first = side.first
        self.way = frozenset(side.way)
        self.counts = dict(side.counts)
        self.held = frozenset(side.held)
        self.changed = frozenset(side.changed)
        self.change = CHANGED[name]
        self.notes: dict[int, list[Note]] = {}
        for note in side.notes:
            self.notes.setdefault(note.line, []).append(note)
        self.turns = self.turning()
        self.rail = self.beside()

    def turning(self) -> frozenset[int]:
        """The lines at which the count is another than before."""
        out, before = set(), "0"
        for line, count in sorted(self.counts.items()):
            if count != before:
                out.add(line)
            before = count
        return frozenset(out)

    def worth(self, index: int) -> bool:
        """Whether a line has to be seen."""
        line = self.first + index
        return line in self.notes or line in self.changed or line in self.turns

    def beside(self) -> dict[int, str]:
        """The class of the rail beside each line: on the way with a count (``y h``) or without (``y``), or jumped over (``q``)."""
        if not self.way:
            return {}
        out: dict[int, str] = {}
        held = False
        for line in range(min(self.way), max(self.way) + 1):
            if line in self.counts:
                held = line in self.held
            out[line] = ("y h" if held else "y") if line in self.way else ("q h" if held else "q")
        return out

    def beside_fold(self, index: int | None) -> str:
        """The rail beside lines that are folded away from *index* on, as an attribute."""
        rail = self.rail.get(self.first + index, "") if index is not None else ""
        return f' class="{rail}"' if rail else ""

    def cell(self, index: int | None) -> str:
        """One line with all that stands beside it."""
        if index is None:
            return '<div class="l z"></div>'
        line = self.first + index
        notes = self.notes.get(line, [])
        classes = ["l", *self.rail.get(line, "").split()]
        classes += dict.fromkeys(MARKS.get(note.kind, "o") for note in notes)
        if line in self.changed:
            classes.append(self.change)
        count = self.counts.get(line, "")
        number = (
            f'<b class="{"n" if line in self.turns else "s"}">{count.replace("-", chr(0x2212))}</b>' if count else ""
        )
        chips = "".join(f'<i class="{note.kind}">{text(note.text)}</i>' for note in notes if note.kind in CHIPS)
        below = "".join(
            f'<em class="{MARKS.get(note.kind, "o")}">{sentence(note.text)}</em>'
            for note in notes
            if note.kind not in CHIPS
        )
        return f'<div class="{" ".join(classes)}" data-n="{line}">{number}{text(self.lines[index])}{chips}{below}</div>'
