"""Which mails of an input are its patches, and in which order: numbers, versions, replies, duplicates."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from getput.patch.mail import Mail

_BRACKETS = re.compile(r"\s*(?:\[[^\]]*\]\s*)+")
_NUMBER = re.compile(r"(?<![\w.])(\d{1,4})\s*/\s*(\d{1,4})(?![\w.])")
_VERSION = re.compile(r"(?<!\w)v(\d{1,3})(?!\w)", re.IGNORECASE)
_REPLY = re.compile(r"\s*(?:re|aw|fwd?|antw|sv)(?:\[\d+\])?\s*:", re.IGNORECASE)


class Label(msgspec.Struct, frozen=True):
    """What a subject says of its patch: ``[PATCH v2 3/7] title``; number and total are 0 where it says none."""

    title: str
    version: int
    number: int
    total: int
    reply: bool


def label(subject: str) -> Label:
    """Read a subject."""
    reply = _REPLY.match(subject) is not None
    rest = _REPLY.sub("", subject) if reply else subject
    brackets = _BRACKETS.match(rest)
    marks = brackets.group(0) if brackets else ""
    number, version = _NUMBER.search(marks), _VERSION.search(marks)
    return Label(
        rest[len(marks) :].strip(),
        int(version.group(1)) if version else 1,
        int(number.group(1)) if number else 0,
        int(number.group(2)) if number else 0,
        reply,
    )


def ordered(mails: Sequence[Mail]) -> tuple[list[Mail], list[Mail]]:
    """The patches among *mails*, which all have a diff, in the order in which they apply, and those superseded.

    Duplicates are left out, and so are answers if there is a patch that is none.  The numbers ``n/m`` count within one
    version of one series; where they contradict themselves, the order is that of the input.
    """
    seen: set[tuple[str | None, str, str]] = set()
    chosen: list[tuple[Mail, Label]] = []
    for mail in mails:
        key = (mail.message_id, mail.subject, mail.text)
        if key not in seen:
            seen.add(key)
            chosen.append((mail, label(mail.subject)))
    if any(not says.reply for _, says in chosen):
        chosen = [(mail, says) for mail, says in chosen if not says.reply]
    chosen, superseded = _newest(chosen)
    return _by_number(chosen), superseded


def _newest(chosen: list[tuple[Mail, Label]]) -> tuple[list[tuple[Mail, Label]], list[Mail]]:
    """Without the versions of which a newer one is there: they share a title with it."""
    newest: dict[str, int] = {}
    for _, says in chosen:
        newest[says.title] = max(newest.get(says.title, 0), says.version)
    old = {
        (says.version, says.total)
        for _, says in chosen
        if says.title and says.total and newest[says.title] > says.version
    }
    left = [
        (mail, says)
        for mail, says in chosen
        if not (says.total and (says.version, says.total) in old)
        and not (says.title and newest[says.title] > says.version)
    ]
    kept = {id(mail) for mail, _ in left}
    return left, [mail for mail, _ in chosen if id(mail) not in kept]


def _by_number(chosen: list[tuple[Mail, Label]]) -> list[Mail]:
    """Each series sorted by its numbers, at the places where its mails stand."""
    groups: dict[tuple[int, int], list[int]] = {}
    for place, (_, says) in enumerate(chosen):
        if says.total:
            groups.setdefault((says.version, says.total), []).append(place)
    out = [mail for mail, _ in chosen]
    for places in groups.values():
        numbers = [chosen[place][1].number for place in places]
        if len(set(numbers)) != len(numbers):
            continue
        for place, (mail, _) in zip(
            places, sorted((chosen[p] for p in places), key=lambda pair: pair[1].number), strict=True
        ):
            out[place] = mail
    return out
