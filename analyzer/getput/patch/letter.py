"""A patch as it was sent, for formats that quote it: made for them only."""

from __future__ import annotations

from collections.abc import Sequence

from getput.model import Hunk, Letter, Section
from getput.patch import diff as diffs
from getput.patch.diff import FileDiff
from getput.patch.images import FileImages
from getput.patch.series import Patch

FUZZ = 2  # lines of context that need not fit


def letter(patch: Patch) -> Letter | None:
    """The mail, commit or bare diff of *patch*; None where it came from nowhere."""
    mail = patch.mail
    if mail is None:
        return None
    lines = tuple(mail.text.removesuffix("\n").split("\n"))
    images = {one.path: one for one in patch.files}
    sections = [_section(diff, images.get(diff.path), lines, mail.line) for diff in patch.diffs]
    start = sections[0].start if sections else len(lines)
    last = max((hunk.end for section in sections for hunk in section.hunks), default=start)
    end = next((at for at in range(last, len(lines)) if lines[at].rstrip() == "--"), len(lines))
    headers = {"subject": mail.subject, **mail.headers}
    return Letter(patch.where, mail.line, headers, lines, tuple(sections), start, end)


def _section(diff: FileDiff, images: FileImages | None, lines: Sequence[str], first: int) -> Section:
    """Where the part of *diff* stands in *lines*, of which the first has the number *first* in the input."""
    hunks = []
    placed = images.hunks if images is not None and len(images.hunks) == len(diff.hunks) else ()
    for number, hunk in enumerate(diff.hunks):
        head = hunk.line - first
        before, after = hunk.old_start + (not hunk.old_count), hunk.new_start + (not hunk.new_count)
        if placed and images is not None:
            lead = _lead(hunk, images, placed[number])
            before, after = placed[number][0] - lead, placed[number][2] - lead
        hunks.append(Hunk(head, _end(lines, head + 1, len(hunk.lines)), before, after))
    return Section(diff.line - first, diff.old_path, diff.new_path, tuple(hunks))


def _lead(hunk: diffs.Hunk, images: FileImages, place: tuple[int, int, int, int]) -> int:
    """How many lines at the start of *hunk* do not count to its *place* in the images, because they did not fit there."""
    old = new = 0
    for tag, _ in hunk.lines:
        if tag != " ":
            break
        old, new = old + 1, new + 1
    else:
        return 0
    changed, first = (images.added, place[2] + new) if tag == "+" else (images.removed, place[0] + old)
    return next((lead for lead in range(FUZZ + 1) if first - lead in changed), 0)


def _end(lines: Sequence[str], at: int, count: int) -> int:
    """The number of the line behind the *count* lines of a hunk that begins at *at*; those that say that a newline is missing belong to it."""
    while at < len(lines) and (count or lines[at].startswith("\\")):
        count -= not lines[at].startswith("\\")
        at += 1
    return at
