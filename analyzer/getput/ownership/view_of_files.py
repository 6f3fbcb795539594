"""What rules about several functions may look at: the values of a whole file, and what a patch changes between functions.

There is no syntax in them, and none of the engine's states.
"""

from __future__ import annotations

import msgspec

from getput.ownership.view_of_functions import FunctionReport, Incident, Leak, Mark, Place
from getput.pattern import pattern

WORD = pattern(rb"[A-Za-z_]\w*")


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
