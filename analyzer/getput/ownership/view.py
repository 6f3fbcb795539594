"""What rules may look at: how a function treats every counted object, on every exit, with the way there as proof.

Rules never see syntax, and never the engine's states: only these values.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from getput.model import Confidence
from getput.ownership.contracts import Source
from getput.ownership.state import Count, Key, Site, Trace

WORD = re.compile(rb"[A-Za-z_]\w*")


class ExitKind(StrEnum):
    """What the caller sees of an exit."""

    SUCCESS = "success"
    ERROR = "error"
    MIXED = "mixed"  # cannot be told apart
    VOID = "void"


class Mark(msgspec.Struct, frozen=True):
    """One step of the way: ``kind`` is ``take``, ``drop``, ``true``, ``false``, ``case``, ``loop``, ``goto``, ``exit``, ``use``, ...;
    ``at`` a byte offset into the file."""

    kind: str
    at: int
    text: str = ""


class Standing(msgspec.Struct, frozen=True):
    """How one counted object stands at one exit.

    ``low`` and ``high`` bound its net count (they differ where a result was never looked at).  ``escaped`` says why nobody here owes
    the reference any more, or is empty.  ``held_by`` is where it was stored: ``param``, ``heap``, ``devm``, ``local``, ``other``, or empty.
    """

    key: Key
    count: Count
    low: int
    high: int
    escaped: str
    held_by: str
    take_failed: bool  # the get that counted reported a failure on this path
    fields: tuple[str, ...]  # members that lead to it at this exit
    many: bool  # one of several that a loop or one call took: which of them an exit drops is not known
    trace: Trace | None


class Exit(msgspec.Struct, frozen=True):
    """One way out: ``bits`` the signs its result can have, ``at`` the offset of the ``return``."""

    kind: ExitKind
    bits: int
    at: int
    standings: tuple[Standing, ...]


class Leak(msgspec.Struct, frozen=True):
    """A reference lost on some exits.  ``kind``: ``error``, ``always``, ``iterator``, ``failed-get`` or ``path``.

    ``shown`` is the exit to show, ``others`` how many more lose it too.  ``evidence`` says in words why that side is wrong.
    """

    kind: str
    standing: Standing
    shown: Exit
    others: int
    evidence: str
    confidence: Confidence
    accepted: bool = False


class Incident(msgspec.Struct, frozen=True):
    """Something wrong at one point of a path, whatever comes after; ``accepted`` where nothing excludes that it is meant."""

    kind: str
    key: Key
    count: Count
    at: int
    site: Site | None
    trace: Trace | None
    note: str = ""
    accepted: bool = False


class FunctionReport(msgspec.Struct, frozen=True):
    """One function, one counter: everything the rules may know."""

    name: str
    path: str
    returns: str
    counter: str
    start: int
    end: int
    exits: tuple[Exit, ...]
    incidents: tuple[Incident, ...]
    bounded: bool = False
    users: bool = False  # the counter counts users, not owners: the object outlives its last put
    settled: frozenset[int] = frozenset()  # offsets of gets whose reference some path drops
    settled_by: frozenset[tuple[int, int]] = frozenset()  # such a get, and the drop
    boot: bool = False  # runs once, when the kernel or the module comes up (__init)
    entry: bool = False  # called through a pointer only: a driver's operation
    # member ("" for an object that was handed in) -> functions of the file that put it
    droppers: dict[str, tuple[str, ...]] = {}
    leaks: tuple[Leak, ...] = ()


class Member:
    """One function of a file, as rules about several see it: its identifiers, and where its text stands."""

    __slots__ = ("known", "name", "start", "text")

    def __init__(self, name: str, start: int, text: bytes) -> None:
        self.name = name
        self.start = start
        self.text = text
        self.known: frozenset[str] | None = None

    @property
    def words(self) -> frozenset[str]:
        """Every identifier in the function; found when asked for."""
        if self.known is None:
            self.known = frozenset(word.decode("ascii") for word in WORD.findall(self.text))
        return self.known

    def at(self, names: frozenset[str]) -> int:
        """The offset of the first of *names* in the function, or its start."""
        found = [self.text.find(name.encode()) for name in sorted(names & self.words)]
        return self.start + min((offset for offset in found if offset >= 0), default=0)


class Stored(msgspec.Struct, frozen=True):
    """A member of a structure and one counter, over a whole file.

    ``takers``: (function, call, offset) that leave a counted reference in it when they succeed; ``droppers``: functions that put what it
    holds, ``before`` those of the other image.  ``here``: the structure is defined in this file.
    """

    field: str
    family: str
    takers: tuple[tuple[str, str, int], ...]
    droppers: tuple[str, ...]
    before: tuple[str, ...]
    here: bool


class FileReport(msgspec.Struct, frozen=True):
    """All functions of one image of one file; ``touched`` are the names of those the patch changes."""

    path: str
    members: tuple[Member, ...]
    stored: tuple[Stored, ...] = ()
    touched: frozenset[str] = frozenset()


class Found(msgspec.Struct, frozen=True):
    """What a rule found in one function, before it is placed in a file and compared with the other image.

    ``at`` is the offset where the reader should look, ``way`` how one gets there.  Identity rests on ``family``, ``role``, ``api``
    (who took) and ``exit`` (how it is lost), never on offsets or on the text of an expression.
    """

    object: str
    family: str
    role: str
    api: str
    exit: str
    at: int
    message: str
    confidence: Confidence
    way: tuple[Mark, ...]
    accepted: bool = False  # a pattern that stands in much code: worth a word only where a patch makes it so


def marks(trace: Trace | None) -> list[Mark]:
    """The way that *trace* records, oldest first."""
    out = []
    while trace is not None:
        trace, kind, at, text = trace
        out.append(Mark(kind, at, text))
    out.reverse()
    return out


def summarized(site: Site) -> bool:
    """Whether what the call does was read from a function of the file."""
    return site.contract is not None and site.contract.source is Source.SUMMARY


def guessed(count: Count) -> bool:
    """Whether what is known of the object rests on a guess by name."""
    return any(
        site.contract is not None and site.contract.source is Source.GUESS for site in count.taken + count.dropped
    )
