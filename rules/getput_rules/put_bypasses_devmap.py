"""A member of the page put family skips the devmap check that its siblings make.

## What it does
Looks at the functions of one file that drop a page's or folio's count, test it for zero and free.  Where siblings ask
`put_devmap_managed_*` first and one of them does not, that one is reported.  A patch is told only when it touches the family.

## Why it matters
The count of a free FS_DAX page is one, not zero: only `put_devmap_managed_*` notices the step from two to one and wakes whoever waits for the
page to become idle.  A put that goes straight to the test for zero loses that wake-up, and truncate or hole punch hangs.

## Bad
    static inline void folio_put(struct folio *folio)
    {
            if (folio_put_testzero(folio))
                    __folio_put(folio);
    }

## Good
    static inline void folio_put(struct folio *folio)
    {
            if (put_devmap_managed_folio_refs(folio, 1))
                    return;
            if (folio_put_testzero(folio))
                    __folio_put(folio);
    }

## How to silence it
Let the function ask `put_devmap_managed_*`, or its siblings not.  Trees in which no function of that name exists are never told.
`--no-rule put-bypasses-devmap-check` switches the rule off.

## References
include/linux/mm.h, put_page() and folio_put(); mm/memremap.c, __put_devmap_managed_folio_refs().
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport, Mark, Member
from getput_rules.rule import Rule

TESTS = frozenset(
    {
        "put_page_testzero",
        "folio_put_testzero",
        "page_ref_dec_and_test",
        "folio_ref_dec_and_test",
        "page_ref_sub_and_test",
        "folio_ref_sub_and_test",
    }
)
FREES = frozenset(
    {
        "__folio_put",
        "__put_page",
        "__put_single_page",
        "__put_compound_page",
        "free_unref_folios",
        "free_unref_page_list",
    }
)
CHECK = "put_devmap_managed_"


def checks_devmap(member: Member) -> bool:
    """Whether the function asks for devmap pages."""
    return any(name.startswith(CHECK) for name in member.words)


def puts(member: Member) -> bool:
    """Whether the function drops a count, tests it for zero and frees."""
    return bool(member.words & TESTS) and bool(member.words & FREES) and member.name not in TESTS


def concerned(member: Member) -> bool:
    """Whether a change of this function is a change of the family."""
    return puts(member) or (checks_devmap(member) and not member.name.startswith(CHECK))


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one function alone."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every put that leaves out what a sibling does."""
    siblings = [m for m in report.members if checks_devmap(m) and not m.name.startswith((CHECK, "__" + CHECK))]
    if not siblings:
        return
    for member in report.members:
        if puts(member) and not checks_devmap(member):
            sibling = siblings[0].name
            text = f"{member.name}() tests for zero without put_devmap_managed_*(), which {sibling}() asks first: should it not?"
            way = (Mark("here", siblings[0].start), Mark("here", member.at(TESTS)))
            yield (
                member.name,
                Found(
                    member.name,
                    "page_folio",
                    "sibling",
                    sibling,
                    "bypass",
                    member.at(TESTS),
                    text,
                    Confidence.HIGH,
                    way,
                ),
            )


RULE = Rule(
    id="put-bypasses-devmap-check",
    severity=Severity.NOTE,
    doc=__doc__,
    check=check,
    check_file=check_file,
    alone=False,
    concerned=concerned,
    mark=CHECK.encode(),
)
