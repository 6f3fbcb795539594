"""A device page is freed and its reference on the pagemap stays.

## What it does
Follows the function that hands a page to `->page_free()`, for every type of device memory that its conditions leave open.  Where a
device-private or device-coherent page may come to an exit and its pagemap was not put, that exit is reported.

## Why it matters
Every such page in use holds a reference on its pagemap, taken by zone_device_page_init().  If the last put of the page does not drop it,
memunmap_pages() waits for ever.

## Bad
    pgmap->ops->page_free(page);
    if (pgmap->type == MEMORY_DEVICE_PRIVATE)
            put_dev_pagemap(pgmap);
    return 0;

## Good
    pgmap->ops->page_free(page);
    if (pgmap->type == MEMORY_DEVICE_PRIVATE ||
        pgmap->type == MEMORY_DEVICE_COHERENT)
            put_dev_pagemap(pgmap);
    return 0;

## How to silence it
Put the pagemap on that path.  Trees whose include/linux/memremap.h has no zone_device_page_init() are never told: there, pages hold their
references otherwise.  `--no-rule pagemap-kept-by-free-page` switches the rule off.

## References
mm/memremap.c, free_zone_device_folio() and memunmap_pages().
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport
from getput_rules.rule import Rule

INIT = "zone_device_page_init"


def check(_report: FunctionReport) -> Iterator[Found]:
    """The types of memory are told apart over the whole function, not counter by counter."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every function that frees pages and keeps their pagemap."""
    if INIT in report.lacks:
        return
    for one in report.page_faults:
        if one.kind != "pagemap-kept":
            continue
        text = f"page_free() has got the page back, and its reference on the pagemap is not dropped on this exit for {one.note} pages"
        confidence = Confidence.HIGH if one.sure else Confidence.MEDIUM
        asked = f"Who drops the reference of the page on its pagemap for {one.note} pages, once page_free() has got it back?"
        found = (one.object, "dev_pagemap", "device-page", "page_free", "kept", one.at, text, confidence, one.way)
        yield one.function, Found(*found, question=asked)


RULE = Rule(
    id="pagemap-kept-by-free-page",
    severity=Severity.ERROR,
    doc=__doc__,
    check=check,
    check_file=check_file,
    mark=b"_free(",
    asks=(("include/linux/memremap.h", INIT),),
)
