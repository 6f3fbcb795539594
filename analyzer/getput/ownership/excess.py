"""Puts without a count to drop that are right all the same: nothing was there to put, or the path does not know what it puts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getput.ownership.contracts import POS, ZERO, Source, Verb
from getput.ownership.naming import NODES, PAGES, PROBES, REMOVES, TAKING_NAME, TEARDOWN_NAME
from getput.ownership.state import ELEMENT
from getput.ownership.values import FIELD, LOCAL, OUT, PARAM, RESULT, SUB
from getput.pattern import pattern

if TYPE_CHECKING:
    from getput.ownership.core import Core
    from getput.ownership.state import Count, Key, Site, State

PUTS = pattern(r"(?:^|_)put(?:_|$)")
DEVICES = ("dev", "parent")
HELD = "of_node"  # the member of a device that holds its node
ZEROED = pattern(r"[zc]alloc")  # what they return is filled with zeros


def lent(machine: Core, key: Key, before: Count, site: Site) -> bool:
    """Whether a put by *site* drops what the function never has a reference on: the device that a driver's probe is called for, or the
    node that a device holds as long as it lives.  A lookup that drops the node that it starts from is such a put, too."""
    consumed = consumes(site)
    if before.taken or before.dropped or before.escaped or not (consumed or PUTS.search(site.callee)):
        return False
    values = machine.values
    row = values.rows[key[0]]
    if row[0] == PARAM:
        mine = row[1] == 0 and machine.counter == "device" and PROBES.search(machine.function.name) is not None
        return mine and not any(
            helped(machine, at) for at, args in machine.passed.items() if key[0] in map(values.root, args)
        )
    if row[0] != FIELD or row[2] not in NODES or TEARDOWN_NAME.search(machine.function.name):
        return False
    base = values.rows[row[1]]
    return (base[0] in (SUB, FIELD) and base[2] in DEVICES) or (consumed and base[0] == PARAM and row[2] == HELD)


def consumes(site: Site) -> bool:
    """Whether the call looks something up, and drops what it starts from."""
    if site.contract is None or site.contract.source is not Source.TABLE:
        return False
    effects = site.contract.effects
    return any(one.verb is Verb.TAKE and one.target.arg < 0 for one in effects) and any(
        one.verb is Verb.DROP and one.target.arg >= 0 for one in effects
    )


def helped(machine: Core, at: int) -> bool:
    """Whether the call at offset *at* is one of a function that the sources tell of: it may have taken a reference."""
    name = machine.called.get(at, "")
    contract = machine.callee(name, True) if name and name not in machine.tables.contracts else None
    return contract is not None and contract.source is Source.SUMMARY


def leaves_null(before: Count, site: Site) -> bool:
    """Whether the get, where it fails, leaves NULL behind the pointer that it was given, and the put does nothing with that."""
    get = before.taken[-1].contract if before.taken else None
    if get is None or site.contract is None or not any(one.null_safe for one in site.contract.effects):
        return False
    return any(one.verb is Verb.TAKE and one.null_safe and one.target.path for one in get.effects)


def explained(machine: Core, state: State, root: int, before: Count, site: Site, kind: str) -> bool:
    """Whether a put by *site* of the object *root*, counted as *before*, is no incident of *kind*."""
    if kind == "put-borrowed":
        return owned(machine, state, root, before, site)
    if kind == "put-after-failed-get":
        known = leaves_null(before, site) or before.earlier
        return known or untouched(machine, state, root) or fewer(machine, before, site)
    if kind == "put-after-handover" and given_back(machine, state, root):
        return True
    if before.failed and before.fresh and untouched(machine, state, root):
        return True  # what is counted besides is NULL, too
    if ELEMENT in before.passed or (kind == "over-put" and given_first(before)):
        return True
    return before.earlier and not before.fresh  # how often a loop took and another dropped, nobody knows


def given_back(machine: Core, state: State, root: int) -> bool:
    """Whether a call has given a reference back to a member: that may be another name of the object."""
    return any(
        other != root and counter == machine.counter and count.taken and not count.fresh and count.high > 0
        for (other, counter), count in state.counts.items()
    )


def given_first(before: Count) -> bool:
    """Whether as many references were dropped before the first was taken: what is put now is what was taken since."""
    if not before.taken:
        return False
    early = sum(site.at < before.taken[0].at for site in before.dropped)
    return early > 0 and before.high - 1 >= -early


def owned(machine: Core, state: State, root: int, before: Count, site: Site) -> bool:
    """Whether a put of what was only borrowed may be right: an unknown callee took a reference, or the function ends what it holds."""
    if any(TAKING_NAME.search(name) or REMOVES.search(name) for name in before.passed):
        return True
    if any(base == root and value == machine.values.zero for (base, _), value in state.mem.items()):
        return True  # unlinked: the reference was that of what the member pointed to
    lender = machine.called.get(machine.at_of(root), "")
    ends = TEARDOWN_NAME.search(machine.function.name) or TEARDOWN_NAME.search(site.callee)
    return ends is not None and not lender.startswith(("devm_", "drmm_"))


def untouched(machine: Core, state: State, root: int) -> bool:
    """Whether the place that a failed get would have filled held NULL before, or the path has looked at what it holds."""
    values, bits = machine.values, machine.eval.bits
    row = values.rows[root]
    if row[0] == LOCAL:
        return any(base == root and bits(state, value) == ZERO for (base, _), value in state.mem.items())
    if row[0] != OUT:
        return False
    if bits(state, root) == POS:
        return True
    old = machine.filled.get(root)
    if old is None:
        return False
    if bits(state, old) == ZERO:
        return True
    while values.rows[old][0] == FIELD:
        old = values.root(values.rows[old][1])
    return values.rows[old][0] == RESULT and ZEROED.search(machine.called.get(values.rows[old][1], "")) is not None


def fewer(machine: Core, before: Count, site: Site) -> bool:
    """Whether a put of several pages is told another number of them than the get that failed."""
    number = machine.passed.get(site.at, ())[1:2]
    return before.family in PAGES and bool(number) and number[0] not in machine.passed.get(before.failed[-1].at, ())
