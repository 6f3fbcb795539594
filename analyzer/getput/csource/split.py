"""Cutting a file into its function definitions at the braces, without parsing it.

The kernel's style makes this safe: what stands outside of functions begins in column 0, and the body of a function ends
with a brace in column 0.  A broken neighbour does a function no harm this way, and only the functions that a patch
touches have to be parsed.
"""

from __future__ import annotations

import re

from getput.csource.syntax import FunctionSource

# How far back from its opening brace the head of a function may begin.
_HEAD_LIMIT = 16_000
_COMMENT_TEXT = re.compile(rb"[^\n\\]+|\\(?!\n)")

_LINE_COMMENT = re.compile(rb"//[^\n]*")
_STRING_OR_BRACE = re.compile(rb"""[{}]|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'""", re.DOTALL)
_DIRECTIVE = re.compile(rb"^[ \t]*#(?:[^\n\\]|\\.)*", re.MULTILINE | re.DOTALL)
_CONDITION = re.compile(rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b([^\n]*)", re.MULTILINE)

# The head of most functions: words, stars, the name, one flat list of parameters.
_PLAIN_HEAD = re.compile(rb"([\w\s*]*?)\b([A-Za-z_]\w*)\s*\([^()=]*\)\s*\Z")
_HEAD_TOKEN = re.compile(rb'[A-Za-z_]\w*|[()=]|"(?:[^"\\\n]|\\.)*"|\S', re.DOTALL)
_LONE_MACRO = re.compile(rb"[A-Z_][A-Z0-9_]*\s*\([^()\n]*\)[ \t]*;?[ \t]*\n")
_INITIALISER = re.compile(rb"\s*[.\"\d]")
_CONTROL = re.compile(rb"\s*(?:if|else|for|while|do|switch|return|case)\b")
_AGGREGATE_BEHIND = re.compile(rb"\)[^();]*\b(?:struct|union|enum)\b[^();]*\Z|^\s*(?:struct|union|enum)\s+\w+\s*\([^*]*\Z")
_OLD_STYLE = re.compile(rb"\)\s*(?:[A-Za-z_][\w\s*,\[\]]*;\s*)+\Z")
_NO_NAME = frozenset(
    [b"if", b"while", b"for", b"switch", b"return", b"sizeof", b"do", b"else", b"void", b"int", b"__attribute__"]
    + [b"__aligned", b"__packed", b"typeof", b"__typeof__", b"defined", b"struct", b"union", b"enum"]
)
_AGGREGATES = frozenset([b"struct", b"union", b"enum", b"typedef"])
_SYSCALL = re.compile(r"(?:(COMPAT_)|(?:\w+_)?)SYSCALL(?:32)?_DEFINE\w*\Z")


def functions(text: bytes) -> list[FunctionSource]:
    """The function definitions of a file, in its order; none from inside ``#if 0``.

    A head that is a macro (``SYSCALL_DEFINE3(read, ...)``) names the function by the macro's first argument, system calls
    with ``sys_`` before it, as the kernel does.
    """
    view = _without_comments(text)
    disabled = _disabled(view) if b"if 0" in view else []
    found: list[FunctionSource] = []
    at = 0
    floor = 0
    while True:
        brace = view.find(b"{", at)
        if brace == -1:
            return found
        directive_end = _in_directive(view, brace)
        if directive_end:
            at = directive_end
            continue
        head = _head(view, max(floor, brace - _HEAD_LIMIT), brace)
        end = _end(view, brace, head is not None)
        if head is not None and not any(low <= brace < high for low, high in disabled):
            found.append(FunctionSource(head[0], head[1], end))
        at = floor = end


def _without_comments(text: bytes) -> bytes:
    """The text with its comments blanked; one that begins a line leaves a ``;``, as it ends what stood before it."""
    parts: list[bytes] = []
    done = 0
    at = text.find(b"/*")
    while at != -1:
        line = text.rfind(b"\n", 0, at) + 1
        if text.count(b'"', line, at) & 1 and b'"' in text[at : text.find(b"\n", at)]:
            at = text.find(b"/*", at + 2)  # inside a string
            continue
        slashes = text.find(b"//", line, at)
        if slashes != -1 and not text.count(b'"', line, slashes) & 1:
            at = text.find(b"/*", at + 2)  # inside a line comment
            continue
        end = text.find(b"*/", at + 2)
        end = len(text) if end == -1 else end + 2
        parts.append(text[done:at])
        inside = text[line - 2 : line - 1] == b"\\" or text[line : line + 1] == b"#"
        blank = _blank_in_macro(text[at:end]) if inside else text[at:end].translate(BLANK)
        parts.append(b";" + blank[1:] if line == at else blank)
        done = end
        at = text.find(b"/*", end)
    parts.append(text[done:])
    view = b"".join(parts)
    if b"//" in view:
        view = _LINE_COMMENT.sub(_blank_line_comment, view)
    return view


def _blank_in_macro(comment: bytes) -> bytes:
    """Blanks for a comment inside a macro, with the backslashes at the line ends left."""
    return _COMMENT_TEXT.sub(lambda found: b" " * len(found[0]), comment)


def _blank_line_comment(found: re.Match[bytes]) -> bytes:
    """Blanks for a ``//`` comment, which may not stand in a string."""
    start = found.start()
    text = found.string
    line = text.rfind(b"\n", 0, start) + 1
    if text.count(b'"', line, start) & 1:
        return found[0]
    if line == start:
        return b";" + b" " * (len(found[0]) - 1)
    return b" " * len(found[0])


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
    if first in b" \t" and view[line:at].lstrip()[:1] != b"#":
        return 0
    if first not in b"# \t":
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
    if close != -1:
        end = close + 2
        if view.find(b"\n{", brace + 1, close) == -1 and not (function and view[end : end + 1] == b";"):
            surplus = view.count(b"{", brace, end) - view.count(b"}", brace, end)
            if not surplus or (function and surplus < 0 and brace and view[brace - 1] == 0x0A):
                return end  # a surplus: a brace in a string, or in one arm of an #ifdef
    return _matching(view, brace) or (close + 2 if close != -1 else len(view))


def _matching(view: bytes, brace: int) -> int:
    """The offset behind the matching brace, counted; 0 where the text ends before, or where a function begins."""
    depth = 0
    for found in _STRING_OR_BRACE.finditer(view, brace):
        token = found[0]
        if token == b"{":
            depth += 1
            if depth > 1 and view[found.start() - 1] == 0x0A and view[max(0, found.start() - 200) : found.start()].rstrip().endswith(b")"):
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
    last = segment[-1:]
    if not (last == b")" or last == b";" or last.isalnum() or last == b"_"):
        return None
    if _INITIALISER.match(view, brace + 1):
        return None
    start = _start(segment)
    if start == -1:
        return None
    head = segment[start:]
    if not head[:1].isalpha() and head[:1] != b"_" or _CONTROL.match(head) or _AGGREGATE_BEHIND.search(head):
        return None
    plain = _PLAIN_HEAD.match(head)
    if plain is not None and plain[2] not in _NO_NAME:
        name = plain[2]
        begin = start + len(plain[1]) - len(plain[1].lstrip()) if plain[1].strip() else start + plain.start(2)
        if not plain[1].strip():
            if begin and segment[begin - 1] != 0x0A:
                return None  # indented and without a type: a macro with a block
        if not name[:1].isupper() or plain[1].strip():
            return name.decode("latin-1"), low + begin
    return _uncommon_head(head, low + start)


def _start(segment: bytes) -> int:
    """Where the declaration begins that ends with the segment; -1 if there is none."""
    start = 0
    directive = segment.rfind(b"\n#")
    if directive == -1 and segment.startswith(b"#"):
        directive = 0
    if directive != -1:
        found = _DIRECTIVE.match(segment, directive + (segment[directive] == 0x0A))
        start = found.end() if found else directive
        if not segment[start:].strip():
            if found is not None and not _CONDITION.match(found[0]):  # "#define X 1 {"
                return _start(segment[:directive])
            # "#endif {": two heads for one body, the last one counts
            above = max(segment.rfind(word, 0, directive) for word in (b"\n#else", b"\n#elif", b"\n#if"))
            if above == -1:
                return -1
            start = segment.find(b"\n", above + 1)
    stop = len(segment)
    while True:
        boundary = max(segment.rfind(mark, start, stop) for mark in (b";", b"}", b"\n\n"))
        begin = boundary + 1 if boundary != -1 else start
        head = segment[begin:]
        if head.strip() and head.count(b"(") == head.count(b")") and b"(" in head:
            break
        if boundary == -1:
            return -1
        if b"(" not in head and b")" not in head and segment[boundary:].strip() not in (b";", b"") and not _OLD_STYLE.search(segment):
            return -1
        stop = boundary
    while True:
        begin += len(segment[begin:]) - len(segment[begin:].lstrip())
        lone = _LONE_MACRO.match(segment, begin)
        if lone is None or not segment[lone.end() :].strip() or segment[lone.end() : lone.end() + 1] in b" \t{":
            return begin
        if b"(" not in segment[lone.end() :]:
            return begin
        begin = lone.end()


def _uncommon_head(head: bytes, start: int) -> tuple[str, int] | None:
    """Name and start of a head with attributes, macros, or a pointer to a function as result."""
    depth = 0
    groups: list[tuple[bytes, int, bytes]] = []  # name, depth, what stood before the name
    before = b""
    word = b""
    first = b""
    for found in _HEAD_TOKEN.finditer(head):
        token = found[0]
        if token == b"(":
            if word:
                groups.append((word, depth, before))
            depth += 1
        elif token == b")":
            depth -= 1
        elif token == b"=" and not depth:
            return None
        if token[0:1].isalpha() or token[:1] == b"_":
            first = first or token
            before = b"*" if token == word else last_token(head, found.start())
            word = token
        else:
            word = b""
    outer = [(name, before) for name, at, before in groups if not at]
    while len(outer) > 1 and outer[-1][1] == b")" and (outer[-1][0].startswith(b"__") or outer[-1][0].isupper()):
        outer.pop()
    names = [name for name, _ in outer if name not in _NO_NAME]
    if not names or (outer and outer[-1][0] in _NO_NAME):
        pointer = re.search(rb"\(\s*\*?\s*(?:const\s+)?([A-Za-z_]\w*)\s*[()]", head)
        if pointer is None or first in (b"struct", b"union", b"enum", b"typedef") and b"*" not in head:
            return None
        return pointer[1].decode("latin-1"), start
    if first in _AGGREGATES and b"*" not in head and names[-1].startswith(b"__") and len(head.split()) < 4:
        return None
    return _macro_name(head, names[-1], first), start


def last_token(head: bytes, at: int) -> bytes:
    """The character before ``at`` that is no blank."""
    return head[:at].rstrip()[-1:]


def _macro_name(head: bytes, name: bytes, first: bytes) -> str:
    """The name a head gives its function, which may be the first argument of a macro."""
    text = name.decode("latin-1")
    syscall = _SYSCALL.match(text)
    argument = re.search(rb"\b" + re.escape(name) + rb"\s*\(\s*(\w+)\s*[,)]", head)
    if argument is None or argument[1] == b"void":
        return text
    inner = argument[1].decode("latin-1")
    if syscall:
        return f"compat_sys_{inner}" if syscall[1] else f"sys_{inner}"
    if inner[0].isdigit():
        return text
    if text.isupper() or (first == name and text[:1].isupper()):
        return inner
    return text
