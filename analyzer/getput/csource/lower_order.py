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
    seen = [False] * len(ways)
    order: list[int] = []
    stack = [0]
    while stack:
        block = stack.pop()
        if block < 0:
            order.append(~block)
        elif not seen[block]:
            seen[block] = True
            stack.append(~block)
            stack.extend(ways[block])
    return order


def tidy(blocks: Sequence[list[Instr]], ends: Sequence[Terminator | None]) -> tuple[Block, ...]:
    """Blocks under construction put in order; the lists in *blocks* are used up.

    Unreachable blocks go; empty blocks that only run on (a jump without a place of its own) are jumped over; a block
    reached from one place, by running on, joins the block before it; the rest is numbered in reverse post-order.
    A block without a terminator ends in ``Stop``.
    """
    through = _through(blocks, ends)
    ways: list[tuple[int, ...]] = []
    final: list[Terminator] = []
    for block, end in enumerate(ends):
        kind = type(end)
        if kind is Jump:
            ways.append((through[end.to],))  # type: ignore[union-attr]
        elif kind is Branch:
            then, other = through[end.then], through[end.other]  # type: ignore[union-attr]
            ways.append((then, other))
            if then == other:
                blocks[block].append(Read(end.condition, end.at))  # type: ignore[union-attr]
                end = Jump(then, -1)  # noqa: PLW2901
        elif end is None:
            end = Stop(-1)  # noqa: PLW2901
            ways.append(())
        else:
            ways.append(tuple([through[to] for to in successors(end)]))
        final.append(end)  # type: ignore[arg-type]
    order = postorder(ways)
    order.reverse()
    entries = [0] * len(final)
    entries[0] = 1
    for block in order:
        for to in ways[block]:
            entries[to] += 1
    merged: set[int] = set()
    kept: list[int] = []
    numbers = [-1] * len(final)
    for block in order:
        if block in merged:
            continue
        end = final[block]
        while type(end) is Jump and end.at < 0:
            to = through[end.to]
            if entries[to] != 1 or to == block:
                break
            merged.add(to)
            blocks[block].extend(blocks[to])
            end = final[to]
        final[block] = end
        numbers[block] = len(kept)
        kept.append(block)
    renamed = [numbers[to] for to in through]
    return tuple([Block(tuple(blocks[block]), _moved(final[block], renamed)) for block in kept])


def _through(blocks: Sequence[list[Instr]], ends: Sequence[Terminator | None]) -> list[int]:
    """Where a jump to each block ends up: behind empty blocks that run on; an empty endless loop leads to itself."""
    through = [-1] * len(ends)
    for block, instrs in enumerate(blocks):
        end = ends[block]
        if instrs or type(end) is not Jump or end.at >= 0:
            through[block] = block
    for block in range(len(ends)):
        if through[block] >= 0:
            continue
        to = block
        passed = {to}
        while through[to] < 0:
            end = ends[to]
            if type(end) is not Jump or end.to in passed:
                break
            to = end.to
            passed.add(to)
        last = to if through[to] < 0 else through[to]
        for one in passed:
            if through[one] < 0:
                through[one] = last
    return through


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
        arms: dict[int, list[tuple[tuple[int | None, int | None], str]]] = {}
        for case in end.cases:
            names = case.names or ("",) * len(case.values)
            arms.setdefault(to[case.to], []).extend(zip(case.values, names, strict=True))
        cases = tuple(
            [
                Case(tuple([one[0] for one in known]), arm, tuple([one[1] for one in known]))
                for arm, known in arms.items()
            ]
        )
        return Switch(end.value, cases, to[end.default], end.at)
    return end
