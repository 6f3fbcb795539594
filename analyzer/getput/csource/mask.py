"""The mask: kernel C overwritten, at the same length, with something the grammar of plain C can read.

Every offset, line and column stays that of the file; names are read back from the original text.  What the mask writes:

* comments become blanks, the text inside strings too;
* ``for_each_x(...) stmt`` reads as ``while      (...) stmt`` and is noted in ``Marks.loops``; ``scoped_guard(...) stmt`` and
  other unknown macros in front of a statement as ``if``, noted in ``Marks.once``; the note is the offset of the name;
* attributes become blanks; ``__free(x)`` is noted in ``Marks.cleanups`` as ``x``, ``__cleanup(fn)`` as ``=fn``;
* a type as the argument of a macro (``struct x *``) becomes one identifier over the whole of it (``struct_x__``), and so
  does ``typeof(x)`` in a declaration;
* ``case A ... B:`` reads as ``case A || B:``: the operator stands where the dots do;
* a macro without its semicolon gets one, a label before ``}`` an empty statement.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from getput.csource.heads import mask_head
from getput.csource.ifdef import settle
from getput.csource.macros import Macros
from getput.csource.syntax import FunctionSource, Marks

_NOISE = re.compile(rb"""/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\.)*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'""", re.DOTALL)
_BLANK = bytes(0x0A if c == 0x0A else 0x20 for c in range(256))
_UNDERSCORE = bytes(c if chr(c).isalnum() and c < 128 else 0x5F for c in range(256))

_PAREN = re.compile(rb"[()]")
_RESERVED = re.compile(rb"__\w+")
_AFTER_CALL = re.compile(rb"\)(\s*+)([A-Za-z_]\w*+|[{}*+\-&])")
# Possessive throughout: a blanked comment leaves thousands of blanks, which must not be tried in every way.
_TYPE_ARGUMENT = re.compile(
    rb"[(,]\s*+((?:(?:const|volatile)\s++)?+(?:(?:struct|union|enum|unsigned|signed|long|short)\s++\w++(?:\s++\w++)*+|\w++(?=\s*+\*))"
    rb"(?:\s*+\*(?:\s*+const\b)?+)*+(?:\s*+\[\s*+\])?+)\s*+(?=[,)])"
)
_JUMP_ARGUMENT = re.compile(rb"[(,]\s*+(return|goto|break|continue)\b(?:([^(),;{}\"]*+;?+)\s*+(?=[,)]))?")
_LABEL_END = re.compile(rb":\s++\}")
_STRING = re.compile(rb'"[^"]*+"')
_EMPTY_LOOP = re.compile(rb"\b(\w*(?:for|while)_each\w*)")
_DECLARER = re.compile(rb"\b([A-Z]\w*AUTO_\w+|AUTO_\w+)\(\s*\w+\s*\)")
_LONE_WORD = re.compile(rb"[;{}]\s*+((?:[A-Z_][A-Z0-9_]{2,}+\w*+[ \t]*+\n\s*+)++)(?=[A-Za-z_]\w*+[\s(.=\-+])")
_DOTS = re.compile(rb"\bcase\b[^;{}:]*?(\.\.\.)")
_WORD_AFTER = re.compile(rb"\s*+([A-Za-z_]\w*+|.)", re.DOTALL)

_TYPEOF_WORD = re.compile(rb"\b(?:__)?typeof(?:__|_unqual|_unqual__|_member)?\b")
_OFFSETOF = re.compile(rb"\b(?:__builtin_)?offsetof(?:end)?\b")
_BRACKET_OR_COLON = re.compile(rb"[()\[\]{}:]")
_PREFIXED = re.compile(rb"[A-Za-z_]")
_ASM = re.compile(rb"\b(asm|__asm__|__asm|asm_inline|asm_volatile_goto|asm_goto_output)\b(?:\s*(?:volatile|goto|inline))*")

_WORD_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_LABEL_BYTES = _WORD_BYTES + b" \t"
_PREFIX_END = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ \t\n"
_NO_ATTRIBUTE_AFTER = _WORD_BYTES + b".>"
_CONTROL = frozenset([b"if", b"while", b"for", b"switch"])
_KEYWORDS = _CONTROL | frozenset(
    b"return sizeof do else case goto defined typeof __typeof__ __typeof _Alignof __alignof__ alignof asm __asm__ "
    b"__asm offsetof _Generic".split()
)
_TYPEOF = frozenset([b"typeof", b"__typeof__", b"__typeof", b"typeof_member", b"typeof_unqual"])
_TYPE_STARTS = frozenset(
    b"struct union enum const volatile unsigned signed static inline extern typedef register return case goto "
    b"sizeof else do".split()
)
_TYPE_WORDS = frozenset(
    b"struct union enum const volatile unsigned signed static inline extern int char long short void bool float double "
    b"register typedef".split()
)
_ASSEMBLY = frozenset([b"asm", b"__asm__", b"__asm"])
_NOT_BEFORE_TYPE = frozenset(b"struct union enum return case goto else const static volatile register extern".split())
_NAMES_AFTER = frozenset(b"int char long short void bool float double unsigned signed".split())


def mask(text: bytes, source: FunctionSource, macros: Macros) -> tuple[bytes, Marks]:
    """The masked text of one function, as long as ``text[source.start:source.end]``, and what the mask took away.

    The offsets in the marks are those of the whole file.
    """
    code = bytearray(_NOISE.sub(_quiet, text[source.start : source.end]))
    marks = Marks(cleanups={}, loops=set(), once=set())
    if b"#" not in code:
        _Mask(code, source.start, macros, marks).apply()
        return bytes(code), marks
    directives = [(low, bytes(code[low:high])) for low, high in settle(code)]
    for low, directive in directives:
        code[low : low + len(directive)] = b" " * len(directive)
    _Mask(code, source.start, macros, marks).apply()
    for low, directive in directives:
        code[low : low + len(directive)] = directive
    return bytes(code), marks


def _quiet(found: re.Match[bytes]) -> bytes:
    """A comment as blanks, a string or character without what it says."""
    token = found[0]
    first = token[0]
    if first == 0x2F:
        return token.translate(_BLANK)
    if first == 0x22:
        return b'"' + b" " * (len(token) - 2) + b'"'
    return b"'" + b"0" * (len(token) - 2) + b"'" if len(token) > 3 else b"'0'"


def _is_word(token: bytes) -> bool:
    """Whether a token is a word."""
    return token[:1].isalpha() or token[:1] == b"_"


class _Mask:
    """One function's text on its way through the mask, overwritten in place."""

    def __init__(self, code: bytearray, shift: int, macros: Macros, marks: Marks) -> None:
        self.code = code
        self.shift = shift
        self.macros = macros
        self.marks = marks
        self.body = max(code.find(b"{"), 0)
        self._closes: dict[int, int] | None = None
        self._opens: dict[int, int] = {}
        self._starts: list[int] = []
        self._outer: list[int] = []

    def apply(self) -> None:
        """Overwrite what the grammar cannot read."""
        code = self.code
        if b"__" in code:
            self._attributes()
        if b"AUTO_" in code:
            self._declarers()
        mask_head(code, self.body, self.macros)
        if b"typeof" in code:
            self._typeofs()
        if b"offsetof" in code:
            self._offsets()
        if b"asm" in code:
            self._assembly()
        self._type_arguments()
        for found in _JUMP_ARGUMENT.finditer(code, self.body):
            if found[2] is not None:
                self._join(found.start(1), found.end(2))
            else:
                self._blank(*found.span(1))
        for found in _LONE_WORD.finditer(code, self.body):
            words = found[1]
            at = words.find(b"\n")
            while at != -1:
                if words[:at].rsplit(b"\n", 1)[-1].strip():
                    code[found.start(1) + at] = 0x3B
                at = words.find(b"\n", at + 1)
        if b"_each" in code:
            self._empty_loops()
        self._statements()
        if b"..." in code:
            for found in _DOTS.finditer(code, self.body):
                code[found.start(1) : found.end(1)] = b"|| "
        for found in _LABEL_END.finditer(code, self.body):
            if code[found.start() - 1] in _LABEL_BYTES:
                code[found.start() + 1] = 0x3B
        self._prefixes()

    # Looking around

    @property
    def closes(self) -> dict[int, int]:
        """The offset of the closing parenthesis by that of the opening one."""
        if self._closes is None:
            closes: dict[int, int] = {}
            opens: dict[int, int] = {}
            starts: list[int] = []
            outer: list[int] = []
            stack: list[int] = []
            for found in _PAREN.finditer(self.code):
                at = found.start()
                if self.code[at] == 0x28:
                    outer.append(stack[-1] if stack else -1)
                    stack.append(len(starts))
                    starts.append(at)
                elif stack:
                    start = starts[stack.pop()]
                    closes[start] = at
                    opens[at] = start
            self._closes, self._opens, self._starts, self._outer = closes, opens, starts, outer
        return self._closes

    @property
    def opens(self) -> dict[int, int]:
        """The offset of the opening parenthesis by that of the closing one."""
        if self._closes is None:
            _ = self.closes
        return self._opens

    def _before(self, at: int) -> tuple[bytes, int]:
        """The word or single character that ends before ``at``, and where it begins."""
        width = 80
        while True:
            low = max(0, at - width)
            part = self.code[low:at].rstrip()
            if part or not low:
                break
            width *= 4
        stem = part.rstrip(_WORD_BYTES)
        if len(stem) < len(part):
            return bytes(part[len(stem) :]), low + len(stem)
        return bytes(part[-1:]), low + max(len(part) - 1, 0)

    def _after(self, at: int) -> tuple[bytes, int]:
        """The word or single character that begins at or after ``at``, and where it ends."""
        found = _WORD_AFTER.match(self.code, at)
        return (found[1], found.end()) if found else (b"", len(self.code))

    def _blank(self, low: int, high: int) -> None:
        """Overwrite a span with blanks, line ends kept."""
        self.code[low:high] = self.code[low:high].translate(_BLANK)

    def _join(self, low: int, high: int) -> None:
        """Make one identifier of a span."""
        self.code[low:high] = self.code[low:high].translate(_UNDERSCORE)

    def _arguments_end(self, at: int) -> int:
        """Where the list in parentheses ends that begins at or after ``at``; 0 if none does."""
        token, end = self._after(at)
        return self.closes.get(end - 1, -1) + 1 if token == b"(" else 0

    # Attributes

    def _attributes(self) -> None:
        """Blank the attributes that begin with ``__``, and note the cleanups."""
        code = self.code
        macros = self.macros
        unknown: list[tuple[int, int]] = []
        for found in _RESERVED.finditer(code):
            start, end = found.span()
            if start and code[start - 1] in _NO_ATTRIBUTE_AFTER:
                continue  # part of a word, a member
            word = found[0]
            name = word.decode("latin-1")
            if name in macros.types:
                continue
            if name in macros.attributes:
                self._blank(start, end)
            elif name == "__free" or name == "__cleanup":
                close = self._arguments_end(end)
                if close:
                    argument = bytes(code[code.index(b"(", end) + 1 : close - 1]).strip().decode("latin-1")
                    self.marks.cleanups[self.shift + start] = argument if name == "__free" else "=" + argument
                    self._blank(start, close)
            elif name in macros.with_arguments:
                close = self._arguments_end(end)
                self._blank(start, close or end)
            else:
                unknown.append((start, end))
        for start, end in unknown:  # after the known ones: they have each other as neighbours
            if self._reads_as_attribute(start, end):
                self._blank(start, end)

    def _declarers(self) -> None:
        """``u64 AUTO_KFREE(x);`` as ``u64           *x ;``, with the cleanup noted."""
        code = self.code
        for found in _DECLARER.finditer(code, self.body):
            cleanup = self.macros.declarers.get(found[1].decode("latin-1"))
            if cleanup is None:
                continue
            self.marks.cleanups[self.shift + found.start(1)] = cleanup
            if self._before(found.start())[0] not in (b";", b"{", b"}"):
                self._blank(found.start(1), found.end(1))
            code[found.end(1)] = 0x2A
            code[found.end() - 1] = 0x20

    def _reads_as_attribute(self, start: int, end: int) -> bool:
        """Whether an unknown word stands where a declaration has no place for another name."""
        follow, follow_end = self._after(end)
        before, at = self._before(start)
        if follow == b"(":
            return False
        if follow == b"*" or _is_word(follow):
            if follow in _ASSEMBLY:
                return False
            if _is_word(before):
                return before not in _TYPE_STARTS
            return before == b"*" or follow in _TYPE_WORDS
        if follow in (b";", b",", b"=", b")", b"[") and _is_word(before):
            if before in _TYPE_STARTS or before in _NAMES_AFTER:
                return False
            prior, _ = self._before(at)
            return prior == b"*" or _is_word(prior) and prior not in _NOT_BEFORE_TYPE
        if follow in (b";", b",", b"="):
            return before == b"]"
        return False

    # Types as arguments

    def _typeofs(self) -> None:
        """Make one identifier of every ``typeof(x)``."""
        for found in _TYPEOF_WORD.finditer(self.code):
            close = self._arguments_end(found.end())
            if close:
                self._join(found.start(), close)
        self._closes = None

    def _offsets(self) -> None:
        """Make one word of each argument of ``offsetof`` that the grammar has no room for."""
        code = self.code
        for found in _OFFSETOF.finditer(code, self.body):
            close = self._arguments_end(found.end())
            comma = code.find(b",", found.end(), close)
            if comma == -1:
                continue
            member = code[comma + 1 : close - 1]
            stripped = member.strip()
            if not stripped.isalnum():
                low = comma + 1 + len(member) - len(member.lstrip())
                self._join(low, low + len(stripped))

    def _assembly(self) -> None:
        """Blank the register of ``register int x asm("r0")``; make one string of the text of inline assembly."""
        code = self.code
        for found in _ASM.finditer(code, self.body):
            close = self._arguments_end(found.end())
            if not close:
                continue
            before, _ = self._before(found.start())
            if before not in (b";", b"{", b"}", b":", b")", b"(", b"else", b"do"):
                self._blank(found.start(), close)
                continue
            word = found[1]
            if b"_" in word.strip(b"_"):
                code[found.start(1) : found.end(1)] = (b"asm goto" if b"goto" in word else b"asm").ljust(len(word))
            self._template(code.index(b"(", found.end()) + 1, close - 1)

    def _template(self, low: int, high: int) -> None:
        """Make one string of the template of an inline assembly, which macros may have a part in."""
        end = high
        depth = 0
        for found in _BRACKET_OR_COLON.finditer(self.code, low, high):
            token = found[0]
            if token == b":" and not depth:
                end = found.start()
                break
            depth += (token in b"([{") - (token in b")]}")
        if b"(" in self.code[low:end] or _PREFIXED.search(self.code, low, end):
            self.code[low:end] = b'"' + b" " * (end - low - 2) + b'"' if end - low >= 2 else b" " * (end - low)

    def _prefixes(self) -> None:
        """Blank the words before a string when there are several: ``KERN_ERR PFX "..."``."""
        code = self.code
        for found in _STRING.finditer(code, self.body):
            at = found.start()
            if code[at - 1] not in _PREFIX_END:
                continue
            word, low = self._before(at)
            if not word[:1].isupper() and word[:1] != b"_":
                continue
            before, begin = self._before(low)
            if before[:1].isupper() or before[:1] == b"_":
                self._blank(begin, at)

    def _type_arguments(self) -> None:
        """Make one identifier of every type that is an argument of a macro."""
        code = self.code
        for found in _TYPE_ARGUMENT.finditer(code, self.body):
            start = found.start()
            opening = start if code[start] == 0x28 else self._enclosing(start)
            if opening < 0:
                continue
            word, at = self._before(opening)
            if word in _KEYWORDS or not _is_word(word):
                continue
            before = self._before(at)[0]
            if _is_word(before) and before not in _KEYWORDS:
                continue  # a prototype
            self._join(found.start(1), found.end(1))

    def _enclosing(self, at: int) -> int:
        """The parenthesis that is open at ``at``; -1 if none is."""
        closes = self.closes
        starts = self._starts
        i = bisect_left(starts, at) - 1
        while i >= 0 and closes.get(starts[i], at) < at:
            i = self._outer[i]
        return starts[i] if i >= 0 else -1

    # Statements

    def _statements(self) -> None:
        """Give blocks behind a macro a head the grammar knows, and macros without a semicolon theirs."""
        code = self.code
        opens = self.opens
        for found in _AFTER_CALL.finditer(code, self.body):
            close = found.start()
            opening = opens.get(close)
            if opening is None:
                continue
            word, start = self._before(opening)
            if word in _KEYWORDS or not (word[:1].isalpha() or word[:1] == b"_"):
                continue
            if not self._begins_statement(start):
                continue
            follow = found[2]
            name = word.decode("latin-1")
            if follow == b"{":
                self._head(start, opening, close, name, self.macros.iterates(name))
            elif follow == b"}":
                if found[1] and self._in_block(start):
                    code[close + 1] = 0x3B
            elif name in self.macros.once:
                self._head(start, opening, close, name, False)
            elif self.macros.iterates(name):
                self._head(start, opening, close, name, True)
            elif (follow[:1].isalpha() or follow[:1] == b"_") and b"\n" in found[1]:
                if self._indent(found.start(2)) > self._indent(start) and b";" not in code[opening:close]:
                    self._head(start, opening, close, name, False)
                else:
                    code[close + 1] = 0x3B

    def _empty_loops(self) -> None:
        """Iterators without a body: ``do { } while_each_x(...);``, whose tail is blanked behind any other block, and
        ``for_each_x(...);``."""
        code = self.code
        for found in _EMPTY_LOOP.finditer(code, self.body):
            low, high = found.span(1)
            end = self._arguments_end(high)
            if not end or self._after(end)[0] != b";":
                continue
            name = found[1].decode("latin-1")
            before, brace = self._before(low)
            if before == b"}":
                if self._before(self._block_begin(brace))[0] == b"do":
                    code[low:high] = b"while".ljust(high - low)
                    continue
                if name.startswith("while"):
                    self._blank(low, end)
                    continue
            if name in self.macros.iterators and self._begins_statement(low):
                self._head(low, code.index(b"(", high), end - 1, name, True)

    def _block_begin(self, brace: int) -> int:
        """The brace that opens the block that ends at ``brace``."""
        depth = 0
        for at in range(brace, self.body, -1):
            byte = self.code[at]
            depth += (byte == 0x7D) - (byte == 0x7B)
            if not depth:
                return at
        return self.body

    def _begins_statement(self, at: int) -> bool:
        """Whether what begins at ``at`` can be a statement."""
        token, start = self._before(at)
        if token in (b";", b"{", b"}", b"else", b"do"):
            return True
        if token == b":":
            return self._ends_label(start)
        if token != b")":
            return False
        opening = self.opens.get(start)
        return opening is not None and self._before(opening)[0] in _CONTROL

    def _ends_label(self, colon: int) -> bool:
        """Whether a colon ends a label, not the first half of what stands behind ``?``."""
        part = self.code[max(0, colon - 200) : colon]
        last = part[max(part.rfind(mark) for mark in (b";", b"{", b"}")) + 1 :].strip()
        return b"?" not in last or last.startswith(b"case")

    def _in_block(self, at: int) -> bool:
        """Whether ``at`` stands behind a statement or at the begin of a block, not of an initialiser."""
        token, start = self._before(at)
        while token == b"{" and start != self.body:
            token, start = self._before(start)
            if token == b")":
                opening = self.opens.get(start)
                return opening is not None and self._before(opening)[0] in _CONTROL
        return token in (b";", b"{", b"}", b":", b"else", b"do", b")")

    def _indent(self, at: int) -> int:
        """The column, tabs counted as eight, in which the line that holds ``at`` begins."""
        line = self.code[self.code.rfind(b"\n", 0, at) + 1 : at]
        return len(line[: len(line) - len(line.lstrip())].expandtabs(8))

    def _head(self, start: int, opening: int, close: int, name: str, loop: bool) -> None:
        """Write ``while`` or ``if`` over the name of a macro whose arguments stand between ``opening`` and ``close``."""
        code = self.code
        (self.marks.loops if loop else self.marks.once).add(self.shift + start)
        keyword = b"while" if loop and len(name) >= 5 else b"if"
        code[start:opening] = keyword.ljust(opening - start)
        if not code[opening + 1 : close].strip():
            code[opening - 1 : opening + 1] = b"(0"
