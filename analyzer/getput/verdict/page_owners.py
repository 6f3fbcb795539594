"""Who owns device memory, and goes wrong when the core treats its free pages otherwise.

The function that hands a page to ``->page_free()``, and the one that gives a page its pagemap, decide with what count a free page of each type waits,
and who holds a reference on the pagemap.  Where a patch changes that, each owner of such memory that the series leaves as it was is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from getput.ownership.device import allocators, free_path
from getput.ownership.device.driver import Driver, driver
from getput.ownership.device.table import known
from getput.ownership.view import Behind, Changed, Place
from getput.verdict.place import text_at

if TYPE_CHECKING:
    from getput.ownership.unit import Unit
    from getput.verdict.contracts import World

NO_COUNT, OWN_PUT = "no-count", "own-put"
SAYS = {
    NO_COUNT: "leaves free {types} pages with a count of zero",
    OWN_PUT: "now drops the reference of {types} pages on their pagemap",
}
FAMILIES = {NO_COUNT: "page_folio", OWN_PUT: "dev_pagemap"}


class Core(msgspec.Struct, frozen=True):
    """What a patch changes for all pages of some ``types``: ``kind`` in a ``function`` whose name stands ``at`` an offset."""

    kind: str
    function: str
    at: int
    types: frozenset[str]


def changes(before: Unit, after: Unit, names: Collection[str]) -> Iterator[Core]:
    """What the step from one image of a file to the other changes in functions among *names*, for the owners of pages."""
    for find, rule in ((free_path.freeing, freed), (free_path.starting, started)):
        here = set(find(before)) | set(find(after))
        for name in sorted(here & set(names) & before.by_name.keys() & after.by_name.keys()):
            was, now = free_path.outcomes(before, name), free_path.outcomes(after, name)
            at = after.text.find(name.encode(), after.by_name[name].start)
            for kind, types in sorted(rule(was, now).items()):
                if types:
                    yield Core(kind, name, at, types)


Outcomes = dict[str, frozenset[tuple[int, int]]]


def freed(was: Outcomes, now: Outcomes) -> dict[str, frozenset[str]]:
    """What changes for a page that comes back, by the types for which it does."""
    common = was.keys() & now.keys()
    return {
        NO_COUNT: frozenset(
            one
            for one in common
            if all(count > 0 for count, _ in was[one]) and all(count <= 0 for count, _ in now[one])
        ),
        OWN_PUT: frozenset(
            one for one in common if all(puts == 0 for _, puts in was[one]) and all(puts > 0 for _, puts in now[one])
        ),
    }


def started(was: Outcomes, now: Outcomes) -> dict[str, frozenset[str]]:
    """What changes for a page that comes to be, by the types for which it does."""
    types = frozenset(
        one
        for one in now
        if any(count == 0 for count, _ in now[one]) and all(count != 0 for count, _ in was.get(one, ()))
    )
    return {NO_COUNT: types}


def left(core: Core, world: World, mentioning: Callable[[str], Iterable[str]]) -> Changed | None:
    """The owners that *core* leaves behind in the tree as the series leaves it; None where there are none."""
    behind: list[Behind] = []
    for path in owners(world, mentioning):
        unit = world.unit(path)
        owner = None if unit is None else driver(unit)
        if unit is None or owner is None or not owner.types & core.types:
            continue
        found = without_count(unit, owner) if core.kind == NO_COUNT else putting(unit, owner)
        behind += [one for one in found if all(one.place != other.place for other in behind)]
    if not behind:
        return None
    behind.sort(key=lambda one: (one.place.path, one.place.line))
    every = known().types.all
    named = "device" if core.types == set(every) else " and ".join(one for one in every if one in core.types)
    says = SAYS[core.kind].format(types=named)
    return Changed(core.function, FAMILIES[core.kind], core.at, (says,), tuple(behind), 0)


def owners(world: World, mentioning: Callable[[str], Iterable[str]]) -> list[str]:
    """The files that may own device memory: those of the series, those that an index names, those that are known to."""
    table = known().operations
    mark = table.structure.encode()
    found = [path for path, unit in world.series.items() if mark in unit.text]
    for name in table.maps:
        found += mentioning(name)
    return [path for path in dict.fromkeys([*sorted(found), *table.owners]) if path.endswith(".c")]


def without_count(unit: Unit, owner: Driver) -> Iterator[Behind]:
    """The functions of an owner that hand out pages and rely on the count that they had."""
    found = False
    for one in allocators.faults(unit, owner):
        if one.kind == "wrong-undo":
            continue
        found = True
        if one.kind == "counted-by-hand" and one.api in known().pages.sets | {"init_page_count"}:
            continue
        how = (
            "hands them out and sets no count"
            if one.kind == "not-initialised"
            else f"gets one by {one.api}(), which needs a count"
        )
        yield behind(unit, one.function, one.at, how)
    words = frozenset(word for source in unit.sources for word in unit.words_of(source))
    if found or words & (known().pages.init | known().pages.sets):
        return
    for free in sorted(owner.frees & unit.by_name.keys()):
        yield behind(unit, free, unit.by_name[free].start, "gets them back, and nothing in its file sets a count")


def putting(unit: Unit, owner: Driver) -> Iterator[Behind]:
    """The functions of an owner that get pages back and drop a reference on the pagemap themselves."""
    puts = known().pages.pagemap_puts
    for free in sorted(owner.frees & unit.by_name.keys()):
        source = unit.by_name[free]
        for name in sorted(unit.words_of(source) & puts):
            at = unit.text.find(name.encode(), unit.text.find(b"{", source.start), source.end)
            yield behind(unit, free, at, f"drops one by {name}() already")


def behind(unit: Unit, function: str, at: int, how: str) -> Behind:
    """One owner that is left behind."""
    line, column = unit.lines.position(at)
    return Behind(function, Place(unit.path, line, column, text_at(unit.lines, line)), "", line, how)
