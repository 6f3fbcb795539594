"""Who may have a reference that an exit leaves behind: the next owner, another keeper of the element, or nobody."""

from __future__ import annotations

import re

from getput.ownership.meant import told_elsewhere
from getput.ownership.naming import TAKING_NAME
from getput.ownership.view import Exit, ExitKind, FunctionReport, Standing, summarized

# What is looked up in a tree or on a bus; other devices live on in what is made of them.
FOUND = frozenset({"of_node", "fwnode", "device", "pci_dev"})
Row = tuple[Exit, Standing]


def dropped(standing: Standing) -> bool:
    """Whether this path gave the reference back by itself."""
    return bool(standing.count.dropped) and standing.high <= 0


def kept_beside(report: FunctionReport, standing: Standing) -> bool:
    """Whether who keeps an iterator's element keeps it, too, where the iterator goes on and drops it: by a reference of its own, or none."""
    count = standing.count
    own = not re.search(r"->|\.", count.label)  # a cursor that is not somebody else's to drop
    return count.iterator and own and len(count.taken) == 1 and (count.taken[0].at, standing.escaped) in report.walked


def handed_on_well(report: FunctionReport, rows: list[Row], lost: list[Row]) -> bool:
    """Whether only failing exits drop the reference: one that succeeds will have given it to somebody.  Where nothing comes back those that leave
    right after the drop fail, and what counts users stays in use; other objects do not."""
    if any(one.kind is ExitKind.ERROR and not one.assumed for one, _ in lost):
        return False
    silent = any(one.kind is ExitKind.VOID for one, _ in lost)
    if silent and not report.users:
        return False
    if any(one.kind is ExitKind.SUCCESS and dropped(st) for one, st in rows):
        return False
    site = lost[0][1].count.taken[0].at
    ends = {one.at for one, _ in lost}
    for drop in (drop for take, drop in report.settled_by if take == site):
        after = min((one.at for one in report.exits if one.at > drop), default=-1)
        fails = (
            after not in ends if silent else any(one.at == after and one.kind is ExitKind.ERROR for one in report.exits)
        )
        if not fails:
            return False
    early = [one.at not in ends for one, st in rows if dropped(st)]
    return not silent or (all(early) and bool(early or report.settled_by))


def shown_to_nobody(report: FunctionReport, lost: list[Row]) -> bool:
    """Whether nothing but this function ever had the node or the device that it looked up itself: no callee saw it, no member holds it, and
    what is returned is no pointer."""
    if "*" in report.returns:
        return False
    return all(
        standing.count.family in FOUND
        and not (standing.count.passed or standing.held_by or standing.fields or summarized(standing.count.taken[0]))
        and not told_elsewhere(standing.count, report.counter)
        for _, standing in lost
    )


def left_behind(report: FunctionReport) -> bool:
    """Whether a function looks up a device for what belongs to it, which it returns, and its name promises no reference."""
    return report.counter == "device" and TAKING_NAME.search(report.name) is None
