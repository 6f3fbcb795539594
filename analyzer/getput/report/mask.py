"""What the grammar was shown of a function, for whoever debugs the mask."""

from __future__ import annotations

import re

from getput.csource.lines import LineMap
from getput.csource.syntax import Parsed

_WORD = re.compile(rb"\w+")


def masked_lines(title: str, text: bytes, parsed: Parsed, masked: bytes) -> list[str]:
    """The masked text of one function with the lines of the file (*text*), and what the mask took away and kept aside."""
    lines = LineMap(text)
    first = lines.position(parsed.source.start)[0]
    shown = masked.decode("utf-8", "surrogateescape").split("\n")
    width = len(str(first + len(shown)))
    errors = f", {parsed.errors} errors" if parsed.errors > 1 else ", 1 error" if parsed.errors else ""
    out = [f"{title}: as the grammar sees it{errors}"]
    out += [f"{number:>{width}} | {line.expandtabs(8)}".rstrip() for number, line in enumerate(shown, first)]
    marks = parsed.marks
    notes = [(at, f"cleanup {name}") for at, name in marks.cleanups.items()]
    notes += [(at, f"loop {_word(text, at)}") for at in marks.loops]
    notes += [(at, f"block that runs once: {_word(text, at)}") for at in marks.once]
    out += [f"line {lines.position(at)[0]}: {note}" for at, note in sorted(notes)]
    return out


def _word(text: bytes, at: int) -> str:
    found = _WORD.match(text, at)
    return found[0].decode("ascii", "replace") if found else "?"
