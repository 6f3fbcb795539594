"""All that a submission introduces, mended together: one fix after the other, each tried on top of those before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from getput.model import Finding
from getput.patch.images import FileImages
from getput.patch.series import Patch, Submission
from getput.verdict.edits import moves, unified
from getput.verdict.fixes import Court, Mender, Offer, Patched, wants

if TYPE_CHECKING:
    from getput.verdict.judge import Judge

MOST = 600  # edits that are judged for one submission


class Mended(msgspec.Struct, frozen=True):
    """``files`` are (path, text before, text mended) in the order of their paths; ``offers`` say what became of each finding."""

    files: tuple[tuple[str, bytes, bytes], ...]
    offers: tuple[Offer, ...]

    @property
    def diff(self) -> str:
        """The diff of all files, as git writes it."""
        return "".join(f"diff --git a/{path} b/{path}\n{unified(path, old, new)}" for path, old, new in self.files)

    @property
    def taken(self) -> tuple[Finding, ...]:
        """The findings that are mended."""
        return tuple(one.finding for one in self.offers if one.fix is not None)


def mended(judge: Judge, submission: Submission, agreed: Callable[[Offer], bool]) -> Mended:
    """What mends what *submission* introduces, of which the user *agreed* to each.

    Several patches are judged as one, from before the first to after the last: what a later one mends needs no fix.
    """
    first = Patched(judge, whole(submission))
    court: Court = first
    mender = Mender(judge.settings.min_confidence, MOST)
    offers: list[Offer] = []
    seen: set[tuple[str, ...]] = set()
    while True:
        finding = next((one for one in court.judgement.findings if wants(one, judge) and key(one) not in seen), None)
        if finding is None:
            break
        seen.add(key(finding))
        offer, other = mender.offer(court, finding)
        if offer.fix is not None and not agreed(offer):
            offer = replace(offer, fix=None, reason=REFUSED)
        if offer.fix is not None:
            court = other
        offers.append(offer)
    texts = [(one.path, first.text(one.path), court.text(one.path)) for one in first.patch.files]
    return Mended(tuple(sorted(one for one in texts if one[1] != one[2])), tuple(offers))


REFUSED = "it was not wanted"


def key(finding: Finding) -> tuple[str, ...]:
    """What a finding is, wherever it stands by now."""
    text = finding.path[-1].text.strip() if finding.path else ""
    return (finding.file, finding.function, finding.rule, finding.object, finding.fingerprint, text)


def whole(submission: Submission) -> Patch:
    """All patches of *submission* as one."""
    if len(submission.patches) == 1:
        return submission.patches[0]
    known: dict[str, FileImages] = {}
    for patch in submission.patches:
        for images in patch.files:
            earlier = known.pop(images.old_path or images.path, None)
            known[images.path] = images if earlier is None else joined(earlier, images)
    subjects = [patch.subject for patch in submission.patches]
    return Patch(subjects[0] if subjects else "", None, None, "forward", tuple(known.values()))


def joined(first: FileImages, last: FileImages) -> FileImages:
    """One file from before *first* to after *last*."""
    if first.status != "ready" or last.status != "ready" or not (first.whole and last.whole):
        return last
    both = replace(last, old_path=first.old_path, before=first.before)
    if first.before is None or last.after is None:
        lines = 0 if last.after is None else last.after.count(b"\n") + 1
        return replace(both, added=frozenset(range(1, lines + 1)), removed=frozenset())
    there, back = moves(first.before, last.after), moves(last.after, first.before)
    return replace(both, added=there.new, removed=back.new)
