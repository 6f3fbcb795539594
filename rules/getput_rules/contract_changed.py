"""A patch changes what callers of a function must do, and callers are left as they were.

## What it does
Compares what a touched function does to counts before and after the patch.  Where callers must do something else now (drop what they get, no longer
drop what they hand over), each caller that the series does not touch is judged with the old contract and with the new one; those that go wrong
only with the new one are named, with the line of the call.  Callers in other files are found through the index of the tree.

The core's functions that start and free ZONE_DEVICE pages have a contract with every driver that owns such memory: the count with which a free page
waits, and who drops its reference on the pagemap.  Where a patch changes that for some types of memory, each driver of such a type is named that goes
wrong by it: it hands pages out and sets no count, or its `.page_free` drops the pagemap itself.

## Why it matters
The function itself is right, before and after; each caller that still keeps to the old contract leaks, or drops once too often.

## Bad
    struct device *acme_find(int id)
    {
            return bus_find_device(&acme_bus, NULL, &id, acme_match);     /* returned a borrowed pointer before */
    }

## Good
    struct device *acme_find(int id)
    {
            return acme_devices[id];
    }

    struct device *acme_find_get(int id)     /* callers move over to it, one by one, each with its put */
    {
            return bus_find_device(&acme_bus, NULL, &id, acme_match);
    }

Or the same patch, or a later one of the series, puts the device in every caller.

## How to silence it
Adapt the callers in the same series.  A caller that getput misjudges has a wrong or missing contract of another function: an entry in your own
API table (`[apis] tables` in `.getput.toml`) mends that; `--no-rule contract-changed` switches the rule off.

## References
Documentation/process/submit-checklist.rst; Documentation/core-api/kref.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import Behind, Changed, Found, FunctionReport, Mark
from getput_rules.rule import Rule

SHOWN = 4  # callers named in the message; the path has them all
MAX_STEPS = 40


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one function alone."""
    yield from ()


def check_changed(changed: Changed) -> Iterator[Found]:
    """One finding a contract, with its callers."""
    count = len(changed.behind)
    shown = SHOWN if any(one.rule for one in changed.behind) else MAX_STEPS  # whoever owns pages is named
    named = ", ".join(f"{one.function}() ({one.place.path}:{one.place.line})" for one in changed.behind[:shown])
    rest = f" and {count - shown} more" if count > shown else ""
    others = f"; {changed.adapted} were changed with it" if changed.adapted else ""
    what = " and ".join(changed.says)
    text = f"{changed.function}() {what}: should {named}{rest} not be adapted{others}?"
    called = ", ".join(dict.fromkeys(f"{one.function}()" for one in changed.behind[:SHOWN]))
    asked = f"Should {called}{rest} be adapted, now that {changed.function}() {what}?"
    way = (Mark("here", changed.at),)
    beyond = tuple([(one.place, said(one)) for one in changed.behind[:MAX_STEPS]])
    yield Found(
        changed.function,
        changed.family,
        "contract",
        changed.function,
        what,
        changed.at,
        text,
        Confidence.MEDIUM,
        way,
        beyond=beyond,
        question=asked,
    )


def said(one: Behind) -> str:
    """What a step says of one that is left behind: a caller breaks a rule, an owner of pages does not call at all."""
    return f"{one.function}() {f'calls it: {one.message} (line {one.line})' if one.rule else one.message}"


RULE = Rule(id="contract-changed", severity=Severity.WARNING, doc=__doc__, check=check, check_changed=check_changed)
