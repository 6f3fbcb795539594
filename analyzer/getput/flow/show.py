"""The intermediate representation as text that reads like C, for tests and for whoever debugs."""

from __future__ import annotations

from getput.flow.ir import (
    AddressOf,
    Advance,
    Assign,
    Binary,
    Branch,
    Call,
    Case,
    Const,
    ContainerOf,
    Declare,
    Deref,
    Expr,
    Field,
    Function,
    Index,
    Instr,
    Jump,
    Read,
    Return,
    ScopeEnd,
    Start,
    Stop,
    Str,
    Switch,
    Temp,
    Terminator,
    Unary,
    Unknown,
    Var,
)


def show_expr(expr: Expr) -> str:
    """An expression as text; temporaries read ``%0``, what is not understood ``?text(parts)``."""
    match expr:
        case Var(name):
            return name
        case Temp(index):
            return f"%{index}"
        case Const(value):
            return str(value)
        case Str(text):
            return text
        case Field(base, name, arrow):
            return f"{_operand(base)}{'->' if arrow else '.'}{name}"
        case Deref(base):
            return f"*{_operand(base)}"
        case Index(base, index):
            return f"{_operand(base)}[{show_expr(index)}]"
        case AddressOf(place):
            return f"&{_operand(place)}"
        case Unary(op, operand):
            return f"{op}({show_expr(operand)})" if op[0].isalpha() else f"{op}{_operand(operand)}"
        case Binary(op, left, right):
            return f"{_operand(left)} {op} {_operand(right)}"
        case ContainerOf(pointer, type_, member):
            return f"container_of({show_expr(pointer)}, {type_}, {member})"
        case Unknown(text, parts):
            return f"?{text}" + (f"[{', '.join(show_expr(part) for part in parts)}]" if parts else "")
    raise TypeError(type(expr).__name__)


def _operand(expr: Expr) -> str:
    text = show_expr(expr)
    bare = not isinstance(expr, (Binary, Deref, AddressOf, Unknown)) and not text.startswith(("-", "!", "~"))
    return text if bare else f"({text})"


def show_instr(instr: Instr) -> str:
    """An instruction as one line of text, without its position."""
    match instr:
        case Declare(name, kind, cleanup, _):
            return f"declare {_named(kind, name)}" + (f" cleanup({cleanup})" if cleanup else "")
        case Assign(target, value, _):
            return f"{show_expr(target)} = {show_expr(value)}"
        case Call(result, callee, pointer, args, _, _):
            called = callee if callee is not None else f"({show_expr(pointer) if pointer is not None else '?'})"
            text = f"{called}({', '.join(show_expr(arg) for arg in args)})"
            return text if result is None else f"{show_expr(result)} = {text}"
        case ScopeEnd(name, cleanup, _):
            return f"scope end {name} cleanup({cleanup})"
        case Start(macro, args, _):
            return f"start {macro}({', '.join(show_expr(arg) for arg in args)})"
        case Read(value, _):
            return f"read {show_expr(value)}"
    raise TypeError(type(instr).__name__)


def _named(kind: str, name: str) -> str:
    return f"{kind}{name}" if kind.endswith("*") or not kind or not name else f"{kind} {name}"


def show_end(end: Terminator) -> str:
    """A terminator as one line of text, without its position."""
    match end:
        case Jump(to, at):
            return f"goto {to}" if at >= 0 else f"-> {to}"
        case Branch(condition, then, other, _):
            return f"if {show_expr(condition)} -> {then} else {other}"
        case Switch(value, cases, default, _):
            arms = [f"{show_arm(case)} -> {case.to}" for case in cases]
            return f"switch {show_expr(value)} {{{', '.join(arms)}}} else {default}"
        case Advance(macro, args, body, done, _):
            return f"advance {macro}({', '.join(show_expr(arg) for arg in args)}) -> {body} done {done}"
        case Return(value, _):
            return "return" if value is None else f"return {show_expr(value)}"
        case Stop():
            return "stop"
    raise TypeError(type(end).__name__)


def show_arm(case: Case) -> str:
    """The values of one arm of a switch, ``?`` for those that are not known."""
    return "|".join(_range(low, high) for low, high in case.values)


def _range(low: int | None, high: int | None) -> str:
    if low == high:
        return "?" if low is None else str(low)
    return f"{'?' if low is None else low}..{'?' if high is None else high}"


def show(function: Function) -> str:
    """A function as text: a heading, then each block with its number and one line an instruction."""
    params = ", ".join(_named(param.type, param.name) for param in function.params)
    lines = [f"{'static ' if function.static else ''}{_named(function.returns, function.name)}({params})"]
    if function.damaged:
        lines[0] += " damaged"
    for number, block in enumerate(function.blocks):
        lines.append(f"{number}:")
        lines.extend(f"    {show_instr(instr)}" for instr in block.instrs)
        lines.append(f"    {show_end(block.end)}")
    return "\n".join(lines) + "\n"
