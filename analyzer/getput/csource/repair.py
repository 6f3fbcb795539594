"""The second mask, for the few functions that still do not parse after the first: slower, and bolder.

It looks at every token with the brackets around it, and mends what macros leave in places where the grammar wants an
expression: statements, operators, designators and odd numbers as arguments, macros glued to strings, declarations
made by macros.  It overwrites at the same length, like the first.
"""

from __future__ import annotations

import re

from getput.csource.codetext import BLANK, IDENTIFIER, is_word
from getput.csource.macros import Macros
from getput.pattern import pattern

_TOKEN = pattern(
    rb'[A-Za-z_]\w*|\d[\w.]*|"(?:[^"\\]|\\.){0,4096}+"|\'(?:[^\'\\]|\\.){0,64}+\'|^[ \t]*#(?:[^\n\\]|\\.)*'
    rb"|->|\+\+|--|&&|\|\||<<=|>>=|[-+*/%&|^=!<>]=|<<|>>|\S",
    re.DOTALL | re.MULTILINE,
)
_NUMBER = pattern(rb"(?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)[uUlL]*\Z|(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?[fFlL]?\Z")
_CONTROL = frozenset([b"if", b"while", b"for", b"switch", b"return", b"sizeof"])
_STATEMENT = frozenset([b"if", b"while", b"for", b"switch", b"do", b"goto", b"break", b"continue"])
_ALIGNOF = frozenset([b"__alignof__", b"__alignof", b"_Alignof"])
_DECLARATION = pattern(rb"(?:\w+[ *]+)+\w+(?: \[ \w* \])*\Z")
_ALL_BLANK = b" " * 256
_ASM = frozenset([b"asm", b"__asm__", b"__asm", b"volatile", b"goto", b"inline"])
_BASE_TYPES = frozenset(b"unsigned signed int char long short void".split())
_AGGREGATES = frozenset([b"struct", b"union"])
_STORAGE = frozenset([b"static", b"extern", b"const", b"volatile", b"register"])
_QUALIFIERS = _STORAGE | frozenset(b"inline return case else do sizeof struct union enum goto".split())
_KEYWORDS = frozenset(
    b"if while for switch do else return goto break continue case default sizeof struct union enum".split()
)
_TYPE_STARTS = _STORAGE | frozenset(
    b"struct union enum unsigned signed int char long short void bool u8 u16 u32 u64".split()
)
_OPERATORS = frozenset(b"== != < > <= >= + - * / % & | ^ && || = += -= << >> ! ~ |= &= ^=".split())


class _Bracket:
    """An open bracket: its token, the index of it, and the word in front of it."""

    __slots__ = ("argument", "call", "fields", "index", "statements", "token")

    def __init__(self, token: bytes, index: int, call: bool, fields: bool) -> None:
        self.token = token
        self.index = index
        self.call = call
        self.fields = fields  # of a struct or union
        self.argument = index + 1  # the index of the first token of the argument that is being read
        self.statements = -1  # the index of the first token of an argument made of statements


def repair(masked: bytes, macros: Macros) -> bytes:
    """The masked text of a function with more of it overwritten, of the same length."""
    return bytes(_Repair(bytearray(masked), macros).apply())


class _Repair:
    """One function's tokens, mended in place."""

    def __init__(self, code: bytearray, macros: Macros) -> None:
        self.code = code
        self.macros = macros
        self.spans: list[tuple[int, int]] = []
        self.tokens: list[bytes] = []
        for found in _TOKEN.finditer(bytes(code)):
            token = found[0]
            if token.lstrip()[:1] != b"#":
                self.spans.append(found.span())
                self.tokens.append(token)
        self.ended: set[int] = set()  # tokens that a semicolon was put behind
        self.last = len(self.tokens)
        self.tokens += [b""] * 3  # whoever looks ahead finds something
        self.spans += [(len(code), len(code))] * 3
        self.body = next((i for i, token in enumerate(self.tokens) if token == b"{"), 0)

    def apply(self) -> bytearray:
        """Mend every token and every argument."""
        tokens = self.tokens
        for i in range(1, self.body):
            if tokens[i].decode("latin-1") in self.macros.attributes or self._beside_name(i):
                self._blank(i, i + 1)
        stack: list[_Bracket] = []
        for i in range(self.body, self.last):
            token = tokens[i]
            top = stack[-1] if stack else None
            if token in (b"(", b"{", b"["):
                if token == b"{" and top is not None and top.call and tokens[i - 1] == b")" and top.statements < 0:
                    top.statements = top.argument
                fields = token == b"{" and (tokens[i - 1] in _AGGREGATES or tokens[i - 2] in _AGGREGATES)
                stack.append(_Bracket(token, i, token == b"(" and self._named(i), fields))
            elif token in (b")", b"}", b"]"):
                if stack:
                    closed = stack.pop()
                    if closed.call:
                        self._argument(closed, i)
                        if closed.statements >= 0:
                            self._wrap(closed, i)
                        self._close(closed, i, stack[-1] if stack else closed)
            elif top is not None and top.call:
                if token == b",":
                    self._argument(top, i)
                    top.argument = i + 1
                elif (token == b";" or token in _STATEMENT) and top.statements < 0:
                    top.statements = top.argument
            self._token(i, token, top)
        return self.code

    def _beside_name(self, index: int) -> bool:
        """Whether a word of the parameters is a macro before or behind the name: ``const POS p``, ``int a UNUSED``."""
        before, token, follow = self.tokens[index - 1 : index + 2]
        if not token.isupper() or not is_word(token):
            return False
        if is_word(follow):
            return before in (b"*", b"const")
        prior = self.tokens[index - 2]
        return follow in (b",", b")") and is_word(before) and (is_word(prior) or prior == b"*")

    def _named(self, index: int) -> bool:
        """Whether a parenthesis follows a word that is no keyword."""
        before = self.tokens[index - 1]
        return is_word(before) and before not in _CONTROL

    def _token(self, index: int, token: bytes, top: _Bracket | None) -> None:
        """Mend a single token by its neighbours."""
        low, high = self.spans[index]
        before = self.tokens[index - 1]
        follow = self.tokens[index + 1]
        if token[:1].isdigit():
            if not _NUMBER.match(token):
                self.code[low:high] = b"_" + token[1:].replace(b".", b"_")
            elif is_word(follow):  # "64 KB"
                self._blank(index + 1, index + 2)
        elif is_word(token):
            if token in _ALIGNOF:
                self.code[low:high] = b"sizeof".ljust(high - low)
            elif token in _ASM and follow == b"(":
                self._assembly(index + 1)
            elif token == b"noreturn":
                self.code[low] = 0x4E
            elif token == b"if" and is_word(follow) and self.tokens[index + 2] == b"(":
                self._blank(index + 1, index + 2)
            elif token == b"goto" and follow == b"*":
                self._computed(index)
            elif before in _OPERATORS and before != b"*" and follow.isupper() and is_word(follow):
                self._blank(index + 1, index + 2)
            elif self._alone(index, before, follow, top):
                self._end(index)
            elif is_word(follow) and self._strange(token, follow):
                self._blank(index, index + 1)
        elif token == b"&&" and before in (b"=", b"(", b",", b"[", b"{", b"?", b":", b"return", b"-"):
            self.code[low:high] = b" &"
        elif token[:1] == b'"' and follow == b"(" and top is not None and top.call:  # an operand: [x] "=r" (x)
            self._blank(index - 3 if before == b"]" and self.tokens[index - 3] == b"[" else index, index + 1)
        elif token == b":" and follow.isdigit() and self.tokens[index + 2] in (b";", b",") and self._unnamed(index):
            self.code[low] = 0x5F
            self._blank(index + 1, index + 2)

    def _computed(self, index: int) -> None:
        """``goto *table[i];`` as ``goto  table   ;``."""
        end = index
        while end < self.last and self.tokens[end] != b";":
            end += 1
        self._blank(index + 1, index + 2)
        named = next((i for i in range(index + 2, end) if is_word(self.tokens[i])), end)
        if named < end:
            self._blank(index + 2, named)
            self._blank(named + 1, end)

    def _alone(self, index: int, before: bytes, follow: bytes, top: _Bracket | None) -> bool:
        """Whether a word is a macro that stands alone on its line, as a statement without its semicolon."""
        if top is None or top.token != b"{" or not (before in (b";", b"{", b"}") or index - 1 in self.ended):
            return False
        token = self.tokens[index]
        if token in _KEYWORDS or not (is_word(follow) or follow == b"}"):
            return False
        return b"\n" in self.code[self.spans[index][1] : self.spans[index + 1][0]]

    def _end(self, index: int) -> None:
        """Put a semicolon behind a token, where there is a blank."""
        at = self.spans[index][1]
        if self.code[at : at + 1].isspace():
            self.code[at] = 0x3B
            self.ended.add(index)

    def _strange(self, token: bytes, follow: bytes) -> bool:
        """Whether the first of two adjacent words is rather a macro: ``KERN_ERR PFX``, ``vector unsigned``."""
        if (token.isupper() and follow.isupper()) or token.decode("latin-1") in self.macros.attributes:
            return True
        return follow in _BASE_TYPES and token not in _QUALIFIERS and token not in _BASE_TYPES

    def _unnamed(self, colon: int) -> bool:
        """Whether a colon follows the type of a bit-field without a name."""
        before, prior = self.tokens[colon - 1], self.tokens[colon - 2]
        if before == b",":
            return True
        return is_word(before) and before not in (b"default", b"case") and prior in (b";", b"{", b"}", b"unsigned")

    def _assembly(self, opening: int) -> None:
        """Leave one string of an inline assembly."""
        depth = 0
        for i in range(opening, self.last):
            depth += (self.tokens[i] == b"(") - (self.tokens[i] == b")")
            if not depth:
                low, high = self.spans[opening][1], self.spans[i][0]
                if high - low >= 2:
                    self.code[low:high] = b'"' + self.code[low + 1 : high - 1].translate(_ALL_BLANK) + b'"'
                return

    def _argument(self, bracket: _Bracket, end: int) -> None:
        """Mend the argument that ends before the token ``end``."""
        begin = bracket.argument
        if bracket.statements >= 0:
            return
        part = self.tokens[begin:end]
        if not part:
            comma = end if self.tokens[end] == b"," else begin - 1
            if self.tokens[comma] == b",":
                self._blank(comma, comma + 1)
        elif all(token in _OPERATORS for token in part) or (b"%" in part and b"[" in part):
            self._join(begin, end)
        elif part[0] == b"." and len(part) == 2:
            self._blank(begin, begin + 1)
        elif part[0] == b"." and len(part) > 2 and part[2] == b"=":
            self._blank(begin, begin + 3)
        elif part[0] == b"{" and b";" not in part:
            self._join(begin, end)
        elif len(part) > 2 and is_word(part[0]) and is_word(part[1]) and part[0].isupper() and part[2] == b"(":
            self._blank(begin, begin + 1)
        elif len(part) > 1 and all(is_word(word) or word == b"*" for word in part):
            words = [i for i in range(begin, end) if self.tokens[i] != b"*"]
            if len(words) == len(part) and all(self.tokens[i].isupper() for i in words):
                self._blank(begin, end - 1)
            elif (len(words) > 1 and any(is_word(self.tokens[i + 1]) for i in words[:-1])) or part[-1] == b"*":
                self._join(begin, end)

    def _wrap(self, bracket: _Bracket, close: int) -> None:
        """Make a statement expression of an argument that is made of statements; a number where there is no room."""
        code = self.code
        begin = bracket.statements
        for i in range(begin, close):
            if self.tokens[i] in (b"break", b"continue"):
                self._blank(i, i + 1)
        low = self.spans[begin - 1][1]
        first = self.spans[begin][0]
        last = self.spans[close - 1][1]
        high = self.spans[close][0]
        ended = self.tokens[close - 1] in (b";", b"}")
        tail = b"})" if ended else b";})"
        macro = b"{" in self.tokens[begin:close] and any(
            self.tokens[i] == b"(" and self._named(i) and self._opens_block(i) for i in range(begin, close)
        )
        if not macro and first - low >= 2 and high - last >= len(tail):
            code[first - 2 : first] = b"({"
            code[last : last + len(tail)] = tail
        elif high > first:
            code[first:high] = code[first:high].translate(BLANK)
            code[first] = 0x30

    def _opens_block(self, index: int) -> bool:
        """Whether a parenthesis is closed in front of a block."""
        depth = 0
        for i in range(index, min(self.last, index + 200)):
            depth += (self.tokens[i] == b"(") - (self.tokens[i] == b")")
            if not depth:
                return self.tokens[i + 1] == b"{"
        return False

    def _close(self, bracket: _Bracket, close: int, around: _Bracket) -> None:
        """Mend a call by what surrounds it: strings, or what shows that it declares something."""
        tokens = self.tokens
        name = bracket.index - 1
        follow = tokens[close + 1]
        before = tokens[name - 1]
        if follow[:1] == b'"' or before[:1] == b'"':
            self._blank(name, close + 1)
            return
        statement = around.token == b"{" and (before in (b";", b"{", b"}") or name - 1 in self.ended)
        if around.token == b"{" and before in (b"{", b",") and is_word(follow) and tokens[close + 2] == b",":
            self._blank(name, close + 1)  # { NAME("x") KIND, ... }
            return
        inner = tokens[bracket.index + 1 : close]
        if statement and follow == b";" and inner and inner[0] in _TYPE_STARTS and _DECLARATION.match(b" ".join(inner)):
            self._blank(name, bracket.index + 1)
            self._blank(close, close + 1)
            return
        if statement and (is_word(follow) or follow == b"}"):
            gap = self.code[self.spans[close][1] : self.spans[close + 1][0]]
            if b"\n" in gap:
                self._end(close)
            elif is_word(follow) and self.tokens[close + 2] in (b";", b"=", b",", b"["):  # TYPE(a, b) name;
                self._join(name, close + 1)
            return
        fills = follow == b"=" and tokens[close + 2] == b"{"
        if (statement and (fills or around.fields)) or (before in _STORAGE and follow in (b";", b"=", b",", b"[")):
            declared = next((i for i in range(bracket.index + 1, close) if is_word(tokens[i])), -1)
            if declared >= 0:
                self._blank(bracket.index, declared)
                self._blank(declared + 1, close + 1)

    def _blank(self, begin: int, end: int) -> None:
        """Overwrite tokens with blanks."""
        low, high = self.spans[begin][0], self.spans[end - 1][1]
        self.code[low:high] = self.code[low:high].translate(BLANK)

    def _join(self, begin: int, end: int) -> None:
        """Make one identifier of tokens."""
        low, high = self.spans[begin][0], self.spans[end - 1][1]
        self.code[low:high] = self.code[low:high].translate(IDENTIFIER)
