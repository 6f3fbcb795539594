"""Which mails of an input are its patches, and in which order: numbers, versions, replies, duplicates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from getput.patch.mail import Mail
from getput.pattern import pattern

MAX_TOTAL = 2_000  # patches of a series that are looked for
_BRACKETS = pattern(r"\s*(?:\[[^\]]*\]\s*)+")
_NUMBER = pattern(r"(?<![\w.])(\d{1,4})\s*/\s*(\d{1,4})(?![\w.])")
_VERSION = pattern(r"(?<!\w)v(\d{1,3})(?!\w)", re.IGNORECASE)
_REPLY = pattern(r"\s*(?:re|aw|fwd?|antw|sv)(?:\[\d+\])?\s*:", re.IGNORECASE)


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


class Order(NamedTuple):
    """What of some mails is judged, in which order, and why the rest is not."""

    mails: list[Mail]  # the patches, in the order in which they apply
    superseded: list[Mail]  # of which a newer version is there
    twice: list[Mail]  # that are there already
    answers: list[Mail]  # that quote a patch


def ordered(mails: Sequence[Mail]) -> Order:
    """The patches among *mails*, which all have a diff, in the order in which they apply, and those that are none.

    Duplicates are left out, and so are answers if there is a patch that is none.  The numbers ``n/m`` count within one
    version of one series; where they contradict themselves, the order is that of the input.
    """
    seen: set[tuple[str | None, str, str]] = set()
    chosen: list[tuple[Mail, Label]] = []
    twice: list[Mail] = []
    answers: list[Mail] = []
    for mail in mails:
        key = (mail.message_id, mail.subject, mail.text)
        if key in seen:
            twice.append(mail)
        else:
            seen.add(key)
            chosen.append((mail, label(mail.subject)))
    if any(not says.reply for _, says in chosen):
        answers = [mail for mail, says in chosen if says.reply]
        chosen = [(mail, says) for mail, says in chosen if not says.reply]
    chosen, superseded = _newest(chosen)
    return Order(_by_number(chosen), superseded, twice, answers)


def missing(mails: Sequence[Mail]) -> Iterator[tuple[Mail, str]]:
    """The patches that series lack of which several are among *mails*: for each the first mail that is there, and the numbers, as text."""
    groups: dict[tuple[int, int], dict[int, Mail]] = {}
    for mail in mails:
        says = label(mail.subject)
        if says.total and says.number:
            groups.setdefault((says.version, says.total), {}).setdefault(says.number, mail)
    for (_, total), there in groups.items():
        lacking = [number for number in range(1, min(total, MAX_TOTAL) + 1) if number not in there]
        if len(there) > 1 and lacking:
            yield next(iter(there.values())), _spans(lacking)


def _spans(numbers: Sequence[int]) -> str:
    """Numbers in words: ``1, 4-6``."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


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
