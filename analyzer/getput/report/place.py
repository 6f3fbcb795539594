"""Where in a patch a finding stands: the changed line that every reader of changed lines has to be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from getput.model import Answer, Finding, Hunk, Letter, Section, Status


class Row(NamedTuple):
    """A line of a hunk: its number in ``Letter.lines``, its tag, and where it lies, or would lie, in before- and after-image (1-based)."""

    at: int
    tag: str
    before: int
    after: int


class Spot(NamedTuple):
    """A line of the after-image (or of the tree as it stands), 1-based; ``column`` in bytes, 0 where the line is meant as a whole."""

    file: str
    line: int
    column: int = 0
    text: str = ""


def rows(letter: Letter, hunk: Hunk) -> Iterator[Row]:
    """The lines of *hunk*, without those that say that a newline is missing."""
    before, after = hunk.before, hunk.after
    for at in range(hunk.head + 1, hunk.end):
        tag = letter.lines[at][:1] or " "
        if tag == "\\":
            continue
        if tag not in "+-":
            tag = " "
        yield Row(at, tag, before, after)
        before += tag != "+"
        after += tag != "-"


def letter_of(finding: Finding, answer: Answer) -> Letter | None:
    """The patch that *finding* is about, as it was sent."""
    if finding.patch is None or finding.patch >= len(answer.patches):
        return None
    return answer.patches[finding.patch].letter


def row_of(letter: Letter, file: str, line: int, side: str) -> tuple[Section, Hunk, Row] | None:
    """Where *line* of *file*, in the image of that *side* ("before", "after"), stands in a diff; None where the diff does not show it."""
    for section in letter.sections:
        if file != (section.old if side == "before" else section.new):
            continue
        for hunk in section.hunks:
            for row in rows(letter, hunk):
                if row.tag != ("+" if side == "before" else "-") and line == getattr(row, side):
                    return section, hunk, row
    return None


def quoted(finding: Finding, answer: Answer) -> tuple[Letter, Section, Hunk, Row] | None:
    """Where *finding* stands in its patch: by the line that brings it about, else by where it is, else by the way there."""
    letter = letter_of(finding, answer)
    if letter is None:
        return None
    anchor = finding.anchor
    places = [(anchor.file, anchor.line, anchor.side)] if anchor is not None else []
    side = "before" if finding.status is Status.FIXED else "after"
    places += [(finding.file, finding.line, side), *((step.file, step.line, side) for step in reversed(finding.path))]
    for place in places:
        found = row_of(letter, *place)
        if found is not None:
            return letter, *found
    return None


def spot(finding: Finding, answer: Answer) -> Spot:
    """The line to which programs that look at changed lines only are to be pointed: of an introduced finding the changed one.

    A removed line is in no file any more: then the nearest line of its hunk that was added stands for it, else the one that took its place.
    """
    here = Spot(finding.file, finding.line, finding.column, text_at(finding, finding.file, finding.line))
    anchor = finding.anchor
    if finding.status is not Status.INTRODUCED or anchor is None:
        return here
    if anchor.side == "after":
        if (anchor.file, anchor.line) == (finding.file, finding.line):
            return here
        return Spot(anchor.file, anchor.line, text=anchor.text or text_at(finding, anchor.file, anchor.line))
    letter = letter_of(finding, answer)
    found = None if letter is None else row_of(letter, anchor.file, anchor.line, "before")
    if letter is None or found is None or found[0].new is None:
        return here
    section, hunk, row = found
    near = [(abs(one.at - row.at), one) for one in rows(letter, hunk) if one.tag == "+"]
    if near:
        row = min(near)[1]
    last = max((one.after for one in rows(letter, hunk) if one.tag != "-"), default=1)
    line = max(1, min(row.after, last))
    shown = next((letter.lines[one.at][1:] for one in rows(letter, hunk) if one.after == line and one.tag != "-"), "")
    return Spot(section.new or anchor.file, line, text=shown)


def text_at(finding: Finding, file: str, line: int) -> str:
    """The source of a line, as far as the way of *finding* passes it."""
    return next((step.text for step in finding.path if (step.file, step.line) == (file, line)), "")


def told(finding: Finding) -> str:
    """The message with the function in front, and, where the place that readers are pointed to is another one, where the bug is."""
    start = f"{finding.function}()"
    said = finding.message if finding.message.startswith(start) else f"{start}: {finding.message}"
    anchor = finding.anchor
    if (
        finding.status is Status.INTRODUCED
        and anchor is not None
        and (anchor.file, anchor.line) != (finding.file, finding.line)
    ):
        where = f"line {finding.line}" if anchor.file == finding.file else f"{finding.file}:{finding.line}"
        said += f" ({where})"
    return said
