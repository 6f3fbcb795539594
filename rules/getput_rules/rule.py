"""What a rule is: an identity, its documentation, and a pure check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from getput.model import Confidence, Severity

if TYPE_CHECKING:
    from getput.ownership.view import Changed, Diverged, FileReport, Found, FunctionReport, Member

SECTIONS = ("What it does", "Why it matters", "Bad", "Good", "How to silence it", "References")


class Rule(msgspec.Struct, frozen=True):
    """One rule.  Its module passes its own docstring as ``doc``.

    The docstring's first line is the rule in one sentence; each of SECTIONS follows in this order: ``## What it does``.
    ``check`` takes what ``getput.ownership.view`` shows of one function and yields what the rule found there.  A rule
    about several functions of a file has ``check_file`` too (a ``FileReport`` to (function, ``Found``)), and ``concerned`` says of which members
    (``Member``) a change makes it worth asking (of any, where it is None), ``mark`` what a file must contain for it to have anything to say;
    ``anywhere`` says that a change outside of functions is one, too.  ``asks`` are (header of the tree, name): what of these names the headers do not
    have is what the ``FileReport`` ``lacks``.
    A rule about what a patch does to callers has ``check_changed`` (a ``Changed`` to ``Found``), one about functions that resemble those it
    touches ``check_diverged`` (a ``Diverged`` to ``Found``).
    ``alone`` says whether what stands in one function shows in that function, whatever else of the file is looked at.
    ``standing`` is the most that its findings are worth in code that no patch concerns, where those that are left have been looked at for years.
    """

    id: str
    severity: Severity
    doc: str
    check: Callable[[FunctionReport], Iterator[Found]]
    check_file: Callable[[FileReport], Iterator[tuple[str, Found]]] | None = None
    check_changed: Callable[[Changed], Iterator[Found]] | None = None
    check_diverged: Callable[[Diverged], Iterator[Found]] | None = None
    concerned: Callable[[Member], bool] | None = None
    mark: bytes = b""
    anywhere: bool = False
    asks: tuple[tuple[str, str], ...] = ()
    alone: bool = True
    standing: Confidence = Confidence.HIGH

    @property
    def summary(self) -> str:
        """The rule in one sentence, without its full stop."""
        return self.doc.strip().partition("\n")[0].rstrip(".")

    @property
    def sections(self) -> dict[str, str]:
        """The sections of the documentation, in their order: heading to text."""
        halves = (part.partition("\n") for part in ("\n" + self.doc).split("\n## ")[1:])
        return {heading.strip(): text.strip("\n") for heading, _, text in halves}
