"""The words that every part of getput speaks: frozen values, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How bad the bug is when it is one."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for a note, 2 for an error."""
        return ("note", "warning", "error").index(self.value)


class Confidence(StrEnum):
    """How sure getput is that it is one."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for low, 2 for high."""
        return ("low", "medium", "high").index(self.value)

    def at_most(self, other: Confidence) -> Confidence:
        """The lower of the two."""
        return min(self, other, key=lambda one: one.rank)


class Status(StrEnum):
    """What the patch did to the bug."""

    INTRODUCED = "introduced"
    FIXED = "fixed"
    EXISTING = "existing"


class Step(msgspec.Struct, frozen=True):
    """One step of a path: a place in a file and what happens there.

    ``line`` and ``column`` are 1-based; ``column`` counts bytes.  ``text`` is the source line without its end,
    for reporters that quote it.
    """

    file: str
    line: int
    column: int
    note: str
    text: str = ""


class Extra(StrEnum):
    """What some formats need beyond findings; made only for them."""

    LETTERS = "letters"  # the mails of the patches: headers and text
    EXHIBITS = "exhibits"  # of each finding: the function's source, its graph, the counts on the way
    FACTS = "facts"  # of each touched function: who owns what, on which exits


class Anchor(msgspec.Struct, frozen=True):
    """A line that the patch changed: of the after-image, or a removed one of the before-image."""

    file: str
    line: int
    side: str  # "after" or "before"
    text: str = ""  # the source line


class Suppressed(msgspec.Struct, frozen=True):
    """Why the user does not want to hear of a finding, and until which day (``2027-01-31``), if it is not for ever."""

    reason: str
    expires: str | None = None


class Note(msgspec.Struct, frozen=True):
    """A remark beside a line of a function.  ``kind``: ``take``, ``drop``, ``true`` or ``false`` (a branch that is taken, or not), ``case``,
    ``loop``, ``exit`` (the function ends here), ``lost`` (what the finding is about), ``step`` (anything else)."""

    line: int
    kind: str
    text: str


class Side(msgspec.Struct, frozen=True):
    """A function as one image has it, and one way through it.

    ``first`` is the line (1-based) of ``lines[0]``, without line ends; all line numbers are the file's.  ``changed`` are the lines that the patch
    added or removed.  ``way`` holds the lines that the way passes, ``counts`` the object's net count after them (``0/1`` where a result
    decides that nobody looked at), ``held`` those on which it is above zero.  ``graph`` is a picture (SVG), or empty.
    """

    file: str
    first: int
    lines: tuple[str, ...]
    changed: tuple[int, ...] = ()
    way: tuple[int, ...] = ()
    counts: tuple[tuple[int, str], ...] = ()
    held: tuple[int, ...] = ()
    notes: tuple[Note, ...] = ()
    graph: str = ""


class Exhibit(msgspec.Struct, frozen=True):
    """What a finding can be seen by: its function before and after the patch (None where an image has no such function), and on which of
    the two sides (``before`` or ``after``) the finding stands."""

    side: str
    before: Side | None
    after: Side | None

    @property
    def shown(self) -> Side | None:
        """The side that the finding is about."""
        return self.before if self.side == "before" else self.after


class Finding(msgspec.Struct, frozen=True):
    """One bug, as CONTRACT describes it; every reporter renders this object."""

    rule: str
    severity: Severity
    confidence: Confidence
    status: Status
    file: str
    line: int
    column: int
    function: str
    object: str
    family: str
    message: str
    path: tuple[Step, ...]
    anchor: Anchor | None = None
    fix: str | None = None
    patch: int | None = None
    mended_by: int | None = None  # index of a later patch of the series that mends what this one introduced
    fingerprint: str = ""
    question: str = ""  # the message as a question to the author: code is named, lines are not
    suppressed: Suppressed | None = None
    exhibit: Exhibit | None = None  # made only for formats that need it


class Problem(msgspec.Struct, frozen=True):
    """Something that could not be judged: where, and why in one line."""

    where: str
    message: str


class FileAnswer(msgspec.Struct, frozen=True):
    """What became of one file of a patch; ``functions`` are those that were judged, None where that is all of them, and
    ``judged`` how many that is, of which some are ``unparsed`` or were only judged in part (``bounded``)."""

    path: str
    status: str  # "analysed", "skipped" or "failed"
    reason: str | None = None
    functions: frozenset[str] | None = None
    judged: int = 0
    unparsed: int = 0
    bounded: int = 0


class Hunk(msgspec.Struct, frozen=True):
    """A hunk of a diff: the numbers of its header's line and of the line behind it, in ``Letter.lines``, and where its first lines lie in
    the images of the file, 1-based."""

    head: int
    end: int
    before: int
    after: int


class Section(msgspec.Struct, frozen=True):
    """What a diff does to one judged file (``old`` and ``new`` are its paths, None where there is none): where that starts in ``Letter.lines``."""

    start: int
    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...]


class Letter(msgspec.Struct, frozen=True):
    """A patch as it was sent.

    ``where`` is the input that it stands in, and ``line`` the number there (1-based) of the first of ``lines``: the decoded text, message and
    diff, without line ends.  The diff is ``lines[start:end]``.  ``headers`` are those of the mail by lower-case name, unfolded but not decoded; of
    a commit ``from`` and ``date``.
    """

    where: str
    line: int
    headers: Mapping[str, str]
    lines: tuple[str, ...]
    sections: tuple[Section, ...]
    start: int = 0
    end: int = 0


class PatchAnswer(msgspec.Struct, frozen=True):
    """What became of one patch of the input."""

    subject: str
    message_id: str | None
    commit: str | None
    applied: str | None  # "forward", "already", "blobs", "hunks-only"; None where nothing applied
    files: tuple[FileAnswer, ...]
    message: str = ""  # what its author says below the subject
    letter: Letter | None = None  # where a format needs it


class Verdict(StrEnum):
    """What became of a patch that says it mends a count."""

    COMPLETE = "complete"  # what it mends is mended on every path that was followed
    PARTLY = "partly"  # paths are left that lose or drop the same object
    OVERDONE = "overdone"  # it brings a bug with the same kind of object
    UNSEEN = "unseen"  # the bug that it mends is not seen, so nothing can be said


class Verified(msgspec.Struct, frozen=True):
    """How well a patch (an index into the answer's) keeps what its subject or message says, and the findings that show it."""

    patch: int
    verdict: Verdict
    fixed: tuple[Finding, ...] = ()
    left: tuple[Finding, ...] = ()
    brought: tuple[Finding, ...] = ()


class Stats(msgspec.Struct, frozen=True):
    """How much was judged, and how much could not be."""

    functions: int = 0
    unparsed: int = 0
    bounded: int = 0
    elapsed_ms: int = 0
    index: str = "none"  # "used", "stale" (used, but not made true), "outdated" (not used)
    suppressed: int = 0  # findings that the user suppressed
    baseline: int = 0  # findings that the user's baseline holds


class Call(msgspec.Struct, frozen=True):
    """A call that takes or drops: whom, and in which line."""

    callee: str
    line: int


class ObjectFacts(msgspec.Struct, frozen=True):
    """One counted object at one exit.  ``low`` and ``high`` bound its net count there; ``owner`` is who has the reference."""

    object: str
    family: str
    role: str
    low: int
    high: int
    owner: str
    stored_in: tuple[str, ...]
    taken: tuple[Call, ...]
    dropped: tuple[Call, ...]
    passed_to: tuple[str, ...]


class ExitFacts(msgspec.Struct, frozen=True):
    """One exit: what the caller sees of it, the signs that its result can have, and the objects."""

    line: int
    kind: str
    returns: tuple[str, ...]
    objects: tuple[ObjectFacts, ...]


class EffectFacts(msgspec.Struct, frozen=True):
    """What a call of the function does to a count: to which object, seen from the caller, and with which results."""

    does: str
    target: str
    family: str
    when: tuple[str, ...]


class CounterFacts(msgspec.Struct, frozen=True):
    """One function and one counter: what its callers see (None where nothing is known of that), and every exit."""

    counter: str
    bounded: bool
    contract: tuple[EffectFacts, ...] | None
    exits: tuple[ExitFacts, ...]


class SideFacts(msgspec.Struct, frozen=True):
    """A function in one image; ``problem`` says why it could not be read, or not all of it."""

    file: str
    line: int
    last_line: int
    returns: str
    counters: tuple[CounterFacts, ...]
    problem: str = ""


class FunctionFacts(msgspec.Struct, frozen=True):
    """A function that a patch touches, before and after it; None where there is none."""

    patch: int
    function: str
    before: SideFacts | None
    after: SideFacts | None


class Answer(msgspec.Struct, frozen=True):
    """The answer to one input."""

    input: str
    patches: tuple[PatchAnswer, ...]
    findings: tuple[Finding, ...]
    errors: tuple[Problem, ...]
    stats: Stats
    verified: tuple[Verified, ...] = ()  # where that was asked for
    notes: tuple[Problem, ...] = ()  # what of the input is no patch, or is missing: no errors
    facts: tuple[FunctionFacts, ...] = ()  # where a format needs them
    spent: tuple[
        tuple[str, float], ...
    ] = ()  # what took how many seconds: differs from run to run, so it is in no format
    suppressed: tuple[Finding, ...] = ()  # what would stand in ``findings``, had the user not suppressed it
