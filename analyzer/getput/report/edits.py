"""A fix, which is a unified diff, as the lines that it replaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")


class Edit(NamedTuple):
    """Lines *first* to *first* + *gone* - 1 (1-based) of *file* give way to *lines*; nothing does where *gone* is 0: they come before *first*.

    ``above`` and ``below`` are the lines around them that stay, None where the fix does not show any.
    """

    file: str
    first: int
    gone: int
    lines: tuple[str, ...]
    above: str | None
    below: str | None


def edits(fix: str) -> Iterator[Edit]:
    """What *fix* replaces, in its order."""
    file, old, new = "", 0, 0
    at = 0
    above: str | None = None
    lines = fix.split("\n")
    while at < len(lines):
        line = lines[at]
        head = _HEAD.match(line)
        if head is not None:
            at += 1
            first, old, new = int(head[1]), int(head[2] or 1), int(head[3] or 1)
            first += not old
            above = None
            while at < len(lines) and (old > 0 or new > 0):
                gone: list[str] = []
                come: list[str] = []
                while at < len(lines) and (old > 0 or new > 0) and lines[at][:1] in ("-", "+"):
                    (gone if lines[at][0] == "-" else come).append(lines[at][1:])
                    old -= lines[at][0] == "-"
                    new -= lines[at][0] == "+"
                    at += 1
                if gone or come:
                    stays = old > 0 and at < len(lines) and lines[at][:1] != "\\"
                    yield Edit(file, first, len(gone), tuple(come), above, lines[at][1:] if stays else None)
                    first += len(gone)
                    above = come[-1] if come else above
                    continue
                if not lines[at].startswith("\\"):
                    above = lines[at][1:]
                    first, old, new = first + 1, old - 1, new - 1
                at += 1
            continue
        if line.startswith(("--- ", "+++ ")):
            file = _path(line[4:]) or file
        at += 1


def _path(name: str) -> str:
    """The path in a header's line, without what stands before it; "" for /dev/null."""
    name = name.split("\t", 1)[0]
    if name == "/dev/null":
        return ""
    return name[2:] if name[:2] in ("a/", "b/") else name
