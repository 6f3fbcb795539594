"""What words and literals of C mean on their own: numbers, characters, error names, blanks folded."""

from __future__ import annotations

import re

from getput.pattern import pattern

ERROR_NAME = pattern(rb"E[A-Z][A-Z0-9]+\Z")
TYPE_NAME = pattern(rb"(?:[us](?:8|16|32|64)|u?(?:int|long|short|char)|bool|\w+_t|__(?:[us]|le|be)(?:8|16|32|64))\Z")
COMMENT = pattern(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)
ESCAPES = {b"n": 10, b"t": 9, b"r": 13, b"a": 7, b"b": 8, b"f": 12, b"v": 11, b"\\": 92, b"'": 39, b'"': 34, b"0": 0}


def folded(text: bytes) -> str:
    """*text* on one line: comments and line continuations gone, runs of blanks folded."""
    if b"/" in text:
        text = COMMENT.sub(b" ", text)
    return " ".join(text.replace(b"\\\n", b" ").decode("utf-8", "replace").split())


def condition_name(text: bytes) -> str:
    """The name of the global that a condition of the preprocessor, or a test of the configuration, reads as."""
    return "#" + folded(text).replace("( ", "(").replace(" )", ")")


def number(text: bytes) -> int | None:
    """The value of an integer literal; None for a floating one, or what is none."""
    digits = text.rstrip(b"uUlL")
    try:
        if len(digits) > 1 and digits[:1] == b"0" and digits[1:].isdigit():
            return int(digits, 8)
        return int(digits, 0)
    except ValueError:
        return None


def character(text: bytes) -> int | None:
    """The value of a character constant; None where it has more than one character."""
    inner = text[text.find(b"'") + 1 : -1]
    if len(inner) == 1:
        return inner[0]
    if inner[:1] == b"\\":
        known = ESCAPES.get(inner[1:])
        if known is not None:
            return known
        try:
            return int(b"0" + inner[1:], 16) if inner[1:2] == b"x" else int(inner[1:], 8)
        except ValueError:
            return None
    return None


def is_error_name(name: bytes) -> bool:
    """Whether *name* reads like an error number (``EFSCORRUPTED``)."""
    return ERROR_NAME.match(name) is not None


def is_type_name(name: bytes) -> bool:
    """Whether *name* reads like a type (``u32``, ``phys_addr_t``)."""
    return TYPE_NAME.match(name) is not None


def arithmetic(operator: str, left: int, right: int) -> int | None:
    """The value of ``left operator right``; None where C leaves it open or it is not worth knowing."""
    if operator == "<<":
        return left << right if 0 <= right < 64 else None
    if operator == ">>":
        return left >> right if 0 <= right < 64 else None
    if operator in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right)
        quotient = quotient if (left < 0) == (right < 0) else -quotient
        return quotient if operator == "/" else left - right * quotient
    operation = OPERATIONS.get(operator)
    return None if operation is None else int(operation(left, right))


OPERATIONS = {
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "&": int.__and__,
    "|": int.__or__,
    "^": int.__xor__,
    "==": int.__eq__,
    "!=": int.__ne__,
    "<": int.__lt__,
    "<=": int.__le__,
    ">": int.__gt__,
    ">=": int.__ge__,
}
