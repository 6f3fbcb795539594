"""What speaks against a leak: where the reference may be after all, and how sure that leaves us."""

from __future__ import annotations

from getput.model import Confidence
from getput.ownership.contracts import Source
from getput.ownership.naming import DROPPING_NAME, KEEPING_NAME, NODES, PAGES
from getput.ownership.state import ELEMENT, Count, Key
from getput.ownership.view import Exit, ExitKind, FunctionReport, Standing, guessed, marks, moved_on
from getput.pattern import pattern

USING_NAME = pattern(r"pm_|_pm|runtime|clk|clock|power|suspend|disable|stop|put")  # what may lower a count of users
INDEXED = pattern(r"\[[a-zA-Z_]")  # one of several places, which the same words name in turn
NEAR = 160  # bytes between a condition and the drop that it guards
Row = tuple[Exit, Standing]


def lent_only(report: FunctionReport, count: Count) -> bool:
    """Whether every callee that saw the reference saw it on a path, too, which goes on and drops it: none of them keeps it."""
    harmless: set[str] = set()
    for take, drop, names in report.lent:
        if take != count.taken[0].at:
            continue
        ends = {
            one.kind
            for one in report.exits
            for st in one.standings
            if any(site.at == drop for site in st.count.dropped)
        }
        failing = ExitKind.ERROR in ends and ExitKind.SUCCESS not in ends
        if not ends:  # forgotten on the way: the next exit in the text
            after = min((one.at for one in report.exits if one.at >= drop), default=-1)
            failing = any(one.kind is ExitKind.ERROR for one in report.exits if one.at == after)
        harmless.update(names[:-1] if failing else names)  # the last one may be what failed
    return harmless.issuperset(count.passed)


def never(report: FunctionReport, standing: Standing) -> bool:
    """Whether the last condition on the path is one that never holds."""
    if not report.asserted:
        return False
    last = next((mark.at for mark in reversed(marks(standing.trace)) if mark.kind in ("true", "false")), -1)
    return last in report.asserted


def guarded(report: FunctionReport, lost: list[Row]) -> bool:
    """Whether the path left out a drop by a condition of its own, and meets the others again: what it asks is not understood here."""
    shown, standing = lost[0]
    site = standing.count.taken[0].at
    here = {
        drop.at
        for one in report.exits
        if one.at == shown.at
        for st in one.standings
        if st.count.taken and st.count.taken[0].at == site
        for drop in st.count.dropped
    }
    before = {drop for take, drop in report.settled_by if take == site} - here
    for mark in marks(standing.trace):
        if mark.kind != "false" or mark.at <= site:
            continue
        if any(0 < drop - mark.at < NEAR for drop in here):
            return True
        for drop in before:
            if 0 < drop - mark.at < NEAR and not any(
                mark.at < one.at < drop + NEAR for one in report.exits if one.at != shown.at
            ):
                return True
    return False


def doubt(report: FunctionReport, one: Exit, standing: Standing, confidence: Confidence) -> Confidence:
    """Lower *confidence* by what speaks against a leak."""
    count = standing.count
    if (
        (standing.many and (report.counter in PAGES or any_drop(report)))
        or (standing.several and unclear(report, one, standing))
        or ELEMENT in count.passed
        or moved_on(count)
        or INDEXED.search(count.label)
        or (count.earlier and report.counter in PAGES and overdrawn(report))
        or any(is_alias(standing.key, other) for other in one.standings)
    ):
        return Confidence.LOW
    suspects = USING_NAME if report.users else DROPPING_NAME
    if any(suspects.search(name) for name in count.passed):
        return Confidence.LOW
    counts_users = report.users and report.counter != "module"  # nobody is given a count of users to keep
    if any(KEEPING_NAME.search(name) for name in count.passed) and not counts_users:
        # Whoever keeps a node takes a reference of its own.
        clear = count.family in NODES or standing.held_by == "freed"
        return Confidence.MEDIUM if clear else Confidence.LOW
    if guessed(count) or "" in count.passed or standing.several:
        confidence = confidence.at_most(Confidence.MEDIUM)
    if report.bounded or any(
        site.contract is not None and site.contract.source is Source.SUMMARY for site in count.taken
    ):
        confidence = confidence.at_most(Confidence.MEDIUM)
    return confidence


def unclear(report: FunctionReport, one: Exit, standing: Standing) -> bool:
    """Whether the pages that one call took may have gone one by one, or on to where others found them."""
    if any(site.at in report.singly for site in standing.count.taken) or ELEMENT in standing.count.passed:
        return True
    if any(st.count.dropped and not st.count.taken for each in report.exits for st in each.standings):
        return True  # by a pointer, or a number, that came from somewhere else
    seen = bool(standing.count.passed)
    return seen and (one.kind is not ExitKind.ERROR or not lent_only(report, standing.count))


def overdrawn(report: FunctionReport) -> bool:
    """Whether a path drops more of an object than it took: what a turn of a loop left, it may look up again and put."""
    return any(st.low < 0 and st.count.fresh for one in report.exits for st in one.standings)


def any_drop(report: FunctionReport) -> bool:
    """Whether the function drops anything at all, which might be the one of several that is meant."""
    return bool(report.settled) or any(standing.count.dropped for one in report.exits for standing in one.standings)


def is_alias(key: Key, other: Standing) -> bool:
    """Whether *other*, put without a get of its own, may be the same object under another name."""
    return other.key != key and other.high < 0 and not other.count.taken
