"""What the functions of one file of a patch see around them: the other files of the patch, on the same side of it, then the index."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from getput.index.names import Contracts, Definition, Names, agreed, seen_from
from getput.ownership.contracts import Contract, Source, moves
from getput.ownership.guess import PREFIX
from getput.ownership.unit import Unit


class Around:
    """The surroundings of the file *path*: *units* are the patch's files on one side of it, by path."""

    def __init__(self, path: str, units: Mapping[str, Unit], names: Names | None) -> None:
        self.path = path
        self.units = {other: unit for other, unit in units.items() if other != path}
        self.names = names
        self.known: dict[str, list[Definition | Fresh]] = {}
        self.asked: set[tuple[str, str]] = set()

    def definitions(self, name: str) -> list[Definition | Fresh]:
        """The definition of *name* that this file means; several where they cannot be told apart, none where it is unknown."""
        found = self.known.get(name)
        if found is None:
            every: list[Definition | Fresh] = []
            if self.names is not None:
                every += [one for one in self.names.definitions(name) if one.path not in self.units]
            every += [Fresh(path, unit, name) for path, unit in self.units.items() if name in unit.by_name]
            found = self.known[name] = seen_from(self.path, every)
        return found

    def counters(self, words: frozenset[str]) -> frozenset[str]:
        """What callers of the functions among *words* count for their sake."""
        found: set[str] = set()
        for word in sorted(words):
            for one in self.definitions(word):
                if isinstance(one, Fresh):
                    found |= one.counters()
                else:
                    found.update([counter for counter, known in self.contracts(one).items() if moves(known)])
        return frozenset(found)

    def contract(self, name: str, counter: str) -> Contract | None:
        """What a call of *name* does to *counter*; None where nothing is known, or not the same by all who know."""
        if (name, counter) in self.asked:
            return None  # it is being found out: the files call each other in a circle
        self.asked.add((name, counter))
        try:
            every = self.definitions(name)
            fresh = [one.contract(counter) for one in every if isinstance(one, Fresh)]
            if not fresh:
                return self.agreed([one for one in every if isinstance(one, Definition)]).get(counter)
            return fresh[0] if len(every) == 1 else None
        finally:
            self.asked.discard((name, counter))

    def contracts(self, one: Definition) -> Contracts:
        """What the index knows of a definition."""
        return one.at(0 if self.names is None else self.names.round)

    def agreed(self, every: list[Definition]) -> Contracts:
        """What all of *every* say."""
        return agreed(every, 0 if self.names is None else self.names.round)


class Fresh(msgspec.Struct, frozen=True):
    """A function in a file of the patch itself."""

    path: str
    unit: Unit
    name: str

    @property
    def static(self) -> bool:
        """Whether only its own file can call it."""
        function = self.unit.function(self.unit.by_name[self.name])
        return function is None or function.static

    def counters(self) -> frozenset[str]:
        """What it counts."""
        counters = self.unit.counters(self.unit.by_name[self.name])
        return frozenset(counter for counter in counters if not counter.startswith(PREFIX))

    def contract(self, counter: str) -> Contract | None:
        """What a call of it does to *counter*."""
        found = self.unit.contract(self.name, counter, 0)
        if found is None or found.source is Source.GUESS:
            return None
        return found
