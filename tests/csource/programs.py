"""Random C programs: what they are made of, and how they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

CONFIGS = ("CONFIG_A", "CONFIG_B")
VARIABLES = ("a", "b", "x", "y")
COMPARISONS: dict[str, Callable[[int, int], int]] = {
    "+": lambda p, q: p + q,
    "-": lambda p, q: p - q,
    "*": lambda p, q: p * q,
    "&": lambda p, q: p & q,
    "==": lambda p, q: int(p == q),
    "!=": lambda p, q: int(p != q),
    "<": lambda p, q: int(p < q),
    ">": lambda p, q: int(p > q),
}

# --- programs: an expression or statement is a tuple of its kind and its parts ---------------------------------------

constants = st.integers(0, 3).map(lambda n: ("const", n))
variables = st.sampled_from(VARIABLES).map(lambda name: ("var", name))
pure = st.recursive(
    constants | variables,
    lambda inner: st.tuples(st.just("binary"), st.sampled_from(sorted(COMPARISONS)), inner, inner),
    max_leaves=4,
)
expressions = st.recursive(
    pure | st.tuples(st.just("call"), pure) | st.tuples(st.sampled_from(["x++", "++x"]), st.sampled_from(VARIABLES)),
    lambda inner: st.one_of(
        st.tuples(st.just("assign"), st.sampled_from(VARIABLES), inner),
        st.tuples(st.sampled_from(["&&", "||", ","]), inner, inner),
        st.tuples(st.just("?:"), inner, inner, inner),
        st.tuples(st.just("elvis"), inner, inner),
        st.tuples(st.sampled_from(["!", "unlikely", "block"]), inner),
        st.tuples(st.just("binary"), st.sampled_from(sorted(COMPARISONS)), inner, constants),
        st.tuples(st.just("call"), inner),
    ),
    max_leaves=5,
)
simple = st.one_of(
    st.tuples(st.just("effect"), expressions),
    st.tuples(st.just("local"), st.sampled_from(VARIABLES), expressions),
    st.tuples(st.just("free"), st.sampled_from(VARIABLES), expressions),
    st.tuples(st.just("return"), expressions),
    st.tuples(st.just("goto"), st.integers(0, 3)),
    st.sampled_from([("break",), ("continue",)]),
)


def compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Statements made of statements."""
    block = st.lists(inner, max_size=4).map(lambda body: ("block", tuple(body)))
    arms = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), block), max_size=3, unique_by=lambda arm: arm[0])
    return st.one_of(
        block,
        st.tuples(st.just("if"), expressions, block),
        st.tuples(st.just("else"), expressions, block, block),
        st.tuples(st.sampled_from(["for", "while", "do", "each", "scoped"]), st.integers(0, 3), block),
        st.tuples(st.just("once"), block),
        st.tuples(st.just("switch"), pure, arms, st.none() | block),
        st.tuples(st.just("ifdef"), st.sampled_from(CONFIGS), st.booleans(), block, st.none() | block),
    )


statements = st.recursive(simple, compound, max_leaves=14)
programs = st.lists(statements, min_size=1, max_size=6)


# --- as text ---------------------------------------------------------------------------------------------------------


def text_of(expr: Any) -> str:
    match expr:
        case ("const", n):
            return str(n)
        case ("var", name):
            return str(name)
        case ("binary", op, left, right):
            return f"({text_of(left)} {op} {text_of(right)})"
        case ("call", arg):
            return f"f({text_of(arg)})"
        case ("x++", name):
            return f"{name}++"
        case ("++x", name):
            return f"(++{name})"
        case ("assign", name, value):
            return f"({name} = {text_of(value)})"
        case ("&&" | "||" | "," as op, left, right):
            return f"({text_of(left)} {op} {text_of(right)})"
        case ("?:", test, then, other):
            return f"({text_of(test)} ? {text_of(then)} : {text_of(other)})"
        case ("elvis", test, other):
            return f"({text_of(test)} ?: {text_of(other)})"
        case ("!", value):
            return f"!{text_of(value)}"
        case ("unlikely", value):
            return f"unlikely({text_of(value)})"
        case ("block", value):
            return f"({{ int t = {text_of(value)}; t; }})"
    raise AssertionError(expr)


class Writer:
    """Writes statements as C; loop counters get names that nothing else uses."""

    def __init__(self, length: int) -> None:
        self.counters = 0
        self.position = 0
        self.length = length

    def write(self, statement: Any) -> str:
        match statement:
            case ("effect", expr):
                return f"{text_of(expr)};\n"
            case ("local", name, expr):
                return f"int {name} = {text_of(expr)};\n"
            case ("free", name, expr):
                return f"int {name} __free(note) = {text_of(expr)};\n"
            case ("return", expr):
                return f"return {text_of(expr)};\n"
            case ("goto", label):
                return f"goto l{onward(label, self.position, self.length)};\n"
            case ("break",) | ("continue",):
                return f"{statement[0]};\n"
            case ("block", body):
                return "{\n" + "".join(map(self.write, body)) + "}\n"
            case ("if", test, body):
                return f"if ({text_of(test)})\n{self.write(body)}"
            case ("else", test, body, other):
                return f"if ({text_of(test)})\n{self.write(body)}else\n{self.write(other)}"
            case ("for" | "while" | "do" | "each" | "scoped" as kind, bound, body):
                self.counters += 1
                counter = f"n{self.counters}"
                inside = self.write(body)
                if kind == "for":
                    return f"for (int {counter} = 0; {counter} < {bound}; {counter}++)\n{inside}"
                if kind == "while":
                    return f"{{\nint {counter} = {bound};\nwhile ({counter}-- > 0)\n{inside}}}\n"
                if kind == "do":
                    return f"{{\nint {counter} = {bound};\ndo\n{inside}while (--{counter} > 0);\n}}\n"
                return f"for_each_number{'_scoped' if kind == 'scoped' else ''}({counter}, {bound})\n{inside}"
            case ("once", body):
                return f"scoped_guard(lock, 1)\n{self.write(body)}"
            case ("switch", value, arms, default):
                text = f"switch ({text_of(value)}) {{\n"
                for low, more, body in arms:
                    text += f"case {low}:\n" if not more else f"case {low * 10} ... {low * 10 + more}:\ncase {low}:\n"
                    text += self.write(body)
                if default is not None:
                    text += f"default:\n{self.write(default)}"
                return text + "}\n"
            case ("ifdef", config, positive, body, other):
                text = f"#{'ifdef' if positive else 'ifndef'} {config}\n{self.write(body)}"
                return text + (f"#else\n{self.write(other)}" if other is not None else "") + "#endif\n"
        raise AssertionError(statement)


def write_program(program: list[Any]) -> str:
    """The program as a C function; statement *i* of the top level carries the label ``l{i}`` where it is wanted."""
    writer = Writer(len(program))
    text = "int program(int a, int b)\n{\nint x = 1;\nint y = 2;\n"
    for writer.position, statement in enumerate(program):
        lines = writer.write(legal(statement, frozenset())).splitlines()
        text += f"l{writer.position}:\n\t{{\n" + "".join(f"\t{line}\n" for line in lines) + "\t}\n"
    return text + f"l{len(program)}:\nreturn 7;\n}}\n"


def onward(label: int, position: int, length: int) -> int:
    """Which label a ``goto`` in the statement at *position* leads to: always one further down."""
    return min(max(label, position + 1), length)


def legal(statement: Any, inside: frozenset[str]) -> Any:
    """The statement without what C forbids: a stray ``break``, a local that its initialiser reads or declared twice."""
    loop = frozenset(["break", "continue"])
    match statement:
        case ("break",) | ("continue",):
            return statement if statement[0] in inside else ("block", ())
        case ("local" | "free" as kind, name, expr):
            return (kind, name, without(name, expr))
        case ("block", body):
            parts = [legal(part, inside) for part in body]
            names = [part[1] if part[0] in ("local", "free") else None for part in parts]
            for number, part in enumerate(parts):
                if names[number] is not None and names[number] in names[:number]:
                    parts[number] = ("effect", part[2])
            return ("block", tuple(parts))
        case ("if", test, body):
            return ("if", test, legal(body, inside))
        case ("else", test, body, other):
            return ("else", test, legal(body, inside), legal(other, inside))
        case ("for" | "while" | "do" | "each" | "scoped" as kind, bound, body):
            return (kind, bound, legal(body, loop))
        case ("once", body):
            return ("once", legal(body, loop))
        case ("switch", value, arms, default):
            within = inside | {"break"}
            arms = [(low, more, legal(body, within)) for low, more, body in arms]
            return ("switch", value, arms, None if default is None else legal(default, within))
        case ("ifdef", config, positive, body, other):
            return ("ifdef", config, positive, legal(body, inside), None if other is None else legal(other, inside))
    return statement


def without(name: str, expr: Any) -> Any:
    """The expression with another variable in the place of *name*."""
    other = VARIABLES[VARIABLES.index(name) - 1]
    if not isinstance(expr, tuple):
        return other if expr == name else expr
    return tuple(without(name, part) for part in expr)
