"""What must hold for a block to be reached, as far as named constants say it: ``type == FOO``, ``case FOO:``, ``flags & FOO``.

A block depends on a branch where only one way out of it always leads to the block (control dependence, by post-dominators); it depends on what
that branch depends on, too.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from getput.csource.lower_order import postorder, successors
from getput.flow.ir import Binary, Branch, Const, Deref, Expr, Field, Function, Index, Switch, Terminator, Unary, Var

CONSTANT = re.compile(r"[A-Z][A-Z0-9_]+$")


class Guard(NamedTuple):
    """A question: ``subject`` is the member or variable that is compared, ``constants`` what with."""

    subject: str
    constants: frozenset[str]


def guards(function: Function) -> list[frozenset[Guard]]:
    """What the way to each block has asked, one guard a subject."""
    blocks = function.blocks
    ways = [tuple(successors(block.end)) for block in blocks]
    after = postdominators(ways)
    depends: list[set[tuple[int, int]]] = [set() for _ in blocks]  # (block, the way out of it)
    for number, way in enumerate(ways):
        if len(set(way)) < 2:
            continue
        rest = after[number] & ~(1 << number)
        for to in sorted(set(way)):
            bits = after[to] & ~rest
            while bits:
                low = bits & -bits
                depends[low.bit_length() - 1].add((number, to))
                bits ^= low
    out = []
    for number in range(len(blocks)):
        asked: dict[str, set[str]] = {}
        waiting = [number]
        seen: set[tuple[int, int]] = set()
        while waiting:
            for branch, to in depends[waiting.pop()]:
                if (branch, to) in seen:
                    continue
                seen.add((branch, to))
                waiting.append(branch)
                test = question(blocks[branch].end, to)
                if test is not None:
                    asked.setdefault(test.subject, set()).update(test.constants)
        out.append(frozenset([Guard(subject, frozenset(names)) for subject, names in asked.items()]))
    return out


def postdominators(ways: list[tuple[int, ...]]) -> list[int]:
    """For each block the blocks that every way from it to an end passes, itself among them, as bits."""
    everything = (1 << len(ways)) - 1
    after = [everything if way else 1 << number for number, way in enumerate(ways)]
    sequence = postorder(ways)
    changed = True
    while changed:
        changed = False
        for number in sequence:
            if not ways[number]:
                continue
            common = everything
            for to in ways[number]:
                common &= after[to]
            common |= 1 << number
            if common != after[number]:
                after[number] = common
                changed = True
    return after


def question(end: Terminator, to: int) -> Guard | None:
    """What the block that ends so asks where it goes to *to*."""
    if isinstance(end, Branch):
        return compared(end.condition)
    if isinstance(end, Switch):
        if to == end.default:
            names = {name for case in end.cases for name in case.names}
        else:
            names = {name for case in end.cases if case.to == to for name in case.names}
        subject = last_name(end.value)
        named = {name for name in names if name and CONSTANT.match(name)}
        return Guard(subject, frozenset(named)) if subject and named else None
    return None


def compared(condition: Expr) -> Guard | None:
    """The constant that a condition compares something with."""
    while isinstance(condition, Unary) and condition.op == "!":
        condition = condition.operand
    if not isinstance(condition, Binary):
        return None
    if condition.op in ("==", "!=") and isinstance(condition.right, Const) and isinstance(condition.left, Binary):
        condition = condition.left
    if condition.op not in ("==", "!=", "&"):
        return None
    for one, other in ((condition.right, condition.left), (condition.left, condition.right)):
        if isinstance(one, Var) and CONSTANT.match(one.name):
            subject = last_name(other)
            return Guard(subject, frozenset([one.name])) if subject else None
    return None


def last_name(expr: Expr) -> str:
    """The member that an expression ends with, or its variable; "" of any other."""
    while isinstance(expr, (Deref, Index)):
        expr = expr.base
    return expr.name if isinstance(expr, (Field, Var)) else ""
