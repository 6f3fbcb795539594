"""What two images of a file have in common: what is known of a function in one of them holds in the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getput.ownership.unit import Unit


def unchanged(unit: Unit, name: str) -> bool:
    """Whether the other image of *unit* has its function *name* too, to the letter, and whatever that calls in this file."""
    known = unit.same.get(name)
    if known is None:
        reached = {name}
        waiting = [name]
        while waiting and all(same_text(unit, inner) for inner in waiting):
            called = {one.name for inner in waiting for one in unit.callees(unit.by_name[inner])}
            waiting = sorted(called - reached)
            reached |= called
        known = unit.same[name] = not waiting
    return known


def same_text(unit: Unit, name: str) -> bool:
    """Whether the other image has function *name* too, to the letter, and what it names in this file."""
    other = unit.twin
    if other is None or name not in other.by_name:
        return False
    here, there = unit.by_name[name], other.by_name[name]
    return unit.text[here.start : here.end] == other.text[there.start : there.end] and [
        one.name for one in unit.callees(here)
    ] == [one.name for one in other.callees(there)]
