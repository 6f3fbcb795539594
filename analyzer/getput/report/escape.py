"""Text that any terminal can show: names and lines of a patch are whatever its author wrote."""

from __future__ import annotations

import re

# Control characters but the tab, bytes that are no UTF-8 (kept as surrogates), marks that turn the writing's direction.
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""*text* with what is not fit for a terminal written out: ``\x1b``, ``\u202e``; odd bytes (surrogates) as ``\xff``."""
    return _UNSAFE.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
