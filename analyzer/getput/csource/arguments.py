"""The mask for expressions: what macros take as arguments and no function could."""

from __future__ import annotations

from getput.csource.codetext import KEYWORDS, WORD_BYTES, Code, is_word
from getput.pattern import pattern

# Possessive throughout: a blanked comment leaves thousands of blanks, which must not be tried in every way.
_TYPE_ARGUMENT = pattern(
    rb"[(,]\s*+((?:(?:const|volatile)\s++)?+"
    rb"(?:(?:struct|union|enum|unsigned|signed|long|short)\s++\w++(?:\s++\w++)*+|\w++(?=\s*+\*))"
    rb"(?:\s*+\*(?:\s*+const\b)?+)*+(?:\s*+\[\s*+\])?+)\s*+(?=[,)])"
)
_JUMP_ARGUMENT = pattern(rb"[(,]\s*+(return|goto|break|continue)\b(?:([^(),;{}\"]*+;?+)\s*+(?=[,)]))?")
_STRING = pattern(rb'"[^"]*+"')
_TYPEOF = pattern(rb"\b(?:__)?typeof(?:__|_unqual|_unqual__|_member)?\b")
_OFFSETOF = pattern(rb"\b(?:__builtin_)?offsetof(?:end)?\b")
_ASM = pattern(
    rb"\b(asm|__asm__|__asm|asm_inline|asm_volatile_goto|asm_goto_output)\b(?:\s*+(?:volatile|goto|inline)\b)*+"
)
_BRACKET_OR_COLON = pattern(rb"[()\[\]{}:]")
_LETTER = pattern(rb"[A-Za-z_]")
_CASE_RANGE = pattern(rb"\bcase\b[^;{}:]*?(\.\.\.)")
_PREFIX_END = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ \t\n"


def write_arguments(code: Code) -> None:
    """Overwrite what the grammar cannot read of the expressions in a function's body."""
    text = code.text
    if b"typeof" in text:
        _join_typeofs(code)
    if b"offsetof" in text:
        _join_offsets(code)
    if b"asm" in text:
        _quiet_assembly(code)
    _join_types(code)
    for found in _JUMP_ARGUMENT.finditer(text, code.body):
        if found[2] is not None:
            code.join(found.start(1), found.end(2))
        else:
            code.blank(*found.span(1))
    if b"..." in text:
        for found in _CASE_RANGE.finditer(text, code.body):
            text[found.start(1) : found.end(1)] = b"|| "
    _blank_prefixes(code)


def _join_types(code: Code) -> None:
    """Make one identifier of every type that is an argument of a macro."""
    for found in _TYPE_ARGUMENT.finditer(code.text, code.body):
        start = found.start()
        opening = start if code.text[start] == 0x28 else code.enclosing(start)
        if opening < 0:
            continue
        word, at = code.before(opening)
        if word in KEYWORDS or not is_word(word):
            continue
        before, _ = code.before(at)
        if is_word(before) and before not in KEYWORDS:
            continue  # a prototype
        code.join(found.start(1), found.end(1))


def _join_typeofs(code: Code) -> None:
    """Make one identifier of every ``typeof(x)``."""
    for found in _TYPEOF.finditer(code.text):
        close = code.arguments_end(found.end())
        if close:
            code.join(found.start(), close)
    code.forget_parentheses()


def _join_offsets(code: Code) -> None:
    """Make one word of the member of ``offsetof`` where it is not a plain one."""
    text = code.text
    for found in _OFFSETOF.finditer(text, code.body):
        close = code.arguments_end(found.end())
        comma = text.find(b",", found.end(), close)
        if comma == -1:
            continue
        member = text[comma + 1 : close - 1]
        stripped = member.strip()
        if stripped.strip(WORD_BYTES):
            low = comma + 1 + len(member) - len(member.lstrip())
            code.join(low, low + len(stripped))
    code.forget_parentheses()


def _quiet_assembly(code: Code) -> None:
    """Blank the register of ``register int x asm("r0")``; make one string of the text of inline assembly."""
    text = code.text
    for found in _ASM.finditer(text, code.body):
        close = code.arguments_end(found.end())
        if not close:
            continue
        before, _ = code.before(found.start())
        if before not in (b";", b"{", b"}", b":", b")", b"(", b"else", b"do"):
            code.blank(found.start(), close)
            continue
        word = found[1]
        if b"_" in word.strip(b"_"):
            text[found.start(1) : found.end(1)] = (b"asm goto" if b"goto" in word else b"asm").ljust(len(word))
        _quiet_template(code, text.index(b"(", found.end()) + 1, close - 1)
    code.forget_parentheses()


def _quiet_template(code: Code, low: int, high: int) -> None:
    """Make one string of the template of an inline assembly if macros have a part in it."""
    text = code.text
    end = high
    depth = 0
    for found in _BRACKET_OR_COLON.finditer(text, low, high):
        token = found[0]
        if token == b":" and not depth:
            end = found.start()
            break
        depth += (token in b"([{") - (token in b")]}")
    if b"(" in text[low:end] or _LETTER.search(text, low, end):
        text[low:end] = b'"' + b" " * (end - low - 2) + b'"' if end - low >= 2 else b" " * (end - low)


def _blank_prefixes(code: Code) -> None:
    """Blank the words before a string when there are several: ``KERN_ERR PFX "..."``."""
    text = code.text
    for found in _STRING.finditer(text, code.body):
        at = found.start()
        if text[at - 1] not in _PREFIX_END:
            continue
        word, low = code.before(at)
        if not word[:1].isupper() and word[:1] != b"_":
            continue
        before, begin = code.before(low)
        if before[:1].isupper() or before[:1] == b"_":
            code.blank(begin, at)
