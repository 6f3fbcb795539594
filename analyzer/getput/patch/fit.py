"""Where the hunks of a diff lie in a text, and the text on the other side of them.  Pure: lines in, lines out."""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from getput.patch.diff import Hunk

EXACT, OFFSET, FUZZ1, FUZZ2 = 0, 1, 2, 3
MAX_WORK = 5_000_000  # lines compared in search of one file's hunks
ENOUGH = 8  # lines that say something: what stands exactly where it should needs no more proof
FEW = 8  # lines looked for before it pays to know where all stand
OVERLAP = 10  # as much doubt as a jump of 16 lines
_NO_WORD = b" \t\r{}();*/#"


class Text:
    """The lines of one image, without their ends; ``open`` says that the last has no newline."""

    __slots__ = ("_asked", "_places", "data", "lines", "open", "work")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.lines = data.split(b"\n")
        self.open = self.lines[-1] != b""
        if not self.open:
            self.lines.pop()
        self.work = 0
        self._asked = 0
        self._places: dict[bytes, list[int]] | None = None

    def places(self, line: bytes) -> list[int]:
        """The 0-based numbers of all lines equal to *line*."""
        if self._asked < FEW:
            self._asked += 1
            return self._search(line)
        if self._places is None:
            self._places = {}
            for number, one in enumerate(self.lines):
                self._places.setdefault(one, []).append(number)
        return self._places.get(line, [])

    def _search(self, line: bytes) -> list[int]:
        """The same, by looking at every line."""
        found: list[int] = []
        with contextlib.suppress(ValueError):
            while True:
                found.append(self.lines.index(line, found[-1] + 1 if found else 0))
        return found


class Place(msgspec.Struct, frozen=True):
    """Where one hunk lies: 0-based, with ``lead`` and ``tail`` context lines at its ends that did not have to fit.

    ``jump`` is how far from its expected place, given the hunks before it; ``words`` how many lines fit that say
    something; ``loose`` how much of the hunk does not fit.
    """

    at: int  # of the first line that fits
    size: int  # lines that fit
    lead: int
    tail: int
    jump: int = 0
    words: int = 0
    loose: int = 0

    @property
    def doubt(self) -> int:
        """How little this place convinces; smaller is better."""
        return 2 * self.jump.bit_length() + 3 * self.loose - min(self.words, ENOUGH)


class Fit(msgspec.Struct, frozen=True):
    """How all hunks of a file lie in a text: ``level`` is the worst of them."""

    places: tuple[Place, ...]
    level: int


class Misfit(msgspec.Struct, frozen=True):
    """The first hunk that does not fit."""

    hunk: Hunk


class Applied(msgspec.Struct, frozen=True):
    """The text on the other side, and where hunks and changed lines lie (1-based) in before- and after-image."""

    data: bytes
    added: frozenset[int]
    removed: frozenset[int]
    hunks: tuple[tuple[int, int, int, int], ...]


def fit(text: Text, hunks: Sequence[Hunk], backward: bool, worst: int = FUZZ2) -> Fit | Misfit:
    """Find every hunk in *text*: its old side, or with *backward* its new side; nothing looser than level *worst*."""
    places: list[Place] = []
    level = offset = floor = 0
    for hunk in hunks:
        source = side(hunk, backward)
        count, start = len(source), hunk.new_start if backward else hunk.old_start
        stated = start - 1 if count else start
        at = stated + offset
        if at >= floor and at + count <= len(text.lines) and text.lines[at : at + count] == source:
            # A hunk of no lines on this side lies anywhere: that proves nothing, so it is no exact fit.
            place, found = Place(at, count, 0, 0), OFFSET if offset or not count else EXACT
        else:
            somewhere = _search(text, hunk, source, at, floor, worst) if count else None
            if somewhere is None:
                return Misfit(hunk)
            place, found = somewhere
        wrong_end = _wrong_end(text, hunk, place, backward)
        level = max(level, found, FUZZ1 if wrong_end else EXACT)
        if level > worst:
            return Misfit(hunk)
        jump, offset = abs(place.at - place.lead - at), place.at - place.lead - stated
        floor = place.at + place.size
        fits = text.lines[place.at : floor] if found or wrong_end else ()
        words = sum(line.strip(_NO_WORD) != b"" for line in fits) if fits else ENOUGH
        loose = place.lead + place.tail + wrong_end
        places.append(Place(place.at, place.size, place.lead, place.tail, jump, words if count else 0, loose))
    return Fit(tuple(places), level)


def leaning(forward: Fit, already: Fit) -> int:
    """Which of two readings of one text is the better one: above 0 the patch is applied already, below 0 not yet.

    Where both find a hunk at one place, and one of them only by letting context go, that which finds more of it is
    right: the lines around an addition stay where it was put.  Where they find it at different places, the doubts
    decide.
    """
    total = 0
    for before, after in zip(forward.places, already.places, strict=True):
        if before.at >= after.at + after.size or after.at >= before.at + before.size:
            total += before.doubt - after.doubt
        elif (before.loose and after.size > before.size) or (after.loose and before.size > after.size):
            total += OVERLAP if after.size > before.size else -OVERLAP
        else:
            total += before.loose - after.loose
    return total


def _wrong_end(text: Text, hunk: Hunk, place: Place, backward: bool) -> bool:
    """Whether the hunk knows where the file begins or ends, and the text does not begin or end there.

    It does where it has less context on one side than on the other, and where it tells of a missing newline.
    """
    lead, tail = _context(hunk)
    at_end = place.at + place.size + place.tail == len(text.lines)
    if hunk.old_open or hunk.new_open:
        return not at_end or text.open != (hunk.new_open if backward else hunk.old_open)
    return (tail < lead and not at_end) or (lead < tail and place.at != place.lead)


def side(hunk: Hunk, new: bool) -> list[bytes]:
    """The lines of a hunk's old or new side."""
    other = "-" if new else "+"
    return [line for tag, line in hunk.lines if tag != other]


def _search(text: Text, hunk: Hunk, source: list[bytes], at: int, floor: int, worst: int) -> tuple[Place, int] | None:
    """The place nearest to *at* where *source* fits, as much of it as possible."""
    lead, tail = _context(hunk)
    most = max(lead, tail)
    for level in range(OFFSET, worst + 1):
        fuzz = level - OFFSET
        if fuzz > most:
            return None
        # As patch(1): an end with less context than the other is spared first.
        skip, drop = max(0, fuzz + lead - most), max(0, fuzz + tail - most)
        core = source[skip : len(source) - drop]
        if not core:
            return None
        found = _nearest(text, core, at + skip, floor)
        if found is not None:
            return Place(found, len(core), skip, drop), level
    return None


def _nearest(text: Text, core: list[bytes], at: int, floor: int) -> int | None:
    """The index nearest to *at*, not before *floor*, from which *core* stands in *text*."""
    size, best = len(core), None
    for number, line in enumerate(core):
        places = text.places(line)
        if best is None or len(places) < len(best[1]):
            best = (number, places)
        if len(places) < 2:
            break
    if best is None:
        return None
    shift, places = best
    right = bisect_left(places, at + shift)
    left = right - 1
    while (left >= 0 or right < len(places)) and text.work < MAX_WORK:
        if right >= len(places) or (left >= 0 and at + shift - places[left] <= places[right] - at - shift):
            start, left = places[left] - shift, left - 1
        else:
            start, right = places[right] - shift, right + 1
        text.work += size
        if start >= floor and text.lines[start : start + size] == core:
            return start
    return None


def _context(hunk: Hunk) -> tuple[int, int]:
    """How many context lines the hunk has at its start and at its end."""
    changed = [number for number, (tag, _) in enumerate(hunk.lines) if tag != " "]
    if not changed:
        return len(hunk.lines), 0
    return changed[0], len(hunk.lines) - 1 - changed[-1]


def apply(text: Text, hunks: Sequence[Hunk], found: Fit, backward: bool) -> Applied:
    """*text* with its hunks put in, or with *backward* taken out, where *found* says they lie."""
    out: list[bytes] = []
    added: list[int] = []
    removed: list[int] = []
    ranges: list[tuple[int, int, int, int]] = []
    copied = 0
    still_open = text.open
    for hunk, place in zip(hunks, found.places, strict=True):
        out += text.lines[copied : place.at]
        here, there = place.at, len(out)
        target = side(hunk, not backward)
        core = target[place.lead : len(target) - place.tail]
        out += core
        copied = place.at + place.size
        before, after = (there, here) if backward else (here, there)
        sizes = (len(core), place.size) if backward else (place.size, len(core))
        ranges.append((before + 1, sizes[0], after + 1, sizes[1]))
        old, new = before - place.lead, after - place.lead
        for tag, _ in hunk.lines:
            if tag != "+":
                old += 1
            if tag != "-":
                new += 1
            if tag == "-":
                removed.append(old)
            elif tag == "+":
                added.append(new)
        if copied == len(text.lines) and (hunk.old_open or hunk.new_open):
            still_open = hunk.old_open if backward else hunk.new_open
    out += text.lines[copied:]
    data = b"\n".join(out)
    if out and not still_open:
        data += b"\n"
    return Applied(data, frozenset(added), frozenset(removed), tuple(ranges))
