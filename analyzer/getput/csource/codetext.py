"""The text of one function on its way through the mask: overwritten in place, with ways to look around in it."""

from __future__ import annotations

import re
from bisect import bisect_left

from getput.pattern import pattern

WORD_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
CONTROL = frozenset([b"if", b"while", b"for", b"switch"])
KEYWORDS = CONTROL | frozenset(
    b"return sizeof do else case goto defined typeof __typeof__ __typeof _Alignof __alignof__ alignof asm __asm__ "
    b"__asm offsetof _Generic".split()
)
# For bytes.translate: blanks with the line ends kept, and an identifier of the same length.
BLANK = bytes(0x0A if c == 0x0A else 0x20 for c in range(256))
IDENTIFIER = bytes(c if chr(c).isalnum() and c < 128 else 0x5F for c in range(256))

_PAREN = pattern(rb"[()]")
_TOKEN_AFTER = pattern(rb"\s*+([A-Za-z_]\w*+|.)", re.DOTALL)


def is_word(token: bytes) -> bool:
    """Whether a token is a word."""
    return token[:1].isalpha() or token[:1] == b"_"


class Code:
    """A function's text, without comments and without what its strings say.

    ``text`` is the text; all offsets are relative to it.  ``body`` is the offset of the brace that opens the body.
    """

    __slots__ = ("_closes", "_opens", "_outer", "_starts", "body", "text")

    def __init__(self, text: bytearray) -> None:
        self.text = text
        self.body = max(text.find(b"{"), 0)
        self._closes: dict[int, int] | None = None
        self._opens: dict[int, int] = {}
        self._starts: list[int] = []
        self._outer: list[int] = []

    @property
    def closes(self) -> dict[int, int]:
        """The offset of the closing parenthesis by that of the opening one."""
        if self._closes is None:
            self._pair()
        assert self._closes is not None
        return self._closes

    @property
    def opens(self) -> dict[int, int]:
        """The offset of the opening parenthesis by that of the closing one."""
        if self._closes is None:
            self._pair()
        return self._opens

    def forget_parentheses(self) -> None:
        """To be called when parentheses were overwritten."""
        self._closes = None

    def _pair(self) -> None:
        """Find which parentheses belong together, and which is inside which."""
        text = self.text
        closes: dict[int, int] = {}
        opens: dict[int, int] = {}
        starts: list[int] = []
        outer: list[int] = []  # the index, in starts, of the parenthesis around each
        stack: list[int] = []
        for found in _PAREN.finditer(text):
            at = found.start()
            if text[at] == 0x28:
                outer.append(stack[-1] if stack else -1)
                stack.append(len(starts))
                starts.append(at)
            elif stack:
                start = starts[stack.pop()]
                closes[start] = at
                opens[at] = start
        self._closes, self._opens, self._starts, self._outer = closes, opens, starts, outer

    def enclosing(self, at: int) -> int:
        """The parenthesis that is open at ``at``; -1 if none is."""
        closes = self.closes
        starts = self._starts
        i = bisect_left(starts, at) - 1
        while i >= 0 and closes.get(starts[i], at) < at:
            i = self._outer[i]
        return starts[i] if i >= 0 else -1

    def before(self, at: int) -> tuple[bytes, int]:
        """The word or single character that ends before ``at``, and where it begins."""
        width = 80
        while True:
            low = max(0, at - width)
            part = self.text[low:at].rstrip()
            if part or not low:
                break
            width *= 4
        stem = part.rstrip(WORD_BYTES)
        if len(stem) < len(part):
            return bytes(part[len(stem) :]), low + len(stem)
        return bytes(part[-1:]), low + max(len(part) - 1, 0)

    def after(self, at: int) -> tuple[bytes, int]:
        """The word or single character that begins at or after ``at``, and where it ends."""
        found = _TOKEN_AFTER.match(self.text, at)
        return (found[1], found.end()) if found else (b"", len(self.text))

    def arguments_end(self, at: int) -> int:
        """Where the list in parentheses ends that begins at or after ``at``; 0 if none does."""
        token, end = self.after(at)
        return self.closes.get(end - 1, -1) + 1 if token == b"(" else 0

    def indent(self, at: int) -> int:
        """The column, tabs counted as eight, in which the line that holds ``at`` begins."""
        line = self.text[self.text.rfind(b"\n", 0, at) + 1 : at]
        return len(line[: len(line) - len(line.lstrip())].expandtabs(8))

    def blank(self, low: int, high: int) -> None:
        """Overwrite a span with blanks, line ends kept."""
        self.text[low:high] = self.text[low:high].translate(BLANK)

    def join(self, low: int, high: int) -> None:
        """Make one identifier of a span."""
        self.text[low:high] = self.text[low:high].translate(IDENTIFIER)
