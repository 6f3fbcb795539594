"""Incidents that may be meant: worth a word where a patch makes them, and no more where much code lives with them.

A put of one reference, and a use of what it dropped, are wrong only if nobody else keeps the object; a function that drops more than
it took may be there to do so.  What excludes that is looked for here.
"""

from __future__ import annotations

from collections.abc import Sequence

from getput.ownership.contracts import Source
from getput.ownership.guess import put_stem
from getput.ownership.naming import DROPPING_NAME, KEEPING_NAME, LOOKUP_NAME, TEARDOWN_NAME
from getput.ownership.state import ELEMENT, Count, Key, Site
from getput.ownership.view import Exit, ExitKind, guessed, summarized

# Somebody else's object may have other owners; what is returned without a reference may be known to stay, or be no more than a key.
ALWAYS = ("stored-without-reference", "use-after-own-put", "return-after-put")
EXTRA_PUTS = ("over-put", "put-after-handover")


LOOKED_UP = frozenset({"of_node", "device"})  # found far more often than made: a summary tells all


def meant(
    kind: str, key: Key, count: Count, site: Site | None, function: str, exits: Sequence[Exit], *, users: bool
) -> bool:
    """Whether an incident of *kind* in *function*, on the object *key*, counted as *count*, may be meant.

    *site* is the call that made it; *users* where what is counted are users, not owners.
    """
    if kind in ALWAYS:
        return True
    if kind == "discarded":
        return not count.fresh or users or told_elsewhere(count, key[1])
    if kind == "overwritten":
        return users or key[1] == "page_folio" or told_elsewhere(count, key[1]) or known_to_others(count)
    if kind != "use-after-put" and kind not in EXTRA_PUTS:
        return False
    if guessed(count) or (looked_up(count) and (TEARDOWN_NAME.search(function) or put_stem(function))):
        return True  # who ends an object looks it up and drops the reference of its owner too
    if kind == "use-after-put":
        return any(map(KEEPING_NAME.search, count.passed))
    sites = count.dropped if site is None else (*count.dropped, site)
    if any(summarized(one) and put_stem(one.callee) is None for one in sites):
        return True  # a helper that does more than to put may drop a reference of its own
    if count.fresh:
        return False
    gave_first = min(one.at for one in sites) < min(one.at for one in count.taken)
    return gave_first or not only_on_errors(key, exits)


def told_elsewhere(count: Count, counter: str) -> bool:
    """Whether the take rests on a guess, or on a summary of a function that may have kept the object too."""
    sources = {site.contract.source for site in count.taken if site.contract is not None}
    return Source.GUESS in sources or (Source.SUMMARY in sources and counter not in LOOKED_UP)


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
