"""From byte offsets to lines and columns."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate


class LineMap:
    """The lines of a text, found when first asked for."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._starts: list[int] | None = None

    def _lines(self) -> list[int]:
        """Offsets at which the lines begin."""
        if self._starts is None:
            ends = accumulate(map(len, self._text.split(b"\n")))
            self._starts = [0, *[end + number for number, end in enumerate(ends, 1)][:-1]]
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a byte offset, both 1-based; the column counts bytes."""
        starts = self._lines()
        line = bisect_right(starts, max(offset, 0))
        return line, offset - starts[line - 1] + 1

    def offset(self, line: int) -> int:
        """Where a line (1-based) begins.  Raises IndexError for a line the text does not have."""
        if line < 1:
            raise IndexError(line)
        return self._lines()[line - 1]

    def span(self, line: int) -> tuple[int, int]:
        """Where a line (1-based) begins, and where the next one does; nothing behind the text for a line that it does not have."""
        starts = self._lines()
        size = len(self._text) + 1
        return (
            starts[line - 1] if 1 <= line <= len(starts) else size,
            starts[line] if 0 <= line < len(starts) else size,
        )

    def line_text(self, line: int) -> bytes:
        """The text of a line (1-based), without its line end; empty for a line the text does not have."""
        starts = self._lines()
        if not 1 <= line <= len(starts):
            return b""
        end = starts[line] - 1 if line < len(starts) else len(self._text)
        return self._text[starts[line - 1] : end].rstrip(b"\r")
