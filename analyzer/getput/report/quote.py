"""A diff as a reply quotes it: byte for byte, with remarks below the lines that they are about, the rest snipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from getput.model import Answer, Finding, Letter, Section
from getput.report.place import quoted, row_of
from getput.report.remarks import remark

ABOVE = 7  # lines that stay above the line which a remark is about
AROUND = 1  # and around a step of the way there
SNIP = "[ ... ]"
NEAR = 2  # lines that are not worth being snipped

Remarks = Mapping[int, Sequence[Finding]]  # by the number of the line in the letter


def placed(findings: Sequence[Finding], answer: Answer) -> tuple[dict[int, list[Finding]], list[Finding]]:
    """*findings* by the line of their letter below which they stand; and those whose line it does not show."""
    known: dict[int, list[Finding]] = {}
    rest: list[Finding] = []
    for one in findings:
        found = quoted(one, answer)
        if found is None:
            rest.append(one)
        else:
            known.setdefault(found[3].at, []).append(one)
    return known, rest


def snipped(letter: Letter, remarks: Remarks, answer: Answer) -> Iterator[str]:
    """The hunks of *letter* that have remarks, as far as a reader needs them, and the remarks."""
    last = 0  # the line behind those that were quoted
    for section in letter.sections:
        here = [hunk for hunk in section.hunks if any(hunk.head < at < hunk.end for at in remarks)]
        if not here:
            continue
        if last:
            yield from _between(section.start > last)
        first = section.hunks[0].head
        yield from (f"> {line}" for line in letter.lines[section.start : first])
        last = first
        for number, hunk in enumerate(here):
            gap = hunk.head > last
            yield from _between(gap) if number else [SNIP] * gap
            yield f"> {letter.lines[hunk.head]}"
            last = hunk.head + 1
            wanted = _wanted(letter, section, remarks, hunk.head, hunk.end)
            for at in wanted:
                if at - last > 0:
                    yield SNIP
                yield f"> {letter.lines[at]}"
                last = at + 1
                if at in remarks:
                    yield from ("", *_remarks(letter, remarks[at], answer, at))
                    if at != wanted[-1]:
                        yield ""


def _between(gap: bool) -> Iterator[str]:
    """What stands between a remark and the next part of the diff, with a *gap* or right behind the last."""
    yield from ("", SNIP, "") if gap else ("",)


def complete(letter: Letter, remarks: Remarks, answer: Answer) -> Iterator[str]:
    """All of the diff of *letter*, with the remarks: nothing is snipped."""
    for at in range(letter.start, letter.end):
        yield f"> {letter.lines[at]}"
        if at in remarks:
            yield from ("", *_remarks(letter, remarks[at], answer, at), "")


def _remarks(letter: Letter, findings: Sequence[Finding], answer: Answer, at: int) -> Iterator[str]:
    for number, one in enumerate(findings):
        yield from [""] * bool(number)
        yield from remark(one, answer, letter.lines[at][1:])


def _wanted(letter: Letter, section: Section, remarks: Remarks, head: int, end: int) -> list[int]:
    """The lines of a hunk that are shown: those above a remark, and the steps of the way to it."""
    wanted: set[int] = set()
    for at in remarks:
        if not head < at < end:
            continue
        wanted.update(range(max(head + 1, at - ABOVE), at + 1))
        for one in remarks[at]:
            for step in one.path:
                found = row_of(letter, step.file, step.line, "after")
                if found is not None and found[0] is section and head < found[2].at < at:
                    row = found[2].at
                    wanted.update(range(max(head + 1, row - AROUND), min(row + AROUND, at) + 1))
    out: list[int] = []
    for at in sorted(wanted):
        start = out[-1] + 1 if out else head + 1
        if at - start <= NEAR:
            out += range(start, at)
        out.append(at)
    return out
