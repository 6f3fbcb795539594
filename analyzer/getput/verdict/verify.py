"""Whether a patch that says it mends a count does so: on every path, and not once too often."""

from __future__ import annotations

import re

from getput.model import Answer, Finding, Status, Verdict, Verified
from getput.pattern import pattern

BUG = (
    r"leak|ref(?:erence)?[ _-]?count|refcnt|double[ -](?:put|free)|use[ -]after[ -](?:free|put)|\buaf\b|imbalanced?|unbalanced?"
    r"|\bkref|over-?put|under-?flow|dangling"
)
CALL = r"\b(?:\w*_)?(?:f?put|unref)(?:_\w+)?\b|\w*put\(\)"
HELD = r"(?:hold|keep|drop|take|get|put|release|balance)\w*\b.{0,40}\breference"
NAMED = pattern(
    rf"{BUG}|{HELD}|(?:missing|missed|extra|stray|add|drop|remove|call|use|double|don't)\b.*?(?:{CALL})", re.IGNORECASE
)
COUNTED = pattern(rf"\breference|ref[ _-]?count|refcnt|{CALL}", re.IGNORECASE)
MENDS = pattern(r"^Fixes:\s", re.MULTILINE)
MEMORY = pattern(r"\bmem(?:ory)?[ -]?leak", re.IGNORECASE)


def claims(subject: str, message: str) -> bool:
    """Whether a patch says of itself, in its *subject* or by a ``Fixes:`` trailer under a *message* about counts, that it mends one."""
    if NAMED.search(subject):
        return MEMORY.search(subject) is None or COUNTED.search(message) is not None
    return (
        MENDS.search(message) is not None and NAMED.search(message) is not None and COUNTED.search(message) is not None
    )


def verified(answer: Answer) -> tuple[Verified, ...]:
    """One verdict for each patch of *answer* that says it mends a count, in the patches' order."""
    return tuple(
        _verified(index, answer) for index, patch in enumerate(answer.patches) if claims(patch.subject, patch.message)
    )


def _verified(index: int, answer: Answer) -> Verified:
    """What the findings about one patch say of it."""
    mine = [finding for finding in answer.findings if finding.patch == index]
    fixed = [finding for finding in mine if finding.status is Status.FIXED]
    families = {finding.family for finding in fixed}
    places = {(finding.function, finding.family) for finding in fixed}
    brought = [one for one in mine if one.status is Status.INTRODUCED and (one.family in families or not fixed)]
    left = [one for one in mine if one.status is Status.EXISTING and (one.function, one.family) in places]
    return Verified(index, _verdict(fixed, left, brought), tuple(fixed), tuple(left), tuple(brought))


def _verdict(fixed: list[Finding], left: list[Finding], brought: list[Finding]) -> Verdict:
    if brought:
        return Verdict.OVERDONE
    if not fixed:
        return Verdict.UNSEEN
    return Verdict.PARTLY if left else Verdict.COMPLETE
