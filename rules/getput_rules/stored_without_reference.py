"""A pointer is stored for later, and the only reference on what it points to is dropped.

## What it does
Reports a put (also the one that an iterator makes when it moves on) after which a structure or a global variable that outlives the function still points
to the object, where the function holds no other reference on it.  So does a borrowed pointer in a member that its object drops when it goes:
the release of a platform device puts `dev.of_node`.

## Why it matters
Whoever follows the stored pointer later may find freed memory.

## Bad
    for_each_child_of_node(np, child)
            priv->nodes[n++] = child;               /* dropped when the loop moves on */

## Good
    for_each_child_of_node(np, child)
            priv->nodes[n++] = of_node_get(child);

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule stored-without-reference` switches the rule off.

## References
Documentation/core-api/kref.rst, rule 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

KINDS = ("stored-without-reference", "owned-without-reference")


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


RULE = Rule(id="stored-without-reference", severity=Severity.WARNING, doc=__doc__, check=check)
