"""The functions of one image of a file beside those of the other: what every question about counts before and after a patch begins with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from getput.csource.syntax import FunctionSource
from getput.ownership.unit import Unit


def touched_in_both(unit: Unit, touched: frozenset[str]) -> Iterator[tuple[FunctionSource, Unit, FunctionSource]]:
    """(function of *unit*, the other image, the function there) for each that is *touched* by the patch and stands in both images."""
    other = unit.twin
    if other is None:
        return
    for source in unit.sources:
        before = other.by_name.get(source.name)
        if before is not None and source.name in touched:
            yield source, other, before


def counts_owners(unit: Unit, counter: str) -> bool:
    """Whether *counter* counts who keeps an object alive, not who uses one that outlives its last put."""
    family = unit.tables.families.get(counter)
    return family is None or not family.outlives


def fewer(new: bytes, old: bytes, names: Iterable[str]) -> bool:
    """Whether functions of these *names* are called less often in *new* than in *old*."""
    names = tuple(names)
    return calls(new, names) < calls(old, names)


def calls(text: bytes, names: Iterable[str]) -> int:
    """How often functions of these *names* are called in *text*: where one function no longer calls them, another one may."""
    return len(re.findall(rb"\b(?:%s)\s*\(" % "|".join(map(re.escape, names)).encode("ascii", "replace"), text))
