"""References that outlive a function: who in the file stores one in a member, and who puts it again.

The droppers are found by words, generously: a function that names the member and any put of the counter counts as one.  That can hide
a leak; it cannot invent one.
"""

from __future__ import annotations

import re

from getput.csource.syntax import FunctionSource
from getput.ownership.unit import Unit
from getput.ownership.view import FileReport, Stored

ASSIGNED = re.compile(rb"(?:->|\.)(\w+)\s*=[^=]")
BRINGS_UP = re.compile(
    r"alloc|register|create|_new_"
)  # what they return is undone by an unregister or a free of its own
MAX_TAKERS = 16  # functions followed for one counter of one file


def file_report(unit: Unit, focus: frozenset[str] | None, touched: frozenset[str]) -> FileReport:
    """What rules about a whole file may see.  *focus* are the words of the changed lines: only members and counters among them are
    followed; None follows all."""
    stored: list[Stored] = []
    vocabulary = unit.vocabulary
    words = vocabulary.words if focus is None else vocabulary.words & focus
    counters = sorted({counter for word in words for counter in vocabulary.counters[word]})
    for counter in counters:
        if unit.mentions(vocabulary.taking(counter)):
            stored += members_of(unit, counter, focus)
    members = tuple([unit.member(source) for source in unit.sources])
    return FileReport(unit.path, members, tuple(stored), touched)


def members_of(unit: Unit, counter: str, focus: frozenset[str] | None) -> list[Stored]:
    """Every member in which some function of the file leaves a reference of *counter*."""
    taking = unit.vocabulary.taking(counter)
    takers: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
    followed = 0
    for source in unit.sources:
        if (focus is not None and not assigns(unit, source, focus)) or not takes(unit, source, taking):
            continue
        followed += 1
        if followed > MAX_TAKERS and focus is not None:
            break
        report = unit.report(source, counter)
        if report is None:
            continue
        seen: set[tuple[str, str, int]] = set()
        for one in report.exits:
            if one.kind.value == "error":
                continue
            for standing in one.standings:
                count = standing.count
                if not count.taken or standing.high <= 0 or standing.escaped or not standing.held_by or not count.fresh:
                    continue
                if standing.held_by in ("local", "freed") or BRINGS_UP.search(count.taken[0].callee):
                    continue
                for field in standing.fields:
                    if focus is None or field in focus:
                        site = count.taken[0]
                        if (field, site.callee, site.at) not in seen:
                            seen.add((field, site.callee, site.at))
                            takers.setdefault((field, count.family), []).append((source.name, site.callee, site.at))
    out = []
    for (field, family), sites in sorted(takers.items()):
        functions = {site[0] for site in sites}
        before = () if unit.twin is None else unit.twin.droppers(field, counter, frozenset())
        out.append(
            Stored(
                field,
                family,
                tuple(sites),
                unit.droppers(field, counter, frozenset(functions)),
                before,
                defined_here(unit, field),
            )
        )
    return out


def takes(unit: Unit, source: FunctionSource, taking: frozenset[str]) -> bool:
    """Whether *source*, or a function of the file that it names, names one of *taking*."""
    words = unit.words_of(source)
    if words & taking:
        return True
    helpers = words & unit.by_name.keys()
    return any(unit.words_of(unit.by_name[name]) & taking for name in helpers if name != source.name)


def assigns(unit: Unit, source: FunctionSource, focus: frozenset[str]) -> bool:
    """Whether *source* writes a member whose name is in *focus*."""
    return any(match.decode("ascii") in focus for match in ASSIGNED.findall(unit.text, source.start, source.end))


def defined_here(unit: Unit, field: str) -> bool:
    """Whether a structure of the file declares a pointer member of this name."""
    for match in re.finditer(
        rb"^[ \t]+(?:const )?(?:struct )?\w+[ \t]*\*[ \t]*" + field.encode() + rb"(?:\[[^\]]*\])?;",
        unit.text,
        re.MULTILINE,
    ):
        if not any(source.start <= match.start() < source.end for source in unit.sources):
            return True
    return False
