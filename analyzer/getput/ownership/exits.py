"""From the states at the returns to what rules and callers see: exits with the standing of every object, and the summary."""

from __future__ import annotations

import re
from typing import Any

from getput.flow.ir import Function
from getput.ownership import registration
from getput.ownership.contracts import ANY, NEG, POS, ZERO, Contract, Effect, Source, Target, Verb
from getput.ownership.core import once
from getput.ownership.meant import meant
from getput.ownership.solve import Ending, Solver
from getput.ownership.state import Count, Key, State
from getput.ownership.transfer import Machine
from getput.ownership.values import CONT, FIELD, LOCAL, OUT, PARAM, RESULT, SUB
from getput.ownership.view import Exit, ExitKind, FunctionReport, Incident, Standing

IN_PROGRESS = frozenset({-115, -529})  # -EINPROGRESS, -EIOCBQUEUED
INTEGERS = re.compile(r"^(?:int|long|s32|s64|ssize_t|long int|signed|loff_t|vm_fault_t)$")
STATUSES = frozenset(
    {"__be32", "blk_status_t", "sense_reason_t", "acpi_status"}
)  # zero is success, anything else a failure
MAX_PATH = 3


def exit_kind(returns: str, bits: int, value: int | None) -> ExitKind:
    """What the caller of a function of type *returns* sees of a result with *bits*."""
    if value is None or returns == "void":
        return ExitKind.VOID
    if "*" in returns:
        return ExitKind.SUCCESS if bits == POS else ExitKind.MIXED if bits & POS else ExitKind.ERROR
    if returns == "bool":
        return ExitKind.ERROR if bits == ZERO else ExitKind.SUCCESS if not bits & ZERO else ExitKind.MIXED
    if returns in STATUSES:
        return ExitKind.SUCCESS if bits == ZERO else ExitKind.MIXED if bits & ZERO else ExitKind.ERROR
    if INTEGERS.match(returns):
        if bits in (NEG, NEG | POS):
            return ExitKind.ERROR
        return ExitKind.MIXED if bits & NEG else ExitKind.SUCCESS
    return ExitKind.VOID


def report_of(function: Function, path: str, machine: Machine, solver: Solver) -> FunctionReport:
    """What the rules may see of one run."""
    exits = []
    for ending in solver.endings:
        standings = tuple(
            standing(machine, ending, key, ending.state.counts[key]) for key in sorted(ending.state.counts)
        )
        kind = exit_kind(function.returns, ending.bits, ending.value)
        if kind is ExitKind.ERROR and ending.bits & POS and machine.values.kind(ending.value or 0) == PARAM:
            kind = ExitKind.MIXED  # what the caller handed in: a number, no failure
        exits.append(Exit(kind, ending.bits, ending.at, standings))
        if "*" in function.returns:
            returned_after_put(machine, ending)
        if machine.owners:
            machine.unowned(ending.state)
        if exits[-1].kind is not ExitKind.ERROR:
            stored_without_reference(machine, ending)
    for key, count, site, trace in machine.unset:
        if machine.values.root(key[0]) in machine.begun:
            machine.report.add("put-uninitialised", key, site.at, count, site, trace)
    seen = once(machine.report.incidents)
    incidents = tuple(
        Incident(
            kind,
            key,
            count,
            at,
            site,
            trace,
            note,
            meant(kind, key, count, site, trace, function, exits, users=machine.usage),
        )
        for (kind, key, at), (count, site, trace, note) in sorted(
            seen.items(), key=lambda item: (item[0][2], item[0][0], item[0][1])
        )
    )
    exits.sort(key=lambda one: one.at)
    return FunctionReport(
        function.name,
        path,
        function.returns,
        machine.counter,
        function.start,
        function.end,
        tuple(exits),
        incidents,
        solver.bounded,
        machine.usage,
        frozenset(machine.settled),
        frozenset(machine.settled_by),
    )


def returned_after_put(machine: Machine, ending: Ending) -> None:
    """A pointer whose only reference was dropped is no answer to give."""
    if ending.value is None:
        return
    key = (machine.values.root(ending.value), machine.counter)
    count = ending.state.counts.get(key)
    if (
        count is not None
        and machine.gone(count)
        and machine.eval.bits(ending.state, ending.value) & machine.eval.bits(ending.state, key[0]) & POS
    ):
        machine.report.add("return-after-put", key, ending.at, count, count.dropped[-1], ending.state.trace)


def stored_without_reference(machine: Machine, ending: Ending) -> None:
    """The function ends well and a pointer stays stored to an object whose only reference it dropped."""
    if machine.usage:
        return
    for key, count in sorted(ending.state.counts.items()):
        if (
            not count.fresh
            or not count.held
            or count.base > 0
            or count.parts
            or count.escaped
            or not count.dropped
            or not count.taken
        ):
            continue
        for root in machine.holders(ending.state, key[0]):
            if machine.values.rows[root][0] != LOCAL and root not in ending.state.freed:
                site = count.dropped[-1]
                machine.report.add("stored-without-reference", key, site.at, count, site, ending.state.trace)
                break


def standing(machine: Machine, ending: Ending, key: Key, count: Count) -> Standing:
    """How *count* stands at *ending*."""
    low, high = count.low, count.high
    values = machine.values
    if not machine.eval.bits(ending.state, key[0]) & POS:
        low = high = 0  # there is no object
    if high > 0 and low <= 0 and nothing_to_take(machine, ending, key, count):
        high = low
    escaped = count.escaped or (count.hopes[0][2] if count.hopes else "")
    if not escaped and not count.init and high > 0 and registration.phase(machine, ending.state, key[0]) == 1:
        escaped = "registered"
    if not escaped and ending.value is not None and high > 0:
        root = values.root(ending.value)
        if root == key[0] or root in count.held:
            escaped = "returned"
    if not escaped and high > 0 and IN_PROGRESS.intersection(ending.state.equal.values()):
        escaped = "left to who completes what was begun"
    held_by = "" if escaped else holder(machine, ending, count)
    last = count.taken[-1] if count.taken else None
    failed = False
    if last is not None and not count.parts:
        result = values.ids.get((RESULT, last.at))
        if result is not None and result != key[0]:
            failed = not machine.eval.bits(ending.state, result) & (ZERO | POS)
    fields = fields_of(machine, ending, key)
    many = one_of_several(machine, ending, key, count)
    return Standing(key, count, low, high, escaped, held_by, failed, fields, many, ending.state.trace)


def one_of_several(machine: Machine, ending: Ending, key: Key, count: Count) -> bool:
    """Whether the object stands in an array whose elements are not told apart, or came with others in one call."""
    values = machine.values
    row = values.rows[key[0]]
    if row[0] == FIELD and (values.one_of_many((row[1], row[2])) or row[2].startswith("[")):
        return True
    if row[0] == OUT and row[3:] == ("*",) and count.family in ("page_folio", "page_pin"):
        args = machine.passed.get(row[1], ())
        where: tuple[Any, ...] = values.rows[args[row[2]]] if row[2] < len(args) else ()
        return not where or where[0] != LOCAL or where[1] in machine.eval.arrays
    return any(values.root(value) == key[0] and values.one_of_many(place) for place, value in ending.state.mem.items())


def fields_of(machine: Machine, ending: Ending, key: Key) -> tuple[str, ...]:
    """The members that lead to an object: those it was stored in, or the one it was read from."""
    values = machine.values
    names = {
        name
        for (base, name), value in ending.state.mem.items()
        if name[0] not in "#[*" and values.root(value) == key[0] and values.kind(values.root(base)) != LOCAL
    }
    row = values.rows[key[0]]
    if row[0] == FIELD:
        names.add(row[2])
    return tuple(sorted(names))


def nothing_to_take(machine: Machine, ending: Ending, key: Key, count: Count) -> bool:
    """Whether the get that nobody looked at had NULL to work on: then it returned NULL."""
    if not count.fresh or not count.taken or machine.values.ids.get((RESULT, count.taken[0].at)) != key[0]:
        return False
    args = machine.passed.get(count.taken[0].at, ())
    return bool(args) and machine.eval.bits(ending.state, args[0]) == ZERO and machine.values.constant(args[0]) is None


def holder(machine: Machine, ending: Ending, count: Count) -> str:
    """What kind of memory the object was stored in: ``param``, ``heap``, ``devm``, ``local``, ``freed``, ``other``; or empty."""
    kinds = set()
    for root in count.held:
        if root in ending.state.freed:
            kinds.add("freed")
            continue
        row = machine.values.rows[root]
        if row[0] == LOCAL:
            kinds.add("local")
        elif row[0] == RESULT:
            callee = machine.called.get(row[1], "")
            kinds.add("devm" if callee.startswith(("devm_", "drmm_")) else "heap" if "alloc" in callee else "other")
        elif row[0] == PARAM:
            kinds.add("param")
        else:
            kinds.add("other")
    for kind in ("other", "param", "heap", "devm", "freed", "local"):
        if kind in kinds:
            return kind
    return ""


# --- summaries ---------------------------------------------------------------------------------------------------


def target_of(machine: Machine, root: int) -> Target | None:
    """The argument, or what is reached from one, that *root* is to the caller."""
    path: list[str] = []
    rows = machine.values.rows
    row = rows[root]
    while row[0] in (FIELD, SUB, CONT):
        if row[0] == CONT:
            return None
        if row[0] == FIELD:
            path.append("*" if row[2] == "*" else f"->{row[2]}")
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
    for root in machine.stored:
        extra.add(Effect(Verb.KEEP, Target(machine.values.rows[root][1]), "*"))
    for where, by_ending in deltas.items():
        extra |= effects_of(where, by_ending, groups, machine, seen[where])
    freed: dict[Target, set[int]] = {}
    for bit, endings in groups.items():
        for root in set(endings[0].state.freed).intersection(*(ending.state.freed for ending in endings)):
            target = target_of(machine, root)
            if target is not None:
                freed.setdefault(target, set()).add(bit)
    for target, when in freed.items():
        extra.add(Effect(Verb.FREE, target, "memory", sum(when), null_safe=True))
    if solver.bounded:
        extra = {Effect(Verb.UNSURE, Target(index), "*") for index in range(len(function.params))}
    returns_arg = returned.pop() if len(returned) == 1 else -1
    ordered = tuple(
        sorted(extra, key=lambda e: (e.verb in (Verb.TAKE, Verb.INIT), e.target.arg, e.target.path, e.verb, e.when))
    )
    return Contract(
        function.name,
        ordered,
        Source.SUMMARY,
        results=results or ANY,
        noreturn=not solver.endings and not solver.bounded,
        proof="",
        returns_arg=returns_arg,
    )


def collect(
    machine: Machine,
    ending: Ending,
    deltas: dict[tuple[Target, str], dict[int, set[tuple[int, int]]]],
    extra: set[Effect],
    seen: dict[tuple[Target, str], int],
) -> None:
    """Enter the counts of one ending, by what they are to the caller."""
    values, state = machine.values, ending.state
    for key, count in state.counts.items():
        low, high = count.low, count.high
        target = None
        mine = ending.value is not None and values.root(ending.value) == key[0]
        if mine and high > 1 and any(machine.values.rows[root][0] != LOCAL for root in count.held):
            low, high = low - 1, high - 1  # one of them belongs to what the object is stored in
        if mine and count.fresh and high == 1 and known_by_another_way(machine, state, key[0]):
            extra.add(Effect(Verb.UNSURE, Target(-1), "*"))
            continue
        if mine and (count.fresh or (high > 0 and target_of(machine, key[0]) is None)):
            target = Target(-1)
        else:
            counted = count.member if count.member >= 0 and values.root(count.member) == key[0] else key[0]
            target = target_of(machine, counted)
            if target is None and count.fresh:
                for (base, name), value in state.mem.items():
                    if values.root(value) == key[0]:
                        where = target_of(machine, base)
                        if where is not None and "[" not in name:
                            target = Target(where.arg, (*where.path, "*" if name == "*" else f"->{name}"))
                            break
        if target is None:
            origin = None if mine or count.fresh or not (low or high) else converted(machine, counted)
            if origin is not None:
                extra.add(Effect(Verb.UNSURE, Target(origin), "*"))
            continue
        if target.arg >= 0 and high > 0 and not count.fresh and not count.escaped and kept_by_another(machine, count):
            continue  # the reference is that of what the function stored the object in
        if count.escaped and target.arg >= 0:
            verb = Verb.UNSURE if count.escaped.startswith("handed") else Verb.KEEP
            extra.add(Effect(verb, target, "*"))
        if not low and not high:
            continue
        where_key = (target, count.family)
        deltas.setdefault(where_key, {}).setdefault(id(ending), set()).add((low, high))
        seen[where_key] = key[0]
    for (base, _), value in state.mem.items():
        root = values.root(value)
        if values.kind(root) == PARAM and values.root(base) != root and values.kind(values.root(base)) != LOCAL:
            extra.add(Effect(Verb.KEEP, Target(values.rows[root][1]), "*"))


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


def kept_by_another(machine: Machine, count: Count) -> bool:
    """Whether an object that is not the function's own was counted for what it was stored in."""
    rows = machine.values.rows
    return any(rows[root][0] not in (LOCAL, PARAM) for root in count.held)


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
        for ending in endings:
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
