"""Tests for an idle page, and the count that an idle page of that kind has.

A free device-private or device-coherent page has a count of zero, an idle FS_DAX page one: a test against the other number is never true, or
always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from getput.flow.ir import (
    AddressOf,
    Assign,
    Binary,
    Branch,
    Call,
    Const,
    Expr,
    Field,
    Function,
    Temp,
    Unary,
    Unknown,
    Var,
)
from getput.ownership.device.table import known
from getput.ownership.view import Mark, PageFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getput.csource.syntax import FunctionSource
    from getput.ownership.device.driver import Driver
    from getput.ownership.unit import Unit

# A comparison of a count that holds of an idle page, or of one in use, only where an idle page has this count.
BASES = {
    ("==", 1): 1, ("!=", 1): 1, (">", 1): 1, ("<=", 1): 1, (">=", 2): 1, ("<", 2): 1,
    ("==", 0): 0, ("!=", 0): 0, (">", 0): 0, ("<=", 0): 0, (">=", 1): 0, ("<", 1): 0,
}  # fmt: skip
COUNTER = "_refcount"


def faults(unit: Unit, owner: Driver | None) -> Iterator[PageFault]:
    """Tests with the wrong number: of pages without a count for one, of FS_DAX pages for zero."""
    table = known()
    countless = owner is not None and owner.countless
    dax = any(name.encode() in unit.text for name in table.dax.idle)
    if not countless and not dax:
        return
    asking = table.pages.counts | {COUNTER}
    for source in unit.sources:
        words = unit.words_of(source)
        if not words & asking:
            continue
        function = unit.function(source)
        if function is None:
            continue
        for page, base, at, api in tests(function):
            if countless and base == 1 and not allocated(function, page):
                yield fault(source, page, at, api, "1", "0")
            elif dax and not countless and base == 0 and (api == COUNTER or dax_page(function, page)):
                yield fault(source, page, at, api, "0", "1")


def fault(source: FunctionSource, page: Expr, at: int, api: str, tested: str, right: str) -> PageFault:
    """One wrong test."""
    label = page.name if isinstance(page, Var) else "the page"
    return PageFault("idle-base", source.name, label, api, at, (Mark("here", at),), f"{tested} {right}")


def tests(function: Function) -> Iterator[tuple[Expr, int, int, str]]:
    """(page, the count of an idle one that is assumed, offset, what was asked) of every comparison of a page's count."""
    counts: dict[int, tuple[Expr, int, str]] = {}
    for block in function.blocks:
        for instr in block.instrs:
            if isinstance(instr, Call) and instr.result is not None and instr.args:
                asked = count_of(instr)
                if asked is not None:
                    counts[instr.result.index] = (asked[0], instr.at, asked[1])
    for block in function.blocks:
        exprs: list[Expr] = [arg for instr in block.instrs if isinstance(instr, Call) for arg in instr.args]
        exprs += [instr.value for instr in block.instrs if isinstance(instr, Assign)]
        if isinstance(block.end, Branch):
            exprs.append(block.end.condition)
            if isinstance(block.end.condition, Temp) and block.end.condition.index in counts:
                page, at, api = counts[block.end.condition.index]
                yield page, 0, at, api
        value = getattr(block.end, "value", None)
        if value is not None:
            exprs.append(value)
        for expr in exprs:
            yield from compared(expr, counts)


def count_of(call: Call) -> tuple[Expr, str] | None:
    """The page whose count a call reads, and by what."""
    if call.callee in known().pages.counts:
        return call.args[0], call.callee or ""
    arg = call.args[0]
    if call.callee == "atomic_read" and isinstance(arg, AddressOf) and isinstance(arg.place, Field):
        place = arg.place
        if place.name == COUNTER:
            return place.base, COUNTER
    return None


def compared(expr: Expr, counts: dict[int, tuple[Expr, int, str]]) -> Iterator[tuple[Expr, int, int, str]]:
    """The comparisons of a count within an expression."""
    if isinstance(expr, Binary):
        if isinstance(expr.left, Temp) and expr.left.index in counts and isinstance(expr.right, Const):
            base = BASES.get((expr.op, expr.right.value))
            if base is not None:
                page, at, api = counts[expr.left.index]
                yield page, base, at, api
            return
        yield from compared(expr.left, counts)
        yield from compared(expr.right, counts)
    elif isinstance(expr, Unary):
        if expr.op == "!" and isinstance(expr.operand, Temp) and expr.operand.index in counts:
            page, at, api = counts[expr.operand.index]
            yield page, 0, at, api
            return
        yield from compared(expr.operand, counts)
    elif isinstance(expr, Unknown):
        for part in expr.parts:
            yield from compared(part, counts)


def origins(function: Function, page: Expr) -> set[str]:
    """The calls that the variable gets its value from."""
    if not isinstance(page, Var):
        return set()
    results = {
        instr.result.index: instr.callee or ""
        for block in function.blocks
        for instr in block.instrs
        if isinstance(instr, Call) and instr.result is not None
    }
    return {
        results[instr.value.index]
        for block in function.blocks
        for instr in block.instrs
        if isinstance(instr, Assign)
        and instr.target == page
        and isinstance(instr.value, Temp)
        and instr.value.index in results
    }


def allocated(function: Function, page: Expr) -> bool:
    """Whether the page comes from the page allocator, or from a migration entry: then it may be any page."""
    table = known().pages
    return bool(
        origins(function, page) & (table.allocated | {"migrate_pfn_to_page", "vm_normal_page", "pfn_to_online_page"})
    )


def dax_page(function: Function, page: Expr) -> bool:
    """Whether the page is one that is to become idle, or one of a file that looks for such by its frame."""
    return bool(origins(function, page) & (known().dax.idle | known().pages.of_frame))
