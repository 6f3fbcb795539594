"""Text that any terminal can show: names and lines of a patch are whatever its author wrote."""

from __future__ import annotations

import re

# Control characters but the tab, bytes that are no UTF-8 (kept as surrogates), marks that turn the writing's direction, characters that nobody
# sees, and the two that end a line although they are no newline.
_UNSAFE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    r"""*text* with what is not fit for a terminal written out: ``\x1b``, ``\u202e``; odd bytes (surrogates) as ``\xff``."""
    return _UNSAFE.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
