"""What a driver's probe leaves counted and what its remove drops again, for counts of users: they cancel out, or they do not."""

from __future__ import annotations

import re

from getput.ownership.unit import Unit
from getput.ownership.view import Balance, ExitKind

WORDS = re.compile(r"[a-z0-9]+")
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


def balances(unit: Unit, counters: list[str]) -> list[Balance]:
    """The pairs of operations of the file, and what each leaves of *counters*, where both can be told in both images."""
    other = unit.twin
    if other is None:
        return []
    out = []
    for up, down in pairs(unit):
        if up not in other.by_name or down not in other.by_name:
            continue
        for counter in counters:
            family = unit.tables.families.get(counter)
            if family is None or not family.outlives:
                continue
            now = net(unit, up, counter), net(unit, down, counter)
            before = net(other, up, counter), net(other, down, counter)
            if None not in now and None not in before:
                out.append(Balance(family.name, family.noun, (up, down), now, before))  # type: ignore[arg-type]
    return out


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
    source = unit.by_name[name]
    if counter not in unit.counters(source) or not unit.touches(source, counter):
        return 0
    report = unit.report(source, counter)
    if report is None or report.bounded:
        return None
    found = set()
    for one in report.exits:
        if one.kind is ExitKind.ERROR:
            continue
        total = 0
        for standing in one.standings:
            if standing.low != standing.high or standing.escaped.startswith("handed"):
                return None
            if not standing.escaped.startswith("devm"):
                total += standing.low
        found.add(total)
    return found.pop() if len(found) == 1 else None
