"""References that a caller hands over: dropped on every exit of a function, or on some only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from getput.model import Confidence
from getput.ownership.contracts import POS
from getput.ownership.state import Count, Key
from getput.ownership.values import PARAM
from getput.ownership.view import Exit, ExitKind, Leak, Standing, Ungiven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from getput.ownership.solve import Ending
    from getput.ownership.transfer import Machine
    from getput.ownership.unit import Unit


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
        failing = (
            shown.kind is ExitKind.ERROR
        )  # one that succeeds may have given it to somebody, or not have been asked to
        if failing and key not in ending.state.counts:
            bare = Standing(key, count, 0, 0, "", "", False, (), False, ending.state.trace)
            out.append(Leak("handed", bare, shown, 0, "other exits drop it", Confidence.MEDIUM))
    return tuple(out), frozenset(always)


def no_longer(unit: Unit, touched: frozenset[str]) -> list[tuple[str, int, Leak]]:
    """(function, its offset, exit) of those *touched* by the patch that dropped an argument's reference on every exit of the other image."""
    other = unit.twin
    out: list[tuple[str, int, Leak]] = []
    for source in unit.sources:
        before = other.by_name.get(source.name) if other is not None and source.name in touched else None
        if other is None or before is None:
            continue
        for counter in sorted(unit.counters(source)):
            now = unit.report(source, counter)
            was = other.report(before, counter) if now is not None and now.handed else None
            if now is not None and was is not None:
                out += [
                    (source.name, source.start, leak)
                    for leak in now.handed
                    if leak.standing.count.label in was.consumes
                ]
    return out


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


def no_longer_given(unit: Unit, touched: frozenset[str]) -> list[Ungiven]:
    """The exits at which functions *touched* by the patch return a pointer without the reference that came with it in the other image."""
    other = unit.twin
    out: list[Ungiven] = []
    for source in unit.sources:
        before = other.by_name.get(source.name) if other is not None and source.name in touched else None
        if other is None or before is None:
            continue
        for counter in sorted(other.counters(before)):
            family = unit.tables.families.get(counter)
            was = other.report(before, counter) if family is None or not family.outlives else None
            now = unit.report(source, counter) if was is not None and was.gives else None
            if was is not None and now is not None and now.bare:
                takers = [
                    standing.count.taken[0]
                    for one in was.exits
                    for standing in one.standings
                    if standing.escaped == "returned" and standing.count.taken
                ]
                gone = [
                    site.callee
                    for site in takers
                    if site.callee not in unit.words_of(source) and calls(unit, site.callee) < calls(other, site.callee)
                ]
                if gone:
                    out.append(Ungiven(counter if family is None else family.name, gone[0], source.name, min(now.bare)))
    return out


def calls(unit: Unit, name: str) -> int:
    """How often the file names a function: where one no longer calls it, another one may."""
    return len(re.findall(rb"\b%s\b" % re.escape(name.encode("ascii", "replace")), unit.text))


def consumed(machine: Machine, exits: Sequence[Exit]) -> dict[Key, Count]:
    """The arguments that some exit leaves with one reference less, and how they are counted there."""
    out: dict[Key, Count] = {}
    for one in exits:
        for standing in one.standings:
            count = standing.count
            if (
                standing.low == standing.high == -1
                and not count.taken
                and not count.escaped
                and count.dropped
                and machine.values.kind(standing.key[0]) == PARAM
            ):
                out.setdefault(standing.key, msgspec.structs.replace(count))
    return out


def spent(ending: Ending, key: Key) -> bool:
    """Whether the reference is gone at *ending*."""
    count = ending.state.counts.get(key)
    return count is not None and bool(count.dropped) and count.high < 0
