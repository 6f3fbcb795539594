"""The mask for attributes: words between the tokens of a declaration that the grammar has no place for."""

from __future__ import annotations

from getput.csource.codetext import WORD_BYTES, Code, is_word
from getput.csource.macros import Macros
from getput.csource.syntax import Marks
from getput.pattern import pattern

_RESERVED = pattern(rb"__\w+")
_DECLARER = pattern(rb"\b([A-Z]\w*AUTO_\w+|AUTO_\w+)\(\s*\w+\s*\)")
_NO_ATTRIBUTE_AFTER = WORD_BYTES + b".>"
_TYPE_STARTS = frozenset(
    b"struct union enum const volatile unsigned signed static inline extern typedef register return case goto "
    b"sizeof else do".split()
)
_TYPE_WORDS = frozenset(
    b"struct union enum const volatile unsigned signed static inline extern int char long short void bool float double "
    b"register typedef".split()
)
_NAMES_AFTER = frozenset(b"int char long short void bool float double unsigned signed".split())
_NOT_BEFORE_TYPE = frozenset(b"struct union enum return case goto else const static volatile register extern".split())
_ASSEMBLY = frozenset([b"asm", b"__asm__", b"__asm"])


def blank_attributes(code: Code, shift: int, macros: Macros, marks: Marks) -> None:
    """Blank the attributes that begin with ``__``, and note the cleanups, ``shift`` added to their offsets."""
    text = code.text
    unknown: list[tuple[int, int]] = []
    for found in _RESERVED.finditer(text):
        start, end = found.span()
        if start and text[start - 1] in _NO_ATTRIBUTE_AFTER:
            continue  # part of a word, a member
        name = found[0].decode("latin-1")
        if name in macros.types:
            continue
        if name in macros.attributes:
            if not _names(code, start, end):
                code.blank(start, end)
        elif name in ("__free", "__cleanup"):
            close = code.arguments_end(end)
            if close:
                argument = bytes(text[text.index(b"(", end) + 1 : close - 1]).strip().decode("latin-1")
                marks.cleanups[shift + start] = argument if name == "__free" else "=" + argument
                code.blank(start, close)
        elif name in macros.with_arguments:
            code.blank(start, code.arguments_end(end) or end)
        else:
            unknown.append((start, end))
    for start, end in unknown:  # after the known ones: they have each other as neighbours
        if _reads_as_attribute(code, start, end):
            code.blank(start, end)


def _names(code: Code, start: int, end: int) -> bool:
    """Whether a word is what a declaration names, though it looks like an attribute: ``u32 unsigned __unused;``."""
    return code.after(end)[0] in (b";", b",", b"=", b"[") and code.before(start)[0] in _NAMES_AFTER


def _reads_as_attribute(code: Code, start: int, end: int) -> bool:
    """Whether an unknown word stands where a declaration has no place for another name."""
    follow, _ = code.after(end)
    before, at = code.before(start)
    if follow == b"(" or follow in _ASSEMBLY:
        return False
    if follow == b"*" or is_word(follow):
        if is_word(before):
            return before not in _TYPE_STARTS
        return before == b"*" or follow in _TYPE_WORDS
    if follow in (b";", b",", b"=", b")", b"[") and is_word(before):
        if before in _TYPE_STARTS or before in _NAMES_AFTER:
            return False
        prior, _ = code.before(at)
        if prior == b",":
            return follow in (b"=", b";")  # "int a, b __x = 1;", not a parameter
        return prior == b"*" or (is_word(prior) and prior not in _NOT_BEFORE_TYPE)
    return before == b"]" and follow in (b";", b",", b"=")


def write_declarers(code: Code, shift: int, macros: Macros, marks: Marks) -> None:
    """``u64 AUTO_KFREE(x);`` as ``u64           *x ;``, with the cleanup noted, ``shift`` added to its offset."""
    for found in _DECLARER.finditer(code.text, code.body):
        cleanup = macros.declarers.get(found[1].decode("latin-1"))
        if cleanup is None:
            continue
        marks.cleanups[shift + found.start(1)] = cleanup
        if code.before(found.start())[0] not in (b";", b"{", b"}"):
            code.blank(found.start(1), found.end(1))
        code.text[found.end(1)] = 0x2A
        code.text[found.end() - 1] = 0x20
