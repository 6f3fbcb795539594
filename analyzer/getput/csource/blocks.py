"""The mask for statements: blocks behind a macro, macros without a semicolon, labels without a statement."""

from __future__ import annotations

import re

from getput.csource.codetext import CONTROL, KEYWORDS, WORD_BYTES, Code, is_word
from getput.csource.macros import Macros
from getput.csource.syntax import Marks
from getput.pattern import pattern

_AFTER_CALL = pattern(rb"\)(\s*+)([A-Za-z_]\w*+|[{}(*+\-&])")
_LABEL_END = pattern(rb":\s++\}")
_LABEL_BYTES = WORD_BYTES + b" \t"
_EMPTY_LOOP = pattern(rb"\b(\w*(?:for|while)_each\w*)")
_LONE_WORDS = pattern(rb"[;{}]\s*+((?:[A-Z_][A-Z0-9_]{2,}+\w*+[ \t]*+\n\s*+)++)(?=[A-Za-z_]\w*+[\s(.=\-+])")
_STATEMENT_ENDS = frozenset([b";", b"{", b"}", b"else", b"do"])


class Blocks:
    """The statements of one function's body, mended in place."""

    __slots__ = ("code", "macros", "marks", "shift")

    def __init__(self, code: Code, shift: int, macros: Macros, marks: Marks) -> None:
        self.code = code
        self.shift = shift
        self.macros = macros
        self.marks = marks

    def mend(self) -> None:
        """Give blocks behind a macro a head the grammar knows, and statements without a semicolon theirs."""
        code = self.code
        self._end_lone_words()
        if b"_each" in code.text:
            self._empty_loops()
        opens = code.opens
        for found in _AFTER_CALL.finditer(code.text, code.body):
            close = found.start()
            opening = opens.get(close)
            if opening is None:
                continue
            word, start = code.before(opening)
            if word not in KEYWORDS and is_word(word) and self._begins_statement(start):
                self._mend_call(found, word.decode("latin-1"), start, opening)
        for found in _LABEL_END.finditer(code.text, code.body):
            if code.text[found.start() - 1] in _LABEL_BYTES:
                code.text[found.start() + 1] = 0x3B

    def _mend_call(self, found: re.Match[bytes], name: str, start: int, opening: int) -> None:
        """Mend a call that begins a statement and is not followed by a semicolon."""
        code = self.code
        close = found.start()
        blanks, follow = found[1], found[2]
        if follow == b"{" and code.text.count(b";", opening, close) == 2:
            code.text[start:opening] = b"for".ljust(opening - start)[: opening - start]  # loop_unrolled_for(;;)
        elif follow == b"{":
            self._head(start, opening, close, self.macros.iterates(name))
        elif follow == b"}":
            if blanks and self._in_block(start):
                code.text[close + 1] = 0x3B
        elif name in self.macros.once:
            self._head(start, opening, close, False)
        elif self.macros.iterates(name):
            self._head(start, opening, close, True)
        elif is_word(follow) and b"\n" in blanks:
            # A line further in is the macro's body; one further out, or as far, a new statement.
            if code.indent(found.start(2)) > code.indent(start) and b";" not in code.text[opening:close]:
                self._head(start, opening, close, False)
            else:
                code.text[close + 1] = 0x3B

    def _head(self, start: int, opening: int, close: int, loop: bool) -> None:
        """Write ``while`` or ``if`` over the name of a macro, its arguments between ``opening`` and ``close``."""
        text = self.code.text
        empty = not text[opening + 1 : close].strip()
        room = opening - start - empty
        keyword = b"while" if loop and room >= len(b"while") else b"if"
        if room < len(keyword):
            return
        (self.marks.loops if loop else self.marks.once).add(self.shift + start)
        text[start:opening] = keyword.ljust(opening - start)
        if empty:
            text[opening - 1 : opening + 1] = b"(0"

    def _end_lone_words(self) -> None:
        """Macros that stand alone on their lines become statements."""
        text = self.code.text
        for found in _LONE_WORDS.finditer(text, self.code.body):
            words = found[1]
            at = words.find(b"\n")
            while at != -1:
                if words[:at].rsplit(b"\n", 1)[-1].strip():
                    text[found.start(1) + at] = 0x3B
                at = words.find(b"\n", at + 1)

    def _empty_loops(self) -> None:
        """Iterators without a body: ``for_each_x(...);``, and the tail of ``do { } while_each_x(...);``.

        The tail is blanked behind any other block: that has a head which iterates.
        """
        code = self.code
        for found in _EMPTY_LOOP.finditer(code.text, code.body):
            low, high = found.span(1)
            end = code.arguments_end(high)
            if not end or code.after(end)[0] != b";":
                continue
            name = found[1].decode("latin-1")
            before, brace = code.before(low)
            if before == b"}":
                if code.before(self._block_begin(brace))[0] == b"do":
                    code.text[low:high] = b"while".ljust(high - low)
                    continue
                if name.startswith("while"):
                    code.blank(low, end)
                    continue
            if name in self.macros.iterators and self._begins_statement(low):
                self._head(low, code.text.index(b"(", high), end - 1, True)

    def _block_begin(self, brace: int) -> int:
        """The brace that opens the block that ends at ``brace``."""
        depth = 0
        for at in range(brace, self.code.body, -1):
            byte = self.code.text[at]
            depth += (byte == 0x7D) - (byte == 0x7B)
            if not depth:
                return at
        return self.code.body

    def _begins_statement(self, at: int) -> bool:
        """Whether what begins at ``at`` can be a statement."""
        token, start = self.code.before(at)
        if token in _STATEMENT_ENDS:
            return True
        if token == b":":
            return self._ends_label(start)
        return token == b")" and self._closes_control(start)

    def _closes_control(self, close: int) -> bool:
        """Whether a parenthesis closes the condition of an ``if`` or a loop."""
        opening = self.code.opens.get(close)
        return opening is not None and self.code.before(opening)[0] in CONTROL

    def _ends_label(self, colon: int) -> bool:
        """Whether a colon ends a label, not the first half of what stands behind ``?``."""
        part = self.code.text[max(0, colon - 200) : colon]
        last = part[max(part.rfind(mark) for mark in (b";", b"{", b"}")) + 1 :].strip()
        return b"?" not in last or last.startswith(b"case")

    def _in_block(self, at: int) -> bool:
        """Whether ``at`` stands behind a statement or at the begin of a block, not of an initialiser."""
        token, start = self.code.before(at)
        while token == b"{" and start != self.code.body:
            token, start = self.code.before(start)
            if token == b")":
                return self._closes_control(start)
        return token in _STATEMENT_ENDS or token in (b":", b")")
