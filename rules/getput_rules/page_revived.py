"""A page that has gone back to its driver is given a count again.

## What it does
Reports a count set on a page (`set_page_count(page, 1)`, `init_page_count()`, `folio_set_count()`, a get) after the page was handed to
`->page_free()`, on a path that excludes neither or only one of `MEMORY_DEVICE_PRIVATE` and `MEMORY_DEVICE_COHERENT`.

## Why it matters
A free device-private page must have a count of zero: its driver sets the count when it hands the page out again.  With a count of one a free
page looks like one in use, and get_page_unless_zero() succeeds on it.

## Bad
    pgmap->ops->page_free(page);
    set_page_count(page, 1);

## Good
    pgmap->ops->page_free(page);
    if (pgmap->type != MEMORY_DEVICE_PRIVATE &&
        pgmap->type != MEMORY_DEVICE_COHERENT)
            set_page_count(page, 1);

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule page-revived-after-free` switches the rule off.

## References
mm/memremap.c, free_zone_device_folio() and zone_device_page_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

KINDS = ("revived",)


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


RULE = Rule(id="page-revived-after-free", severity=Severity.ERROR, doc=__doc__, check=check)
