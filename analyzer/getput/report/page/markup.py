"""Text as HTML: nothing that a patch contains can control the page."""

from __future__ import annotations

import re
from html import escape

from getput.report.escape import printable

CODE = re.compile(r"`([^`]+)`")
NAMED = re.compile(r"'([^'\s](?:[^']*[^'\s])?)'|(\b[A-Za-z_]\w*\(\))")  # 'np', of_node_put()


def text(raw: str) -> str:
    """Fit for the content of an element."""
    return escape(printable(raw), quote=False)


def attribute(raw: str) -> str:
    """Fit for an attribute in quotes."""
    return escape(printable(raw))


def sentence(raw: str) -> str:
    """A message, with the names of objects and functions in it set as code."""
    return _marked(raw, NAMED)


def prose(raw: str) -> str:
    """Text in which what stands in backticks is code."""
    return _marked(raw, CODE)


def _marked(raw: str, pattern: re.Pattern[str]) -> str:
    out, at = [], 0
    for found in pattern.finditer(raw):
        named = next(group for group in found.groups() if group)
        out += [text(raw[at : found.start()]), f"<code>{text(named)}</code>"]
        at = found.end()
    return "".join([*out, text(raw[at:])])
