"""What mends a finding: candidate edits, best first, and of them the first that the same judge finds nothing wrong with.

A fix is offered only where it was tried: put into the file in memory and judged like the patch itself.  The finding must be gone, and nothing may be
there that was not there before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec.structs import replace

from getput.model import Answer, Confidence, Finding, Problem, Stats, Status
from getput.ownership.unit import Unit
from getput.patch.images import FileImages
from getput.patch.series import Patch, Submission
from getput.verdict.case import Case, Unfit, case_of
from getput.verdict.edits import ImpossibleError, applied, moves, unified
from getput.verdict.mend_leaks import leaks
from getput.verdict.mend_puts import puts
from getput.verdict.mend_removed import removed, removed_around
from getput.verdict.mend_sound import sound, tidied

if TYPE_CHECKING:
    from getput.verdict.judge import Judge

DEEPER = 2  # times that what an edit left is mended by another one
TRIES = 16  # edits that are judged for one finding
MOST = 120  # that are judged for one answer
LOSES = frozenset({"leak-on-error", "leak-always", "leak-on-iterator-exit", "leak-by-overwrite"})
FAULT = "internal error"
UNSOUND = "what was tried would not compile"
UNREAD = "less of the file could be judged with what was tried"
STAYS = "what was tried does not mend it on every path"
TOO_MANY = "too many edits would have to be tried"
BRINGS = "what was tried brings something else"
REASONS = (UNSOUND, UNREAD, STAYS, TOO_MANY, BRINGS)  # the more telling ones last
HERE = frozenset({Status.INTRODUCED, Status.EXISTING})


class Judgement(msgspec.Struct, frozen=True):
    """What a judge says of a text: the findings that are in it, how much was judged, and the text's line map."""

    findings: tuple[Finding, ...]
    stats: Stats
    unjudged: int  # files of which nothing could be said

    @classmethod
    def of(cls, answer: Answer) -> Judgement:
        """That of an answer."""
        here = tuple(one for one in answer.findings if one.status in HERE)
        files = [file.status for patch in answer.patches for file in patch.files]
        return cls(here, answer.stats, len(answer.errors) + sum(status != "analysed" for status in files))

    def worse(self, before: Judgement) -> bool:
        """Whether less could be judged than *before*."""
        return (
            self.stats.unparsed > before.stats.unparsed
            or self.stats.bounded > before.stats.bounded
            or self.unjudged > before.unjudged
        )

    def brings(self, before: Judgement, least: Confidence) -> bool:
        """Whether something is here, of which the judge is as sure as *least*, that was not there *before*."""
        new = prints(self.findings) - prints(before.findings)
        return any(one.fingerprint in new and one.confidence.rank >= least.rank for one in self.findings)

    def left(self, before: Judgement, finding: Finding) -> Finding | None:
        """The one finding that was not there *before*, where it is about the object of *finding* in the same function; else None."""
        new = prints(self.findings) - prints(before.findings)
        found = [one for one in self.findings if one.fingerprint in new]
        if len(found) != 1 or found[0].rule not in LOSES or finding.rule not in LOSES:
            return None
        same = (finding.file, finding.function, finding.object, finding.family)
        return found[0] if (found[0].file, found[0].function, found[0].object, found[0].family) == same else None

    def mends(self, before: Judgement, finding: Finding, line: int | None) -> bool:
        """Whether *finding*, which would stand in *line* now, is gone."""
        gone = prints(before.findings) - prints(self.findings)
        if not gone[finding.fingerprint] and not any(key in gone for key in alike(before.findings, finding)):
            return False
        return not any(
            (one.file, one.function, one.rule, one.object, one.line)
            == (finding.file, finding.function, finding.rule, finding.object, line)
            for one in self.findings
        )


def prints(findings: Sequence[Finding]) -> Counter[str]:
    """How often each fingerprint is there."""
    return Counter(one.fingerprint for one in findings)


def alike(findings: Sequence[Finding], finding: Finding) -> list[str]:
    """The fingerprints of findings that only their place tells from *finding*: the numbers of the others change where one goes."""
    return [
        one.fingerprint
        for one in findings
        if (one.file, one.function, one.rule, one.object)
        == (finding.file, finding.function, finding.rule, finding.object)
    ]


class Court(Protocol):
    """Where texts are judged: the findings of what is there, and of what would be there with another text of one file."""

    judgement: Judgement

    def case(self, finding: Finding) -> Case:
        """What is known around a finding.  Raises Unfit."""

    def text(self, path: str) -> bytes:
        """The file as it is judged."""

    def other(self, path: str, text: bytes) -> Court:
        """The same with another text of the file *path*."""


class Offer(msgspec.Struct, frozen=True):
    """What became of a finding: the diff that mends it and how that was found, or why there is none."""

    finding: Finding
    fix: str | None = None
    how: str = ""
    reason: str = ""


class Mender:
    """Looks for fixes that bring nothing of which the judge is as sure as *least*, and rather nothing at all; ``left`` is how many edits may
    still be judged."""

    def __init__(self, least: Confidence, most: int = MOST) -> None:
        self.least = least
        self.left = most

    def offer(self, court: Court, finding: Finding) -> tuple[Offer, Court]:
        """The best fix of *finding* that holds, and the court with it applied; or why there is none, and *court* as it was."""
        try:
            return self.tried(court, finding, 0)
        except Exception as error:  # noqa: BLE001 -- a finding is worth saying without a fix
            return Offer(finding, reason=f"{FAULT}: {type(error).__name__}: {error}"), court

    def tried(self, court: Court, finding: Finding, depth: int) -> tuple[Offer, Court]:
        """The same.  Where an edit leaves the same object's reference to be lost on other exits, those are mended, too, DEEPER times at most."""
        try:
            case = court.case(finding)
        except Unfit as unfit:
            return Offer(finding, reason=str(unfit)), court
        reasons: list[str] = []
        spare: tuple[Offer, Court] | None = None
        before, then = court.text(finding.file), court.judgement
        tried = {before}
        for how, edited in texts(case):
            if edited in tried:
                continue
            if self.left <= 0 or len(tried) > TRIES >> depth:
                reasons.append(TOO_MANY)
                break
            tried.add(edited)
            if not sound(case, edited):
                reasons.append(UNSOUND)
                continue
            self.left -= 1
            other = court.other(finding.file, edited)
            if depth < DEEPER and (rest := other.judgement.left(then, finding)) is not None:
                other = self.tried(other, rest, depth + 1)[1]
            text = other.text(finding.file)
            now = other.judgement
            if now.worse(then):
                reasons.append(UNREAD)
            elif now.brings(then, self.least):
                reasons.append(BRINGS)
            elif not now.mends(then, finding, moves(before, text).at(finding.line)):
                reasons.append(STAYS)
            else:
                offer = Offer(finding, unified(finding.file, before, text), how), other
                if not now.brings(then, Confidence.LOW):
                    return offer
                spare = spare or offer
        said = max(reasons, key=REASONS.index, default="no edit is known that mends it")
        return spare or (Offer(finding, reason=said), court)


def texts(case: Case) -> Iterator[tuple[str, bytes]]:
    """(how, text) of each candidate, best first."""
    for source in (removed, leaks, puts, removed_around):
        for how, edits in source(case):
            try:
                yield how, tidied(case, applied(case.unit.text[: case.unit.written], edits()))
            except ImpossibleError:
                continue


# --- patches -----------------------------------------------------------------------------------------------------------


class Patched:
    """One patch, judged by itself."""

    def __init__(self, judge: Judge, patch: Patch, answer: Answer | None = None) -> None:
        self.judge = judge
        self.patch = patch
        answer = answer or judge.check(Submission("", (patch,), ()))
        self.judgement = Judgement.of(answer)
        self.units: tuple[dict[str, Unit], dict[str, Unit]] | None = None

    def images(self, path: str) -> FileImages | None:
        """The images of the file at *path*."""
        return next((one for one in self.patch.files if one.path == path), None)

    def text(self, path: str) -> bytes:
        """The after-image of a file."""
        images = self.images(path)
        return (images.after or b"") if images is not None else b""

    def other(self, path: str, text: bytes) -> Patched:
        """The patch as it would be with *text* as the after-image of the file *path*."""
        files = tuple(one if one.path != path else amended(one, text) for one in self.patch.files)
        return Patched(self.judge, replace(self.patch, files=files))

    def case(self, finding: Finding) -> Case:
        """What is known around a finding.  Raises Unfit."""
        images = self.images(finding.file)
        if images is None or images.status != "ready" or images.after is None:
            raise Unfit("the finding is not in a file of the patch")
        if not images.whole:
            raise Unfit("only the hunks of the file are known")
        if self.units is None:
            self.units = self.judge.units(self.patch.files)
        before, after = self.units
        return case_of(finding, after[finding.file], before.get(images.old_path or images.path), self.judge.tree)


def amended(images: FileImages, text: bytes) -> FileImages:
    """*images* with another after-image: what the patch changed and what differs now are its changed lines."""
    assert images.after is not None
    moved = moves(images.after, text)
    kept = {line for old in images.added if (line := moved.at(old)) is not None}
    return replace(images, after=text, added=frozenset(kept) | moved.new)


def with_fixes(judge: Judge, submission: Submission, answer: Answer) -> Answer:
    """*answer* (of *submission*) with a fix for each introduced finding that the settings want and that can be mended."""
    mender = Mender(judge.settings.min_confidence)
    courts: dict[int, Patched] = {}
    findings = []
    notes = list(answer.notes)
    for finding in answer.findings:
        if wants(finding, judge) and finding.patch is not None:
            court = courts.get(finding.patch)
            if court is None:
                alone = answer if len(submission.patches) == 1 else None
                court = courts[finding.patch] = Patched(judge, submission.patches[finding.patch], alone)
            offer = mender.offer(court, finding)[0]
            if offer.fix is not None:
                finding = replace(finding, fix=offer.fix)  # noqa: PLW2901
            elif offer.reason.startswith(FAULT):
                notes.append(Problem(f"{finding.file}:{finding.line}", f"no fix was looked for: {offer.reason}"))
        findings.append(finding)
    return replace(answer, findings=tuple(findings), notes=tuple(notes))


def wants(finding: Finding, judge: Judge) -> bool:
    """Whether a fix is looked for."""
    return finding.status is Status.INTRODUCED and finding.confidence.rank >= judge.settings.min_confidence.rank
