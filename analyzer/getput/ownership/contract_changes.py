"""References that a patch makes a function keep although callers hand them over, or return without although callers count on them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from getput.model import Confidence
from getput.ownership.contracts import Verb
from getput.ownership.naming import CALL, TEARDOWN_NAME
from getput.ownership.twins import counts_owners, fewer, touched_in_both
from getput.ownership.unit import Unit
from getput.ownership.view import Leak, Standing, Ungiven

TAKING = frozenset({Verb.TAKE, Verb.INIT, Verb.UNSURE})


def no_longer_dropped(unit: Unit, touched: frozenset[str]) -> Iterator[tuple[str, int, Leak]]:
    """(function, its offset, exit) of those *touched* by the patch that dropped an argument's reference on every exit of the other image."""
    for source, other, before in touched_in_both(unit, touched):
        for counter in sorted(unit.counters(source)):
            now = unit.report(source, counter)
            was = other.report(before, counter) if now is not None and now.passing.handed else None
            if now is None or was is None:
                continue
            for leak in now.passing.handed:
                if leak.standing.count.label in was.passing.consumes:
                    yield source.name, source.start, leak


def no_longer_ended(unit: Unit, touched: frozenset[str], stored: frozenset[str]) -> Iterator[tuple[str, int, Leak]]:
    """(function, its offset, exit) of those *touched* by the patch, operations that end what lies behind their argument, which dropped a
    reference on it on every exit of the other image, and on none of this one.  Of what the file itself leaves in members (*stored*), who
    looks at all of its functions tells more."""
    if not unit.alike:
        return  # another file of the patch may do it now
    for source, other, before in touched_in_both(unit, touched):
        if not unit.is_entry(source.name) or not TEARDOWN_NAME.search(source.name):
            continue
        new, old = unit.member(source).text, other.member(before).text
        if not set(CALL.findall(old)).issuperset(CALL.findall(new)):
            continue  # somebody else may do it now
        for counter in sorted(other.counters(before)):
            was = other.report(before, counter) if counts_owners(unit, counter) else None
            if was is None:
                continue
            for field, count in was.passing.ends:
                puts = frozenset(site.callee for site in count.dropped)
                gets = unit.vocabulary.taking(counter)
                if (
                    field not in stored
                    and not fewer(unit.text, other.text, gets)
                    and fewer(new, old, puts)
                    and fewer(unit.text, other.text, puts)
                    and puts.isdisjoint(unit.words_of(source))
                ):
                    now = unit.report(source, counter)
                    last = max((now or was).exits, key=lambda one: one.at)
                    shown = last if now is not None else replace(last, at=source.end - 1)
                    bare = Standing((0, counter), count, 0, 0, "", "", False, (), False, None)
                    yield source.name, source.start, Leak("ended", bare, shown, "", Confidence.MEDIUM)


def no_longer_given(unit: Unit, touched: frozenset[str]) -> Iterator[Ungiven]:
    """The exits at which functions *touched* by the patch return a pointer without the reference that came with it in the other image."""
    for source, other, before in touched_in_both(unit, touched):
        for counter in sorted(other.counters(before)):
            was = other.report(before, counter) if counts_owners(unit, counter) else None
            now = unit.report(source, counter) if was is not None and was.passing.gives else None
            if was is None or now is None or not now.passing.bare:
                continue
            takers = [
                standing.count.taken[0].callee
                for one in was.exits
                for standing in one.standings
                if standing.escaped == "returned" and standing.count.taken
            ]
            words = unit.words_of(source)
            if any(takes(unit, word, counter) for word in words - other.words_of(before)):
                continue  # by other means now
            for take in takers:
                if take not in words and fewer(unit.text, other.text, [take]):
                    yield Ungiven(counter, take, source.name, min(now.passing.bare))
                    break


def takes(unit: Unit, name: str, counter: str) -> bool:
    """Whether a function may leave its caller a reference on one of its arguments."""
    contract = unit.tables.contracts.get(name)
    return contract is not None and any(
        one.verb in TAKING and one.target.arg >= 0 and unit.tables.counter_of(one.family) == counter
        for one in contract.effects
    )
