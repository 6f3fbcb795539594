"""Which function a name means, seen from a file, and what it does to a count.

Functions of one name are kept apart by their files: a static one is seen in its own file only, one in a header of a driver by the files near it,
one of an architecture by that architecture, and of several that remain those win that lie nearest.  Where those that remain do not say the
same, nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from getput.ownership.contracts import Contract, moves

Contracts = dict[str, Contract]  # by counter
History = list[tuple[int, Contracts]]  # what each round found, where it found something else than the one before
NEAR = 2  # folders that a header outside of include/ must share with who sees it

encode_history = msgspec.msgpack.Encoder().encode
decode_history = msgspec.msgpack.Decoder(History).decode


class Part(NamedTuple):
    """Counters that are followed apart from all others, so that what is found of them is the same whether those are followed or not: those in
    ``counters``, or, unless ``inside``, those that are not."""

    counters: frozenset[str]
    inside: bool

    def holds(self, counter: str) -> bool:
        """Whether *counter* is one of these."""
        return (counter in self.counters) == self.inside

    def of(self, contracts: Contracts) -> Contracts:
        """What *contracts* say of these counters."""
        return {counter: one for counter, one in contracts.items() if self.holds(counter)}


class Definition(msgspec.Struct):
    """One function that counts: where it stands, whether only its file sees it, and what each round found (as written)."""

    path: str
    static: bool
    raw: bytes
    history: History | None = None

    def rounds(self) -> History:
        """What each round found."""
        if self.history is None:
            self.history = decode_history(self.raw)
        return self.history

    def changed_in(self, round_: int, part: Part) -> bool:
        """Whether *round_* found something else than the one before, of the counters of *part*."""
        if not any(since == round_ for since, _ in self.rounds()):
            return False
        return says(part.of(self.at(round_))) != says(part.of(self.at(round_ - 1)))

    def speaks_of(self, part: Part) -> bool:
        """Whether any round found something about a counter of *part*."""
        return any(part.of(contracts) for _, contracts in self.rounds())

    def at(self, round_: int) -> Contracts:
        """What was known after *round_*."""
        known: Contracts = {}
        for since, contracts in self.rounds():
            if since <= round_:
                known = contracts
        return known


class Names:
    """All functions that count, as known after one round.

    *find* gives the definitions of a name; *proven* are the counters that are looked up apart from others; *known* are all names, where they
    fit into memory, else None.
    """

    def __init__(
        self,
        find: Callable[[str], Iterable[Definition]],
        round_: int,
        proven: frozenset[str],
        known: frozenset[str] | None = None,
    ) -> None:
        self.find = find
        self.round = round_
        self.parts = Part(proven, inside=True), Part(proven, inside=False)
        self.known = known
        self.found: dict[str, list[Definition]] = {}
        self.answers: dict[tuple[str, str], Contracts] = {}

    def definitions(self, name: str) -> list[Definition]:
        """Every definition of *name* that the index knows."""
        known = self.found.get(name)
        if known is None:
            known = self.found[name] = list(self.find(name))
        return known

    def changed(self, part: Part) -> frozenset[str]:
        """The names of which the round found something else than the one before, of the counters of *part*; ``known`` are all of them."""
        known = self.known or ()
        return frozenset(
            name for name in known if any(one.changed_in(self.round, part) for one in self.definitions(name))
        )

    def defines(self, path: str, name: str) -> bool:
        """Whether the file *path* has a function *name* that counts."""
        return any(one.path == path for one in self.definitions(name))

    def resolve(self, name: str, path: str) -> Contracts:
        """What *name*, seen from the file *path*, does to each counter; empty where nothing is known."""
        if self.known is not None and name not in self.known:
            return {}
        key = (name, path)
        answer = self.answers.get(key)
        if answer is None:
            answer = self.answers[key] = self.agreed(self.definitions(name), path)
        return answer

    def agreed(self, definitions: list[Definition], path: str) -> Contracts:
        """What those of *definitions* that a call in *path* may mean say with one voice."""
        if len(definitions) < 2:
            return agreed(seen_from(path, definitions), self.round)
        answer: Contracts = {}
        for part in self.parts:
            speaking = [one for one in definitions if one.speaks_of(part)]
            answer |= part.of(agreed(seen_from(path, speaking), self.round))
        return answer

    def seen_from(self, path: str) -> Seen:
        """The names as the file *path* sees them."""
        return Seen(self, path)


class Seen:
    """The names as one file sees them."""

    __slots__ = ("names", "path")

    def __init__(self, names: Names, path: str) -> None:
        self.names = names
        self.path = path

    def counters(self, words: frozenset[str]) -> frozenset[str]:
        """What callers of the functions among *words* count for their sake."""
        return frozenset(counter for counter, contract in self._contracts(words) if moves(contract))

    def spoken_of(self, words: frozenset[str], part: Part) -> frozenset[str]:
        """The counters of *part* of which anything is known of the functions among *words*, if only that they leave a caller's alone."""
        return frozenset(counter for counter, _ in self._contracts(words) if part.holds(counter))

    def _contracts(self, words: frozenset[str]) -> Iterator[tuple[str, Contract]]:
        if self.names.known is not None:
            words = words & self.names.known
        for word in words:
            yield from self.names.resolve(word, self.path).items()

    def contract(self, name: str, counter: str) -> Contract | None:
        """What a call of *name* does to *counter*, as far as the index knows."""
        return self.names.resolve(name, self.path).get(counter)


def agreed(definitions: list[Definition], round_: int) -> Contracts:
    """What all of *definitions* say."""
    if not definitions:
        return {}
    first, *others = [definition.at(round_) for definition in definitions]
    if not others:
        return first
    said = [says(other) for other in others]
    return {
        counter: first[counter]
        for counter, one in says(first).items()
        if all(other.get(counter) == one for other in said)
    }


def says(contracts: Contracts) -> dict[str, object]:
    """What matters of contracts: not where they are proved."""
    return {
        counter: (one.effects, one.results, one.returns_arg, one.adds, one.deletes)
        for counter, one in contracts.items()
    }


class Placed(Protocol):
    """A function of some file: ``static`` where only that file can call it."""

    @property
    def path(self) -> str:
        """Its file, from the tree's root."""

    @property
    def static(self) -> bool:
        """Whether it is."""


Place = TypeVar("Place", bound=Placed)


def seen_from(path: str, definitions: list[Place]) -> list[Place]:
    """Those of *definitions* that a call in *path* may mean: the nearest of the visible ones."""
    own = [one for one in definitions if one.path == path]
    if own:
        return own
    visible = [one for one in definitions if is_visible(one, path)]
    if len(visible) < 2:
        return visible
    nearest = max(shared_folders(one.path, path) for one in visible)
    near = [one for one in visible if shared_folders(one.path, path) == nearest]
    sources = [one for one in near if one.path.endswith(".c")]
    return sources or near  # a stub in a header stands in for what the configuration leaves out


def is_visible(one: Placed, path: str) -> bool:
    """Whether a file can mean *one* of another file."""
    top, _, rest = one.path.partition("/")
    if top == "arch" and path.startswith("arch/") and path.split("/")[1] != rest.split("/")[0]:
        return False
    if (top == "tools") != path.startswith("tools/"):
        return False
    if not one.path.endswith(".h"):
        return not one.static
    return "include/" in one.path or shared_folders(one.path, path) >= min(NEAR, one.path.count("/"))


def shared_folders(one: str, other: str) -> int:
    """How many folders, from the tree's top, two paths have in common."""
    count = 0
    for a, b in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if a != b:
            break
        count += 1
    return count
