"""A folio is freed without a look at its count.

## What it does
Reports a call of `__folio_put()` in a function that has not dropped a count and found it to be the last.

## Why it matters
`__folio_put()` drops nothing: it is what folio_put() does once the count is zero.  Called by itself it frees a folio that others still
hold, and its own reference stays.

## Bad
    folio_unlock(folio);
    __folio_put(folio);

## Good
    folio_unlock(folio);
    folio_put(folio);

## How to silence it
Call folio_put(), or test for zero in the same function (`folio_put_testzero()`, `folio_ref_sub_and_test()`).
`--no-rule raw-folio-free` switches the rule off.

## References
include/linux/mm.h, folio_put(); mm/swap.c, __folio_put(); "btrfs: fix __folio_put refcount errors".
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport
from getput_rules.rule import Rule


def check(_report: FunctionReport) -> Iterator[Found]:
    """Seen over the words of the whole file."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every such call."""
    for one in report.page_faults:
        if one.kind == "raw-free":
            text = f"{one.api}() frees {one.object} whatever its count, and drops no reference: {one.note}() is meant"
            asked = f"Is {one.note}() meant here?  {one.api}() frees {one.object} whatever its count."
            found = (one.object, "page_folio", "raw", one.api, one.kind, one.at, text, Confidence.HIGH, one.way)
            yield one.function, Found(*found, question=asked)


RULE = Rule(
    id="raw-folio-free",
    severity=Severity.ERROR,
    doc=__doc__,
    check=check,
    check_file=check_file,
    mark=b"__folio_put(",
)
