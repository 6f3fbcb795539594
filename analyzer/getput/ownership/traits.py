"""What the name of a callee says, asked once for each name."""

from __future__ import annotations

from functools import lru_cache

from getput.ownership import pages
from getput.ownership.naming import (
    ASKS,
    AWAITS,
    COMPARES,
    CONVERSION,
    DROPPING_NAME,
    DRVDATA,
    HARMLESS_NAME,
    LOADS,
    NO_OBJECTS,
    PRINTS,
    PUTS,
    RETURNED,
    SET_DRVDATA,
    SEVERAL,
    STORES,
    UNCHANGING,
    VERIFY,
    WAKES,
)

# They give their argument back, and set it to NULL.
CLEARS = frozenset({"no_free_ptr", "take_fd", "__no_kfree", "__get_and_null"})
RETAINS = "retain_and_null_ptr"


class Traits:
    """What a name says of any call: each field is whether the pattern of :mod:`getput.ownership.naming` of that name fits.

    ``builtin`` is whether a call with one argument, with two or with any number (the first, second and third of it) may mean something to the
    engine itself; ``pure`` is whether its answer does not change.
    """

    __slots__ = ("builtin", "converts", "drvdata", "pure", "sets_drvdata", "setter", "several", "verifies")

    def __init__(self, name: str) -> None:
        self.converts = CONVERSION.match(name) is not None
        self.drvdata = DRVDATA.match(name) is not None
        self.pure = UNCHANGING.search(name) is not None or ASKS.match(name) is not None
        self.sets_drvdata = SET_DRVDATA.match(name) is not None
        self.setter = name in pages.SETTERS
        self.several = SEVERAL.match(name) is not None
        self.verifies = VERIFY.search(name) is not None
        one = (
            name in CLEARS
            or name == RETAINS
            or self.verifies
            or self.drvdata
            or name in NO_OBJECTS
            or name in LOADS
            or self.converts
        )
        two = self.sets_drvdata or name in STORES or name in ("folio_page", "swap")
        self.builtin = (one, two, name in RETURNED)


class Manners:
    """What a name says of a call that may see a counted object: the same of other patterns."""

    __slots__ = ("awaits", "compares", "drops", "harmless", "prints", "puts", "wakes")

    def __init__(self, name: str) -> None:
        self.awaits = AWAITS.match(name) is not None
        self.compares = COMPARES.match(name) is not None
        self.drops = DROPPING_NAME.search(name) is not None
        self.harmless = HARMLESS_NAME.match(name) is not None
        self.prints = PRINTS.match(name) is not None
        self.puts = PUTS.search(name) is not None
        self.wakes = WAKES.match(name) is not None


@lru_cache(maxsize=8192)
def traits(name: str) -> Traits:
    """What *name* says of any call."""
    return Traits(name)


@lru_cache(maxsize=8192)
def manners(name: str) -> Manners:
    """What *name* says of a call that may see a counted object."""
    return Manners(name)
