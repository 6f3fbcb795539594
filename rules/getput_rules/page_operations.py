"""A pagemap's operations do not do what its pages need when they are freed.

## What it does
Looks at files that define a `struct dev_pagemap_ops`.  Reported are a type of memory that is asked for with operations that it does not allow
(`MEMORY_DEVICE_PRIVATE` without `.page_free` or `.migrate_to_ram`, `MEMORY_DEVICE_COHERENT` without `.page_free`), and a
counted object that a page carries in `zone_device_data` and that `.page_free` does not drop.

## Why it matters
memremap_pages() refuses such memory when the driver is loaded.  What a page carries goes with the page: `.page_free` is the only
place that sees it go, and a reference that is not dropped there keeps the object for good.

## Bad
    static void foo_page_free(struct page *page)
    {
            page->zone_device_data = NULL;
    }

    static const struct dev_pagemap_ops foo_ops = {
            .page_free = foo_page_free,
    };

    static int foo_add(struct foo *foo, struct page *page)
    {
            kref_get(&foo->ref);
            page->zone_device_data = foo;
            zone_device_page_init(page);
            foo->pagemap.type = MEMORY_DEVICE_COHERENT;
            foo->pagemap.ops = &foo_ops;
            return 0;
    }

## Good
    static void foo_page_free(struct page *page)
    {
            struct foo *foo = page->zone_device_data;

            page->zone_device_data = NULL;
            foo_put(foo);
    }

    static const struct dev_pagemap_ops foo_ops = {
            .page_free = foo_page_free,
    };

    static int foo_add(struct foo *foo, struct page *page)
    {
            kref_get(&foo->ref);
            page->zone_device_data = foo;
            zone_device_page_init(page);
            foo->pagemap.type = MEMORY_DEVICE_COHERENT;
            foo->pagemap.ops = &foo_ops;
            return 0;
    }

## How to silence it
Add the operation; put what the page carries in `.page_free`, by a function that getput knows as a put, or whose name says that it is one.
`--no-rule device-page-operations` switches the rule off.

## References
mm/memremap.c, memremap_pages(); include/linux/memremap.h, struct dev_pagemap_ops.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport
from getput_rules.rule import Rule

TEXTS = {
    "operation-missing": "{api} memory needs {note}, and {object} has none: memremap_pages() refuses it",
    "payload-kept": "{api}() takes a reference on '{object}' for the page that carries it, and {note}() does not drop it when the page is freed",
}
FAMILIES = {"operation-missing": "dev_pagemap", "payload-kept": "memory"}


def check(_report: FunctionReport) -> Iterator[Found]:
    """Operations stand outside of functions."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every operation that is missing, or does too little."""
    for one in report.page_faults:
        if one.kind in TEXTS:
            text = TEXTS[one.kind].format(object=one.object, api=one.api, note=one.note)
            confidence = Confidence.HIGH if one.kind == "operation-missing" else Confidence.MEDIUM
            family = FAMILIES[one.kind]
            yield (
                one.function,
                Found(one.object, family, "device-page", one.api, one.kind, one.at, text, confidence, one.way),
            )


RULE = Rule(
    id="device-page-operations",
    severity=Severity.ERROR,
    doc=__doc__,
    check=check,
    check_file=check_file,
    mark=b"dev_pagemap_ops",
    anywhere=True,
)
