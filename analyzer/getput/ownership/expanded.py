"""Which of a file's macros and cleanup classes are looked at as functions: those that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getput.csource.expand import Expansion, mention
from getput.csource.lower_table import bundled_macros

if TYPE_CHECKING:
    from getput.ownership.unit import Unit

DEPTH = 3  # functions of functions that a macro calls


def counting(unit: Unit) -> tuple[list[Expansion], list[Expansion]]:
    """Of what *unit* has not made functions of: what counts, each name once, and what may yet turn out to.

    What a table knows is left to the table.
    """
    if not unit.unexpanded:
        return [], []
    tables, meanings, macros = unit.tables, bundled_macros().meanings, unit.macros
    left = [
        one
        for one in unit.unexpanded
        if one.name not in unit.by_name
        and one.name not in tables.contracts
        and one.name not in tables.iterators
        and mention(one.name) not in tables.cleanups
        and one.name.encode() not in meanings
        and not macros.iterates(one.name)
    ]
    found: dict[str, Expansion] = {}
    rest = left
    while rest:
        chosen = [one for one in rest if not one.words.isdisjoint(found) or counts(unit, one.words, one.calls)]
        if not chosen:
            break
        for one in chosen:
            found.setdefault(one.name, one)
        rest = [one for one in rest if one.name not in found]
    return list(found.values()), rest


def counts(unit: Unit, words: frozenset[str], calls: frozenset[str], depth: int = 0) -> bool:
    """Whether one of *words* counts, or one of *calls* in another file, or a function of the file that has one of those in it."""
    if not words.isdisjoint(unit.vocabulary.words):
        return True
    other = unit.unknown(calls)
    if other and unit.elsewhere is not None and unit.elsewhere.counters(other):
        return True
    if depth >= DEPTH:
        return False
    return any(
        counts(unit, inner, inner, depth + 1)
        for word in unit.by_name.keys() & calls
        if (inner := unit.words_of(unit.by_name[word]))
    )
