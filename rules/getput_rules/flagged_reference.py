"""A reference that a flag speaks of is dropped on one way and forgotten on another.

## What it does
Knows flags by which a caller says that it hands a reference over (`MF_COUNT_INCREASED`: one on the page).  Where a condition has the
reference dropped on one side, on every way and by a test of the flag, and the other side reaches an exit without a word about the flags, that condition
is reported; so is an exit at which a patch stops to drop it.

## Why it matters
The caller has taken the reference and relies on the function: on the forgotten way the page keeps its count and is never freed.

## Bad
    static int foo_failure(unsigned long pfn, int flags)
    {
            struct dev_pagemap *pgmap = get_dev_pagemap(pfn, NULL);

            if (!pgmap)
                    return -ENXIO;
            if (flags & MF_COUNT_INCREASED)
                    put_page(pfn_to_page(pfn));
            put_dev_pagemap(pgmap);
            return 0;
    }

## Good
    static int foo_failure(unsigned long pfn, int flags)
    {
            struct dev_pagemap *pgmap = get_dev_pagemap(pfn, NULL);

            if (flags & MF_COUNT_INCREASED)
                    put_page(pfn_to_page(pfn));
            if (!pgmap)
                    return -ENXIO;
            put_dev_pagemap(pgmap);
            return 0;
    }

## How to silence it
Test the flag and drop the reference on that way too, or drop it before the condition.  `--no-rule flagged-reference-kept` switches the rule off.

## References
mm/memory-failure.c, put_ref_page() and memory_failure(); include/linux/mm.h, enum mf_flags.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport
from getput_rules.rule import Rule


def check(_report: FunctionReport) -> Iterator[Found]:
    """What the callees do about the flag is said by the file."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every way that forgets about a flag."""
    for one in report.page_faults:
        if one.kind == "flag-ignored":
            text = f"the reference that {one.api} speaks of is dropped elsewhere in this function, and not on the way that begins here"
            asked = f"Who drops the reference that {one.api} speaks of on the way that begins here?"
            found = (one.object, one.note, "flag", one.api, one.kind, one.at, text, Confidence.MEDIUM, one.way)
            yield one.function, Found(*found, question=asked)


RULE = Rule(
    id="flagged-reference-kept",
    severity=Severity.ERROR,
    doc=__doc__,
    check=check,
    check_file=check_file,
    mark=b"flags",
)
