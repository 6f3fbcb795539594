"""What is known at one point of one path: values of variables, facts about values, the count of every object.

A count is a number plus *conditional* parts: a get whose result nobody has looked at yet counts "one if the result is valid".
The part becomes a number when a branch decides it, and only then do paths differ.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from getput.ownership.contracts import POS, Contract

Key = tuple[int, str]  # (root value, counter): one counted object
# (earlier Trace or None, kind, offset, text): the path so far, newest first; not said of itself, as mypyc knows no such types
Trace = tuple[Any, str, int, str]


ONE_OF_SEVERAL: Final = "one of several in a loop"  # why an object escaped: the same words name another one now
ELEMENT: Final = "[]"  # stands among the callees that saw an object: it was stored in one of several places


class Site(msgspec.Struct, frozen=True):
    """A call (or an iterator's turn) that took or dropped: where, by which function, known from where."""

    callee: str
    at: int
    contract: Contract | None = None


class Count(msgspec.Struct, frozen=True):
    """The net count of one object on one path, and what became of its references.

    ``base`` is certain; ``parts`` are (value, bits, delta): delta more where the value has one of the bits.
    ``fresh``: the reference taken was the only one this function knew (it came as a result), so zero means gone.
    ``held``: roots of what it was stored in.  ``escaped``: why nobody here owes the reference any longer, or "".
    """

    family: str
    fresh: bool
    label: str
    base: int = 0
    parts: tuple[tuple[int, int, int], ...] = ()
    taken: tuple[Site, ...] = ()
    dropped: tuple[Site, ...] = ()
    failed: tuple[Site, ...] = ()
    held: frozenset[int] = frozenset()
    escaped: str = ""
    passed: tuple[str, ...] = ()
    role: str = "local"
    init: bool = False
    iterator: bool = False
    member: int = -1  # the address by which it was first counted
    hopes: tuple[tuple[int, int, str], ...] = ()  # (value, bits, why): escaped if the value has one of the bits
    last: tuple[int, ...] = ()  # results that say whether a drop was the last one
    touched: bool = False  # something looked into the object before it was dropped
    earlier: bool = False  # taken or dropped in an earlier round of a loop: the same words may name another object now

    @property
    def low(self) -> int:
        """The least that the net count can be, whatever the undecided parts turn out to be."""
        return self.base + sum([min(0, delta) for _, _, delta in self.parts]) if self.parts else self.base

    @property
    def high(self) -> int:
        """The most that the net count can be."""
        return self.base + sum([max(0, delta) for _, _, delta in self.parts]) if self.parts else self.base

    def if_there(self, value: int) -> tuple[int, int]:
        """The least and the most that the net count can be where *value*, the object itself, is not NULL: a put that takes NULL drops then."""
        own = [delta for part, mask, delta in self.parts if part == value and mask == POS]
        rest = [delta for part, mask, delta in self.parts if part != value or mask != POS]
        known = self.base + sum(own)
        return known + sum(min(0, delta) for delta in rest), known + sum(max(0, delta) for delta in rest)


class State:
    """One path's knowledge; copied where paths part."""

    __slots__ = ("counts", "env", "equal", "facts", "freed", "mem", "named", "trace")

    def __init__(self) -> None:
        self.env: dict[str, int] = {}
        self.mem: dict[tuple[int, str], int] = {}
        self.facts: dict[int, int] = {}
        self.equal: dict[int, int] = {}
        self.named: dict[int, int] = {}  # value -> the named constant that it is
        self.counts: dict[Key, Count] = {}
        self.freed: dict[int, int] = {}
        self.trace: Trace | None = None

    def copy(self) -> State:
        """A state of its own with the same content."""
        other = State.__new__(State)
        other.env = self.env.copy()
        other.mem = self.mem.copy()
        other.facts = self.facts.copy()
        other.equal = self.equal.copy()
        other.named = self.named.copy()
        other.counts = self.counts.copy()
        other.freed = self.freed.copy()
        other.trace = self.trace
        return other
