"""Incidents that may be meant: worth a word where a patch makes them, and no more where much code lives with them.

A put of one reference, and a use of what it dropped, are wrong only if nobody else keeps the object; a function that drops more than
it took may be there to do so.  What excludes that is looked for here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from getput.flow.cfg import always_after
from getput.flow.ir import AddressOf, Binary, Branch, Call, Const, Expr, Function, Temp
from getput.ownership.contracts import Source, Verb
from getput.ownership.guess import put_stem
from getput.ownership.label import text_of
from getput.ownership.naming import (
    DROPPING_NAME,
    EMBEDDED,
    KEEPING_NAME,
    KEPT_ANYWAY,
    LOOKUP_NAME,
    PAGES,
    REMOVES,
    TEARDOWN_NAME,
)
from getput.ownership.state import ELEMENT, Count, Key, Site, Trace
from getput.ownership.values import GLOBAL
from getput.ownership.view import Accepted, Exit, ExitKind, Incident, guessed, summarized
from getput.pattern import pattern

# Somebody else's object may have other owners; what is returned without a reference may be known to stay, or be no more than a key.
ALWAYS = ("stored-without-reference", "use-after-own-put", "return-after-put")
EXTRA_PUTS = ("over-put", "put-after-handover")
GUARDED = (*EXTRA_PUTS, "put-uninitialised", "never-added", "put-borrowed")
BARE = frozenset({"kobject_init", "kset_init"})  # allocate nothing: the name does
NAMES = pattern(r"set_name|add|register")
NEAR = 160  # bytes between a condition and the put that it guards


FINDS = pattern(r"get|find|lookup|next|exists|parent|by_")
LOOKS_UP = pattern(r"(?:^|_)(?:lookup|find)(?:_|$)")
# What is put by whoever looked it up, as a rule, and held by nobody that he could count on; of sockets, connections or inodes he mostly knows one.
OWED = frozenset({"of_node", "fwnode", "device", "kobject", "pci_dev", "usb", "i2c_client", "spi", "mdio"})
LOOKED_UP = frozenset({"of_node", "device"})  # found far more often than made: a summary tells all


def meant(incident: Incident, function: Function, exits: Sequence[Exit], *, users: bool) -> Accepted:
    """How far *incident* in *function* may be meant; *users* where what is counted are users, not owners."""
    if not may_be_meant(incident, function, exits, users=users):
        held_too = incident.kind == "use-after-put" and incident.count.family not in OWED
        return Accepted.STANDING if held_too else Accepted.NO
    kind, key, count, site = incident.kind, incident.key, incident.count, incident.site
    if kind == "stored-without-reference" and (kept_in_view(count) or kept_beyond_the_turn(incident)):
        return Accepted.STANDING
    if kind == "use-after-own-put" and gave_all(function, key, count, incident.at, exits):
        return Accepted.STANDING
    if kind not in EXTRA_PUTS or not count.fresh or told_elsewhere(count, key[1]) or guessed(count):
        return Accepted.ANYWHERE
    ends = TEARDOWN_NAME.search(function.name) or put_stem(function.name)
    sites = count.dropped if site is None else (*count.dropped, site)
    removed = any(map(REMOVES.search, (*count.passed, *[one.callee for one in sites])))
    asked = site is not None and guarded(function, incident.trace, site, count.label, kind)
    return Accepted.ANYWHERE if removed or asked or (looked_up(count) and ends) else Accepted.STANDING


def may_be_meant(incident: Incident, function: Function, exits: Sequence[Exit], *, users: bool) -> bool:
    """Whether something speaks for *incident* being meant."""
    kind, key, count, site, trace = incident.kind, incident.key, incident.count, incident.site, incident.trace
    if kind in ALWAYS:
        return True
    if kind == "discarded":
        return not count.fresh or users or told_elsewhere(count, key[1])
    if kind == "overwritten":
        return users or key[1] == "page_folio" or told_elsewhere(count, key[1]) or known_to_others(count)
    if kind == "free-counted":
        return all(site.callee in BARE for site in count.taken) and not any(map(NAMES.search, count.passed))
    if kind == "put-after-failed-get":
        return short_anyway(key, exits)
    if kind in GUARDED and site is not None and guarded(function, trace, site, count.label, kind):
        return True
    if kind != "use-after-put" and kind not in EXTRA_PUTS:
        return False
    if guessed(count) or (looked_up(count) and (TEARDOWN_NAME.search(function.name) or put_stem(function.name))):
        return True  # who ends an object looks it up and drops the reference of its owner too
    if kind == "use-after-put":
        if not count.touched and not count.init:
            return True  # who drops the reference first of all counts on somebody else's
        return any(map(KEEPING_NAME.search, count.passed)) or (site is not None and bool(REMOVES.search(site.callee)))
    sites = count.dropped if site is None else (*count.dropped, site)
    if count.earlier or in_one_go(trace, count):
        return True
    if any(map(REMOVES.search, (*count.passed, *[one.callee for one in sites]))):
        return True
    if any(summarized(one) and put_stem(one.callee) is None for one in sites):
        return True  # a helper that does more than to put may drop a reference of its own
    if count.fresh:
        return False
    gave_first = min(one.at for one in sites) < min(one.at for one in count.taken)
    return gave_first or not only_on_errors(key, exits)


def kept_in_view(count: Count) -> bool:
    """Whether the get's result went to a member at once, and the put names that member: who reads it later finds what was put."""
    return count.fresh and re.search(r"->\w+\Z", count.label) is not None and not count.earlier


def kept_beyond_the_turn(incident: Incident) -> bool:
    """Whether a global variable points to an element that the iterator itself dropped as it went on: no one of this function's callers
    knows of it."""
    count, site = incident.count, incident.site
    return incident.note == GLOBAL and site is not None and site.callee == count.taken[-1].callee


def gave_all(function: Function, key: Key, count: Count, at: int, exits: Sequence[Exit]) -> bool:
    """Whether the put before the use at offset *at* is plain, may free the object, stands on every way there, and is the function's
    only one of it."""
    last = count.dropped[-1]
    if (
        not count.label
        or key[1] in KEPT_ANYWAY
        or guessed(count)
        or any(map(REMOVES.search, (*count.passed, last.callee)))
    ):
        return False
    if summarized(last) and put_stem(last.callee) is None:
        return False
    if never_frees(function, key[1], last):
        return False
    owner = holder(count.label)
    again = any(
        site.at != last.at and (standing.key == key or holder(standing.count.label) == owner)
        for one in exits
        for standing in one.standings
        for site in standing.count.dropped
    )
    return not again and always_after(function, at, last.at)


def never_frees(function: Function, counter: str, put: Site) -> bool:
    """Whether a put must not be the last one (``refcount_dec()``), or is of a device or kobject that is part of something else."""
    if counter in EMBEDDED:
        effects = put.contract.effects if put.contract is not None else ()
        return put.contract is not None and put.contract.source is Source.TABLE and not any(one.last for one in effects)
    return any(
        isinstance(one, Call) and one.at == put.at and any(isinstance(arg, AddressOf) for arg in one.args[:1])
        for block in function.blocks
        for one in block.instrs
    )


def holder(label: str) -> str:
    """The variable that leads to the object called *label*."""
    return re.split(r"->|\.", label, maxsplit=1)[0]


def short_anyway(key: Key, exits: Sequence[Exit]) -> bool:
    """Whether the function leaves less than it found even where its get worked: then it drops what somebody else took."""
    return any(
        standing.low < 0 and len(standing.count.taken) > len(standing.count.failed)
        for one in exits
        for standing in one.standings
        if standing.key == key
    )


def in_one_go(trace: Trace | None, count: Count) -> bool:
    """Whether the path asks nothing between the last two puts: who writes them so knows of two references."""
    if trace is None or trace[1] != "drop" or trace[0] is None or not count.dropped:
        return False
    earlier: Trace = trace[0]
    return earlier[1] == "drop" and earlier[2] == count.dropped[-1].at


def guarded(function: Function, trace: Trace | None, site: Site, label: str, kind: str) -> bool:
    """Whether a condition on some state of the program, not on the object, stands right before the put: it may know of a reference."""
    while trace is not None and trace[1] == "drop":
        trace = trace[0]
    if trace is None or trace[1] != "true" or not 0 < site.at - trace[2] < NEAR:
        return False
    for block in function.blocks:
        if isinstance(block.end, Branch) and block.end.at == trace[2]:
            text = text_of(block.end.condition)
            asked = label and re.search(rf"(?<![\w>.]){re.escape(label)}(?![\w>.])", text)
            return not asked and (kind == "put-borrowed" or not text or "->" in text or "&" in text)
    return False


def refuted(kind: str, count: Count, trace: Trace | None, asked: Mapping[int, Expr]) -> bool:
    """Whether the path itself shows that an incident is none: what another pointer to the object holds is a reference, too.

    *asked* are the conditions of the function, by where they stand (:func:`conditions`).
    """
    if kind in EXTRA_PUTS and any(initialises(site) for site in count.taken[1:]):
        return True  # a callee began another count of the object
    return kind in ("use-after-put", *EXTRA_PUTS) and equals_another(asked, trace, count.label)


def left_by_another(key: Key, count: Count, exits: Sequence[Exit]) -> bool:
    """Whether turns of a loop leave pages that another get took, and no pointer leads to: looked up again, they are put for that, too."""
    if not count.fresh or key[1] not in PAGES:
        return False
    gets = {site.at for site in count.taken}
    return any(
        standing.count.earlier and standing.high > 0 and standing.count.fresh and not standing.held_by
        for one in exits
        for standing in one.standings
        if standing.key[1] == key[1] and gets.isdisjoint(site.at for site in standing.count.taken)
    )


def initialises(site: Site) -> bool:
    """Whether the call begins a count."""
    return site.contract is not None and any(effect.verb is Verb.INIT for effect in site.contract.effects)


def conditions(function: Function) -> dict[int, Expr]:
    """What the branches of *function* ask, by the offset at which they stand."""
    return {block.end.at: block.end.condition for block in function.blocks if isinstance(block.end, Branch)}


def equals_another(conditions: Mapping[int, Expr], trace: Trace | None, label: str) -> bool:
    """Whether the path learned that the object called *label* is the one that another pointer points to, too."""
    if not label:
        return False
    while trace is not None:
        trace, kind, at, _ = trace
        asked = conditions.get(at) if kind in ("true", "false") else None
        if not isinstance(asked, Binary) or asked.op != ("==" if kind == "true" else "!="):
            continue
        sides = (asked.left, asked.right)
        if any(isinstance(side, Const) for side in sides) or all(isinstance(side, Temp) for side in sides):
            continue
        if label in map(text_of, sides):
            return True
    return False


def told_elsewhere(count: Count, counter: str) -> bool:
    """Whether the take rests on a guess, or on a summary of a function that may have kept the object too."""
    return any(
        site.contract is not None
        and (
            site.contract.source is Source.GUESS
            or (site.contract.source is Source.SUMMARY and not finds(site, counter))
        )
        for site in count.taken
    )


def finds(site: Site, counter: str) -> bool:
    """Whether a call returns what it found: a device that a function brings to life is known to the bus, too."""
    if LOOKS_UP.search(site.callee):
        return True
    return counter in LOOKED_UP and (counter != "device" or FINDS.search(site.callee) is not None)


def known_to_others(count: Count) -> bool:
    """Whether something else than one pointer may still know the object."""
    return ELEMENT in count.passed or any(
        DROPPING_NAME.search(name) or KEEPING_NAME.search(name) for name in count.passed
    )


def looked_up(count: Count) -> bool:
    """Whether the reference was taken on an object that somebody else brought to life."""
    return bool(count.taken) and LOOKUP_NAME.search(count.taken[0].callee) is not None


def only_on_errors(key: Key, exits: Sequence[Exit]) -> bool:
    """Whether error exits alone leave less than the caller had: where the others do too, the function is there for it."""
    short = {one.kind for one in exits for standing in one.standings if standing.key == key and standing.low < 0}
    return short == {ExitKind.ERROR}
