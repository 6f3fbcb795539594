"""What a call does to counts, seen from the caller: the same values from a table, a summary, or a guess.

The result of a call is seen through three bits, for integers and pointers alike: ``ZERO`` (0, NULL, false),
``POS`` (positive, a valid pointer, true) and ``NEG`` (negative, an error pointer).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

ZERO: Final = 1
POS: Final = 2
NEG: Final = 4
ANY: Final = ZERO | POS | NEG


class Source(StrEnum):
    """Where a contract comes from, best first."""

    TABLE = "table"
    SUMMARY = "summary"
    GUESS = "guess"


class Verb(StrEnum):
    """What happens to the target's count.  What no contract lists, a call neither takes nor drops.

    ``take``: one reference more belongs to whoever called.  ``drop``: the caller's reference is given up.
    ``keep``: the callee keeps the caller's reference for good (stores it, hands it on): the caller owes it no longer.
    ``init``: the count starts at one, and that one belongs to the caller.  ``free``: memory is given back whatever the count.
    ``undo``: registered to be dropped later by somebody else (devm action).  ``borrow``: looks like a get, and is none.
    ``share``: the callee keeps the object by a reference of its own: the caller's is the caller's still.
    ``unsure``: the exits of the callee disagree; nothing can be said any more.
    """

    TAKE = "take"
    DROP = "drop"
    KEEP = "keep"
    INIT = "init"
    FREE = "free"
    UNDO = "undo"
    BORROW = "borrow"
    SHARE = "share"
    UNSURE = "unsure"


class Target(msgspec.Struct, frozen=True):
    """Which object: the result (``arg`` is -1), an argument, or what is reached from it.

    ``path`` walks from there: ``("*",)`` is what the argument points to (an out parameter), ``("*", "np")`` or ``("->np",)`` a field.
    """

    arg: int
    path: tuple[str, ...] = ()


class Effect(msgspec.Struct, frozen=True):
    """One effect of a call.

    ``times`` is how often it happens.  ``when`` is the set of results (bits) with which it happens; ``null_safe`` says that a NULL target is ignored.
    ``last`` says that a true result means that the last reference went (``kref_put``).  A ``take`` of what an argument leads to puts a new
    object there, unless ``there`` says that it counts the one that stands there already.
    """

    verb: Verb
    target: Target
    family: str
    when: int = ANY
    null_safe: bool = False
    last: bool = False
    times: int = 1
    there: bool = False


class Contract(msgspec.Struct, frozen=True):
    """Everything known of one callee.  ``results`` is the set of results it can have; ``proof`` is ``file:line`` or a note.

    ``returns_arg`` is the index of the argument that comes back (``get_device``), or -1; where the effect on that argument has a
    condition (``igrab``), NULL comes back instead when it is not met.  ``release_arg`` is the index of the function that is called
    when the last reference goes (``kref_put``) or when a registered undoing is done (``devm_add_action``), or -1.
    ``inside`` is the index of the argument in whose memory the result lies (``netdev_priv``), or -1.
    ``owns`` are (members, family): what stands in ``result->a.b`` is dropped with the result, so it needs a reference of its own.
    ``adds`` are the devices that a call adds to the driver core where its result is 0, and leaves alone (or deletes again) where it is not;
    ``deletes`` are those that it deletes.
    """

    name: str
    effects: tuple[Effect, ...]
    source: Source
    results: int = ANY
    noreturn: bool = False
    proof: str = ""
    looks_like: str = ""
    returns_arg: int = -1
    release_arg: int = -1
    owns: tuple[tuple[tuple[str, ...], str], ...] = ()
    inside: int = -1
    adds: tuple[Target, ...] = ()
    deletes: tuple[Target, ...] = ()


# What makes a caller count; one that counts nothing else loses nothing by what is unsure.
MOVING = frozenset({Verb.TAKE, Verb.DROP, Verb.INIT, Verb.UNDO, Verb.UNSURE})


def moves(contract: Contract) -> bool:
    """Whether a call does what makes its caller count."""
    return bool(contract.adds or contract.deletes) or any(effect.verb in MOVING for effect in contract.effects)


class Iterator(msgspec.Struct, frozen=True):
    """A block iterator: which argument is the cursor, and whether the cursor is counted while the body runs.

    ``scoped`` ones drop it by themselves however the body is left; a ``counted`` one must be dropped on ``break``.
    ``path`` walks from that argument to the element where it is not the argument itself (``it->node``).
    """

    name: str
    cursor: int
    family: str
    counted: bool
    scoped: bool
    proof: str = ""
    path: tuple[str, ...] = ()


class Cleanup(msgspec.Struct, frozen=True):
    """A cleanup class (``DEFINE_FREE(name, ...)``): what it drops when the scope ends and when it does nothing.

    ``ignores`` is the set of values (bits) on which it does nothing: ``ZERO`` for ``if (_T)``, ``ZERO | NEG`` for ``IS_ERR_OR_NULL``.
    """

    name: str
    family: str
    verb: Verb
    ignores: int
    proof: str = ""


class Family(msgspec.Struct, frozen=True):
    """APIs that count the same thing.  ``counter`` names what is really counted: families with one counter mix
    (``pci_dev_put`` drops a ``device``); ``puts`` are the usual ways to drop one, for the wording; what it counts ``outlives``
    its last put where users are counted, not owners.  ``members`` are those of the object that hold its count.
    Of what a scan said of ``proven`` families, taken together, four in five were true when they were read; of others only a patch is asked about by default."""

    name: str
    counter: str
    noun: str
    puts: tuple[str, ...]
    outlives: bool = False
    members: tuple[str, ...] = ()
    proven: bool = True
