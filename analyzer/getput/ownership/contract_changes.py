"""References that a patch makes a function keep although callers hand them over, or return without although callers count on them."""

from __future__ import annotations

from collections.abc import Iterator

from getput.ownership.twins import counts_owners, fewer, touched_in_both
from getput.ownership.unit import Unit
from getput.ownership.view import Leak, Ungiven


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
            counters = unit.vocabulary.counters
            if any(counter in counters.get(word, ()) for word in words - other.words_of(before)):
                continue  # taken otherwise now
            for take in takers:
                if take not in words and fewer(unit.text, other.text, [take]):
                    yield Ungiven(counter, take, source.name, min(now.passing.bare))
                    break
