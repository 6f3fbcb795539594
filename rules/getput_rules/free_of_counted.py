"""A counted object is freed directly instead of being put.

## What it does
Reports kfree() and its kin on an object that came with a reference, or that carries a kobject or device that has been initialised.

## Why it matters
Others may still hold references, and what the release callback frees (the name of a kobject, the parent's reference) is leaked.

## Bad
    if (device_register(&foo->dev))
            kfree(foo);

## Good
    if (device_register(&foo->dev))
            put_device(&foo->dev);

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule free-of-counted` switches the rule off.

## References
drivers/base/core.c, device_register(): never free directly after calling it, even if it failed.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

KINDS = ("free-counted",)


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


RULE = Rule(id="free-of-counted", severity=Severity.ERROR, doc=__doc__, check=check, standing=Confidence.MEDIUM)
