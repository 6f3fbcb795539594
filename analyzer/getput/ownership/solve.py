"""All paths of a function, one counter at a time.

States that reach a block with the same counts merge and forget what told their paths apart; states whose counts differ stay apart
(the property simulation of ESP).  The number of states a block and of steps a function is bounded; a bound that was hit is said.
"""

from __future__ import annotations

import heapq
from typing import Final

from getput.csource.lower_order import successors
from getput.flow import cfg
from getput.flow.ir import Advance, Branch, Case, Function, Jump, Return, Stop, Switch, Terminator, Var
from getput.ownership import registration
from getput.ownership.arithmetic import COMPARE
from getput.ownership.contracts import ANY, NEG, POS, ZERO
from getput.ownership.evaluate import temporary
from getput.ownership.state import State
from getput.ownership.transfer import Machine
from getput.ownership.values import AGED, FIELD, GLOBAL, NAMED, PHI, RESULT

TRUTHS: Final = frozenset({*COMPARE, "!", "IS_ERR", "IS_ERR_OR_NULL"})  # operators whose value is 0 or 1
MAX_STATES: Final = 16  # at one block
MAX_STEPS: Final = 1000  # blocks executed
MAX_WORK: Final = 20_000_000  # what is known at blocks, at joins, and at the instructions of long blocks, together: each may look at all of it
LONG: Final = 500  # instructions of a block

Signature = tuple[object, ...]


class Ending:
    """A state at a return: what the function gave back there (``value`` None for nothing).  ``assumed``: the answer of an unknown callee
    that may never be a failure."""

    __slots__ = ("assumed", "at", "bits", "state", "value")

    def __init__(self, state: State, value: int | None, bits: int, at: int, *, assumed: bool = False) -> None:
        self.state, self.value, self.bits, self.at, self.assumed = state, value, bits, at, assumed


class Waiting:
    """A state at a block, to go on from; ``queued`` while it waits for its turn."""

    __slots__ = ("block", "queued", "state")

    def __init__(self, block: int, state: State) -> None:
        self.block, self.state, self.queued = block, state, False


class Shape:
    """What every run over a function needs to know of its graph: ``rank`` of each block in the order of the text, whether it lies in a loop
    (``turns``), the variables that are ``live`` where it begins, those that are the function's own (``mine``), and those that it returns somewhere."""

    __slots__ = ("live", "mine", "rank", "result_vars", "turns")

    def __init__(self, function: Function) -> None:
        order = cfg.order(function)
        self.rank = [0] * len(function.blocks)
        for index, block in enumerate(order):
            self.rank[block] = index
        self.turns = [False] * len(function.blocks)  # what a way back spans may be reached again after it was left
        for index, block in enumerate(order):
            heads = [self.rank[to] for to in successors(function.blocks[block].end) if self.rank[to] <= index]
            for between in order[min(heads) : index + 1] if heads else ():
                self.turns[between] = True
        self.live = cfg.live(function, temporary)
        self.mine = function.locals.keys() | {param.name for param in function.params}
        self.result_vars = sorted(returned_variables(function))


class Solver:
    """Runs a machine over the graph of its function; ``endings`` and ``bounded`` are the answer.

    How it went is kept for whoever looks: by block, how many states stayed ``apart`` there, were ``joined`` to one of those, were
    ``left_out`` because there were too many; the block at which it was ``stopped_at`` because of the steps or the work, or -1; and
    the ``work``, what was known at all blocks together.
    """

    def __init__(self, machine: Machine, shape: Shape | None = None) -> None:
        self.machine = machine
        self.function: Function = machine.function
        self.bounded = False
        self.endings: list[Ending] = []
        self.apart: dict[int, int] = {}
        self.joined: dict[int, int] = {}
        self.left_out: dict[int, int] = {}
        self.stopped_at = -1
        self.work = 0
        # By block, the value that stands for several where ways join: of a variable by its name, of what is in memory by its place.
        self.phis: list[dict[str | tuple[int, str], int]] = [{} for _ in self.function.blocks]
        shape = shape or Shape(self.function)
        self.rank = shape.rank
        self.turns = shape.turns
        self.live = shape.live
        self.mine = shape.mine
        self.result_vars = shape.result_vars

    def run(self) -> None:
        """Follow every path to its end."""
        start = Waiting(0, self.machine.begin())
        states: list[dict[Signature, Waiting]] = [{} for _ in self.rank]
        states[0][self.signature(start.state)] = start
        queue = [(0, 0, start)]
        rank, turns, apart, joined = self.rank, self.turns, self.apart, self.joined
        push, pop = heapq.heappush, heapq.heappop
        ticket = steps = 0
        while queue:
            one = pop(queue)[2]
            block = one.block
            one.queued = False
            steps += 1
            self.work += weight(one.state)
            if steps > MAX_STEPS or self.work > MAX_WORK:
                self.give_up(block)
                return
            # Blocks are taken in their order: outside of loops nothing joins a state any more that has been taken.
            for target, state in self.execute(block, one.state.copy() if turns[block] else one.state):
                if rank[target] <= rank[block]:
                    self.machine.around(state, self.head(target))
                self.prune(target, state)
                key = self.signature(state)
                here = states[target]
                known = here.get(key)
                if known is None:
                    if len(here) >= MAX_STATES:
                        self.bounded = True
                        self.left_out[target] = self.left_out.get(target, 0) + 1
                        continue
                    known = here[key] = Waiting(target, state)
                    apart[target] = len(here)
                else:
                    joined[target] = joined.get(target, 0) + 1
                    self.work += weight(known.state)
                    if not self.merge(target, known.state, state):
                        continue
                if not known.queued:
                    known.queued = True
                    ticket += 1
                    push(queue, (rank[target], ticket, known))

    def head(self, block: int) -> int:
        """The offset at which a block begins."""
        body = self.function.blocks[block]
        return min(instr.at for instr in [*body.instrs, body.end])

    # --- one block -----------------------------------------------------------------------------------------------

    def execute(self, block: int, state: State) -> list[tuple[int, State]]:
        """Run a block; where the path goes on, with the state there."""
        machine = self.machine
        body = self.function.blocks[block]
        long = len(body.instrs) > LONG
        for instr in body.instrs:
            if not machine.step(state, instr):
                return []
            if long:
                self.work += weight(state)
                if self.work > MAX_WORK:
                    self.give_up(block)
                    return []
        return self.leave(state, body.end)

    def give_up(self, block: int) -> None:
        """There is too much to follow: what lies behind *block* may be missing."""
        self.bounded = True
        self.stopped_at = block

    def leave(self, state: State, end: Terminator) -> list[tuple[int, State]]:
        """Where the path goes on from the *end* of a block, with the state there."""
        machine = self.machine
        machine.at = end.at
        if isinstance(end, Jump):
            return [(end.to, state)]
        if isinstance(end, Branch):
            return self.branch(state, end)
        if isinstance(end, Return):
            self.ending(state, end)
            return []
        if isinstance(end, Switch):
            return self.switch(state, end)
        if isinstance(end, Advance):
            inside, done = machine.advance(state, end)
            inside.trace = (inside.trace, "loop", end.at, end.macro)
            return [(end.body, inside), (end.done, done)]
        assert isinstance(end, Stop)
        return []

    def branch(self, state: State, end: Branch) -> list[tuple[int, State]]:
        """Both ways of a condition, those that can be."""
        machine = self.machine
        value = machine.eval.value(state, end.condition)
        if end.then == end.other:
            return [(end.then, state)]
        known = machine.eval.truth(state, value)
        out = []
        if known is None:
            other = state.copy()
            if machine.eval.learn(state, value, True):
                out.append((end.then, state))
            if machine.eval.learn(other, value, False):
                out.append((end.other, other))
        elif machine.eval.learn(state, value, known):
            out.append((end.then if known else end.other, state))
        if len(out) == 2 or state.counts:
            for target, each in out:
                each.trace = (each.trace, "true" if target == end.then else "false", end.at, "")
        return out

    def switch(self, state: State, end: Switch) -> list[tuple[int, State]]:
        """Every arm of a switch that can be."""
        machine = self.machine
        value = machine.eval.value(state, end.value)
        known = state.equal.get(value, machine.values.constant(value))
        out: list[tuple[int, State]] = []
        for case in end.cases:
            if known is not None and all(low is not None and high is not None for low, high in case.values):
                if not any(low <= known <= high for low, high in case.values):  # type: ignore[operator]
                    continue
                state.trace = (state.trace, "case", end.at, "")
                return [(case.to, state)]
            arm = state.copy()
            if not self.may_be(arm, value, case):
                continue
            if value in state.named and all(map(NAMED.match, case.names)):
                arm.trace = (arm.trace, "case", end.at, "")
                return [*out, (case.to, arm)]
            low, high = case.values[0]
            if len(case.values) == 1 and low is not None and low == high:
                constant = machine.values.of("const", low)
                if not machine.eval.assume(arm, machine.values.of("op", "==", value, constant), True):
                    continue
            arm.trace = (arm.trace, "case", end.at, "")
            out.append((case.to, arm))
        if not self.is_none(state, value, end.cases):
            return out
        state.trace = (state.trace, "case", end.at, "")
        out.append((end.default, state))
        return out

    def is_none(self, state: State, value: int, cases: tuple[Case, ...]) -> bool:
        """Learn that *value* is none of *cases*; False where it must be one of them."""
        values, assume = self.machine.values, self.machine.eval.assume
        numbers = [low for case in cases for low, high in case.values if low is not None and low == high]
        return all(assume(state, values.of("op", "==", value, values.of("const", low)), False) for low in numbers)

    def may_be(self, state: State, value: int, case: Case) -> bool:
        """Whether *value*, which may be known to be a named constant, can be one of those of *case*; if that is one, it is now."""
        if not case.names or not all(map(NAMED.match, case.names)):
            return True
        names = [self.machine.values.of(GLOBAL, name) for name in case.names]
        known = state.named.get(value)
        if known is None and len(names) == 1:
            state.named[value] = names[0]
        return known is None or known in names

    def ending(self, state: State, end: Return) -> None:
        """A return; where counts still hang on the result, one ending for each answer it can give."""
        machine = self.machine
        if end.value is None:
            self.endings.append(Ending(state, None, ANY, end.at))
            return
        value = machine.eval.value(state, end.value)
        bits = machine.eval.bits(state, value)
        truth = machine.eval.truth(state, value)
        row = machine.values.rows[value]
        if truth is not None and row[0] == "op" and row[1] in TRUTHS:
            bits = 2 if truth else 1
        if any(part[0] == value for count in state.counts.values() for part in count.parts):
            for mask in (1, 2, 4):
                each = state.copy()
                if bits & mask and machine.eval.restrict(each, value, mask):
                    self.endings.append(Ending(each, value, mask, end.at))
            return
        if row[0] == "result" and bits & NEG and bits & ZERO:
            taken = [count for count in state.counts.values() if count.taken]
            # the answer of a get, or of what adds a device, itself: it failed or it did not
            own = any(count.taken[-1].at == row[1] for count in taken) or registration.PLACE in (
                name for (_, name), added in state.mem.items() if added == value
            )
            # the answer of somebody else: what is left behind if that is a failure?
            assumed = not own and "*" not in self.function.returns and any(count.high > 0 for count in taken)
            if own or assumed:
                for mask in (ZERO, POS | NEG):
                    each = state.copy()
                    if bits & mask and machine.eval.restrict(each, value, mask):
                        failed = assumed and mask != ZERO
                        self.endings.append(Ending(each, value, bits & mask, end.at, assumed=failed))
                return
        self.endings.append(Ending(state, value, bits, end.at))

    # --- joins ---------------------------------------------------------------------------------------------------

    def signature(self, state: State) -> Signature:
        """What must be equal for two states to merge."""
        counts = state.counts
        if not counts:
            return ()
        out: list[object] = []
        machine = self.machine
        roots = machine.values.roots
        devices = machine.counter == registration.COUNTER
        for key in sorted(counts) if len(counts) > 1 else counts:
            count = counts[key]
            base, escaped = count.base, count.escaped
            if count.role == "borrowed" and not base and not count.taken and not count.dropped:
                continue
            root = key[0]
            holders: list[str] = []
            if not escaped and (count.fresh or (base > 0 and count.role == "local")):
                holders = [name for name, value in state.env.items() if roots[value] == root]
                if len(holders) > 1:
                    holders.sort()
            out.append(
                (
                    root,
                    base,
                    count.parts,
                    escaped != "",
                    not count.dropped,
                    not count.held,
                    not count.failed,
                    count.hopes,
                    registration.phase(machine, state, root) if devices else 0,
                    *holders,
                )
            )
            if machine.usage and count.taken and not count.dropped:
                answer = machine.values.ids.get((RESULT, count.taken[-1].at))
                out.append(answer is not None and machine.eval.bits(state, answer) == NEG)
        if out:
            evaluator = machine.eval
            for name in self.result_vars:
                value = state.env.get(name)
                if value is not None:
                    known = evaluator.bits(state, value)
                    out.append(known if known in (1, 2, 4) else 4 if known == 6 else 7)
        return tuple(out)

    def prune(self, target: int, state: State) -> None:
        """Forget variables that nobody reads any more, and objects that are settled and out of reach."""
        live = self.live[target]
        env = state.env
        if not env.keys() <= live:
            mine = self.mine
            for name in [name for name in env if name not in live]:
                if name[0] == "%" or name in mine:
                    del env[name]
        if not state.counts:
            return
        for key, count in list(state.counts.items()):
            if count.base or count.parts:
                continue
            if (
                count.fresh
                and (count.dropped or not count.taken or count.failed)
                and not self.machine.reachable(state, key[0])
            ):
                if count.dropped and count.taken:
                    self.machine.settled.add(count.taken[0].at)
                    self.machine.settled_by.add((count.taken[0].at, count.dropped[-1].at))
                del state.counts[key]
            elif not count.fresh and count.taken and self.machine.values.kind(key[0]) == AGED:
                if not self.machine.reachable(state, key[0]):  # of a turn that is over, and balanced
                    if count.dropped:
                        self.machine.settled.add(count.taken[0].at)
                        self.machine.settled_by.add((count.taken[0].at, count.dropped[-1].at))
                    del state.counts[key]

    def merge(self, target: int, known: State, new: State) -> bool:
        """Fold *new* into *known*; whether anything changed."""
        joins: set[int] = set()
        changed = known.env != new.env and self.merge_variables(target, known, new, joins)
        if known.mem != new.mem and self.merge_memory(target, known, new, joins):
            changed = True
        evaluator = self.machine.eval
        facts, others = known.facts, new.facts
        if facts != others:
            get = others.get
            for value in [value for value, old in facts.items() if old != ANY and get(value) != old]:
                if value in joins:
                    continue
                old_bits = facts[value]
                joined = old_bits | evaluator.bits(new, value)
                if joined != old_bits:
                    facts[value] = joined
                    changed = True
        if known.named != new.named:
            for value, name in list(known.named.items()):
                if new.named.get(value) != name:
                    del known.named[value]
                    changed = True
        if known.equal != new.equal:
            for value, number in list(known.equal.items()):
                if new.equal.get(value) != number:
                    del known.equal[value]
                    changed = True
        if known.freed:
            for root in [root for root in known.freed if root not in new.freed]:
                del known.freed[root]
                changed = True
        return changed

    def merge_variables(self, target: int, known: State, new: State, joins: set[int]) -> bool:
        """Fold the variables of *new* into those of *known*; whether anything changed.  *joins* gains the values that stand for several."""
        values, evaluator = self.machine.values, self.machine.eval
        phis = self.phis[target]
        changed = False
        env = known.env
        for name in [name for name, value in new.env.items() if env.get(name) != value]:
            old, value = env.get(name), new.env[name]
            if old == value:
                continue
            if old is None:
                env[name] = value
                changed = True
                continue
            phi = phis.get(name)
            if phi is None:
                phi = phis[name] = values.of(PHI, target, name)
            joins.add(phi)
            if phi not in (old, value) and (phi, self.machine.counter) in known.counts:
                self.machine.age(known, phi)  # what was joined here an iteration ago is another object
                self.machine.age(new, phi)
                env = known.env
                old, value = env[name], new.env[name]
            before = evaluator.bits(known, old)
            joined = before if before == ANY else before | evaluator.bits(new, value)
            if old != phi or joined != before:
                self.join(known, phi, joined)
                env[name] = phi
                changed = True
        return changed

    def merge_memory(self, target: int, known: State, new: State, joins: set[int]) -> bool:
        """The same for what stands in fields."""
        values, evaluator = self.machine.values, self.machine.eval
        phis = self.phis[target]
        changed = False
        mem, other = known.mem, new.mem
        get = other.get
        unlike = [place for place, value in mem.items() if get(place) != value]
        for place in unlike + [place for place in other if place not in mem]:
            a = mem.get(place)
            b = get(place)
            a = values.of(FIELD, *place) if a is None else a
            b = values.of(FIELD, *place) if b is None else b
            phi = phis.get(place)
            if phi is None:
                phi = phis[place] = values.of(PHI, target, *place)
            joins.add(phi)
            before = evaluator.bits(known, a)
            joined = before if before == ANY else before | evaluator.bits(new, b)
            if a != phi or joined != before:
                self.join(known, phi, joined)
                mem[place] = phi
                changed = True
        return changed

    def join(self, known: State, phi: int, joined: int) -> None:
        """Let *phi* stand for several values, whose signs together are *joined*."""
        known.facts[phi] = joined
        known.equal.pop(phi, None)
        known.named.pop(phi, None)


def weight(state: State) -> int:
    """How much is known on a path."""
    return len(state.env) + len(state.mem) + len(state.facts) + len(state.counts)


def returned_variables(function: Function) -> set[str]:
    """Names of the variables that the function returns somewhere."""
    return {
        block.end.value.name
        for block in function.blocks
        if isinstance(block.end, Return) and isinstance(block.end.value, Var)
    }
