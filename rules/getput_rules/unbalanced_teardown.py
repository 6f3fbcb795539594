"""A teardown no longer drops what its twin drops, or what the driver brought up.

## What it does
Compares, for every member of a structure that a patch concerns, the functions that put what it holds before and after.  One that did, stands there
still, and does so no longer, neither by itself nor by a function that it calls, is reported if another one goes on doing it.  Of what counts users
(runtime PM), it compares what probe leaves counted with what remove drops: if they cancelled out before the patch and do not after it, that is reported;
so are two new ones that do not cancel out, where no other function of the file takes or drops the rest.
So is a function that drops nothing any more, while its opposite by name (get and put, init and exit), which the patch leaves alone, still takes.

## Why it matters
The reference is dropped on one way down (an error in probe) and kept on the other (remove), or the other way round.

## Bad
    static void foo_remove(struct platform_device *pdev)
    {
            struct foo *foo = platform_get_drvdata(pdev);

            foo_stop(foo);                                  /* its twin puts foo->np */
    }

## Good
    static void foo_remove(struct platform_device *pdev)
    {
            struct foo *foo = platform_get_drvdata(pdev);

            foo_stop(foo);
            of_node_put(foo->np);
    }

## How to silence it
Drop the reference on each way down, or in one function that all of them call.  `--no-rule unbalanced-teardown` switches the rule off.

## References
Documentation/driver-api/driver-model/driver.rst, probe and remove; Documentation/power/runtime_pm.rst: remove undoes what probe did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport, Mark
from getput_rules.rule import Rule

TEARDOWN = re.compile(
    r"(?:^|_)(?:remove|release|disconnect|unbind|detach|exit|free|destroy|fini|close|cleanup|teardown|uninit|deinit|unregister|put)(?:_|$)"
)


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one function alone."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every teardown function that lost a put which another one still makes."""
    places = {member.name: member.start for member in report.members}
    for stored in report.stored:
        twins = [name for name in stored.droppers if TEARDOWN.search(name) and name in stored.before]
        if not stored.takers or not twins:
            continue
        for name in stored.lost:
            if name not in report.touched or not TEARDOWN.search(name):
                continue
            taker = stored.takers[0]
            text = f"the reference kept in '->{stored.field}' is no longer dropped by {name}(), while {twins[0]}() still drops it"
            way = (Mark("take", taker.at, taker.api), Mark("here", places[name]))
            yield (
                name,
                Found(
                    f"->{stored.field}",
                    stored.family,
                    "stored",
                    taker.api,
                    "teardown",
                    places[name],
                    text,
                    Confidence.MEDIUM,
                    way,
                    question=f"Who drops the reference kept in ->{stored.field} when {name}() no longer does, as {twins[0]}() still has to?",
                ),
            )
    for one in report.balances:
        if not sum(one.now) or any(managed.function in one.names for managed in report.managed):
            continue
        up, down = one.names
        if one.before is None:
            name, ending = up if one.now[0] < 0 else down, "they do not cancel out"
        else:
            changed = [name for name, now, before in zip(one.names, one.now, one.before, strict=True) if now != before]
            if sum(one.before) or len(changed) != 1 or changed[0] not in report.touched:
                continue
            name, ending = changed[0], "they cancelled out before"
        place = places[name]
        noun = one.noun if one.noun.endswith("count") else f"count of the {one.noun}"
        text = f"{up}() changes the {noun} by {one.now[0]:+d} and {down}() by {one.now[1]:+d}: {ending}"
        yield (
            name,
            Found(
                one.noun,
                one.family,
                "driver",
                "",
                "balance",
                place,
                text,
                Confidence.MEDIUM,
                (Mark("here", place),),
                question=f"Do {up}() and {down}() still cancel out?  The one changes the {noun} by {one.now[0]:+d}, the other by {one.now[1]:+d}.",
            ),
        )
    for gone in report.lapsed:
        if any(stored.takers and gone.down in stored.lost for stored in report.stored):
            continue  # what a member held
        place = places[gone.down]
        text = f"{gone.down}() no longer drops a reference ({gone.put}() did), while {gone.up}() still takes one by {gone.get}()"
        yield (
            gone.down,
            Found(
                gone.put,
                gone.family,
                "driver",
                gone.get,
                "lapsed",
                place,
                text,
                Confidence.MEDIUM,
                (Mark("here", place),),
                question=f"{gone.up}() still takes a reference by {gone.get}(): who drops it now that {gone.down}() does not call {gone.put}()?",
            ),
        )


RULE = Rule(
    id="unbalanced-teardown",
    severity=Severity.WARNING,
    doc=__doc__,
    check=check,
    check_file=check_file,
    alone=False,
)
