"""What rules may look at: how a function treats every counted object, on every exit, with the way there as proof.

Rules never see syntax, and never the engine's states: only these values.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

from getput.model import Confidence
from getput.ownership.contracts import Source
from getput.ownership.state import Count, Key, Site, Trace
from getput.pattern import pattern

WORD = pattern(rb"[A-Za-z_]\w*")


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


class Taker(msgspec.Struct, frozen=True):
    """A function that stores a pointer in a member: ``api`` took the reference, ``at`` is the offset of that call or of the assignment;
    ``entry`` says that the function is an operation that is called through a pointer."""

    function: str
    api: str
    at: int
    entry: bool


class Stored(msgspec.Struct, frozen=True):
    """A member of a structure and one counter, over a whole file.

    ``takers`` leave a counted reference in it when they succeed; ``droppers`` are functions that put what it holds, ``before`` those of the
    other image, ``lost`` those among these that stand here too and do so no longer.  ``uncounted`` store in it what the other image took a
    reference on.  ``declared``: a structure of this file has such a member.
    """

    field: str
    family: str
    counter: str
    takers: tuple[Taker, ...]
    droppers: tuple[str, ...]
    before: tuple[str, ...]
    declared: bool
    lost: tuple[str, ...] = ()
    uncounted: tuple[Taker, ...] = ()


class Managed(msgspec.Struct, frozen=True):
    """A member that only ever holds what devres drops (``api`` gave it), and a call of ``put`` on it: as ``place``, at an offset."""

    field: str
    family: str
    api: str
    function: str
    put: str
    place: str
    at: int


class Balance(msgspec.Struct, frozen=True):
    """Two operations, of which one brings up and the other takes down, and a count of users: what each leaves of it ``now``, and in the
    other image (``before``; None where they are compared with each other alone)."""

    family: str
    noun: str
    names: tuple[str, str]
    now: tuple[int, int]
    before: tuple[int, int] | None


class Lapsed(msgspec.Struct, frozen=True):
    """Two opposite functions, of which ``up`` takes a reference (``get``) and ``down`` no longer drops one (``put``)."""

    up: str
    down: str
    family: str
    get: str
    put: str


class Ungiven(msgspec.Struct, frozen=True):
    """An exit (at an offset) of ``function`` that returns a pointer without the reference which ``get`` took in the other image."""

    family: str
    get: str
    function: str
    at: int


class Cancelled(msgspec.Struct, frozen=True):
    """A call of ``cancel`` at an offset, in ``function``: where it stopped something that was pending, ``put`` dropped the reference of that
    on ``label`` in the other image."""

    label: str
    family: str
    cancel: str
    put: str
    function: str
    at: int


class Stranded(msgspec.Struct, frozen=True):
    """A member of a structure on the stack of ``function``, in which ``filler`` (called at an offset) may leave a reference; in the other image,
    ``put`` dropped it."""

    label: str
    family: str
    filler: str
    put: str
    function: str
    at: int


class Unheld(msgspec.Struct, frozen=True):
    """An object that ``function`` held by a reference of its own in the other image (``get``, ``put``), and no longer does, although it uses it
    at offset ``at``, where it has let go of a lock."""

    label: str
    family: str
    get: str
    put: str
    function: str
    at: int


class PageFault(msgspec.Struct, frozen=True):
    """Something wrong with a page of a device, by ``kind``: at an offset in ``function``, with the way there; ``api`` is the call that does it,
    ``note`` what more there is to say; not ``sure`` where others may know better."""

    kind: str
    function: str
    object: str
    api: str
    at: int
    way: tuple[Mark, ...]
    note: str = ""
    sure: bool = True


class FileReport(msgspec.Struct, frozen=True):
    """All functions of one image of one file; ``touched`` are the names of those the patch changes, ``teardowns`` of the operations
    that take something down."""

    path: str
    members: tuple[Member, ...]
    stored: tuple[Stored, ...] = ()
    touched: frozenset[str] = frozenset()
    managed: tuple[Managed, ...] = ()
    teardowns: tuple[str, ...] = ()
    setups: tuple[
        str, ...
    ] = ()  # operations that bring a device up, and who does so for them, as far as any member was stored
    balances: tuple[Balance, ...] = ()
    unheld: tuple[Unheld, ...] = ()
    ungiven: tuple[Ungiven, ...] = ()
    cancelled: tuple[Cancelled, ...] = ()
    stranded: tuple[Stranded, ...] = ()
    lapsed: tuple[Lapsed, ...] = ()
    # (function, its offset, exit) that no longer drops what callers hand over
    handed: tuple[tuple[str, int, Leak], ...] = ()
    # (function, what it loses because a put is gone, or another get stands there)
    unput: tuple[tuple[str, Leak], ...] = ()
    overput: tuple[tuple[str, FunctionReport, Incident], ...] = ()  # (function, its report, a put that came on top)
    page_faults: tuple[PageFault, ...] = ()
    lacks: frozenset[str] = frozenset()  # the names that the rule asks for and the tree's headers do not have


class Place(msgspec.Struct, frozen=True):
    """A line of any file: 1-based line and column, and the line's text."""

    path: str
    line: int
    column: int
    text: str


class Behind(msgspec.Struct, frozen=True):
    """A caller that a patch leaves behind: where it calls, the rule that it breaks now, the line of that, and what is said of it."""

    function: str
    place: Place
    rule: str
    line: int
    message: str


class Changed(msgspec.Struct, frozen=True):
    """A function (its name stands at an offset) whose contract a patch changes: ``says`` in words, ``behind`` the callers that go wrong by it, in
    order, ``adapted`` how many others the patch changed as well."""

    function: str
    family: str
    at: int
    says: tuple[str, ...]
    behind: tuple[Behind, ...]
    adapted: int


class Sibling(msgspec.Struct, frozen=True):
    """A function that still does what others no longer do: the call in it, and where that stands."""

    function: str
    api: str
    place: Place


class Diverged(msgspec.Struct, frozen=True):
    """Steps of counting (function, call) that a patch makes different from those of ``siblings``, the first of them at an offset; ``says`` what
    they no longer do, and ``still`` what the others do, in words for one and for several."""

    family: str
    at: int
    steps: tuple[tuple[str, str], ...]
    siblings: tuple[Sibling, ...]
    says: tuple[str, str]
    still: tuple[str, str]


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
