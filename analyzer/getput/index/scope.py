"""How much an index knows: what a scan shows by default, or everything."""

from __future__ import annotations

from enum import StrEnum

from getput.config import Settings
from getput.model import Confidence


class Scope(StrEnum):
    """What is followed in the files of a tree.

    What a scan finds of families that are not proven has a low confidence, which is not shown by default; those who never ask for it need
    not wait for it.  ``all`` has everything that ``proven`` has, to the letter.
    """

    PROVEN = "proven"  # counters of which one family at least is proven
    ALL = "all"


def scope_of(settings: Settings) -> Scope:
    """What has to be followed for a scan that shows what *settings* want."""
    return Scope.ALL if settings.least_anywhere is Confidence.LOW else Scope.PROVEN
