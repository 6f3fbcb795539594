"""References that pending work or a timer holds: who cancels it before it ran has to drop them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from getput.ownership.twins import calls, counts_owners, touched_in_both
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
        for found in put_if().finditer(old) if CANCEL in old or TIMER in old else ():
            put = found["put"].decode("ascii")
            counters = sorted(other.vocabulary.counters.get(put, ()))
            owned = [
                counter
                for counter in counters
                if put in other.vocabulary.puts(counter) and counts_owners(unit, counter)
            ]
            if (
                not owned
                or calls(new, [put]) >= calls(old, [put])
                or calls(unit.text, [put]) >= calls(other.text, [put])
            ):
                continue
            takes = unit.vocabulary.taking(owned[0])
            if calls(unit.text, takes) < calls(other.text, takes):
                continue  # what is pending holds no reference any more
            bare = re.search(rb"(?<!\w)%s[ \t]*\(%s\)[ \t]*;" % (found["cancel"], re.escape(found["what"])), new)
            if bare is not None:
                label = found["object"].decode("ascii", "replace").strip().lstrip("&")
                at = source.start + bare.start()
                yield Cancelled(label, owned[0], found["cancel"].decode("ascii"), put, source.name, at)
