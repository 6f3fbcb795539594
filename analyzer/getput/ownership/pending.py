"""References that pending work or a timer holds: who cancels it before it ran has to drop them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from getput.ownership.twins import counts_owners, fewer, touched_in_both
from getput.ownership.unit import Unit
from getput.ownership.view import Cancelled

CANCEL, TIMER = b"cancel", b"timer"
CANCELS = rb"(?:cancel_(?:delayed_)?work(?:_sync)?|(?:timer_delete|del_timer)(?:_sync)?|hrtimer_(?:try_to_)?cancel)"


@cache
def put_if() -> re.Pattern[bytes]:
    """A put that depends on whether something pending was cancelled; compiled for the few files that have one."""
    return re.compile(
        rb"\bif[ \t]*\([ \t]*(?P<cancel>%s)[ \t]*\((?P<what>[^;{}]*?)\)[ \t]*\)[ \t]*\{?\s*(?P<put>\w+)[ \t]*\((?P<object>[^;,]*)[,)]"
        % CANCELS
    )


def cancelled(unit: Unit, touched: frozenset[str]) -> Iterator[Cancelled]:
    """The cancellations in functions *touched* by the patch of which the other image dropped what the work held, and this one does not."""
    for source, other, before in touched_in_both(unit, touched):
        new, old = unit.member(source).text, other.member(before).text
        if CANCEL not in old and TIMER not in old:
            continue
        for found in put_if().finditer(old):
            put = found["put"].decode("ascii")
            counter = owners_put(other, put)
            if not counter or not fewer(new, old, [put]) or not fewer(unit.text, other.text, [put]):
                continue
            if fewer(unit.text, other.text, unit.vocabulary.taking(counter)):
                continue  # what is pending holds no reference any more
            bare = re.search(rb"(?<!\w)%s[ \t]*\(%s\)[ \t]*;" % (found["cancel"], re.escape(found["what"])), new)
            if bare is not None:
                label = found["object"].decode("ascii", "replace").strip().lstrip("&")
                at = source.start + bare.start()
                yield Cancelled(label, counter, found["cancel"].decode("ascii"), put, source.name, at)


def owners_put(unit: Unit, name: str) -> str:
    """The counter of owners that *name* drops, and nothing else; empty where there is none."""
    counters = sorted(unit.vocabulary.counters.get(name, ()))
    owned = (one for one in counters if name in unit.vocabulary.puts(one) and counts_owners(unit, one))
    return next(owned, "")
