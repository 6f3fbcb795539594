"""The only pointer to a counted object is overwritten.

## What it does
Reports an assignment to a variable that held the last pointer to an object whose reference has neither been dropped nor handed on.

## Why it matters
After the assignment nobody can drop the reference any more.

## Bad
    np = of_get_child_by_name(dev->of_node, "ports");
    np = of_get_child_by_name(np, "port");

## Good
    ports = of_get_child_by_name(dev->of_node, "ports");
    np = of_get_child_by_name(ports, "port");
    of_node_put(ports);

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule leak-by-overwrite` switches the rule off.

## References
Documentation/core-api/kref.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

KINDS = ("overwritten",)


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


RULE = Rule(id="leak-by-overwrite", severity=Severity.WARNING, doc=__doc__, check=check, standing=Confidence.MEDIUM)
