"""Functions that are opposites: what one leaves counted and the other drops again.

Counts of users (runtime PM) cancel out, or they do not.  A reference on an object that only one of them names is looked at only where a patch takes
the put away.
"""

from __future__ import annotations

from collections.abc import Sequence

from getput.ownership.twins import counts_owners, fewer
from getput.ownership.unit import Unit
from getput.ownership.view import Balance, ExitKind, Lapsed, Standing, guessed
from getput.pattern import pattern

RUNTIME_PM = "pm_runtime"
# User space may hold the device, too: what a driver leaves counted is not all there is.
ALLOWING = (b"pm_runtime_forbid", b"pm_runtime_allow")
# Buses that count nothing for a driver before they call its probe function; PCI and AMBA do.
COUNTS_NOTHING = pattern(rb"\(\s*struct (?:platform_device|i2c_client|spi_device)\b")
MAKES = pattern(r"(?:^|_)(?:create|register|add)(?:_|$)")  # an object, with which its count goes, too
BUS = pattern(rb"->probe\s*\(")
WORDS = pattern(r"[a-z0-9]+")
# Words by which an operation that brings something up and the one that takes it down again differ.
OPPOSITES = {
    "probe": ("remove", "disconnect"),
    "bind": ("unbind",),
    "attach": ("detach",),
    "setup": ("remove", "cleanup", "teardown"),
    "init": ("exit", "fini", "cleanup", "deinit", "uninit", "remove", "free", "destroy"),
    "open": ("close", "release"),
    "enable": ("disable",),
    "start": ("stop",),
    "resume": ("suspend",),
    "startup": ("shutdown",),
    "prepare": ("unprepare", "complete"),
    "get": ("put", "release"),
    "request": ("release", "free"),
    "acquire": ("release",),
    "register": ("unregister",),
    "alloc": ("free",),
    "create": ("destroy", "free", "delete", "remove"),
    "add": ("remove", "del", "delete"),
    "on": ("off",),
    "up": ("down",),
    "begin": ("end", "complete"),
    "connect": ("disconnect",),
    "map": ("unmap",),
    "load": ("unload",),
    "install": ("cleanup",),
}


def balances(unit: Unit, counters: Sequence[str], touched: frozenset[str]) -> list[Balance]:
    """The pairs of operations of the file of which one is *touched* by the patch, and what each leaves of *counters*, where both can be
    told in both images."""
    other = unit.twin
    families = unit.tables.families
    counting = [(one, families[one]) for one in counters if one in families and families[one].outlives]
    if other is None or not counting:
        return []
    out = []
    for up, down in pairs(unit):
        if up not in other.by_name or down not in other.by_name or touched.isdisjoint((up, down)):
            continue
        for counter, family in counting:
            now = net(unit, up, counter), net(unit, down, counter)
            before = net(other, up, counter), net(other, down, counter)
            if None not in now and None not in before:
                out.append(Balance(family.name, family.noun, (up, down), now, before))  # type: ignore[arg-type]
    return out


def uneven(unit: Unit) -> list[Balance]:
    """The operations of the file that do not undo what the other does to the runtime PM usage count, both of them new; only where
    no other function of the file can be the reason, and the bus not either."""
    counter = RUNTIME_PM
    known = unit.twin.by_name if unit.twin is not None else {}
    if (
        b"pm_runtime_" not in unit.text
        or any(word in unit.text for word in ALLOWING)
        or unit.by_name.keys() <= known.keys()
    ):
        return []
    out: dict[str, Balance] = {}
    family = unit.tables.families[counter]
    for up, down in sorted(pairs(unit), key=lambda pair: "probe" not in pair[0]):
        if up in known or down in known or down in out or MAKES.search(up):
            continue
        now = net(unit, up, counter), net(unit, down, counter)
        if now[0] is None or now[1] is None or sorted(map(abs, now)) != [0, 1]:  # type: ignore[arg-type]
            continue
        source = unit.by_name[up]
        text = unit.text[source.start : source.end]
        if BUS.search(text) or (now[0] < 0 and not COUNTS_NOTHING.search(text, 0, text.find(b"{"))):
            continue  # the one drops what the bus has counted, or counts for drivers
        others = [leaning(unit, one.name, counter) for one in unit.sources if one.name not in (up, down)]
        if None not in others and sum(others) == 0:  # type: ignore[arg-type]
            out[down] = Balance(family.name, family.noun, (up, down), now, None)  # type: ignore[arg-type]
    return list(out.values())


def leaning(unit: Unit, name: str, counter: str) -> int | None:
    """To which side function *name* may bring the count on the ways on which it does not fail: 0 where one way makes good for the
    other; None where that cannot be told."""
    ends = left(unit, name, counter)
    if ends is None:
        return None
    low = min((sum(one.low for one in standings) for standings in ends), default=0)
    high = max((sum(one.high for one in standings) for standings in ends), default=0)
    switches = low < 0 < high and unit.is_entry(name)  # an operation that leaves either behind
    return None if switches else low + high


def left(unit: Unit, name: str, counter: str) -> list[tuple[Standing, ...]] | None:
    """What function *name* leaves counted, on each way on which it does not fail; None where that cannot be told."""
    source = unit.by_name[name]
    if counter not in unit.counters(source) or not unit.touches(source, counter):
        return [()]
    report = unit.report(source, counter)
    if report is None or report.bounded:
        return None
    return [one.standings for one in report.exits if one.kind is not ExitKind.ERROR]


def lapsed(unit: Unit, touched: frozenset[str]) -> list[Lapsed]:
    """The functions *touched* by the patch that drop nothing any more of what they dropped in the other image, although their opposite,
    which the patch leaves alone, takes as before."""
    other = unit.twin
    if other is None:
        return []
    out = []
    for up, down in pairs(unit):
        if down not in touched or not {up, down} <= other.by_name.keys():
            continue
        if unit.member(unit.by_name[up]).text != other.member(other.by_name[up]).text:
            continue
        for counter in sorted(other.counters(other.by_name[down])):
            if not counts_owners(unit, counter):
                continue
            puts = drops(other, down, counter)
            taking = unit.words_of(unit.by_name[up]) & unit.vocabulary.taking(counter)
            if (
                puts
                and taking
                and not drops(unit, down, counter)
                and fewer(unit.text, other.text, puts)
                and not converted(unit, other, down)
            ):
                out.append(Lapsed(up, down, counter, min(taking), puts[0]))
    return out


def converted(unit: Unit, other: Unit, name: str) -> bool:
    """Whether function *name* drops something of another kind instead."""
    source = unit.by_name[name]
    return any(drops(unit, name, one) and not drops(other, name, one) for one in sorted(unit.counters(source)))


def drops(unit: Unit, name: str, counter: str) -> list[str]:
    """The callees by which function *name* drops references that it was given or found."""
    source = unit.by_name[name]
    report = unit.report(source, counter) if counter in unit.counters(source) else None
    found = {
        site.callee
        for one in (report.exits if report is not None else ())
        for standing in one.standings
        for site in standing.count.dropped
        if not standing.count.taken
    }
    return sorted(found)


def pairs(unit: Unit) -> list[tuple[str, str]]:
    """(what brings up, what takes down): functions of the file whose names differ by two opposite words."""
    out = []
    names = unit.by_name.keys()
    for name in sorted(names):
        for word in WORDS.finditer(name):
            for down in OPPOSITES.get(word[0], ()):
                other = name[: word.start()] + down + name[word.end() :]
                if other in names:
                    out.append((name, other))
    return out


def net(unit: Unit, name: str, counter: str) -> int | None:
    """How many more are counted when function *name* has done its work than before; None where that cannot be told."""
    found = set()
    for standings in left(unit, name, counter) or ():
        total = 0
        for standing in standings:
            if guessed(standing.count):
                continue
            if standing.low != standing.high or standing.escaped.startswith("handed"):
                return None
            if not standing.escaped.startswith("devm"):
                total += standing.low
        found.add(total)
    return found.pop() if len(found) == 1 else None
