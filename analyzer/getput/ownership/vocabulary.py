"""Which words of a function's text say that it may count something: the quick look before the engine starts."""

from __future__ import annotations

from getput.ownership import pages, registration
from getput.ownership.apis import Tables
from getput.ownership.contracts import Verb
from getput.ownership.naming import IN_MEMBERS

NO_COUNTER = frozenset({"*", "memory", IN_MEMBERS})


class Vocabulary:
    """The tables, and for every name in them the counters that it touches.

    ``moving`` has, of these, those for whose sake a function has to be followed: a name that may only make a count unsure does nothing where nothing
    else counts.  ``cleaning`` are the classes of cleanup attributes, which mean something only where such an attribute names them.
    ``followed`` are all counters, and ``proven`` those of a family that is.
    """

    __slots__ = (
        "cleaning",
        "counters",
        "dropping",
        "followed",
        "moving",
        "proven",
        "tables",
        "taken",
        "takers",
        "words",
    )

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        counters: dict[str, set[str]] = {}
        moving: dict[str, set[str]] = {}
        cleaning: dict[str, set[str]] = {}
        for name, contract in tables.contracts.items():
            for effect in contract.effects:
                if effect.family not in NO_COUNTER and effect.verb is not Verb.BORROW:
                    counter = tables.counter_of(effect.family)
                    counters.setdefault(name, set()).add(counter)
                    if effect.verb not in (Verb.UNSURE, Verb.SHARE):
                        moving.setdefault(name, set()).add(counter)
            for _, family in contract.owns:
                moving.setdefault(name, set()).add(tables.counter_of(family))
        for name, iterator in tables.iterators.items():
            if iterator.counted and not iterator.scoped:
                moving.setdefault(name, set()).add(tables.counter_of(iterator.family))
        for name, cleanup in tables.cleanups.items():
            if cleanup.family not in ("*", "memory"):
                cleaning.setdefault(name, set()).add(tables.counter_of(cleanup.family))
        for member, family in tables.members.items():
            moving.setdefault(member, set()).add(tables.counter_of(family))
        for name in pages.SETTERS:
            moving.setdefault(name, set()).add(pages.COUNTER)
        for name in registration.ADDS | registration.DELETES:
            moving.setdefault(name, set()).add(registration.COUNTER)
        for more in (moving, cleaning):
            for name, found in more.items():
                counters.setdefault(name, set()).update(found)
        self.counters = {name: frozenset(found) for name, found in counters.items()}
        self.moving = {name: frozenset(found) for name, found in moving.items()}
        self.cleaning = {name: frozenset(found) for name, found in cleaning.items()}
        self.words = frozenset(self.counters)
        self.followed = tuple(sorted(frozenset().union(*self.counters.values())))  # every counter of a name
        families = tables.families.values()
        unproven = {one.counter for one in families if not one.proven} - {one.counter for one in families if one.proven}
        self.proven = frozenset(self.followed) - unproven
        self.takers: dict[str, frozenset[str]] = {}
        self.taken: dict[bytes, frozenset[str]] = {}  # what a name takes, by the name as it stands in a file
        self.dropping: dict[str, frozenset[str]] = {}

    def puts(self, counter: str) -> frozenset[str]:
        """The names that drop *counter*, and do nothing else."""
        if not self.dropping:
            dropping: dict[str, set[str]] = {}
            for name, contract in self.tables.contracts.items():
                if any(effect.verb not in (Verb.DROP, Verb.UNSURE) for effect in contract.effects):
                    continue
                for effect in contract.effects:
                    if effect.verb is Verb.DROP and not effect.target.path:
                        dropping.setdefault(self.tables.counter_of(effect.family), set()).add(name)
            self.dropping = {counter: frozenset(names) for counter, names in dropping.items()}
        return self.dropping.get(counter, frozenset())

    def taking(self, counter: str) -> frozenset[str]:
        """The names that take a reference of *counter*."""
        self.learn_takers()
        return self.takers.get(counter, frozenset())

    def taken_by(self, words: frozenset[bytes]) -> frozenset[str]:
        """The counters that one of *words* takes a reference of."""
        self.learn_takers()
        return frozenset().union(*[self.taken[word] for word in self.taken.keys() & words])

    def learn_takers(self) -> None:
        """Look through the tables for what takes, once."""
        if not self.takers:
            takers: dict[str, set[str]] = {}
            for name, contract in self.tables.contracts.items():
                for effect in contract.effects:
                    if effect.verb in (Verb.TAKE, Verb.INIT):
                        takers.setdefault(self.tables.counter_of(effect.family), set()).add(name)
            taken: dict[bytes, set[str]] = {}
            for counter, names in takers.items():
                for name in names:
                    taken.setdefault(name.encode("ascii"), set()).add(counter)
            self.takers = {counter: frozenset(names) for counter, names in takers.items()}
            self.taken = {word: frozenset(found) for word, found in taken.items()}
