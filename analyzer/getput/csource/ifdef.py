"""Conditions of the preprocessor inside a function: kept where they cut between statements, else settled for one side.

The parser reads ``#ifdef`` as a statement.  One that cuts an expression or an ``if``/``else`` chain in two is
*settled*: one branch stays and the directives and the other branches are blanked.  All conditions of the same text in
a function are then settled for the same side, so that no path mixes both.
"""

from __future__ import annotations

import re
from bisect import bisect_right

import msgspec

from getput.csource.codetext import BLANK, IDENTIFIER
from getput.pattern import pattern

_DIRECTIVE = pattern(rb"^[ \t]*#[ \t]*(\w*)((?:[^\n\\]|\\.)*)", re.MULTILINE | re.DOTALL)
_CONDITIONS = frozenset([b"if", b"ifdef", b"ifndef"])
_ALTERNATIVES = frozenset([b"elif", b"elifdef", b"elifndef", b"else"])
# Conditions the grammar cannot read: they become one word.
_EXOTIC = pattern(rb"[?'\"]")
_DEFINED = pattern(rb"(!?)\s*(?:defined)?\s*\(?\s*(\w+)\s*\)?\Z")
_ELSE = pattern(rb"\s*else\b")
MAX_LABEL = 4096  # bytes of a statement that may end with a colon
_SOLID = pattern(rb"\S+")
MAX_DEPTH = 64  # conditions within each other that are looked at; deeper ones are settled
_LABEL = pattern(rb"[;{}:]\s*(\w+)\s*:\Z")


class _Group(msgspec.Struct):
    """An ``#if`` with its alternatives: the spans of its directives (the last one is ``#endif``) and its condition."""

    words: list[bytes]
    starts: list[int]
    ends: list[int]
    key: bytes
    positive: bool
    depth: int = 0
    settled: bool = False

    def branches(self) -> list[tuple[int, int]]:
        """The spans between the directives."""
        return [(self.ends[i], self.starts[i + 1]) for i in range(len(self.starts) - 1)]


def settle(code: bytearray) -> list[tuple[int, int]]:
    """Make the directives of a function's text readable for the parser, in place and of the same length.

    ``code`` has no comments and no text in its strings any more.  Returns the spans of the directives that stay.
    """
    groups = _groups(code)
    if not groups:
        return []
    plain = _without_directives(code, groups)
    solid = [found.span() for found in _SOLID.finditer(plain)]
    starts, ends = [start for start, _ in solid], [end for _, end in solid]
    for group in groups:
        deep = group.depth >= MAX_DEPTH
        group.settled = deep or _constant(group) is not None or not _between_statements(plain, starts, ends, group)
    sides: dict[bytes, bool] = {}
    keys = {group.key for group in groups if group.settled}
    gone = 0  # up to where an outer condition was taken away, with all that stands in it
    for group in groups:
        if group.settled or group.key in keys:
            gone = _take_one_side(code, group, sides, gone)
    kept = [group for group in groups if group.key not in keys]
    for group in kept:
        _end_label(code, plain, _above(ends, group), group.starts[0])
    return sorted(span for group in kept for span in zip(group.starts, group.ends, strict=True) if span[0] >= 0)


def _groups(code: bytearray) -> list[_Group]:
    """The conditions, outer before inner; blanks every other directive and whatever has no partner."""
    groups: list[_Group] = []
    stack: list[_Group] = []
    for found in _DIRECTIVE.finditer(bytes(code)):
        word, start, end = found[1], found.start(), found.end()
        if word in _CONDITIONS:
            key, positive = _condition(word, found[2])
            group = _Group([word], [start], [end], key, positive, len(stack))
            stack.append(group)
            groups.append(group)
            if _EXOTIC.search(found[2]):
                low, high = found.span(2)
                code[low:high] = b" " + found[2][1:].translate(IDENTIFIER)
        elif stack and (word == b"endif" or word in _ALTERNATIVES):
            stack[-1].words.append(word)
            stack[-1].starts.append(start)
            stack[-1].ends.append(end)
            if word == b"endif":
                stack.pop()
            if word in (b"endif", b"else"):
                _blank(code, found.start(2), end)  # "#endif CONFIG_X"
        else:
            _blank(code, start, end)
    for group in stack:
        for start, end in zip(group.starts, group.ends, strict=True):
            _blank(code, start, end)
        groups.remove(group)
    return groups


def _condition(word: bytes, text: bytes) -> tuple[bytes, bool]:
    """The condition without its negation, and whether it stood there as it is."""
    if word != b"if":
        return text.strip(), word == b"ifdef"
    simple = _DEFINED.match(b" ".join(text.split()))
    if simple is not None and simple[2] not in (b"0", b"1"):
        return simple[2], not simple[1]
    return b" ".join(text.split()), True


def _constant(group: _Group) -> bool | None:
    """The value of ``#if 0`` and ``#if 1``; None for other conditions."""
    return {b"0": False, b"1": True}.get(group.key)


def _without_directives(code: bytearray, groups: list[_Group]) -> bytes:
    """The text with the remaining directives blanked."""
    plain = bytearray(code)
    for group in groups:
        for start, end in zip(group.starts, group.ends, strict=True):
            _blank(plain, start, end)
    return bytes(plain)


def _above(ends: list[int], group: _Group) -> int:
    """Where the text above a condition ends; *ends* are the ends of all that is no blank."""
    number = bisect_right(ends, group.starts[0])
    return ends[number - 1] if number else 0


def _between_statements(plain: bytes, starts: list[int], ends: list[int], group: _Group) -> bool:
    """Whether every branch of a condition holds whole statements and stands where statements may."""
    above = _above(ends, group)
    last = plain[above - 1 : above] if above else b""
    if last not in (b";", b"{", b"}") and not (last == b":" and _ends_with_label(plain, above)):
        return False
    number = bisect_right(starts, group.ends[-1] - 1)
    if number < len(starts) and _ELSE.match(plain, starts[number]):
        return False
    return all(_whole(plain[low:high]) for low, high in group.branches())


def _whole(branch: bytes) -> bool:
    """Whether a branch is a list of whole statements."""
    text = branch.strip()
    if not text:
        return True
    if text[-1:] not in b";}" and not (text[-1:] == b":" and _ends_with_case(text)):
        return False
    if text.count(b"(") != text.count(b")") or _ELSE.match(text):
        return False
    depth = 0
    for byte in text:
        if byte == 0x7B:
            depth += 1
        elif byte == 0x7D:
            depth -= 1
            if depth < 0:
                return False
    return depth == 0


def _ends_with_case(text: bytes) -> bool:
    """Whether the text ends with ``case X:`` or ``default:``."""
    last = re.split(rb"[;{}]", text)[-1].strip()
    return last.startswith((b"case", b"default"))


def _ends_with_label(text: bytes, end: int) -> bool:
    """Whether the text up to *end* ends with a label or a case, not inside of ``a ? b : c``."""
    low = max(0, end - MAX_LABEL)
    last = text[max(text.rfind(mark, low, end) for mark in (b";", b"{", b"}")) + 1 : end].strip()
    return last.startswith(b"case") or b"?" not in last


def _take_one_side(code: bytearray, group: _Group, sides: dict[bytes, bool], gone: int) -> int:
    """Blank the directives of a group and all its branches but one, unless they lie before *gone*; up to where all is blank then."""
    constant = _constant(group)
    truth = constant if constant is not None else sides.setdefault(group.key, group.positive)
    taken: int | None = 0
    if truth != group.positive:
        taken = next((i for i, word in enumerate(group.words) if word in _ALTERNATIVES), None)
    if group.ends[-1] <= gone:
        return gone
    for start, end in zip(group.starts, group.ends, strict=True):
        _blank(code, start, end)
    for i, (low, high) in enumerate(group.branches()):
        if i != taken:
            _blank(code, low, high)
    return group.ends[-1] if taken is None else gone


def _end_label(code: bytearray, plain: bytes, above: int, start: int) -> None:
    """A label must be followed by a statement, which a directive is not: put a ``;`` before it."""
    if plain[max(0, above - 1) : above] != b":" or code[start - 1] not in b" \t\n":
        return
    label = _LABEL.search(plain, max(0, above - 200), above)
    if label is not None and label[1] != b"default":
        code[start - 1] = 0x3B


def _blank(code: bytearray, low: int, high: int) -> None:
    """Overwrite a span with blanks, line ends kept."""
    code[low:high] = code[low:high].translate(BLANK)
