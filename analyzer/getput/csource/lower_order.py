"""The blocks of a lowered function put in order: the unreachable go, jumps are threaded, numbers get dense."""

from __future__ import annotations

from collections.abc import Sequence

from getput.flow.ir import Advance, Block, Branch, Case, Instr, Jump, Read, Stop, Switch, Terminator


def successors(end: Terminator) -> tuple[int, ...]:
    """Where a terminator leads, in the order of the text."""
    kind = type(end)
    if kind is Jump:
        return (end.to,)  # type: ignore[union-attr]
    if kind is Branch:
        return (end.then, end.other)  # type: ignore[union-attr]
    if kind is Advance:
        return (end.body, end.done)  # type: ignore[union-attr]
    if isinstance(end, Switch):
        return (*[case.to for case in end.cases], end.default)
    return ()


def postorder(ways: Sequence[tuple[int, ...]]) -> list[int]:
    """The blocks reachable from block 0 in post-order of a depth-first walk; ``ways`` has each block's successors.

    The last way out of a block is walked first, so that the reverse of the order reads like the text.
    """
    seen = {0}
    order: list[int] = []
    stack = [(0, len(ways[0]))]
    while stack:
        block, left = stack.pop()
        while left:
            left -= 1
            to = ways[block][left]
            if to not in seen:
                seen.add(to)
                stack.append((block, left))
                stack.append((to, len(ways[to])))
                break
        else:
            order.append(block)
    return order


def tidy(blocks: Sequence[list[Instr]], ends: Sequence[Terminator | None]) -> tuple[Block, ...]:
    """Blocks under construction put in order.

    Unreachable blocks go; empty blocks that only run on (a jump without a place of its own) are jumped over; a block
    reached from one place, by running on, joins the block before it; the rest is numbered in reverse post-order.
    A block without a terminator ends in ``Stop``.
    """
    count = len(ends)
    through = [-1] * count
    for block in range(count):
        # Follow the empty blocks that run on; an empty endless loop leads to itself.
        to = block
        passed = {to}
        while through[to] < 0:
            end = ends[to]
            if blocks[to] or type(end) is not Jump or end.at >= 0 or end.to in passed:
                break
            to = end.to
            passed.add(to)
        last = to if through[to] < 0 else through[to]
        for one in passed:
            through[one] = last
    bodies = [list(instrs) for instrs in blocks]
    final = [_moved(end, through) if end is not None else Stop(-1) for end in ends]
    for block, end in enumerate(final):
        if type(end) is Branch and end.then == end.other:
            bodies[block].append(Read(end.condition, end.at))
            final[block] = Jump(end.then, -1)
    ways = [successors(end) for end in final]
    order = postorder(ways)
    entries = [0] * count
    entries[0] = 1
    for block in order:
        for to in ways[block]:
            entries[to] += 1
    merged: set[int] = set()
    for block in reversed(order):
        if block in merged:
            continue
        end = final[block]
        while type(end) is Jump and end.at < 0 and entries[end.to] == 1 and end.to != block:
            merged.add(end.to)
            bodies[block].extend(bodies[end.to])
            end = final[end.to]
        final[block] = end
    kept = [block for block in reversed(order) if block not in merged]
    numbers = [-1] * count
    for number, block in enumerate(kept):
        numbers[block] = number
    return tuple([Block(tuple(bodies[block]), _moved(final[block], numbers)) for block in kept])


def _moved(end: Terminator, to: Sequence[int]) -> Terminator:
    """A terminator whose targets are renamed; cases of a switch that then lead to the same block become one."""
    kind = type(end)
    if kind is Jump:
        return Jump(to[end.to], end.at)  # type: ignore[union-attr]
    if kind is Branch:
        return Branch(end.condition, to[end.then], to[end.other], end.at)  # type: ignore[union-attr]
    if kind is Advance:
        return Advance(end.macro, end.args, to[end.body], to[end.done], end.at)  # type: ignore[union-attr]
    if isinstance(end, Switch):
        arms: dict[int, list[tuple[int | None, int | None]]] = {}
        for case in end.cases:
            arms.setdefault(to[case.to], []).extend(case.values)
        cases = tuple([Case(tuple(values), arm) for arm, values in arms.items()])
        return Switch(end.value, cases, to[end.default], end.at)
    return end
