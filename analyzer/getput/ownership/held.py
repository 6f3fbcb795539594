"""References that a patch takes away from a function which goes on using the object after it let go of a lock."""

from __future__ import annotations

import re
from collections.abc import Iterator

from getput.csource.syntax import FunctionSource
from getput.ownership.naming import EMBEDDED
from getput.ownership.twins import calls, counts_owners, touched_in_both
from getput.ownership.unit import Unit
from getput.ownership.view import Unheld
from getput.pattern import pattern

UNLOCK = pattern(rb"\b(?:\w*unlock\w*|up_read|up_write)\s*\(")
MEMBERS = (*EMBEDDED, "lockref")  # counters that are members of what they count
MEMBER = pattern(r"(?:->|\.)\w+\Z")
FOUND = pattern(rb"\b(?!container_of\b)\w+\s*\(")  # a call: more than another view of what is known already
# What stands before a pointer that is only compared with NULL.
ASKED = pattern(rb"(?:\bif\s*\(|likely\(|!|&&|\|\|)\s*\Z")
OWN_MODULE = "THIS_MODULE"  # whose code goes on after the unlock, whatever it names
BASE = pattern(r"[A-Za-z_]\w*")


def unheld(unit: Unit, touched: frozenset[str]) -> Iterator[Unheld]:
    """The objects that functions *touched* by the patch held by a reference of their own in the other image, and in this one do not."""
    for source, other, before in touched_in_both(unit, touched):
        if unit.member(source).text != other.member(before).text:
            yield from of_function(unit, source, other, before)


def of_function(unit: Unit, source: FunctionSource, other: Unit, before: FunctionSource) -> Iterator[Unheld]:
    """Those of one function."""
    was = held(other, before)
    now = held(unit, source) if was else {}
    text, old = unit.member(source).text, other.member(before).text
    for label, one in sorted(was.items()):
        if not one.takes or not one.drops or (label in now and now[label].takes):
            continue
        take = one.takes[:1]
        lost = calls(old, take) - calls(text, take)
        if lost <= 0 or calls(other.text, take) - calls(unit.text, take) < lost:
            continue  # another function of the file takes it now
        at = used_unguarded(text, label)
        if at >= 0:
            yield Unheld(one.label, one.family, one.takes[0], one.drops[0], source.name, source.start + at)


class Held:
    """What a function does to one object: who takes references on it, and who drops them."""

    __slots__ = ("drops", "family", "label", "takes")

    def __init__(self, label: str, family: str) -> None:
        self.label = label
        self.family = family
        self.takes: list[str] = []
        self.drops: list[str] = []


def held(unit: Unit, source: FunctionSource) -> dict[str, Held]:
    """The objects found elsewhere that a function counts, by the words that lead to each, and what it does to them."""
    out: dict[str, Held] = {}
    text = unit.member(source).text
    for counter in sorted(unit.counters(source)):
        owners = counts_owners(unit, counter)
        report = unit.report(source, counter) if owners or counter == "module" else None
        for one in report.exits if report is not None else ():
            for standing in one.standings:
                count = standing.count
                if (
                    count.fresh
                    or count.init
                    or not (count.taken or count.dropped)
                    or not (owners or count.label == OWN_MODULE)
                ):
                    continue
                label = named(text, count.label, count.taken[0].callee if count.taken else "")
                if counter in MEMBERS:
                    label = MEMBER.sub("", label)
                known = out.setdefault(label, Held(label, count.family))
                known.takes += [site.callee for site in count.taken if site.callee not in known.takes]
                known.drops += [site.callee for site in count.dropped if site.callee not in known.drops]
    return out


def named(text: bytes, label: str, take: str) -> str:
    """*label*, or the variable that the result of *take* goes into where the label is a longer expression."""
    if "(" not in label or not take:
        return label
    into = re.search(rb"\b(\w+)\s*=\s*%s\s*\(" % re.escape(take.encode("ascii")), text)
    return label if into is None else into[1].decode("ascii")


def used_unguarded(text: bytes, label: str) -> int:
    """Where *text* uses what leads to *label* after, or in, an unlock that follows where it was found; -1 where it does not."""
    base = BASE.search(label)
    if base is None:
        return -1
    word = base[0].encode("ascii")
    found = 0
    for assigned in re.finditer(rb"\b%s\s*=(?!=)\s*([^;]*)" % word, text):
        if FOUND.search(assigned[1]):
            found = assigned.end()
    unlock = UNLOCK.search(text, found)
    if unlock is None:
        return -1
    if label == OWN_MODULE:
        return unlock.end()
    for use in re.finditer(rb"\b%s\b(?=\s*(->|[,)]))" % word, text[unlock.start() :]):
        at = unlock.start() + use.start()
        if at >= unlock.end() and (use[1] == b"->" or not ASKED.search(text, unlock.start(), at)):
            return at
    return -1
