"""What passes between a function and its caller: the references of arguments that it drops, and those that its result carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getput.model import Confidence
from getput.ownership.contracts import POS
from getput.ownership.naming import TEARDOWN_NAME
from getput.ownership.state import Count, Key
from getput.ownership.values import FIELD, PARAM, REACHED
from getput.ownership.view import Exit, ExitKind, Leak, Passing, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from getput.ownership.solve import Ending
    from getput.ownership.transfer import Machine


def passing(machine: Machine, endings: Sequence[Ending], exits: Sequence[Exit], returns: str) -> Passing:
    """What a function of type *returns*, which ends so, and its callers pass to each other."""
    handed, consumes = kept_back(machine, endings, exits)
    gives, bare = given(machine, endings, exits, returns)
    return Passing(handed, consumes, gives, bare, ended(machine, endings, exits))


def kept_back(
    machine: Machine, endings: Sequence[Ending], exits: Sequence[Exit]
) -> tuple[tuple[Leak, ...], frozenset[str]]:
    """The exits on which an argument keeps the reference that other exits drop, one entry an argument; and the names of the
    arguments of which every exit drops one."""
    out = []
    always = set()
    for key, count in sorted(consumed(machine, exits).items()):
        lost = [
            (ending, one)
            for ending, one in zip(endings, exits, strict=True)
            if not spent(ending, key) and machine.eval.bits(ending.state, key[0]) & POS
        ]
        if not lost:
            always.add(count.label)
            continue
        ending, shown = min(lost, key=lambda row: row[1].at)
        # One that succeeds may have given it to somebody, or not have been asked to.
        if shown.kind is ExitKind.ERROR and key not in ending.state.counts:
            bare = Standing(key, count, 0, 0, "", "", False, (), False, ending.state.trace)
            out.append(Leak("handed", bare, shown, "other exits drop it", Confidence.MEDIUM))
    return tuple(out), frozenset(always)


def ended(machine: Machine, endings: Sequence[Ending], exits: Sequence[Exit]) -> tuple[tuple[str, Count], ...]:
    """The members behind an argument of whose objects every exit drops a reference, as an operation does that ends them, and how."""
    if TEARDOWN_NAME.search(machine.function.name) is None:
        return ()
    return tuple(
        (machine.values.rows[key[0]][2], count)
        for key, count in sorted(consumed(machine, exits, FIELD).items())
        if all(spent(one, key) or not machine.eval.bits(one.state, key[0]) & POS for one in endings)
        and behind_argument(machine, key[0])
    )


def behind_argument(machine: Machine, value: int) -> bool:
    """Whether *value* stands in a member of an argument, or in one of those of what does."""
    rows = machine.values.rows
    while rows[value][0] in REACHED:
        value = rows[value][1]
    return bool(rows[value][0] == PARAM)


def given(
    machine: Machine, endings: Sequence[Ending], exits: Sequence[Exit], returns: str
) -> tuple[bool, tuple[int, ...]]:
    """Whether every pointer that a function returns carries a reference; and the offsets of the exits at which one may carry none."""
    if "*" not in returns:
        return False, ()
    counted, bare = False, []
    for ending, one in zip(endings, exits, strict=True):
        if ending.value is None or not machine.eval.bits(ending.state, ending.value) & POS:
            continue
        root = machine.values.root(ending.value)
        if any(st.escaped == "returned" and st.high > 0 and st.key[0] == root for st in one.standings):
            counted = True
        elif all(st.escaped != "returned" for st in one.standings):
            bare.append(one.at)
    return counted and not bare, tuple(bare)


def consumed(machine: Machine, exits: Sequence[Exit], kind: str = PARAM) -> dict[Key, Count]:
    """The arguments, or values of another *kind*, that some exit leaves with one reference less, and how they are counted there."""
    out: dict[Key, Count] = {}
    for one in exits:
        for standing in one.standings:
            count = standing.count
            if (
                count.if_there(standing.key[0]) == (-1, -1)
                and not count.taken
                and not count.escaped
                and count.dropped
                and machine.values.kind(standing.key[0]) == kind
            ):
                out.setdefault(standing.key, count)
    return out


def spent(ending: Ending, key: Key) -> bool:
    """Whether the reference is gone at *ending*."""
    count = ending.state.counts.get(key)
    return count is not None and bool(count.dropped) and count.if_there(key[0])[1] < 0
