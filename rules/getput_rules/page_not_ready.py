"""A driver hands a device page out, or takes one back, past its initialisation.

## What it does
Follows the pages of a driver that owns device-private or device-coherent memory, from its list or bitmap of free pages to whoever gets them.
Reported are a page that is handed out without `zone_device_page_init()` (by the function or by its callers), one that the driver counts by hand
(`get_page()`, `set_page_count(page, 1)`) without a reference on the pagemap, and one that is ready and then goes back to the free pages, to
`->page_free()` or to `__free_page()` instead of being unlocked and put.

## Why it matters
A free page of this kind has a count of zero and holds nothing.  zone_device_page_init() gives it its count, its reference on the pagemap and its
lock; the last put takes all of that back.  Without it a get finds a count of zero, or the pagemap loses a reference at every free and is torn down
under pages in use; undone by hand, the page waits with a count of one and a reference that nobody drops.

## Bad
    page = dmem->free_pages;
    dmem->free_pages = page->zone_device_data;
    get_page(page);
    lock_page(page);
    return page;

## Good
    page = dmem->free_pages;
    dmem->free_pages = page->zone_device_data;
    zone_device_page_init(page);
    return page;

## How to silence it
Call zone_device_page_init() before the page leaves the driver, and unlock_page() and put_page() to give it back.  Trees whose
include/linux/memremap.h has no zone_device_page_init() are never told.  `--no-rule device-page-not-ready` switches the rule off.

## References
mm/memremap.c, zone_device_page_init() and free_zone_device_folio(); Documentation/mm/hmm.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport, PageFault
from getput_rules.rule import Rule

INIT = "zone_device_page_init"
TEXTS = {
    "not-initialised": "'{object}' leaves the driver without {init}(): its count is still zero, and it holds no reference on its pagemap",
    "counted-by-hand": "{api}() counts '{object}', a free device page, but takes no reference on its pagemap: {init}() does both",
    "wrong-undo": "'{object}' is in use and {note}: it must be unlocked and put, which drops its count and its reference on the pagemap",
}


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one function alone."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every page that goes a wrong way."""
    if INIT in report.lacks:
        return
    for one in report.page_faults:
        if one.kind in TEXTS:
            yield one.function, found(one)


def found(one: PageFault) -> Found:
    """One page as a finding."""
    text = TEXTS[one.kind].format(object=one.object, api=one.api, init=INIT, note=one.note)
    confidence = Confidence.HIGH if one.sure else Confidence.MEDIUM
    return Found(one.object, "page_folio", "device-page", one.api, one.kind, one.at, text, confidence, one.way)


RULE = Rule(
    id="device-page-not-ready",
    severity=Severity.ERROR,
    doc=__doc__,
    check=check,
    check_file=check_file,
    mark=b"dev_pagemap_ops",
    asks=(("include/linux/memremap.h", INIT),),
)
