"""Expressions as a kernel developer would write them, for messages."""

from __future__ import annotations

from getput.flow.ir import (
    AddressOf,
    Binary,
    Const,
    ContainerOf,
    Deref,
    Expr,
    Field,
    Index,
    Str,
    Temp,
    Unary,
    Unknown,
    Var,
)


def text_of(expr: Expr) -> str:
    """C text for *expr*; ``...`` for what has no short form."""
    if isinstance(expr, Var):
        return expr.name
    if isinstance(expr, Const):
        return str(expr.value)
    if isinstance(expr, Field):
        return f"{text_of(expr.base)}{'->' if expr.arrow else '.'}{expr.name}"
    if isinstance(expr, Deref):
        return f"*{text_of(expr.base)}"
    if isinstance(expr, Index):
        return f"{text_of(expr.base)}[{text_of(expr.index)}]"
    if isinstance(expr, AddressOf):
        return f"&{text_of(expr.place)}"
    if isinstance(expr, Unary):
        return (
            f"{expr.op}({text_of(expr.operand)})"
            if expr.op.isalpha() or "_" in expr.op
            else f"{expr.op}{text_of(expr.operand)}"
        )
    if isinstance(expr, Binary):
        return f"{text_of(expr.left)} {expr.op} {text_of(expr.right)}"
    if isinstance(expr, ContainerOf):
        return f"container_of({text_of(expr.pointer)}, {expr.type}, {expr.member})"
    if isinstance(expr, Str):
        return expr.text
    if isinstance(expr, Temp):
        return ""
    assert isinstance(expr, Unknown)
    return "..."
