"""A reference is dropped more often than it was taken.

## What it does
Reports a put on a path on which every reference that the function took has been dropped or given away before: by an earlier put, by a function
that consumes its argument (`of_find_node_by_name(from, ...)`), or by a devm action that has been registered.  Of a patch it also reports a put that comes on
top of what balanced before.

## Why it matters
The second put drops somebody else's reference: the object is freed while it is in use.

## Bad
    of_node_put(np);
    if (ret)
            goto out;
    return 0;
    out:
            of_node_put(np);

## Good
    if (ret)
            goto out;
    ret = 0;
    out:
            of_node_put(np);

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule put-too-many` switches the rule off.

## References
Documentation/core-api/kref.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Severity
from getput.ownership.view import FileReport, Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

KINDS = ("never-added", "put-while-added", "over-put", "put-after-handover", "put-twice", "put-uninitialised")


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every put that a patch adds on top of what balanced before."""
    for function, one, incident in report.overput:
        yield function, found_incident(one, incident)


RULE = Rule(id="put-too-many", severity=Severity.ERROR, doc=__doc__, check=check, check_file=check_file)
