"""A member of the page put family skips the devmap check that its siblings make.

## What it does
Looks at the functions of one file that drop a page's or folio's count, test it for zero and free.  Where siblings ask
`put_devmap_managed_*` first and one of them does not, that one is reported.  A patch is told only when it touches the family.
Reported as well is a patch that drops a page with folio_put() where put_page() dropped it before, if the page may be an FS_DAX one: it came
from get_user_pages(), from a walk of page tables, or by its frame number.

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
Let the function ask `put_devmap_managed_*`, or its siblings not; stay with put_page().  Trees in which no function of that name exists (by
their include/linux/mm.h) are never told.
`--no-rule put-bypasses-devmap-check` switches the rule off.

## References
include/linux/mm.h, put_page() and folio_put(); mm/memremap.c, __put_devmap_managed_folio_refs().
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport, Mark, Member, PageFault
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
LISTS = frozenset({"list_for_each_entry", "list_for_each_entry_safe"})
UNAWARE = frozenset({"folio_put", "folio_put_refs"})
CHECK = "put_devmap_managed_"


def checks_devmap(member: Member) -> bool:
    """Whether the function asks for devmap pages."""
    return any(name.startswith(CHECK) for name in member.words)


def puts(member: Member) -> bool:
    """Whether the function drops a count, tests it for zero and frees; not of pages that are linked by their ``lru``, which shares its place with
    the pagemap of a device page (mm/mm_init.c, __init_zone_device_page())."""
    if bool(member.words & LISTS) and "lru" in member.words:
        return False
    return bool(member.words & TESTS) and bool(member.words & FREES) and member.name not in TESTS


def family(member: Member) -> bool:
    """Whether a function is one of the family, or asks as its members do."""
    return puts(member) or (checks_devmap(member) and not member.name.startswith(CHECK))


def concerned(member: Member) -> bool:
    """Whether a change of this function may be one of the family, or of a put that becomes another."""
    return family(member) or bool(member.words & UNAWARE)


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one function alone."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every put that leaves out what a sibling does, or the put before it did."""
    if CHECK in report.lacks:
        return
    for one in report.page_faults:
        if one.kind == "put-converted":
            yield one.function, converted(one)
    if not any(family(member) for member in report.members if member.name in report.touched):
        return
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
                    question=f"Should {member.name}() not ask put_devmap_managed_*() before it tests for zero, as {sibling}() does?",
                ),
            )


def converted(one: PageFault) -> Found:
    """A put that a patch made into one that does not ask."""
    put, origin = one.note.split()
    text = f"'{one.object}' comes from {origin}() and may be an FS_DAX page: {one.api}() does not wake who waits for that, as {put}() did"
    asked = f"Can {one.object} be an FS_DAX page, for which {put}() woke who waits and {one.api}() does not?"
    sure = Confidence.MEDIUM
    return Found(one.object, "page_folio", "converted", one.api, "bypass", one.at, text, sure, one.way, question=asked)


RULE = Rule(
    id="put-bypasses-devmap-check",
    severity=Severity.NOTE,
    doc=__doc__,
    check=check,
    check_file=check_file,
    alone=False,
    concerned=concerned,
    mark=b"folio_put",
    asks=(("include/linux/mm.h", CHECK),),
    standing=Confidence.LOW,  # a question about what a patch changes: the core itself is meant as it stands
)
