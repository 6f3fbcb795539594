"""What the text around a call says against an incident, where the counts say nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getput.ownership.contracts import Verb
from getput.ownership.naming import NODES, REMOVES
from getput.ownership.view import Incident
from getput.pattern import either, pattern

if TYPE_CHECKING:
    from getput.csource.syntax import FunctionSource
    from getput.ownership.unit import Unit

VOIDED = pattern(rb"\(\s*void\s*\)\s*\Z")
GIVEN = pattern(rb"\w+\s*\(\s*(\w+\s*\([^;]*?\))\s*\)\s*;")
NAME = pattern(rb"\w+(?=\s*\()")
DEVICE_PUT = pattern(rb"\b(?:platform_device_put|put_device)\s*\(")
LEAVING = pattern(rb"\{[^{}]*\b(?:goto|return)\b[^{}]*\}")
OPERATIONS = pattern(rb"\bfwnode_operations\s+\w+\s*=\s*\{")
COUNTS = pattern(rb"\.get\s*=")
ENDS = pattern(r"(?:^|_)unregister(?:_|$)")
BEFORE = 40  # bytes in front of a call in which its cast stands


def explained(unit: Unit, source: FunctionSource, incident: Incident) -> bool:
    """Whether the text says what the counts do not: a cast, or a reference of another kind."""
    if incident.count.family == "fwnode" and uncounted(unit):
        return True
    if incident.kind == "discarded":
        return cast_away(unit, incident.at) or put_by_the_same_words(unit, source, incident.at, incident.key[1])
    if incident.kind == "free-counted":
        return _put_by_who_frees(unit, incident)
    return incident.kind == "use-after-put" and (
        _held_otherwise(unit, incident) or _held_by_its_device(unit, incident) or _still_in_the_tree(unit, incident)
    )


def put_by_the_same_words(unit: Unit, source: FunctionSource, at: int, counter: str) -> bool:
    """Whether what a get is given is put further down by the very same expression: ``get_device(acme_dev(acme))``."""
    given = GIVEN.match(unit.text, at)
    if given is None:
        return False
    puts = unit.vocabulary.puts(counter)
    again = rb"\b%s\s*\(\s*%s\s*\)" % (either(puts), re.escape(given[1].strip()))
    return bool(puts) and re.search(again, unit.text[given.end() : source.end]) is not None


def _held_otherwise(unit: Unit, incident: Incident) -> bool:
    """Whether the object was held, before it was put, by a get that moves another of its counts."""
    count, site = incident.count, incident.site
    if site is None or not count.taken or not count.label:
        return False
    label = re.escape(count.label.split("->")[0].encode("ascii", "replace"))
    between = unit.text[count.taken[0].at : site.at]
    names = (word.decode("ascii") for word in re.findall(rb"\b(\w+)\s*\(\s*&?%s\b" % label, between))
    contracts = (unit.tables.contracts.get(name) for name in names)
    return any(
        effect.verb is Verb.TAKE and effect.target.arg == 0 and unit.tables.counter_of(effect.family) != incident.key[1]
        for contract in contracts
        if contract is not None
        for effect in contract.effects
    )


def uncounted(unit: Unit) -> bool:
    """Whether the file has the operations of a kind of firmware node that is not counted."""
    return OPERATIONS.search(unit.text) is not None and COUNTS.search(unit.text) is None


def _held_by_its_device(unit: Unit, incident: Incident) -> bool:
    """Whether the device of a node was looked up, and is not put yet: as long as it lives it holds its node."""
    count = incident.count
    if count.family not in NODES or not count.label:
        return False
    label = re.escape(count.label.encode("ascii", "replace"))
    found = re.compile(rb"\bof_find_device_by_node\s*\(\s*%s\s*\)" % label).search(
        unit.text, count.taken[0].at if count.taken else 0, incident.at
    )
    return found is not None and DEVICE_PUT.search(LEAVING.sub(b"", unit.text[found.end() : incident.at])) is None


def _still_in_the_tree(unit: Unit, incident: Incident) -> bool:
    """Whether the use is the call that takes the object out of what keeps it: until then that has a reference, too."""
    name = NAME.match(unit.text, incident.at)
    return name is not None and REMOVES.search(name[0].decode("ascii")) is not None


def _put_by_who_frees(unit: Unit, incident: Incident) -> bool:
    """Whether the memory is given back by a function of the file that puts or unregisters such an object before."""
    name = incident.site.callee if incident.site is not None else ""
    source = unit.by_name.get(name)
    if source is None:
        return False
    words = unit.words_of(source)
    words = words.union(*[unit.words_of(callee) for callee in unit.callees(source)])
    return bool(words & unit.vocabulary.puts(incident.key[1])) or any(map(ENDS.search, words))


def cast_away(unit: Unit, at: int) -> bool:
    """Whether what the call at an offset returns is cast to void."""
    return VOIDED.search(unit.text, max(0, at - BEFORE), at) is not None
