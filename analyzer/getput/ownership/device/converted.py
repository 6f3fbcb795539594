"""Puts that a patch converts from one that knows of FS_DAX pages to one that does not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from getput.flow.ir import AddressOf, Assign, Call, Deref, Expr, Field, Function, Index, Temp, Unary, Unknown, Var
from getput.ownership.device.table import known
from getput.ownership.view import Mark, PageFault
from getput.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getput.csource.syntax import FunctionSource
    from getput.ownership.unit import Unit

TRIES = pattern(r"unless_zero|try_?get|_get_nontail")  # a page that may have no count is not an FS_DAX one
MAX_STEPS = 4  # assignments by which a page got its name


def faults(unit: Unit, touched: frozenset[str]) -> Iterator[PageFault]:
    """Puts of pages that may be FS_DAX ones, in *touched* functions, that the other image made with a put that knows of them."""
    twin, dax = unit.twin, known().dax
    if twin is None:
        return
    for source in unit.sources:
        old = twin.by_name.get(source.name)
        if source.name not in touched or old is None:
            continue
        if not twin.words_of(old) & dax.aware or not unit.words_of(source) & dax.unaware:
            continue
        before, after = twin.function(old), unit.function(source)
        if before is None or after is None:
            continue
        lost = calls(before, dax.aware) - calls(after, dax.aware)
        new = calls(after, dax.unaware) - calls(before, dax.unaware)
        if not lost or not new:
            continue
        for (put, name), (unaware, _) in zip(sorted(lost), sorted(new), strict=False):
            api = origin(twin, old, before, name)
            if api:
                at = next(call.at for call in puts(after) if call.callee == unaware)
                note = f"{put} {api}"
                yield PageFault("put-converted", source.name, name, unaware, at, (Mark("here", at),), note)
                break


def puts(function: Function) -> Iterator[Call]:
    """The calls of a function that have an argument."""
    for block in function.blocks:
        for instr in block.instrs:
            if isinstance(instr, Call) and instr.args:
                yield instr


def calls(function: Function, names: frozenset[str]) -> Counter[tuple[str, str]]:
    """(callee, what it puts) of the calls of any of *names*, counted."""
    return Counter([(call.callee or "", root(call.args[0])) for call in puts(function) if call.callee in names])


def root(expr: Expr) -> str:
    """The variable, or the member, that an expression begins with: ``pages`` of ``pages[i]`` and of ``buf->pages[i]``."""
    while True:
        if isinstance(expr, (Index, Deref)):
            expr = expr.base
        elif isinstance(expr, AddressOf):
            expr = expr.place
        elif isinstance(expr, Unary):
            expr = expr.operand
        elif isinstance(expr, Unknown) and len(expr.parts) == 1:
            expr = expr.parts[0]
        elif isinstance(expr, (Field, Var)):
            return expr.name
        elif isinstance(expr, Temp):
            return f"%{expr.index}"
        else:
            return ""


def origin(unit: Unit, source: FunctionSource, function: Function, name: str) -> str:
    """The call by which a page of this name came, where that may give out FS_DAX pages; nothing where it is not known to."""
    names = {name}
    for _ in range(MAX_STEPS):
        found = given_out(function, names)
        if found is not None:
            return found
        more = {
            root(instr.value)
            for block in function.blocks
            for instr in block.instrs
            if isinstance(instr, Assign) and root(instr.target) in names
        }
        more |= {root(call.args[0]) for call in puts(function) if call.result is not None and converts(call, names)}
        if more <= names:
            break
        names |= more - {""}
    return elsewhere(unit, source, names)


def converts(call: Call, names: set[str]) -> bool:
    """Whether a call gives back its argument in another guise, under one of *names*."""
    return call.callee in known().pages.same and call.result is not None and f"%{call.result.index}" in names


def given_out(function: Function, names: set[str]) -> str | None:
    """The call that gives out what goes by one of *names*; nothing ("") where the function asks whether it has a count at all."""
    origins = known().dax.origins
    found = None
    for call in puts(function):
        callee = call.callee or ""
        if TRIES.search(callee) and root(call.args[0]) in names:
            return ""
        where = origins.get(callee)
        if where is None:
            continue
        result = "" if call.result is None else f"%{call.result.index}"
        if result in names if where < 0 else where < len(call.args) and root(call.args[where]) in names:
            found = callee
    return found


def elsewhere(unit: Unit, source: FunctionSource, names: set[str]) -> str:
    """The same for another function of the file that fills a member of one of *names*: by itself, or from a variable."""
    origins = known().dax.origins
    for other in unit.sources:
        asked = unit.words_of(other) & origins.keys()
        if other.name == source.name or not asked or not names & unit.words_of(other):
            continue
        function = unit.function(other)
        if function is None:
            continue
        stored = {
            root(instr.value)
            for block in function.blocks
            for instr in block.instrs
            if isinstance(instr, Assign) and isinstance(place(instr.target), Field) and root(instr.target) in names
        }
        for call in puts(function):
            where = origins.get(call.callee or "", -1)
            if not 0 <= where < len(call.args):
                continue
            given = root(call.args[where])
            if given in stored or (given in names and isinstance(place(call.args[where]), Field)):
                return call.callee or ""
    return ""


def place(expr: Expr) -> Expr:
    """What an argument is an address or an element of."""
    while isinstance(expr, (AddressOf, Index, Deref)):
        expr = expr.place if isinstance(expr, AddressOf) else expr.base
    return expr
