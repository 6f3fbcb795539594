"""A reference that was never taken is dropped: the pointer was only borrowed.

## What it does
Some functions look like gets and take no reference (`dev_get_by_name_rcu()`, `usb_find_interface()`, a `devm_` getter, a `_scoped` iterator's cursor).
The rule reports a put of what they returned; a put of the device that a probe or bind function was called for; and one of the node that a device holds
(`dev->of_node`), by a function that does not take that device down.

## Why it matters
The put drops the owner's reference, and the object goes away under it.

## Bad
    clk = devm_clk_get(dev, NULL);
    clk_put(clk);

## Good
    clk = devm_clk_get(dev, NULL);          /* devres drops it */

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule put-of-borrowed` switches the rule off.

## References
The kernel-doc of the function; Documentation/driver-api/driver-model/devres.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

KINDS = ("put-borrowed",)


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


RULE = Rule(id="put-of-borrowed", severity=Severity.ERROR, doc=__doc__, check=check)
