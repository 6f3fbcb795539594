"""The result of a get is thrown away.

## What it does
Reports a call that returns a new reference and whose result nobody keeps: it is ignored, or used as an argument or in a condition and gone.

## Why it matters
The count is raised and there is no pointer left to drop it with.

## Bad
    if (of_find_node_by_path("/chosen"))
            setup();

## Good
    np = of_find_node_by_path("/chosen");
    if (np)
            setup();
    of_node_put(np);

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule get-discarded` switches the rule off.

## References
The kernel-doc of the get function.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_discarded, found_incident

KINDS = ("discarded",)


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)
    for leak in report.leaks:
        if leak.kind == "always" and not leak.standing.count.label:
            yield found_discarded(leak)


RULE = Rule(id="get-discarded", severity=Severity.WARNING, doc=__doc__, check=check, standing=Confidence.MEDIUM)
