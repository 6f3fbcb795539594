"""Operators on numbers: which compare, what their opposites are, what they give."""

from __future__ import annotations

from typing import Final

COMPARE: Final = {"==", "!=", "<", "<=", ">", ">="}
NEGATED: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def fold(op: str, a: int, b: int) -> int | None:
    """The constant ``a op b``, or None."""
    if op == "+":
        return a + b
    if op == "-":
        return a - b
    if op == "*":
        return a * b
    if op == "&":
        return a & b
    if op == "|":
        return a | b
    if op == "^":
        return a ^ b
    if op == "<<" and 0 <= b < 64:
        return a << b
    if op == ">>" and 0 <= b < 64:
        return a >> b
    return None
