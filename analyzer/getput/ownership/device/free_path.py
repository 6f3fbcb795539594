"""What becomes of a page when ``->page_free()`` has got it: its count, and the reference on its pagemap, by the type of its memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from getput.flow.ir import (
    Assign,
    Binary,
    Branch,
    Call,
    Const,
    Expr,
    Field,
    Function,
    Instr,
    Return,
    Switch,
    Temp,
    Unary,
    Var,
)
from getput.ownership.device.table import known
from getput.ownership.device.walk import Question, Way, walk
from getput.ownership.view import Mark, PageFault

if TYPE_CHECKING:
    from getput.ownership.unit import Unit

PAGEMAP = "pgmap"


class Freed(msgspec.Struct, frozen=True):
    """One path: the types that it may be about, the offset of ``page_free`` (-1 before it), how often the pagemap was put, and the count that
    was set last (-1 where none was)."""

    types: frozenset[str]
    at: int = -1
    puts: int = 0
    count: int = -1


class End(msgspec.Struct, frozen=True):
    """How one path ends."""

    state: Freed
    at: int
    way: Way


class FreePath(Question[Freed]):
    """Follows a function that calls ``->page_free()``, or that gives a page its pagemap: from there on."""

    def __init__(self, unit: Unit, function: Function) -> None:
        self.unit = unit
        self.ends: dict[Freed, End] = {}
        self.answers: dict[int, frozenset[str]] = {}  # temporaries that ask for a type
        self.flags: dict[str, Expr] = {}  # locals that say whether it is one, or which
        for block in function.blocks:
            for instr in block.instrs:
                if isinstance(instr, Call) and instr.result is not None and instr.callee in known().predicates:
                    self.answers[instr.result.index] = known().predicates[instr.callee]
                elif isinstance(instr, Assign) and isinstance(instr.target, Var) and not isinstance(instr.value, Const):
                    self.flags[instr.target.name] = instr.value

    def step(self, state: Freed, instr: Instr, _at: Callable[[], Way]) -> Freed:
        if isinstance(instr, Assign) and isinstance(instr.target, Field) and instr.target.name == PAGEMAP:
            return msgspec.structs.replace(state, at=instr.at)
        if not isinstance(instr, Call):
            return state
        if isinstance(instr.pointer, Field) and instr.pointer.name in known().operations.free:
            return msgspec.structs.replace(state, at=instr.at)
        name = instr.callee or ""
        table = known().pages
        if name in table.sets and len(instr.args) > 1 and isinstance(instr.args[1], Const):
            return msgspec.structs.replace(state, count=instr.args[1].value)
        if name == "init_page_count":
            return msgspec.structs.replace(state, count=1)
        if name in table.pagemap_puts or self.puts(name):
            return msgspec.structs.replace(state, puts=min(state.puts + 1, 2))
        return state

    def puts(self, name: str) -> bool:
        """Whether a function of the file puts a pagemap."""
        source = self.unit.by_name.get(name)
        return source is not None and bool(self.unit.words_of(source) & known().pages.pagemap_puts)

    def asked(self, expr: Expr) -> tuple[frozenset[str], bool] | None:
        """The types that a condition asks for, and whether it is true of them."""
        if isinstance(expr, Unary) and expr.op == "!":
            inner = self.asked(expr.operand)
            return None if inner is None else (inner[0], not inner[1])
        if isinstance(expr, Temp) and expr.index in self.answers:
            return self.answers[expr.index], True
        if isinstance(expr, Var) and expr.name in self.flags and not isinstance(self.flags[expr.name], Var):
            return self.asked(self.flags[expr.name])
        if isinstance(expr, Binary) and expr.op in ("==", "!="):
            for one, other in ((expr.left, expr.right), (expr.right, expr.left)):
                if isinstance(other, Var) and other.name in known().types.all and self.is_type(one):
                    return frozenset({other.name}), expr.op == "=="
        return None

    def is_type(self, expr: Expr) -> bool:
        """Whether an expression is the type of a pagemap."""
        if isinstance(expr, Var) and expr.name in self.flags:
            expr = self.flags[expr.name]
        return isinstance(expr, Field) and expr.name == "type"

    def assume(self, state: Freed, end: Branch, truth: bool) -> Freed | None:
        asked = self.asked(end.condition)
        if asked is None:
            return state
        types = state.types & asked[0] if truth == asked[1] else state.types - asked[0]
        return msgspec.structs.replace(state, types=types) if types else None

    def arm(self, state: Freed, end: Switch, names: tuple[str, ...] | None) -> Freed | None:
        if not self.is_type(end.value):
            return state
        if names is None:
            named = {name for case in end.cases for name in case.names}
            types = state.types - named
        else:
            types = state.types & frozenset(names)
        return msgspec.structs.replace(state, types=types) if types else None

    def leave(self, state: Freed, end: Return, at: Callable[[], Way]) -> None:
        if state.at >= 0 and state not in self.ends:
            self.ends[state] = End(state, end.at, (Mark("page_free", state.at), *at(), Mark("exit", end.at)))


def ends(unit: Unit, name: str) -> tuple[End, ...]:
    """How the paths of a function end that have called ``->page_free()``."""
    source = unit.by_name[name]
    function = unit.function(source)
    if function is None:
        return ()
    question = FreePath(unit, function)
    if not walk(function, Freed(frozenset(known().types.all)), question):
        return ()
    return tuple(question.ends.values())


def freeing(unit: Unit) -> list[str]:
    """The functions of *unit* that hand a page back to whoever owns it."""
    members = frozenset(known().operations.free)
    called = tuple(b"->" + name.encode() + b"(" for name in sorted(members))
    return [
        source.name
        for source in unit.sources
        if unit.words_of(source) & members
        and any(unit.text.find(call, source.start, source.end) >= 0 for call in called)
    ]


def starting(unit: Unit) -> list[str]:
    """The functions of *unit* that give a page its pagemap, and may give it a count."""
    sets = known().pages.sets
    return [
        source.name
        for source in unit.sources
        if unit.words_of(source) & sets and unit.text.find(b"page->pgmap = ", source.start, source.end) >= 0
    ]


def outcomes(unit: Unit, name: str) -> dict[str, frozenset[tuple[int, int]]]:
    """What a function does to pages of each type: the counts that it leaves (-1: it does not say), and how often it puts their pagemap."""
    found: dict[str, set[tuple[int, int]]] = {}
    for end in ends(unit, name):
        for kind in end.state.types:
            found.setdefault(kind, set()).add((end.state.count, end.state.puts))
    return {kind: frozenset(pairs) for kind, pairs in found.items()}


def faults(unit: Unit) -> list[PageFault]:
    """Paths that free a page whose type holds a reference on its pagemap while it is in use, and do not drop that."""
    out = []
    for name in freeing(unit):
        for end in ends(unit, name):
            types = [one for one in known().types.countless if one in end.state.types]
            if types and not end.state.puts and end.state.count <= 0:  # else it is taken for another type altogether
                note = " and ".join(types)
                function = unit.function(unit.by_name[name])
                sure = function is not None and not function.damaged
                out.append(PageFault("pagemap-kept", name, "pgmap", "", end.at, end.way, note, sure))
                break
    return out
