"""The body of an iterator drops the element that the iterator is about to drop itself.

## What it does
Reports a put of the cursor of a counting iterator on a path that goes on to the next element.

## Why it matters
Moving on drops the element a second time.

## Bad
    for_each_child_of_node(parent, child) {
            use(child);
            of_node_put(child);
    }

## Good
    for_each_child_of_node(parent, child)
            use(child);

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule put-repeated-by-iterator` switches the rule off.

## References
drivers/of/base.c, of_get_next_child().
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

KINDS = ("iterator-puts-again",)


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


RULE = Rule(id="put-repeated-by-iterator", severity=Severity.ERROR, doc=__doc__, check=check)
