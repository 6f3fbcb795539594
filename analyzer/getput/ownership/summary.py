"""From the states at the returns to what callers see: what a call of the function does to one counter."""

from __future__ import annotations

from getput.flow.ir import Function
from getput.ownership import registration
from getput.ownership.batches import BATCH
from getput.ownership.contracts import ANY, NEG, POS, ZERO, Contract, Effect, Source, Target, Verb
from getput.ownership.naming import MANAGED
from getput.ownership.solve import Ending, Solver
from getput.ownership.state import Count, State
from getput.ownership.transfer import Machine
from getput.ownership.values import CONT, FIELD, LOCAL, NUMBERS, PARAM, SUB

MAX_PATH = 3
LATER = {Verb.FREE: 1, Verb.TAKE: 2, Verb.INIT: 2}  # the order of effects: drops, then frees, then what is new
WAITS = frozenset({"wait_for_completion", "wait_for_completion_timeout"})


def target_of(machine: Machine, root: int) -> Target | None:
    """The argument, or what is reached from one, that *root* is to the caller."""
    path: list[str] = []
    rows = machine.values.rows
    row = rows[root]
    while row[0] in (FIELD, SUB, CONT):
        if row[0] == CONT:
            return None
        if row[0] == FIELD:
            path.append("*" if row[2] in ("*", BATCH) else f"->{row[2]}")
        else:
            path.append(f".{row[2]}")
        root = row[1]
        row = rows[root]
        if len(path) > MAX_PATH:
            return None
    if row[0] != PARAM or any("[" in name for name in path):
        return None
    return Target(row[1], tuple(reversed(path)))


def summarize(function: Function, machine: Machine, solver: Solver) -> Contract:
    """What a call of *function* does to one counter, group of results by group of results."""
    deltas: dict[tuple[Target, str], dict[int, set[tuple[int, int]]]] = {}
    extra: set[Effect] = set()
    groups: dict[int, list[Ending]] = {}
    results, returned = 0, set()
    for ending in solver.endings:
        bits = ANY if ending.value is None else ending.bits
        results |= bits
        for bit in (ZERO, POS, NEG):
            if bits & bit:
                groups.setdefault(bit, []).append(ending)
        if ending.value is not None:
            row = machine.values.rows[ending.value]
            returned.add(row[1] if row[0] == PARAM else -1)
    seen: dict[tuple[Target, str], int] = {}
    for ending in solver.endings:
        collect(machine, ending, deltas, extra, seen)
    for index, results_kept in kept(machine, solver).items():
        extra.add(Effect(Verb.KEEP, Target(index), "*", results_kept))
    for where, by_ending in deltas.items():
        extra |= effects_of(where, by_ending, groups, machine, seen[where])
    freed: dict[Target, set[int]] = {}
    waits = not WAITS.isdisjoint(machine.called.values())  # for the release of what it frees
    for bit, endings in groups.items() if not waits else ():
        for root in set(endings[0].state.freed).intersection(*(ending.state.freed for ending in endings)):
            target = target_of(machine, root)
            if target is not None:
                freed.setdefault(target, set()).add(bit)
    for target, when in freed.items():
        extra.add(Effect(Verb.FREE, target, "memory", sum(when), null_safe=True))
    if solver.bounded:
        extra = {Effect(Verb.UNSURE, Target(index), "*") for index in range(len(function.params))}
    adds, deletes = phases(machine, solver)
    returns_arg = returned.pop() if len(returned) == 1 else -1
    ordered = tuple(sorted(extra, key=lambda e: (LATER.get(e.verb, 0), e.target.arg, e.target.path, e.verb, e.when)))
    return Contract(
        function.name,
        ordered,
        Source.SUMMARY,
        results=results or ANY,
        noreturn=not solver.endings and not solver.bounded,
        proof="",
        returns_arg=returns_arg,
        adds=adds,
        deletes=deletes,
    )


def phases(machine: Machine, solver: Solver) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
    """The devices that the function adds, and those that it deletes."""
    if machine.counter != registration.COUNTER or solver.bounded:
        return (), ()
    roots = {root for ending in solver.endings for root, name in ending.state.mem if name == registration.PLACE}
    endings = [(ending.state, ending.bits, ending.value) for ending in solver.endings]
    adds, deletes = [], []
    for root in roots:
        target = target_of(machine, root)
        if target is not None:
            added, deleted = registration.outcome(machine, root, endings)
            adds += [target] if added else []
            deletes += [target] if deleted else []
    return tuple(sorted(adds, key=places)), tuple(sorted(deletes, key=places))


def places(target: Target) -> tuple[int, tuple[str, ...]]:
    """What *targets* are ordered by."""
    return target.arg, target.path


def collect(
    machine: Machine,
    ending: Ending,
    deltas: dict[tuple[Target, str], dict[int, set[tuple[int, int]]]],
    extra: set[Effect],
    seen: dict[tuple[Target, str], int],
) -> None:
    """Enter the counts of one ending, by what they are to the caller."""
    values, state = machine.values, ending.state
    carried = NUMBERS.match(machine.function.returns) is None
    for key, count in state.counts.items():
        low, high = count.low, count.high
        target = None
        mine = carried and ending.value is not None and values.root(ending.value) == key[0]
        if mine and high > 1 and any(machine.values.rows[root][0] != LOCAL for root in count.held):
            low, high = low - 1, high - 1  # one of them belongs to what the object is stored in
        if mine and count.fresh and high == 1 and known_by_another_way(machine, state, key[0]):
            extra.add(Effect(Verb.UNSURE, Target(-1), "*"))
            continue
        if mine and (count.fresh or (high > 0 and not is_argument(machine, key[0]))):
            target = Target(-1)
        else:
            counted = count.member if count.member >= 0 and values.root(count.member) == key[0] else key[0]
            target = target_of(machine, counted)
            if target is None and count.fresh:
                for (base, name), value in state.mem.items():
                    if values.root(value) == key[0]:
                        where = target_of(machine, base)
                        if where is not None and ("[" not in name or name == BATCH):
                            target = Target(where.arg, (*where.path, "*" if name in ("*", BATCH) else f"->{name}"))
                            break
        if target is None:
            origin = None if mine or count.fresh or not (low or high) else converted(machine, counted)
            if origin is not None:
                extra.add(Effect(Verb.UNSURE, Target(origin), "*"))
            continue
        if (
            target.arg >= 0
            and high > 0
            and not count.fresh
            and not count.escaped
            and kept_by_another(machine, key[0], count)
        ):
            extra.add(Effect(Verb.SHARE, target, count.family))  # the reference is that of what the object is stored in
            continue
        if count.escaped and target.arg >= 0:
            verb = Verb.UNSURE if count.escaped.startswith("handed") else Verb.KEEP
            extra.add(Effect(verb, target, "*"))
        if not low and not high:
            continue
        where_key = (target, count.family)
        deltas.setdefault(where_key, {}).setdefault(id(ending), set()).add((low, high))
        seen[where_key] = key[0]


def is_argument(machine: Machine, root: int) -> bool:
    """Whether *root* is what the caller handed in, and knows by that name; not what is only reached from it."""
    target = target_of(machine, root)
    return target is not None and not target.path


def kept(machine: Machine, solver: Solver) -> dict[int, int]:
    """The arguments that the function stores where they outlive it, and the results with which it does."""
    values = machine.values
    found: dict[int, int] = {}
    shared: set[int] = set()
    for ending in solver.endings:
        bits = ANY if ending.value is None else ending.bits
        for (base, _), value in ending.state.mem.items():
            root, holder = values.root(value), values.root(base)
            if values.kind(root) != PARAM or holder == root or values.kind(holder) == LOCAL:
                continue
            if not machine.eval.bits(ending.state, root) & POS:
                continue  # there is no object
            count = ending.state.counts.get((root, machine.counter))
            if count is not None and count.if_there(root)[0] > 0 and not count.fresh and not count.escaped:
                shared.add(root)
                continue  # by a reference that the function took for it
            maker = machine.called.get(machine.at_of(holder), "")
            if bits == NEG and (holder in ending.state.freed or MANAGED.match(maker)):
                continue  # goes when the function fails
            index = int(values.rows[root][1])
            found[index] = found.get(index, 0) | bits
    for root in machine.stored:
        index = int(values.rows[root][1])
        if root in machine.listed or (index not in found and root not in shared):
            found[index] = ANY
    return found


def known_by_another_way(machine: Machine, state: State, root: int) -> bool:
    """Whether an object that is returned was also stored where the caller pointed: the one reference has two names."""
    values = machine.values
    return any(
        name == "*" and values.root(value) == root and values.kind(base) == PARAM
        for (base, name), value in state.mem.items()
    )


def converted(machine: Machine, root: int) -> int | None:
    """The parameter that an object was reached from by ``container_of()`` or the like: a way that no target can name."""
    rows = machine.values.rows
    seen = False
    while rows[root][0] in (FIELD, SUB, CONT):
        seen = seen or rows[root][0] == CONT
        root = rows[root][1]
    return rows[root][1] if seen and rows[root][0] == PARAM else None


def kept_by_another(machine: Machine, root: int, count: Count) -> bool:
    """Whether an object that is not the function's own was counted for what it was stored in."""
    rows = machine.values.rows
    return any(rows[holder][0] != LOCAL and holder != root for holder in count.held)


def told(machine: Machine, bit: int, endings: list[Ending]) -> list[Ending]:
    """Of *endings*, after which the result may be *bit*, those that tell: where one returns NULL, a pointer that another
    has read somewhere and not looked at is no NULL."""
    if bit != ZERO or NUMBERS.match(machine.function.returns) is not None:
        return endings
    return [ending for ending in endings if ending.value is not None and ending.bits == ZERO] or endings


def effects_of(
    where: tuple[Target, str],
    by_ending: dict[int, set[tuple[int, int]]],
    groups: dict[int, list[Ending]],
    machine: Machine,
    root: int,
) -> set[Effect]:
    """The effects on one target: one delta for each group of results, or unsure."""
    target, family = where
    per_bit: dict[int, int] = {}
    null_safe = True
    for bit, endings in groups.items():
        found: set[int] = set()
        for ending in told(machine, bit, endings):
            low, high = next(iter(by_ending.get(id(ending), {(0, 0)})))
            if target.arg >= 0 and not machine.eval.bits(ending.state, root) & POS:
                continue
            if target.arg == -1 and bit != POS:
                continue
            found.add(high if high > 0 else low)
        if len(found) > 1:
            return {Effect(Verb.UNSURE, target, "*")}
        if found:
            per_bit[bit] = found.pop()
    out: set[Effect] = set()
    for delta in set(per_bit.values()) - {0}:
        when = sum(bit for bit, d in per_bit.items() if d == delta)
        if when == sum(groups):
            when = ANY
        verb = Verb.DROP if delta < 0 else Verb.INIT if target.path and root in machine.begun else Verb.TAKE
        mask = POS if target.arg == -1 else when
        there = verb is Verb.TAKE and bool(target.path) and target_of(machine, root) is not None
        out.add(Effect(verb, target, family, mask, null_safe, times=min(abs(delta), 3), there=there))
    return out
