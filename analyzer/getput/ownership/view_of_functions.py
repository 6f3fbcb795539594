"""What rules about one function may look at: how it treats every counted object, on every exit, with the way there as proof."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

from getput.model import Confidence
from getput.ownership.contracts import Source
from getput.ownership.state import Count, Key, Site, Trace


class ExitKind(StrEnum):
    """What the caller sees of an exit."""

    SUCCESS = "success"
    ERROR = "error"
    MIXED = "mixed"  # cannot be told apart
    VOID = "void"


class Accepted(IntEnum):
    """How far a pattern is one that much code lives with, which may be meant: what is left of it is no news."""

    NO = 0
    STANDING = 1  # in code that stands; in a new function it is worth a word
    ANYWHERE = 2  # there, too: worth a word only where a patch makes it so


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
    many: bool  # one of several that a loop took: which of them an exit drops is not known
    trace: Trace | None
    stored: tuple[str, ...] = ()  # of ``fields``, those that this function stored it in
    several: bool = False  # all that one call took, in an array


class Exit(msgspec.Struct, frozen=True):
    """One way out: ``bits`` the signs its result can have, ``at`` the offset of the ``return``; ``assumed`` where that passes on what an
    unknown callee answers, which may never be a failure."""

    kind: ExitKind
    bits: int
    at: int
    standings: tuple[Standing, ...]
    assumed: bool = False


class Leak(msgspec.Struct, frozen=True):
    """A reference lost on some exits.  ``kind``: ``error``, ``always``, ``iterator``, ``failed-get`` or ``path``.

    ``shown`` is the exit to show, ``rest`` the others that lose it too.  ``evidence`` says in words why that side is wrong.
    """

    kind: str
    standing: Standing
    shown: Exit
    evidence: str
    confidence: Confidence
    accepted: Accepted = Accepted.NO
    rest: tuple[tuple[Exit, Standing], ...] = ()  # the other exits that lose it, and how it stands there


class Incident(msgspec.Struct, frozen=True):
    """Something wrong at one point of a path, whatever comes after; ``accepted`` as far as nothing excludes that it is meant."""

    kind: str
    key: Key
    count: Count
    at: int
    site: Site | None
    trace: Trace | None
    note: str = ""
    accepted: Accepted = Accepted.NO


class Passing(msgspec.Struct, frozen=True):
    """What a function and its callers pass to each other; asked only where two images are compared."""

    handed: tuple[Leak, ...] = ()  # what callers hand over, and only some exits drop
    consumes: frozenset[str] = frozenset()  # what callers hand over, and every exit drops
    gives: bool = False  # every pointer that comes back carries a reference
    bare: tuple[int, ...] = ()  # offsets of the exits at which one may carry none
    ends: tuple[
        tuple[str, Count], ...
    ] = ()  # the members behind an argument of which every exit drops what is there, and how


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
    # a get, a drop, and the callees that saw it in between
    lent: frozenset[tuple[int, int, tuple[str, ...]]] = frozenset()
    # an iterator, and what kept its element on a path on which it then went on, and dropped it: without a reference of the loop's
    walked: frozenset[tuple[int, str]] = frozenset()
    boot: bool = False  # runs once, when the kernel or the module comes up (__init)
    mapped: bool = False  # returns the address of registers (__iomem)
    entry: bool = False  # called through a pointer only: a driver's operation
    # member ("" for an object that was handed in) -> functions of the file that put it
    droppers: dict[str, tuple[str, ...]] = {}
    leaks: tuple[Leak, ...] = ()
    passing: Passing = Passing()
    singly: frozenset[int] = frozenset()  # offsets of gets of several, of which some path drops one, or a part
    asserted: frozenset[int] = frozenset()  # offsets of conditions that never hold: ``if (WARN_ON(...))``


class Place(msgspec.Struct, frozen=True):
    """A line of any file: 1-based line and column, and the line's text."""

    path: str
    line: int
    column: int
    text: str


class Kept(msgspec.Struct, frozen=True):
    """The member of a structure that a finding is about, and the counter: the rest of the folder may put what it holds.

    ``known`` says who can: ``file`` where the structure is the file's own, ``once`` where a function of the file did, else ``folder``:
    it is to be shown that the structure is the folder's own.
    """

    member: str
    counter: str
    known: str


class Found(msgspec.Struct, frozen=True):
    """What a rule found in one function, before it is placed in a file and compared with the other image.

    ``at`` is the offset where the reader should look, ``way`` how one gets there.  Identity rests on ``family``, ``role``, ``api``
    (who took) and ``exit`` (how it is lost), never on offsets or on the text of an expression.  Where ``kept`` is given, other files of the
    folder have a say.
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
    accepted: Accepted = Accepted.NO
    kept: Kept | None = None
    also: tuple[tuple[int, tuple[Mark, ...]], ...] = ()  # the other exits like it: offset and way
    beyond: tuple[tuple[Place, str], ...] = ()  # where the way begins, in any file, and what is to be seen there
    question: str = ""  # the message as a question to the patch's author, without lines: for whoever answers a mail


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


def moved_on(count: Count) -> bool:
    """Whether the object was an iterator's element, and the iterator has gone on: what is left was taken by the loop's body, in some turn."""
    return count.iterator and any(site.at == count.taken[0].at for site in count.dropped)
