"""An object is used after the function dropped its only reference to it.

## What it does
Reports a dereference of, a call with, or the return of a pointer after the last reference that the function took on it was dropped, where nobody else
is known to keep the object alive.

## Why it matters
The put may have been the last one: the memory may already belong to somebody else.

## Bad
    put_device(dev);
    dev_err(dev, "gone\\n");

## Good
    dev_err(dev, "going\\n");
    put_device(dev);

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule use-after-put` switches the rule off.

## References
Documentation/core-api/kref.rst, rule 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

KINDS = ("use-after-put", "use-after-own-put", "return-after-put")


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


RULE = Rule(id="use-after-put", severity=Severity.ERROR, doc=__doc__, check=check, standing=Confidence.MEDIUM)
