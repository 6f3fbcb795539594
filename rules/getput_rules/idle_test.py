"""A page is tested for being idle with a count that an idle page of its kind does not have.

## What it does
Looks at comparisons of a page's count (`page_ref_count()`, `page_count()`, `folio_ref_count()`, the counter itself in a wait).  In a driver that owns
device-private or device-coherent memory a test for one is reported; where the file waits for FS_DAX pages to become idle, a test for zero.

## Why it matters
A free device-private page has a count of zero, an idle FS_DAX page one.  The other test is never true, and whoever waits for it
waits for ever; or it takes a page in use for a free one.

## Bad
    page = dax_layout_busy_page(mapping);
    return ___wait_var_event(&page->_refcount,
                    atomic_read(&page->_refcount) == 0,
                    TASK_INTERRUPTIBLE, 0, 0, schedule());

## Good
    page = dax_layout_busy_page(mapping);
    return ___wait_var_event(&page->_refcount,
                    atomic_read(&page->_refcount) == 1,
                    TASK_INTERRUPTIBLE, 0, 0, schedule());

## How to silence it
Test for the count that an idle page has.  Of device-private pages only trees are told whose include/linux/memremap.h has
zone_device_page_init(), of FS_DAX pages only those whose include/linux/mm.h has `put_devmap_managed_*`: later, all start at zero.
`--no-rule idle-test-of-wrong-count` switches the rule off.

## References
mm/memremap.c, free_zone_device_folio() and __put_devmap_managed_folio_refs(); fs/dax.c, dax_busy_page().
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport
from getput_rules.rule import Rule

INIT, MANAGED = "zone_device_page_init", "put_devmap_managed_"
TEXTS = {
    "1 0": "'{object}' is taken for idle by a count of one, but free pages of this driver have a count of zero",
    "0 1": "'{object}' is taken for idle by a count of zero, but an idle FS_DAX page has a count of one",
}
NEEDS = {"1 0": INIT, "0 1": MANAGED}


def check(_report: FunctionReport) -> Iterator[Found]:
    """What pages they are is said by the file, not by the function."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every test with the wrong number."""
    for one in report.page_faults:
        if one.kind == "idle-base" and NEEDS[one.note] not in report.lacks:
            text = TEXTS[one.note].format(object=one.object)
            yield (
                one.function,
                Found(
                    one.object,
                    "page_folio",
                    "device-page",
                    one.api,
                    one.kind,
                    one.at,
                    text,
                    Confidence.MEDIUM,
                    one.way,
                ),
            )


RULE = Rule(
    id="idle-test-of-wrong-count",
    severity=Severity.ERROR,
    doc=__doc__,
    check=check,
    check_file=check_file,
    mark=b"count",
    asks=(("include/linux/memremap.h", INIT), ("include/linux/mm.h", MANAGED)),
)
