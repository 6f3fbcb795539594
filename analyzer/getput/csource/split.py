"""Cutting a file into its function definitions at the braces, without parsing it.

The kernel's style makes this safe: what stands outside of functions begins in column 0, and the body of a function ends
with a brace in column 0.  A broken neighbour does a function no harm this way, and only the functions that a patch
touches have to be parsed.
"""

from __future__ import annotations

import re

from getput.csource.codetext import BLANK
from getput.csource.syntax import FunctionSource
from getput.pattern import pattern

# How far back from its opening brace the head of a function may begin.
_HEAD_LIMIT = 16_000
# How many places in front of a brace are tried as the begin of its head.
_HEAD_TRIES = 400

# How many directives may stand between a head and its body.
_SKIPPED_DIRECTIVES = 8
# Longer lines are generated: what stands farther away in them is not looked at.
_LINE_LIMIT = 2000

_COMMENT_TEXT = pattern(rb"[^\n\\]+|\\(?!\n)")
_LINE_COMMENT = pattern(rb"//[^\n]*")
_STRING_OR_BRACE = pattern(rb"""[{}]|"(?:[^"\\\n]|\\.){0,4096}+"|'(?:[^'\\\n]|\\.){1,64}+'""", re.DOTALL)
_DIRECTIVE = pattern(rb"^[ \t]*#(?:[^\n\\]|\\.)*", re.MULTILINE | re.DOTALL)
_CONDITION = pattern(rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b([^\n]*)", re.MULTILINE)
_ALTERNATIVE = pattern(rb"\s*#[ \t]*(?:el|endif)")

# The head of most functions: words, stars, the name, one flat list of parameters.
_PLAIN_HEAD = pattern(rb"([\w\s*]*?)\b([A-Za-z_]\w*)\s*\([^()=]*\)\s*\Z")
_HEAD_TOKEN = pattern(rb'[A-Za-z_]\w*|[()=]|"(?:[^"\\\n]|\\.){0,4096}+"|\S', re.DOTALL)
_LONE_MACRO = pattern(rb"[A-Z_][A-Z0-9_]*\s*\([^()\n]*\)[ \t]*;?[ \t]*\n")
_INITIALISER = pattern(rb"\s*[.\"\d]")
_CONTROL = pattern(rb"\s*(?:if|else|for|while|do|switch|return|case)\b")
# A struct behind a macro without a semicolon, or one that a macro names: "DECLARE(x) enum e {", "enum NAME(x) {".
_AGGREGATE = pattern(rb"\)[^();]*\b(?:struct|union|enum)\b[^();]*\Z|^\s*(?:struct|union|enum)\s+\w+\s*\([^*]*\Z")
_OLD_STYLE = pattern(rb"\)\s*(?:[A-Za-z_][\w\s*,\[\]]*;\s*)+\Z")
_MACRO_HEAD = pattern(rb"[A-Z0-9_]+\s*\(")
_POINTER_RESULT = pattern(rb"\(\s*\*?\s*(?:const\s+)?([A-Za-z_]\w*)\s*[()]")
_SYSCALL = pattern(r"(?:(COMPAT_)|(?:\w+_)?)SYSCALL(?:32)?_DEFINE\w*\Z")
_NO_NAME = frozenset(
    b"if while for switch return sizeof do else void int __attribute__ __aligned __packed typeof __typeof__ defined "
    b"struct union enum".split()
)
_AGGREGATES = frozenset([b"struct", b"union", b"enum", b"typedef"])


def functions(text: bytes) -> list[FunctionSource]:
    """The function definitions of a file, in its order; none from inside ``#if 0``.

    A head that is a macro names the function by the macro's first argument, and a system call
    (``SYSCALL_DEFINE3(read, ...)``) with ``sys_`` before it, as the kernel does.
    """
    view = _without_comments(text)
    disabled = _disabled(view) if b"if 0" in view else []
    found: list[FunctionSource] = []
    at = floor = 0
    while True:
        brace = view.find(b"{", at)
        if brace == -1:
            return found
        if not _begins_line(view, brace):
            directive_end = _in_directive(view, brace)
            if directive_end or _in_string(view, _line(view, brace), brace):
                at = directive_end or brace + 1
                continue
        head = _head(view, max(floor, brace - _HEAD_LIMIT), brace)
        end = _end(view, brace, head is not None)
        if view[end : end + 1] == b";" and head is not None and _MACRO_HEAD.match(view, head[1]):
            head = None  # MACRO(struct a) { ... };
        if head is not None and not any(low <= brace < high for low, high in disabled):
            found.append(FunctionSource(head[0], head[1], end))
        at = floor = end


def _without_comments(text: bytes) -> bytes:
    """The text with its comments blanked; one that begins a line leaves a ``;``, as it ends what stood before it."""
    parts: list[bytes] = []
    done = 0
    at = text.find(b"/*")
    while at != -1:
        line = _line(text, at)
        if _in_string(text, line, at) or _in_line_comment(text, line, at):
            at = text.find(b"/*", at + 2)
            continue
        end = text.find(b"*/", at + 2)
        end = len(text) if end == -1 else end + 2
        parts.append(text[done:at])
        in_macro = text[max(line - 2, 0) : max(line - 1, 0)] == b"\\" or text[line : line + 1] == b"#"
        blank = _blank_in_macro(text[at:end]) if in_macro else text[at:end].translate(BLANK)
        parts.append(b";" + blank[1:] if line == at else blank)
        done = end
        at = text.find(b"/*", end)
    parts.append(text[done:])
    view = b"".join(parts)
    return _LINE_COMMENT.sub(_blank_line_comment, view) if b"//" in view else view


def _begins_line(text: bytes, at: int) -> bool:
    """Whether ``at`` stands in column 0 of a line that does not go on with the one before: in no string or directive, that is."""
    return at >= 2 and text[at - 1] == 0x0A and text[at - 2] != 0x5C


def _line(text: bytes, at: int) -> int:
    """Where the line begins that holds ``at``; no farther back than one looks."""
    low = max(0, at - _LINE_LIMIT)
    return text.rfind(b"\n", low, at) + 1 or low


def _in_string(text: bytes, line: int, at: int) -> bool:
    """Whether ``at``, in the line that begins at ``line``, stands between two quotes."""
    return text.count(b'"', line, at) & 1 == 1 and b'"' in text[at : text.find(b"\n", at, at + _LINE_LIMIT)]


def _in_line_comment(text: bytes, line: int, at: int) -> bool:
    """Whether ``at``, in the line that begins at ``line``, stands behind ``//``."""
    slashes = text.find(b"//", line, at)
    return slashes != -1 and not text.count(b'"', line, slashes) & 1


def _blank_in_macro(comment: bytes) -> bytes:
    """Blanks for a comment inside a macro, with the backslashes at the line ends left."""
    return _COMMENT_TEXT.sub(lambda found: b" " * len(found[0]), comment)


def _blank_line_comment(found: re.Match[bytes]) -> bytes:
    """Blanks for a ``//`` comment, unless it stands in a string."""
    start = found.start()
    text = found.string
    line = _line(text, start)
    if text.count(b'"', line, start) & 1:
        return found[0]
    return (b";" if line == start else b" ") + b" " * (len(found[0]) - 1)


def _disabled(view: bytes) -> list[tuple[int, int]]:
    """The spans that ``#if 0`` leaves out."""
    spans: list[tuple[int, int]] = []
    stack: list[int | None] = []
    for found in _CONDITION.finditer(view):
        word = found[1]
        if word.startswith(b"if"):
            off = word == b"if" and found[2].split() == [b"0"]
            stack.append(found.end() if off else None)
        elif stack:
            start = stack[-1]
            if start is not None:
                spans.append((start, found.start()))
            stack[-1] = None
            if word == b"endif":
                stack.pop()
    return spans


def _in_directive(view: bytes, at: int) -> int:
    """Where the directive that ``at`` stands in ends, or 0."""
    line = view.rfind(b"\n", 0, at) + 1
    while line >= 2 and view[line - 2] == 0x5C:
        line = view.rfind(b"\n", 0, line - 1) + 1
    first = view[line : line + 1]
    if first not in b"# \t" or (first != b"#" and view[line:at].lstrip()[:1] != b"#"):
        return 0
    found = _DIRECTIVE.match(view, line)
    return max(found.end(), at + 1) if found else 0


def _end(view: bytes, brace: int, function: bool) -> int:
    """The offset behind the brace that closes the one at ``brace``."""
    line_end = view.find(b"\n", brace)
    if line_end == -1:
        line_end = len(view)
    if view.count(b"{", brace, line_end) == view.count(b"}", brace, line_end):
        return view.rfind(b"}", brace, line_end) + 1
    close = view.find(b"\n}", brace)
    while close > 0 and view[close - 1] == 0x5C:
        close = view.find(b"\n}", close + 2)
    end = close + 2 if close != -1 else len(view)
    if not function:
        inner = view.find(b"};", brace, end)
        if inner != -1 and view.count(b"{", brace, inner) == view.count(b"}", brace, inner) + 1:
            return inner + 1
    # "};" is the end of something else, of which this function's brace stands further in.
    if close != -1 and view.find(b"\n{", brace + 1, close) == -1 and not (function and view[end : end + 1] == b";"):
        surplus = view.count(b"{", brace, end) - view.count(b"}", brace, end)
        if not surplus or (function and surplus < 0 and brace and view[brace - 1] == 0x0A):
            return end  # a surplus: a brace in a string, or in one arm of an #ifdef
    return _matching(view, brace) or end


def _matching(view: bytes, brace: int) -> int:
    """The offset behind the matching brace, counted; 0 where the text ends before, or where a function begins."""
    depth = 0
    for found in _STRING_OR_BRACE.finditer(view, brace):
        token = found[0]
        if token == b"{":
            depth += 1
            at = found.start()
            if depth > 1 and view[at - 1] == 0x0A and view[max(0, at - 200) : at].rstrip().endswith(b")"):
                return 0
        elif token == b"}":
            depth -= 1
            if not depth:
                return found.end()
    return 0


def _head(view: bytes, low: int, brace: int) -> tuple[str, int] | None:
    """Name and start of the function whose body begins at ``brace``; None if it is no function."""
    segment = view[low:brace].rstrip()
    if segment.endswith(b";"):  # a comment before the body, or the parameters of old
        bare = segment.rstrip(b"; \t\n")
        segment = bare if bare.endswith(b")") else segment
    if not segment or not (segment[-1] in b");_" or segment[-1:].isalnum()) or _INITIALISER.match(view, brace + 1):
        return None
    start = _start(segment)
    if start == -1:
        return None
    head = segment[start:]
    if not (head[:1].isalpha() or head[:1] == b"_") or _CONTROL.match(head) or _AGGREGATE.search(head):
        return None
    plain = _PLAIN_HEAD.match(head)
    if plain is not None and plain[2] not in _NO_NAME:
        typed = plain[1].strip()
        if not typed and start and segment[start - 1] != 0x0A:
            return None  # indented and without a type: a macro with a block
        if (typed or not plain[2][:1].isupper()) and not plain[2].isupper():
            return plain[2].decode("latin-1"), low + start
    return _uncommon_head(head, low + start)


def _start(segment: bytes, skipped: int = 0) -> int:
    """Where the declaration begins that ends with the segment, ``skipped`` directives cut off; -1 if there is none."""
    start = segment.rfind(b"\n#")
    if start == -1 and segment.startswith(b"#"):
        start = 0
    if start != -1:
        directive = _DIRECTIVE.match(segment, start + (segment[start] == 0x0A))
        end = directive.end() if directive else start
        if not segment[end:].strip():
            if directive is not None and not _ALTERNATIVE.match(directive[0]):  # "#define X 1 {", "#ifdef X {"
                return _start(segment[:start].rstrip(), skipped + 1) if skipped < _SKIPPED_DIRECTIVES else -1
            # "#endif {": two heads for one body, the last one counts
            above = max(segment.rfind(word, 0, start) for word in (b"\n#else", b"\n#elif", b"\n#if"))
            if above == -1:
                return -1
            end = segment.find(b"\n", above + 1)
        start = end
    return _declaration_start(segment, max(start, 0))


def _declaration_start(segment: bytes, start: int) -> int:
    """The same, in a segment without directives behind ``start``."""
    stop = len(segment)
    for _ in range(_HEAD_TRIES):
        boundary = max(
            segment.rfind(b";", start, stop), segment.rfind(b"}", start, stop), segment.rfind(b"\n\n", start, stop)
        )
        begin = boundary + 1 if boundary != -1 else start
        head = segment[begin:]
        opened = head.count(b"(")
        if opened and opened == head.count(b")"):
            return _behind_lone_macros(segment, begin)
        if boundary == -1:
            return -1
        if b")" not in head and head.strip() and not opened and not _OLD_STYLE.search(segment):
            return -1
        stop = boundary
    return -1


def _behind_lone_macros(segment: bytes, begin: int) -> int:
    """Where the head begins behind macros that stand on lines of their own, without a semicolon."""
    while True:
        begin = len(segment) - len(segment[begin:].lstrip())
        lone = _LONE_MACRO.match(segment, begin)
        if lone is None:
            return begin
        rest = segment[lone.end() :]
        if not rest.strip() or rest[:1] in b" \t{" or b"(" not in rest:
            return begin
        begin = lone.end()


def _uncommon_head(head: bytes, start: int) -> tuple[str, int] | None:
    """Name and start of a head with attributes, macros, or a pointer to a function as result."""
    depth = 0
    outer: list[tuple[bytes, bytes]] = []  # words with a list behind them, and the character before each
    before = word = first = last = b""
    for found in _HEAD_TOKEN.finditer(head):
        token = found[0]
        if token == b"(":
            if word and not depth:
                outer.append((word, before))
            depth += 1
        elif token == b")":
            depth -= 1
        elif token == b"=" and not depth:
            return None
        word = b""
        if token[:1].isalpha() or token[:1] == b"_":
            first = first or token
            before, word = last, token
        last = token[-1:]
    while len(outer) > 1 and outer[-1][1] == b")" and (outer[-1][0].startswith(b"__") or outer[-1][0].isupper()):
        outer.pop()
    name = outer[-1][0] if outer else b""
    if not name or name in _NO_NAME:
        pointer = _POINTER_RESULT.search(head)
        if pointer is None or (first in _AGGREGATES and b"*" not in head):
            return None
        return pointer[1].decode("latin-1"), start
    if first in _AGGREGATES and b"*" not in head and name.startswith(b"__") and len(head.split()) < 4:
        return None
    return _macro_name(head, name, first), start


def _macro_name(head: bytes, name: bytes, first: bytes) -> str:
    """The name a head gives its function, which may be the first argument of a macro."""
    text = name.decode("latin-1")
    syscall = _SYSCALL.match(text)
    argument = re.search(rb"\b" + name + rb"\s*\(\s*(\w+)\s*[,)]", head)
    if argument is None or argument[1] == b"void":
        return text
    inner = argument[1].decode("latin-1")
    if syscall:
        return f"compat_sys_{inner}" if syscall[1] else f"sys_{inner}"
    if not inner[0].isdigit() and (text.isupper() or (first == name and text[:1].isupper())):
        return inner
    return text
