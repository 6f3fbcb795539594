"""What is judged of a mail: its diff alone, under a key that is the same wherever the patch was seen.

Headers, the message and what list software adds below say nothing of references, so they are no part of the key; the lines of a diff
are counted from its own start.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from getput.patch import diff as diffs
from getput.patch.diff import FileDiff
from getput.patch.images import is_source
from getput.patch.mail import Mail, split
from getput.patch.order import label
from getput.pattern import pattern

KEY = 40  # hexadecimal digits
_IDS = pattern(r"<([^<>\s]{1,500})>")
_LIST = pattern(r"<([^<>\s]{1,200})>\s*$")
_START = pattern(r"^(?:diff --|--- )", re.MULTILINE)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[FileDiff, ...]).decode


class Seen(msgspec.Struct, frozen=True):
    """A patch as it was seen in one place.

    ``series`` names what it was sent together with, over all places in which that was seen; ``number`` and ``total`` are those of its subject.
    ``month`` is ``2026-01``, or empty where nothing tells; ``list`` is the mailing list's id, or empty.  ``body`` is what is judged.
    """

    key: str
    body: bytes
    series: str
    number: int
    total: int
    subject: str
    message_id: str | None
    author: str
    month: str
    list: str


def seen_in(raw: bytes) -> Iterator[Seen]:
    """Every patch in *raw*, a mail as it was archived; nothing where there is none."""
    for mail in split(raw):
        files = _files(mail.text)
        if files:
            yield seen(mail, files)


def seen(mail: Mail, files: Sequence[FileDiff]) -> Seen:
    """The patch in *mail*, which changes *files*."""
    plain = _encode(tuple(files))
    key = sha256(plain).hexdigest()[:KEY]
    says, fields = label(mail.subject), mail.headers
    above = _IDS.findall(fields.get("references", "")) or _IDS.findall(fields.get("in-reply-to", ""))
    own = mail.message_id or mail.commit or key
    alone = says.reply or not says.number or says.total < 2
    series = f"{own} {key}" if alone else f"{above[0] if above else own} v{says.version} /{says.total}"
    named = _LIST.search(fields.get("list-id", ""))
    return Seen(
        key,
        zlib.compress(plain, 6),
        series,
        0 if alone else says.number,
        0 if alone else says.total,
        mail.subject,
        mail.message_id,
        fields.get("from", ""),
        month(fields.get("date", "")),
        named[1].lower() if named else "",
    )


def opened(body: bytes) -> tuple[FileDiff, ...]:
    """The files that a patch changes, from what is kept of it."""
    return _decode(zlib.decompress(body))


def month(date: str) -> str:
    """The month of a date as mails write it, in UTC; empty where it is none."""
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(date[:200])
        return (when.astimezone(UTC) if when.tzinfo else when).strftime("%Y-%m")
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def iso_month(date: str) -> str:
    """The month of a date as ISO 8601 writes it, in UTC; empty where it is none."""
    try:
        return datetime.fromisoformat(date).astimezone(UTC).strftime("%Y-%m")
    except (ValueError, OverflowError):
        return ""


def _files(text: str) -> list[FileDiff]:
    """The files that a diff in *text* changes; their lines are counted from where the first of them starts."""
    start = _START.search(text, diffs.diff_start(text))
    if start is None:
        return []
    text = text[start.start() :]
    found = list(diffs.parse(text, wanted=is_source, message=False))
    if not found or found[0].line == 1:
        return found
    lines = text.split("\n", found[0].line - 1)  # what looked like a diff was none
    return list(diffs.parse(lines[-1], wanted=is_source, message=False))
