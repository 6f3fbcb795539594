"""Everything that is wrong with device pages in one image of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getput.ownership.device.table import known
from getput.ownership.view import Mark, PageFault

if TYPE_CHECKING:
    from getput.ownership.unit import Unit

# One of these stands in every file that is concerned: what the table knows is looked for only there.
MARKS = (b"dev_pagemap", b"dax_layout", b"->page_free(", b"->folio_free(", b"MF_COUNT", b"folio_put")


def page_faults(unit: Unit, touched: frozenset[str]) -> tuple[PageFault, ...]:
    """The faults of *unit*, by kind; what compares two images looks at *touched* functions only.

    A file that says nothing of any of this costs a few searches for words.
    """
    text = unit.text
    if not any(mark in text for mark in MARKS):
        return ()
    table = known()
    out: list[PageFault] = []
    if table.operations.structure.encode() in text:
        from getput.ownership.device import allocators, operations
        from getput.ownership.device.driver import driver

        owner = driver(unit)
        if owner is not None:
            if owner.countless:
                out += allocators.faults(unit, owner)
                out += operations.kept(unit, owner)
            out += operations.incomplete(unit, owner)
            out += idle_tests(unit, True)
    elif any(name.encode() in text for name in table.dax.idle):
        out += idle_tests(unit, False)
    if any(b"->" + name.encode() + b"(" in text for name in table.operations.free):
        from getput.ownership.device import free_path

        out += free_path.faults(unit)
    if any(flag.name.encode() in text for flag in table.flag):
        from getput.ownership.device import flagged

        out += flagged.faults(unit, touched)
    if unit.twin is not None and any(name.encode() in text for name in table.dax.unaware):
        from getput.ownership.device import converted

        out += converted.faults(unit, touched)
    out += raw_frees(unit)
    return tuple(out)


def idle_tests(unit: Unit, owned: bool) -> list[PageFault]:
    """Tests for an idle page with the wrong number."""
    from getput.ownership.device import idle
    from getput.ownership.device.driver import driver

    return list(idle.faults(unit, driver(unit) if owned else None))


def raw_frees(unit: Unit) -> list[PageFault]:
    """Calls that free what should be put, in functions that do not ask first whether that was the last reference."""
    out = []
    for name, put in known().raw_free.items():
        if name.encode() + b"(" not in unit.text:
            continue
        for source in unit.sources:
            if source.name == name or name not in unit.words_of(source):
                continue
            if any(tests_zero(word) for word in unit.words_of(source)):
                continue
            at = unit.text.find(name.encode() + b"(", source.start, source.end)
            brace = unit.text.find(b"{", source.start)
            if at > brace:
                out.append(PageFault("raw-free", source.name, "the folio", name, at, (Mark("here", at),), put))
    return out


def tests_zero(word: str) -> bool:
    """Whether a function drops a count and says if that was the last."""
    return word.endswith(("_testzero", "_and_test", "_ref_freeze"))
