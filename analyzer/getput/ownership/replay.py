"""One way through a function, followed once more: what every object's count is after each instruction.

The engine merges states and keeps of each only where it came along.  Who shows a way wants the counts on it: it is followed again, alone,
with the decisions that were kept of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from getput.csource.syntax import FunctionSource
from getput.flow.ir import Advance, Branch, Function, Return, Switch
from getput.ownership.contracts import POS
from getput.ownership.solve import Solver
from getput.ownership.state import Count, Key, State
from getput.ownership.unit import Unit
from getput.ownership.values import AGED
from getput.ownership.view import Mark

DECISIONS = frozenset({"true", "false", "case", "loop"})  # marks that the end of a block makes
MAX_BLOCKS = 2000  # visited

Range = tuple[int, int]  # the least and the most that a net count can be


class Moment(NamedTuple):
    """The counts after what stands at offset ``at``."""

    at: int
    counts: Mapping[Key, Range]


class Walk(NamedTuple):
    """A way followed to its end: its blocks, its moments, and every object that was counted on it."""

    blocks: tuple[int, ...]
    moments: tuple[Moment, ...]
    objects: Mapping[Key, Count]
    aged: Mapping[Key, Key]  # an object that an earlier round of a loop took, and its name in that round

    def numbers(self, key: Key) -> list[tuple[int, Range | None]]:
        """(offset, count) of one object, moment by moment; None until it is counted."""
        before = self.aged.get(key)  # its name in the round of the loop that took it
        after = next(
            (new for new, old in self.aged.items() if old == key), None
        )  # what another object of that name became
        mine = after is None
        out: list[tuple[int, Range | None]] = []
        known: Range | None = None
        for at, counts in self.moments:
            mine = mine or after in counts
            now = counts.get(key, counts.get(before) if before is not None else None) if mine else None
            known = now if now is not None else (0, 0) if known is not None else None
            out.append((at, known))
        return out


class _Visit(NamedTuple):
    """A block about to be executed: ``matched`` marks of the way lie behind."""

    block: int
    matched: int
    state: State
    before: _Visit | None
    moments: list[Moment]


def replay(unit: Unit, source: FunctionSource, counter: str, way: Sequence[Mark], end: int | None) -> Walk | None:
    """Follow *way* (from the function's beginning) to what stands at offset *end*, or as far as it says where that is None; None where it does
    not lead there."""
    function = unit.function(source)
    if function is None:
        return None
    solver = Solver(unit.machine(source, function, counter))
    return _Replay(solver, function, way, end).walk()


class _Replay:
    def __init__(self, solver: Solver, function: Function, way: Sequence[Mark], end: int | None) -> None:
        self.solver = solver
        self.machine = solver.machine
        self.function = function
        self.way = way
        self.end = end
        self.objects: dict[Key, Count] = {}

    def walk(self) -> Walk | None:
        """Depth first: what the machine thinks possible is tried first, what only the marks say after it."""
        waiting = [_Visit(0, 0, self.machine.begin(), None, [])]
        seen: set[tuple[int, int]] = set()
        while waiting and len(seen) < MAX_BLOCKS:
            visit = waiting.pop()
            if (visit.block, visit.matched) in seen:
                continue
            seen.add((visit.block, visit.matched))
            matched, arrived, alive = self.execute(visit)
            if arrived:
                return self.done(visit)
            if alive:
                waiting += self.ways_on(visit, matched)
        return None

    def execute(self, visit: _Visit) -> tuple[int, bool, bool]:
        """(marks that lie behind now, whether the end was reached, whether the path goes on)."""
        matched = visit.matched
        for instr in self.function.blocks[visit.block].instrs:
            alive = self.machine.step(visit.state, instr)
            while self.next_at(matched, instr.at) and self.way[matched].kind not in DECISIONS:
                matched += 1
            self.note(visit, instr.at)
            if self.end in (instr.at, None) and matched == len(self.way):
                return matched, True, alive
            if not alive:
                return matched, False, False
        end = self.function.blocks[visit.block].end
        return matched, self.end in (end.at, None) and matched == len(self.way), not isinstance(end, Return)

    def ways_on(self, visit: _Visit, matched: int) -> list[_Visit]:
        """The blocks that come next, the likeliest last."""
        end = self.function.blocks[visit.block].end
        spare = visit.state.copy()
        offered = self.solver.leave(visit.state, end)
        wanted: list[int] = []
        if isinstance(end, Branch) and end.then != end.other and self.decides(matched, end.at):
            wanted = [end.then if self.way[matched].kind == "true" else end.other]
            matched += 1
        elif isinstance(end, Switch) and self.decides(matched, end.at):
            matched += 1
        elif isinstance(end, Advance):
            turn = matched
            while self.next_at(turn, end.at) and self.way[turn].kind == "take":
                turn += 1
            looped = self.decides(turn, end.at)
            wanted = [end.body if looped else end.done]
            matched = turn + 1 if looped else matched
        if wanted:
            offered = [each for each in offered if each[0] in wanted][:1] or [(to, spare) for to in wanted]
        elif not offered and isinstance(end, Branch):
            offered = [(end.other, spare), (end.then, spare.copy())]
        out = []
        for target, state in reversed(offered):
            if self.solver.rank[target] <= self.solver.rank[visit.block]:
                self.machine.around(state, self.solver.head(target))
            following = _Visit(target, matched, state, visit, [])
            if end.at >= 0:
                self.note(following, end.at)
            out.append(following)
        return out

    def next_at(self, matched: int, at: int) -> bool:
        return matched < len(self.way) and self.way[matched].at == at

    def decides(self, matched: int, at: int) -> bool:
        return self.next_at(matched, at) and self.way[matched].kind in DECISIONS

    def note(self, visit: _Visit, at: int) -> None:
        """Write down how the counts stand after what is at this offset."""
        state = visit.state
        counts: dict[Key, Range] = {}
        for key, count in state.counts.items():
            self.objects[key] = count
            there = self.machine.eval.bits(state, key[0]) & POS
            counts[key] = (count.low, count.high) if there else (0, 0)
        visit.moments.append(Moment(at, counts))

    def done(self, last: _Visit) -> Walk:
        visits: list[_Visit] = []
        visit: _Visit | None = last
        while visit is not None:
            visits.append(visit)
            visit = visit.before
        visits.reverse()
        end = self.function.blocks[last.block].end
        if end.at == self.end:
            self.note(last, end.at)
        moments = tuple([moment for visit in visits for moment in visit.moments])
        rows = self.machine.values.rows
        aged = {key: (rows[key[0]][1], key[1]) for key in self.objects if rows[key[0]][0] == AGED}
        return Walk(tuple([visit.block for visit in visits]), moments, self.objects, aged)
