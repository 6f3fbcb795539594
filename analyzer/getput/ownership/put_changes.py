"""Puts that a patch takes away or adds, where nothing else changed hands: what was balanced before it, and is not after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from getput.csource.syntax import FunctionSource
from getput.model import Confidence
from getput.ownership.doubt import doubt
from getput.ownership.leaks import COUNTS_ANYWAY, counts_although_failed
from getput.ownership.naming import CALL, DROPPING_NAME
from getput.ownership.state import ELEMENT
from getput.ownership.twins import calls, fewer, touched_in_both
from getput.ownership.unit import Unit
from getput.ownership.view import Exit, ExitKind, FunctionReport, Incident, Leak, Standing

GONE = "the put that did so is gone"
OVER = "over-put"
FREES = frozenset({"kfree", "kvfree", "vfree", "kfree_rcu", "kfree_sensitive", "kfree_skb"})  # memory alone
Row = tuple[Exit, Standing]
Group = tuple[str, str, str]  # family, the get, how the source calls the object


class Compared(NamedTuple):
    """One function and one counter in both images: the texts, and what is known of each.  ``calls_more``: the function calls somebody whom
    it did not call, who may take or drop now."""

    source: FunctionSource
    other: Unit
    new: bytes
    old: bytes
    calls_more: bool
    now: FunctionReport
    was: FunctionReport


def compared(unit: Unit, touched: frozenset[str]) -> Iterator[Compared]:
    """Each function that is *touched* by the patch, with each counter that it moves in both images."""
    for source, other, before in touched_in_both(unit, touched):
        new, old = unit.member(source).text, other.member(before).text
        more = not set(CALL.findall(old)).issuperset(CALL.findall(new))
        for counter in sorted(unit.counters(source) & other.counters(before)):
            if unit.touches(source, counter) and other.touches(before, counter):
                was, now = other.report(before, counter), unit.report(source, counter)
                if was is not None and now is not None:
                    yield Compared(source, other, new, old, more, now, was)


def unput(unit: Unit, functions: Iterable[Compared]) -> Iterator[tuple[str, Leak]]:
    """(function, leak) for every reference that one of *functions* dropped in the other image, on all of its exits or on all that fail, and
    now loses because a put is gone."""
    for pair in functions:
        if pair.calls_more:
            continue
        earlier = groups(pair.was)
        for group, rows in groups(pair.now).items():
            get, label = group[1:]
            puts = dropping(pair.other, pair.was, earlier.get(group, []))
            if not puts or not fewer(pair.new, pair.old, puts) or not fewer(unit.text, pair.other.text, puts):
                continue
            if calls(pair.new, [get]) != calls(pair.old, [get]) or holder_goes(unit, pair.new, label, puts):
                continue
            leak = lost(pair.now, earlier[group], rows)
            if leak is not None and (told(pair.was, leak) or not told(pair.now, leak)):
                yield pair.source.name, leak


def kept_by_failure(functions: Iterable[Compared]) -> Iterator[tuple[str, Leak]]:
    """(function, leak) for every get in one of *functions* that counts even when it fails, in the place of one that did not, where an exit after
    the failure drops nothing."""
    for pair in functions:
        earlier = groups(pair.was)
        for (family, get, label), rows in groups(pair.now).items():
            failed = [row for row in rows if row[1].take_failed and open_at(row) and not row[1].escaped]
            if not failed or not counts_although_failed(failed[0][1].count):
                continue
            if calls(pair.new, [get]) <= calls(pair.old, [get]):
                continue
            same = [key for key in earlier if key[0] == family and key[2] == label and key[1] != get]
            sound = [row for key in same for row in earlier[key] if row[1].take_failed and not open_at(row)]
            if sound and any(calls(pair.new, [key[1]]) < calls(pair.old, [key[1]]) for key in same):
                shown, standing = failed[0]
                leak = Leak("failed-get", standing, shown, COUNTS_ANYWAY, Confidence.MEDIUM)
                if not told(pair.now, leak):
                    yield pair.source.name, leak


def overput(unit: Unit, functions: Iterable[Compared]) -> Iterator[tuple[str, FunctionReport, Incident]]:
    """(function, its report, incident) for every path of one of *functions* that drops once more what the other image's paths dropped as often
    as they could."""
    for pair in functions:
        if pair.calls_more:
            continue
        earlier = objects(pair.was)
        for group, rows in objects(pair.now).items():
            if not earlier.get(group):
                continue
            least = min(certain(standing)[0] for _, standing in earlier[group])
            more = [
                row
                for row in rows
                if certain(row[1]) == (least - 1, least - 1)
                and len(row[1].count.dropped) > 1
                and (row[1].count.taken or whatever_way(pair.now, rows, row))
            ]
            puts = frozenset(row[1].count.dropped[-1].callee for row in more)
            if not more or not fewer(pair.old, pair.new, puts) or not fewer(pair.other.text, unit.text, puts):
                continue
            key, count, trace = more[0][1].key, more[0][1].count, more[0][1].trace
            last = count.dropped[-1]
            if not any(one.at == last.at and one.kind == OVER for one in pair.now.incidents):
                yield pair.source.name, pair.now, Incident(OVER, key, count, last.at, last, trace)


def certain(standing: Standing) -> tuple[int, int]:
    """The bounds of its count, where it is there at all."""
    return standing.count.if_there(standing.key[0])


def whatever_way(report: FunctionReport, rows: list[Row], row: Row) -> bool:
    """Whether every path to this exit drops the object as often as *row* does, or, where it was found here, every path that drops it at all: none
    of the puts depends on who else holds it."""
    here = [standing for one, standing in rows if one.at == row[0].at]
    if row[1].count.role == "local":
        return all(standing.low == row[1].low for standing in here if not standing.count.taken)
    same = [standing for standing in here if standing.low == row[1].low]
    return len(same) == sum(one.at == row[0].at for one in report.exits)


def objects(report: FunctionReport) -> dict[tuple[str, str], list[Row]]:
    """How each object that is dropped somewhere stands at each exit where it is."""
    out: dict[tuple[str, str], list[Row]] = {}
    for one in report.exits:
        for standing in one.standings:
            if standing.count.dropped and standing.count.label:
                out.setdefault((standing.count.family, standing.count.label), []).append((one, standing))
    return out


def holder_goes(unit: Unit, text: bytes, label: str, puts: frozenset[str]) -> bool:
    """Whether the function lets somebody unknown take down what the object called *label* is a member of: that may drop it too."""
    root, arrow, _ = label.partition("->")
    if not arrow:
        return False
    words = tuple(re.escape(word.encode("ascii", "replace")) for word in (root, label, root))
    given = re.compile(rb"\b(\w+)\s*\(\s*(?:%s|&(?!%s\b)%s\b[\w>.-]*)\s*[,)]" % words)
    names = {word.decode("ascii") for word in given.findall(text)}
    return any(DROPPING_NAME.search(name) for name in names - puts - FREES - unit.by_name.keys())


def groups(report: FunctionReport) -> dict[Group, list[Row]]:
    """How what each get took stands at each exit."""
    out: dict[Group, list[Row]] = {}
    for one in report.exits:
        for standing in one.standings:
            count = standing.count
            if count.taken:
                out.setdefault((count.family, count.taken[0].callee, count.label), []).append((one, standing))
    return out


def dropping(unit: Unit, report: FunctionReport, rows: list[Row]) -> frozenset[str]:
    """Who drops what stands so at the exits, or was forgotten on the way there."""
    takes = {standing.count.taken[0].at for _, standing in rows}
    sites = {site.callee for _, standing in rows for site in standing.count.dropped}
    for take, drop in report.settled_by:
        if take in takes:
            found = CALL.search(unit.text, drop)
            if found is not None:
                sites.add(found[1].decode("ascii"))
    return frozenset(sites)


def open_at(row: Row) -> bool:
    """Whether the reference is still there at an exit, with whomever."""
    return row[1].high > 0


def as_lent(standing: Standing) -> Standing:
    """A reference on what somebody else keeps alive too, put at every exit before: who saw it in between dropped another one, if any."""
    count = standing.count
    if count.fresh:
        return standing
    seen = tuple(name for name in count.passed if name == ELEMENT)
    return replace(standing, count=replace(count, passed=seen))


def stored(row: Row) -> bool:
    """Whether an exit that does not fail leaves the reference where it will be found: it may be meant to last now."""
    one, standing = row
    return standing.count.fresh and one.kind is not ExitKind.ERROR and standing.held_by not in ("", "local", "freed")


def lost(now: FunctionReport, before: list[Row], rows: list[Row]) -> Leak | None:
    """The exits that lose what all of their kind dropped *before*."""
    if any(open_at(row) for row in before):
        if any(open_at(row) and row[0].kind is ExitKind.ERROR for row in before):
            return None
        rows = [row for row in rows if row[0].kind is ExitKind.ERROR and not row[0].assumed]
        kind = "error"
    else:
        kind = "path"
    given = {"", *(row[1].escaped for row in before)}  # put all the same: another reference went there
    gone = [
        row for row in rows if open_at(row) and row[1].escaped in given and not row[1].take_failed and not stored(row)
    ]
    if not gone:
        return None
    shown, standing = gone[0]
    sure = doubt(now, shown, as_lent(standing) if kind == "path" else standing, Confidence.MEDIUM)
    rest = {one.at: (one, st) for one, st in reversed(gone) if one.at != shown.at}
    return Leak(kind, standing, shown, GONE, sure, rest=tuple([rest[at] for at in sorted(rest)]))


def told(report: FunctionReport, leak: Leak) -> bool:
    """Whether the exits of one image alone show it."""
    return any(
        one.confidence.rank >= leak.confidence.rank
        and one.standing.count.taken[0].callee == leak.standing.count.taken[0].callee
        and one.standing.count.label == leak.standing.count.label
        for one in report.leaks
    )
