"""The mask for the head of a function: what stands before its body."""

from __future__ import annotations

import re

from getput.csource.codetext import BLANK, IDENTIFIER
from getput.csource.macros import Macros
from getput.pattern import pattern

# A head with nothing the grammar could stumble over, as far as one look can tell.
_PLAIN = pattern(
    rb"(?:(?:static|inline|extern|const|volatile)\s++)*+"
    rb"(?:(?:struct|union|enum)\s++\w++|(?:(?:unsigned|signed|long|int|char|short)\b\s*+)++|(?!inline\b)\w++)"
    rb"(?:\s++const\b)?+[\s*]*+(?:const\s++)?+"
    rb"(?!struct\b|int\b|unsigned\b|void\b|bool\b)(\w++)\s*+\([^()\"=]*+\)\s*+\Z"
)
_TOKEN = pattern(rb'[A-Za-z_]\w*|"(?:[^"\\\n]|\\.)*"|[^\s]', re.DOTALL)
_FIRST_ARGUMENT = pattern(rb"\(\s*(\w+)\s*([,)])")
_IDENTIFIER = pattern(rb"\s*[A-Za-z_]\w*\s*\Z")
_PAIRED = pattern(rb"SYSCALL\w*DEFINE|BPF_CALL|_DEFINE\d")
# More macros than that in one head are none that anybody wrote.
_MACROS_LIMIT = 20
_STORAGE = frozenset(b"static inline extern const volatile register auto".split())
_BASE = frozenset(b"void int char short long float double signed unsigned bool _Bool".split())
_TAGS = frozenset([b"struct", b"union", b"enum"])


def mask_head(code: bytearray, body: int, macros: Macros) -> None:
    """Overwrite, in place, what the grammar cannot read of the head ``code[:body]``.

    What is left is one type, the name, the parameters.  A head that is a macro gets its first argument as name.
    """
    head = bytes(code[:body])
    plain = _PLAIN.match(head)
    if plain is not None and not (plain[1].isupper() and _FIRST_ARGUMENT.match(head, head.index(b"(", plain.end(1)))):
        return
    groups = _groups(head)
    if not groups or len(groups) > _MACROS_LIMIT:
        return
    while len(groups) > 1 and groups[-1][2] == b")":  # attributes behind the parameters
        start, opening, _, close = groups[-1]
        if head[start:opening].upper() != head[start:opening] and not head.startswith(b"__", start):
            break
        code[start:close] = code[start:close].translate(BLANK)
        groups.pop()
    start, opening, _, close = groups.pop()
    if head[close:].lstrip()[:1] == b"(":  # NAME(3)(parameters)
        if _specifiers(code, start, macros):  # "PROG(name)(parameters)": the macro reads as type
            code[opening] = code[close - 1] = 0x20
        else:
            code[opening:close] = code[opening:close].translate(BLANK)
        return
    for low, _, _, high in groups:  # macros before the name
        is_type = _typeless(head[:low] + b" " + head[high:start])
        code[low:high] = code[low:high].translate(IDENTIFIER if is_type else BLANK)
    macro = head[start:opening].strip()
    first = _FIRST_ARGUMENT.match(head, opening)
    typeless = _specifiers(code, start, macros)
    if first is not None and macro.upper() == macro and first[1] != b"void":
        _move_name(code, start, opening, close, first, typeless, _PAIRED.search(macro) is not None)


def _groups(head: bytes) -> list[tuple[int, int, bytes, int]]:
    """The words followed by a list in parentheses, outermost only: start, opening, token before, end."""
    groups: list[tuple[int, int, bytes, int]] = []
    depth = 0
    word = before = b""
    at = start = opening = -1
    for found in _TOKEN.finditer(head):
        token = found[0]
        if token == b"(":
            if not depth:
                start, opening = at, found.start()
                beginning = before
                named = bool(word)
            depth += 1
        elif token == b")":
            depth -= 1
            if not depth and start >= 0 and named:
                groups.append((start, opening, beginning, found.end()))
        if depth:
            continue
        if token[:1].isalpha() or token[:1] == b"_":
            before = word or before
            at, word = found.start(), token
        else:
            word, before = b"", token
    return groups


def _typeless(specifiers: bytes) -> bool:
    """Whether no word is left that could be the type."""
    return all(word in _STORAGE for word in re.findall(rb"\w+", specifiers))


def _specifiers(code: bytearray, end: int, macros: Macros) -> bool:
    """Leave one type in ``code[:end]``; True if there is none."""
    plain: list[tuple[int, int]] = []
    based = False
    tagged = False
    for found in _TOKEN.finditer(bytes(code[:end])):
        token = found[0]
        if tagged:
            tagged = False
        elif token in _TAGS:
            based = tagged = True
        elif token in _BASE:
            based = True
        elif token in _STORAGE:
            if token == b"auto":
                code[found.start() : found.end()] = b"    "
        elif token == b"*":
            based = True
            if plain:
                plain.append((-1, -1))
        elif token[:1].isalpha() or token[:1] == b"_":
            if token.decode("latin-1") in macros.attributes:
                code[found.start() : found.end()] = b" " * len(token)
            else:
                plain.append(found.span())
    real = [span for span in plain if span[0] >= 0]
    if (-1, -1) in plain:  # the type stands before the first star
        candidates = plain[: plain.index((-1, -1))]
        strangers = real[len(candidates) :]
        has_base = any(word in _BASE or word in _TAGS for word in re.findall(rb"\w+", bytes(code[:end])))
    else:
        candidates, strangers, has_base = real, [], based
    if not has_base and candidates:
        lower = [span for span in candidates if not bytes(code[span[0] : span[1]]).isupper()]
        keep = (lower or candidates)[-1]
        candidates = [span for span in candidates if span != keep]
    for low, high in candidates + strangers:
        code[low:high] = b" " * (high - low)
    return not has_base and not real


def _move_name(
    code: bytearray, start: int, opening: int, close: int, first: re.Match[bytes], typeless: bool, paired: bool
) -> None:
    """``MACRO(name, ...)`` as ``MACRO name( ...)``, the types and names of a system call's parameters joined.

    The macro's name stands for the type where there is no other.
    """
    if first[1][:1].isdigit():
        code[first.start(1)] = 0x5F
    low = opening if typeless else start
    code[low : opening + 1] = b" " * (opening + 1 - low)
    if first[2] == b")":
        code[close - 1] = 0x28
        if code[close : close + 1].isspace():
            code[close] = 0x29
        return
    comma = first.start(2)
    code[comma] = 0x28
    if not paired:
        return
    commas = [comma]
    depth = 0
    for at in range(comma + 1, close - 1):
        byte = code[at]
        depth += (byte == 0x28) - (byte == 0x29)
        if byte == 0x2C and not depth:
            commas.append(at)
    ends = [*commas[1:], close - 1]
    names = [code[commas[i] + 1 : ends[i]] for i in range(1, len(commas), 2)]
    if len(commas) % 2 or not all(_IDENTIFIER.match(name) for name in names):
        return
    for at in commas[1::2]:
        code[at] = 0x20
