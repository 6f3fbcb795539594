"""From the states at the returns to what rules see: exits with the standing of every object."""

from __future__ import annotations

from typing import Any

import msgspec

from getput.flow.ir import Function
from getput.ownership import batches, registration
from getput.ownership.consumed import passing
from getput.ownership.contracts import NEG, POS, ZERO
from getput.ownership.core import once
from getput.ownership.meant import conditions, left_by_another, meant, refuted
from getput.ownership.naming import MANAGED, PAGES
from getput.ownership.solve import Ending, Solver
from getput.ownership.state import Count, Key
from getput.ownership.transfer import Machine
from getput.ownership.values import FIELD, LOCAL, NUMBERS, OUT, PARAM, RESULT
from getput.ownership.view import Exit, ExitKind, FunctionReport, Incident, Passing, Standing
from getput.pattern import pattern

IN_PROGRESS = frozenset({-115, -529})  # -EINPROGRESS, -EIOCBQUEUED
INTEGERS = pattern(r"^(?:int|long|s32|s64|ssize_t|long int|signed|loff_t|vm_fault_t)$")
STATUSES = frozenset(
    {"__be32", "blk_status_t", "sense_reason_t", "acpi_status"}
)  # zero is success, anything else a failure


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


def report_of(
    function: Function, path: str, machine: Machine, solver: Solver, *, compared: bool = False
) -> FunctionReport:
    """What the rules may see of one run; where it is to be *compared* with that of another image, also what passes between the function and
    its callers."""
    exits = []
    for ending in solver.endings:
        standings = tuple(
            standing(machine, ending, key, ending.state.counts[key]) for key in sorted(ending.state.counts)
        )
        kind = exit_kind(function.returns, ending.bits, ending.value)
        if kind is ExitKind.ERROR and ending.bits & POS and machine.values.kind(ending.value or 0) == PARAM:
            kind = ExitKind.MIXED  # what the caller handed in: a number, no failure
        exits.append(Exit(kind, ending.bits, ending.at, standings, ending.assumed))
        if "*" in function.returns:
            returned_after_put(machine, ending)
        if machine.owners:
            machine.unowned(ending.state)
        if exits[-1].kind is not ExitKind.ERROR:
            stored_without_reference(machine, ending, sure=exits[-1].kind is not ExitKind.MIXED)
    for key, count, site, trace in machine.unset:
        if machine.values.root(key[0]) in machine.begun:
            machine.report.add("put-uninitialised", key, site.at, count, site, trace)
    seen = once(machine.report.incidents)
    asked = conditions(function) if seen else {}
    found = [
        Incident(kind, key, count, at, site, trace, note)
        for (kind, key, at), (count, site, trace, note) in sorted(
            seen.items(), key=lambda item: (item[0][2], item[0][0], item[0][1])
        )
        if not refuted(kind, count, trace, asked) and not (kind == "over-put" and left_by_another(key, count, exits))
    ]
    incidents = tuple(
        [msgspec.structs.replace(one, accepted=meant(one, function, exits, users=machine.usage)) for one in found]
    )
    passed = passing(machine, solver.endings, exits, function.returns) if compared else Passing()
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
        frozenset(machine.lent),
        frozenset(machine.walked),
        passing=passed,
        singly=frozenset(machine.singly),
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


def stored_without_reference(machine: Machine, ending: Ending, *, sure: bool) -> None:
    """The function ends well and a pointer stays stored to an object whose only reference it dropped.  Where it is not *sure* that it
    ends well, memory that devres manages may go with it."""
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
            maker = machine.called.get(machine.at_of(root), "")
            if not sure and MANAGED.match(maker):
                continue
            if machine.values.rows[root][0] != LOCAL and root not in ending.state.freed:
                site = count.dropped[-1]
                note = machine.values.rows[root][0]
                machine.report.add("stored-without-reference", key, site.at, count, site, ending.state.trace, note)
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
    if (
        not escaped
        and (not count.init or count.earlier)
        and high > 0
        and registration.phase(machine, ending.state, key[0]) == registration.ADDED
    ):
        escaped = "registered"
    if not escaped and ending.value is not None and high > 0:
        root = values.root(ending.value)
        if (root == key[0] or root in count.held) and NUMBERS.match(machine.function.returns) is None:
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
    stored = fields_of(machine, ending, key)
    row = values.rows[key[0]]
    fields = tuple(sorted({*stored, row[2]})) if row[0] == FIELD else stored
    many = one_of_several(machine, ending, key)
    several = row[0] == OUT and count.family in PAGES and several_at(machine, row)
    return Standing(
        key, count, low, high, escaped, held_by, failed, fields, many, ending.state.trace, stored, several=several
    )


def several_at(machine: Machine, row: tuple[Any, ...]) -> bool:
    """Whether what a call wrote through an argument (*row*) are the pages of an array."""
    args = machine.passed.get(row[1], ())
    return row[3:] == ("*",) and (row[2] >= len(args) or batches.place(machine, args[row[2]]) is not None)


def one_of_several(machine: Machine, ending: Ending, key: Key) -> bool:
    """Whether the object stands in an array whose elements are not told apart."""
    values = machine.values
    row = values.rows[key[0]]
    if row[0] == FIELD and (values.one_of_many((row[1], row[2])) or row[2].startswith("[")):
        return True
    return any(values.root(value) == key[0] and values.one_of_many(place) for place, value in ending.state.mem.items())


def fields_of(machine: Machine, ending: Ending, key: Key) -> tuple[str, ...]:
    """The members that an object was stored in, other than the one it was read from."""
    values = machine.values
    row = values.rows[key[0]]
    names = {
        name
        for (base, name), value in ending.state.mem.items()
        if name[0] not in "#[*"
        and values.root(value) == key[0]
        and values.kind(values.root(base)) != LOCAL
        and row[:3] != (FIELD, base, name)
    }
    return tuple(sorted(names))


def nothing_to_take(machine: Machine, ending: Ending, key: Key, count: Count) -> bool:
    """Whether the get that nobody looked at had NULL to work on: then it returned NULL."""
    if not count.fresh or not count.taken or machine.values.ids.get((RESULT, count.taken[0].at)) != key[0]:
        return False
    args = machine.passed.get(count.taken[0].at, ())
    return bool(args) and machine.eval.bits(ending.state, args[0]) == ZERO and machine.values.constant(args[0]) is None


def freed(machine: Machine, ending: Ending, root: int, *, through: bool) -> bool:
    """Whether the memory *root* was given back, or, if that goes *through*, what alone leads to it."""
    row = machine.values.rows[root]
    while through and root not in ending.state.freed and row[0] == FIELD:
        root = machine.values.root(row[1])
        row = machine.values.rows[root]
    return root in ending.state.freed


def holder(machine: Machine, ending: Ending, count: Count) -> str:
    """What kind of memory the object was stored in: ``param``, ``heap``, ``devm``, ``local``, ``freed``, ``other``; or empty."""
    kinds = set()
    for root in count.held:
        if freed(machine, ending, root, through=count.family in PAGES):
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
