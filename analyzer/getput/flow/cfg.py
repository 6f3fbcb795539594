"""The shape of a function's graph: the order of its blocks, where loops begin, and what is live where."""

from __future__ import annotations

from collections.abc import Callable

from getput.csource.lower_order import postorder, successors
from getput.flow.ir import (
    AddressOf,
    Advance,
    Assign,
    Binary,
    Block,
    Branch,
    Call,
    ContainerOf,
    Declare,
    Deref,
    Expr,
    Field,
    Function,
    Index,
    Read,
    Return,
    ScopeEnd,
    Start,
    Switch,
    Temp,
    Terminator,
    Unary,
    Unknown,
    Var,
)


def order(function: Function) -> tuple[int, ...]:
    """The blocks in reverse post-order: each before its successors, but for back edges."""
    return tuple(reversed(postorder([successors(block.end) for block in function.blocks])))


def loop_heads(function: Function) -> frozenset[int]:
    """The blocks that a back edge leads to (one that goes back in :func:`order`)."""
    ways = [successors(block.end) for block in function.blocks]
    rank = [0] * len(ways)
    sequence = postorder(ways)
    for position, block in enumerate(sequence):
        rank[block] = position
    return frozenset([to for block in sequence for to in ways[block] if rank[to] >= rank[block]])


def live(function: Function, temporary: Callable[[int], str]) -> list[frozenset[str]]:
    """What may still be read where each block starts: locals and parameters by their names, temporaries by what *temporary* calls their indexes.

    A local or parameter whose address is taken, an array, and a struct are live from their declaration on, read or not.
    """
    return _Liveness(function, temporary).solve()


class _Liveness:
    """Backward data flow over bit masks: one bit a name or temporary."""

    def __init__(self, function: Function, temporary: Callable[[int], str]) -> None:
        self.function = function
        self.temporary = temporary
        self.names: list[str] = [*(param.name for param in function.params if param.name), *function.locals]
        self.bits: dict[str | int, int] = {name: 1 << position for position, name in enumerate(self.names)}
        self.pinned = 0
        for name, kind in function.locals.items():
            if kind.endswith("]") or (kind.startswith(("struct ", "union ")) and not kind.endswith(("*", ")"))):
                self.pinned |= self.bits[name]

    def solve(self) -> list[frozenset[str]]:
        blocks = self.function.blocks
        reads: list[int] = []
        kills: list[int] = []
        for block in blocks:
            read, kill = self.block(block)
            reads.append(read)
            kills.append(kill)
        ways = [successors(block.end) for block in blocks]
        pinned = self.pinned
        result = [0] * len(blocks)
        sequence = postorder(ways)
        changed = True
        while changed:
            changed = False
            for block_number in sequence:
                after = pinned
                for to in ways[block_number]:
                    after |= result[to]
                before = reads[block_number] | (after & ~kills[block_number])
                if before != result[block_number]:
                    result[block_number] = before
                    changed = True
        decoded: dict[int, frozenset[str]] = {}
        for mask in result:
            if mask not in decoded:
                decoded[mask] = self.decode(mask)
        return [decoded[mask] for mask in result]

    def decode(self, mask: int) -> frozenset[str]:
        found = []
        while mask:
            low = mask & -mask
            found.append(self.names[low.bit_length() - 1])
            mask ^= low
        return frozenset(found)

    def temp(self, index: int) -> int:
        bit = self.bits.get(index)
        if bit is None:
            bit = self.bits[index] = 1 << len(self.names)
            self.names.append(self.temporary(index))
        return bit

    def block(self, block: Block) -> tuple[int, int]:
        """What a block reads before it writes it, and what it writes first."""
        read = self.terminator(block.end)
        kill = 0
        for instr in reversed(block.instrs):
            kind = type(instr)
            written = 0
            used = 0
            if kind is Assign:
                target = instr.target  # type: ignore[union-attr]
                used = self.uses(instr.value)  # type: ignore[union-attr]
                if type(target) is Var:
                    written = self.bits.get(target.name, 0)
                elif type(target) is Temp:
                    written = self.temp(target.index)
                else:
                    used |= self.uses(target)
            elif kind is Call:
                result = instr.result  # type: ignore[union-attr]
                if result is not None:
                    written = self.temp(result.index)
                for arg in instr.args:  # type: ignore[union-attr]
                    used |= self.uses(arg)
                if instr.pointer is not None:  # type: ignore[union-attr]
                    used |= self.uses(instr.pointer)  # type: ignore[union-attr]
            elif kind is Declare:
                written = self.bits.get(instr.name, 0)  # type: ignore[union-attr]
            elif kind is ScopeEnd:
                used = self.bits.get(instr.name, 0)  # type: ignore[union-attr]
            elif kind is Start:
                for arg in instr.args:  # type: ignore[union-attr]
                    used |= self.uses(arg)
            elif kind is Read:
                used = self.uses(instr.value)  # type: ignore[union-attr]
            read = (read & ~written) | used
            kill |= written
        return read, kill

    def terminator(self, end: Terminator) -> int:
        if isinstance(end, Branch):
            return self.uses(end.condition)
        if isinstance(end, Return):
            return 0 if end.value is None else self.uses(end.value)
        if isinstance(end, Switch):
            return self.uses(end.value)
        if isinstance(end, Advance):
            used = 0
            for arg in end.args:
                used |= self.uses(arg)
            return used
        return 0

    def uses(self, expr: Expr) -> int:
        """What an expression reads; a name whose address it takes, or whose field it reads, is pinned from then on."""
        kind = type(expr)
        if kind is Var:
            return self.bits.get(expr.name, 0)  # type: ignore[union-attr]
        if kind is Temp:
            return self.temp(expr.index)  # type: ignore[union-attr, arg-type]
        if kind is Field:
            used = self.uses(expr.base)  # type: ignore[union-attr]
            if not expr.arrow and type(expr.base) is Var:  # type: ignore[union-attr]
                self.pinned |= used
            return used
        if kind is Binary:
            return self.uses(expr.left) | self.uses(expr.right)  # type: ignore[union-attr]
        if kind is Unary:
            return self.uses(expr.operand)  # type: ignore[union-attr]
        if kind is Deref:
            return self.uses(expr.base)  # type: ignore[union-attr]
        if kind is AddressOf:
            used = self.uses(expr.place)  # type: ignore[union-attr]
            if type(expr.place) is Var:  # type: ignore[union-attr]
                self.pinned |= used
            return used
        if kind is Index:
            return self.uses(expr.base) | self.uses(expr.index)  # type: ignore[union-attr, arg-type]
        if kind is ContainerOf:
            return self.uses(expr.pointer)  # type: ignore[union-attr]
        used = 0
        if kind is Unknown:
            for part in expr.parts:  # type: ignore[union-attr]
                used |= self.uses(part)
        return used


def always_after(function: Function, at: int, before: int) -> bool:
    """Whether every way to what stands at offset *at* of the file has passed what stands at *before*."""
    seen = {0}
    waiting = [0]
    while waiting:
        number = waiting.pop()
        block = function.blocks[number]
        for one in (*block.instrs, block.end):
            if one.at == before:
                break
            if one.at == at:
                return False
        else:
            fresh = [to for to in successors(block.end) if to not in seen]
            seen.update(fresh)
            waiting += fresh
    return True
