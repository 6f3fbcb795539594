"""References that a flag speaks of: where the caller set it, it holds one that the function has to drop.

A function drops it where it tests the flag and puts, or calls a function of the file that does so on every way.  Where a condition has that
done on one side, on every way, and the other side reaches an exit without a word of the flag, the reference stays.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from getput.csource.lower_order import successors
from getput.flow.ir import (
    AddressOf,
    Assign,
    Binary,
    Branch,
    Call,
    Expr,
    Function,
    Instr,
    Jump,
    Return,
    Temp,
    Terminator,
    Unary,
    Var,
)
from getput.ownership.device.table import Flag, known
from getput.ownership.view import Mark, PageFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getput.ownership.unit import Unit

MAX_DEPTH = 3


def faults(unit: Unit, touched: frozenset[str]) -> Iterator[PageFault]:
    """Exits of the functions of *unit* that forget about a flag."""
    for flag in known().flag:
        if flag.name.encode() not in unit.text:
            continue
        here = Flagged(unit, flag)
        before = None if unit.twin is None else Flagged(unit.twin, flag)
        moved = before is not None and here.gains(before, touched)
        for source in unit.sources:
            both = source.name in touched and before is not None and before.takes_flags(source.name)
            function = unit.function(source) if both or here.takes_flags(source.name) else None
            if function is None:
                continue
            found = list(here.one_sided(function))
            yield from found
            if both and before is not None and not moved and not found:
                yield from here.no_longer(before, function)


class Flagged:
    """The functions of one file, and one flag."""

    def __init__(self, unit: Unit, flag: Flag) -> None:
        self.unit = unit
        self.flag = flag
        self.known: dict[str, bool] = {}

    def takes_flags(self, name: str) -> bool:
        """Whether a function of the file can be given the flag, and says or passes on something of it."""
        source = self.unit.by_name.get(name)
        if source is None or source.start >= self.unit.written:
            return False
        words = self.unit.words_of(source)
        return any(word.endswith("flags") for word in words) and (
            self.flag.name in words
            or any(self.flag.name in self.unit.words_of(callee) for callee in self.unit.callees(source))
        )

    def parameter(self, function: Function) -> str:
        """The parameter that holds the flags, or nothing."""
        return next((param.name for param in function.params if param.name.endswith("flags")), "")

    def speaks(self, instr: Instr, name: str) -> bool:
        """Whether an instruction has anything to do with the flags in the variable *name*."""
        if isinstance(instr, Assign):
            return instr.target == Var(name) or mentions(instr.value, name)
        return isinstance(instr, Call) and any(mentions(arg, name) for arg in instr.args)

    def tested(self, expr: Expr, name: str) -> bool:
        """Whether an expression asks for the flag."""
        if isinstance(expr, Unary):
            return self.tested(expr.operand, name)
        if isinstance(expr, Binary):
            if expr.op == "&" and expr.left == Var(name):
                return mentions(expr.right, self.flag.name)
            return self.tested(expr.left, name) or self.tested(expr.right, name)
        return False

    def always(self, callee: str, depth: int = 0) -> bool:
        """Whether a function of the file drops the reference on every way."""
        if callee in self.known:
            return self.known[callee]
        self.known[callee] = False
        source = self.unit.by_name.get(callee)
        if source is None or depth > MAX_DEPTH or not self.takes_flags(callee):
            return False
        function = self.unit.function(source)
        name = "" if function is None else self.parameter(function)
        if function is not None and name:
            self.known[callee] = way_without(function, self.drops(function, name, depth), 0) is None
        return self.known[callee]

    def drops(self, function: Function, name: str, depth: int = 0) -> list[bool]:
        """For each block, whether the reference is dropped there if the flag is set."""
        return [
            any(self.drop_call(instr, name, depth) for instr in block.instrs)
            or self.tested_put(function, block.end, name)
            for block in function.blocks
        ]

    def drop_call(self, instr: Instr, name: str, depth: int) -> bool:
        """Whether an instruction hands the flags to a function that drops."""
        return (
            isinstance(instr, Call)
            and instr.callee is not None
            and any(arg == Var(name) for arg in instr.args)
            and self.always(instr.callee, depth + 1)
        )

    def tested_put(self, function: Function, end: Terminator, name: str) -> bool:
        """Whether a block ends with a test of the flag, and a put follows where it is set."""
        if not isinstance(end, Branch) or not self.tested(end.condition, name):
            return False
        puts = self.unit.vocabulary.puts(self.unit.tables.counter_of(self.flag.family))
        seen, waiting = {end.then}, [end.then]
        while waiting:
            block = function.blocks[waiting.pop()]
            if any(isinstance(instr, Call) and instr.callee in puts for instr in block.instrs):
                return True
            if isinstance(block.end, Jump):
                continue  # behind the condition
            fresh = [to for to in successors(block.end) if to not in seen]
            seen.update(fresh)
            waiting += fresh
        return False

    def spoken(self, function: Function, name: str) -> list[bool]:
        """For each block, whether anything in it has to do with the flags."""
        return [
            any(self.speaks(instr, name) for instr in block.instrs)
            or (isinstance(block.end, Branch) and self.tested(block.end.condition, name))
            for block in function.blocks
        ]

    def one_sided(self, function: Function) -> Iterator[PageFault]:
        """Conditions with the reference dropped on one side, on every way, and forgotten on the other."""
        name = self.parameter(function)
        if not name:
            return
        drops, spoken = self.drops(function, name), self.spoken(function, name)
        settled = answers(function, self.flag.exists, name)
        for block in function.blocks:
            end = block.end
            if not isinstance(end, Branch) or mentions(end.condition, name):
                continue
            if any(read in settled for read in reads(end.condition)):
                continue
            for side, here, there in (("true", end.then, end.other), ("false", end.other, end.then)):
                way = way_without(function, spoken, here)
                if way is None or not leaves(function, there) or way_without(function, drops, there) is not None:
                    continue
                yield self.fault(function, (Mark(side, end.at),))
                return

    def ways(self, name: str) -> Counter[str]:
        """How a function of the file drops the reference: by which functions, or by itself."""
        source = self.unit.by_name.get(name)
        function = None if source is None or not self.takes_flags(name) else self.unit.function(source)
        flags = "" if function is None else self.parameter(function)
        if function is None or not flags:
            return Counter()
        callees = [
            instr.callee or ""
            for block in function.blocks
            for instr in block.instrs
            if isinstance(instr, Call) and self.drop_call(instr, flags, 0)
        ]
        tests = sum(self.tested_put(function, block.end, flags) for block in function.blocks)
        return Counter(callees) + Counter({"": tests})

    def gains(self, before: Flagged, touched: frozenset[str]) -> bool:
        """Whether one of *touched* drops the reference where it did not in the image *before*: it may have moved there."""
        return any(self.ways(name) - before.ways(name) for name in sorted(touched))

    def no_longer(self, before: Flagged, function: Function) -> Iterator[PageFault]:
        """Exits that forget about the flag where the image *before* dropped the reference."""
        name = self.parameter(function)
        source = before.unit.by_name.get(function.name)
        old = None if source is None else before.unit.function(source)
        if old is None or not name:
            return
        spoken = self.spoken(function, name)
        was = way_without(old, before.spoken(old, name), 0)
        now = way_without(function, spoken, 0)
        if was is None and now is not None:
            yield self.fault(function, marks(now))
            return
        for start in self.bereft(before, old, function, name):
            way = way_without(function, spoken, start)
            if way is not None:
                yield self.fault(function, marks(way))
                return

    def bereft(self, before: Flagged, old: Function, new: Function, name: str) -> list[int]:
        """The blocks of *new* with the call behind which *old* dropped the reference, where it no longer does."""
        dropped = before.drops(old, name)
        if sum(dropped) <= sum(self.drops(new, name)):
            return []
        out = []
        for number, block in enumerate(old.blocks):
            calls = [instr.callee for instr in block.instrs if isinstance(instr, Call)]
            drop = next((at for at, instr in enumerate(block.instrs) if before.drop_call(instr, name, 0)), None)
            if not dropped[number] or drop is None:
                continue
            earlier = [instr.callee for instr in block.instrs[:drop] if isinstance(instr, Call)]
            if not earlier or not calls:
                continue
            for index, other in enumerate(new.blocks):
                here = [instr.callee for instr in other.instrs if isinstance(instr, Call)]
                if here[: len(earlier)] == earlier:
                    out.append(index)
        return out

    def fault(self, function: Function, way: tuple[Mark, ...]) -> PageFault:
        """A way that forgets about the flag."""
        return PageFault("flag-ignored", function.name, "page", self.flag.name, way[-1].at, way, self.flag.family)


def marks(way: tuple[int, ...]) -> tuple[Mark, ...]:
    """The branches of a way, and the exit in which it ends."""
    return (*[Mark("here", at) for at in way[:-1]], Mark("exit", way[-1]))


def way_without(function: Function, done: list[bool], start: int) -> tuple[int, ...] | None:
    """Offsets of the branches and the exit of a way from a block that avoids those that are *done*; None where there is none."""
    if done[start]:
        return None
    came: dict[int, int] = {start: -1}
    waiting = [start]
    while waiting:
        number = waiting.pop(0)
        end = function.blocks[number].end
        if isinstance(end, Return):
            out = [end.at]
            while number != -1:
                before = function.blocks[number].end
                if isinstance(before, Branch):
                    out.append(before.at)
                number = came[number]
            return tuple(reversed(out))
        for to in successors(end):
            if to not in came and not done[to]:
                came[to] = number
                waiting.append(to)
    return None


def leaves(function: Function, start: int) -> bool:
    """Whether some way from a block returns at all."""
    seen, waiting = {start}, [start]
    while waiting:
        end = function.blocks[waiting.pop()].end
        if isinstance(end, Return):
            return True
        fresh = [to for to in successors(end) if to not in seen]
        seen.update(fresh)
        waiting += fresh
    return False


def mentions(expr: Expr, name: str) -> bool:
    """Whether a variable or constant stands in an expression of operators."""
    if isinstance(expr, Var):
        return expr.name == name
    if isinstance(expr, Unary):
        return mentions(expr.operand, name)
    if isinstance(expr, Binary):
        return mentions(expr.left, name) or mentions(expr.right, name)
    return False


def reads(expr: Expr) -> Iterator[Expr]:
    """The variables and temporaries that an expression of operators reads."""
    if isinstance(expr, (Var, Temp)):
        yield expr
    elif isinstance(expr, Unary):
        yield from reads(expr.operand)
    elif isinstance(expr, Binary):
        yield from reads(expr.left)
        yield from reads(expr.right)


def answers(function: Function, callees: frozenset[str], name: str) -> set[Expr]:
    """What holds the answer of one of *callees*, or of a call that was given the flags in *name*: it tells what became of the reference."""
    out: set[Expr] = set()
    for block in function.blocks:
        for instr in block.instrs:
            if isinstance(instr, Call) and (instr.callee in callees or any(mentions(arg, name) for arg in instr.args)):
                out.update(arg.place for arg in instr.args if isinstance(arg, AddressOf))
                if instr.result is not None:
                    out.add(instr.result)
    for block in function.blocks:
        for instr in block.instrs:
            if isinstance(instr, Assign) and isinstance(instr.target, Var) and instr.value in out:
                out.add(instr.target)
    return out
