"""From the bytes of an input to its mails: mbox, single mails, format-patch files, bare diffs.

The standard library's ``email`` is imported for multipart mails and encoded subjects only: most patches need neither,
and start sooner.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from getput.pattern import pattern

if TYPE_CHECKING:
    from mmap import mmap

MAX_DEPTH = 4  # of mails attached to mails
MAX_HEADER = 1 << 20  # bytes
MAX_PARTS = 50_000  # lines that may start a part
MAX_PART_LINES = 5_000_000  # lines, times the multipart types among them
MAX_SUBJECT = 1_000  # characters
MAX_MESSAGE = 100_000  # characters


class Mail(msgspec.Struct, frozen=True):
    """One mail, or a bare diff, which has no subject.

    ``text`` is the decoded body, utf-8 with surrogate escapes for bytes that are none; ``line`` is the number (1-based)
    of its first line in the input, as far as the mail is not encoded.  ``commit`` is the id in the ``From`` line that
    format-patch writes.  ``headers`` are unfolded, by lower-case name: of a name that stands several times the first, but all receivers.
    """

    subject: str
    message_id: str | None
    commit: str | None
    text: str
    line: int = 1
    said: str | None = None  # what stands above the diff, where ``text`` is the diff alone
    headers: Mapping[str, str] = {}


def message(mail: Mail) -> str:
    """What the author says of the patch: the text above its diff, without what stands below the line ``---``."""
    if mail.said is not None:
        return mail.said[:MAX_MESSAGE]
    found = _ABOVE.search(mail.text, 0, MAX_MESSAGE)
    return mail.text[: found.start() if found is not None else 0]


class _Head(msgspec.Struct, frozen=True):
    """The headers of one mail by lower-case name (the first of a name counts), and where its body starts."""

    fields: dict[str, str]
    body: int

    def get(self, name: str) -> str:
        return self.fields.get(name, "")


_ABOVE = pattern(r"^(?:---\s*$|diff --git |Index: |--- \S)", re.MULTILINE)
_POSTMARK = pattern(
    rb"From (\S+)[ \t]+(?:\S+[ \t]+)?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[ \t][^\n]{0,60}\d\d:\d\d[^\n]{0,60}\n"
    rb"(?=>?From |[A-Za-z][!-9;-~]*:)"
)
_FIELD = pattern(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)")
_COMMIT = pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_KNOWN = frozenset(
    ("from", "subject", "date", "message-id", "received", "return-path", "mime-version", "to", "delivered-to")
)
_RECEIVERS = frozenset(("to", "cc"))
# What an attached patch has from the mail around it.
_OUTER = ("subject", "message-id", "from", "reply-to", "to", "cc", "date", "in-reply-to", "references")
_LOGGED = pattern(
    r"^commit ([0-9a-f]{40}|[0-9a-f]{64})(?: \(.*\))?\n(?=(?:Author|Merge|tree|parent|Notes):? )", re.MULTILINE
)
_LOG_FIELD = pattern(r"^(Author|AuthorDate|Date): +(\S.*)$", re.MULTILINE)
_TITLE = pattern(r"^    (\S.*)$", re.MULTILINE)
_CHARSET = pattern(r"""charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)
_PATCH_TYPES = (
    "text/x-patch",
    "text/x-diff",
    "text/x-c",
    "application/x-patch",
    "application/octet-stream",
    "application/mbox",
)
_SINGLE_BYTE = pattern(
    r"(?:us-)?ascii|(?:iso[-_]?|cp|windows-?)(?:8859|125\d).*|latin.*|utf-?8|unknown.*|x-unknown|8bit|binary",
    re.IGNORECASE,
)
_MULTI_BYTE = pattern(
    r"(?:gb|big5|euc|shift|s?jis|iso-2022|koi8|ks_c|hz|utf-?16|utf-?32|tis-620|mac|ibm|cp)[-_\w]*\Z",
    re.IGNORECASE,
)
_BASE64 = pattern(rb"(?:[A-Za-z0-9+/=]+[ \t]*\r?\n|[ \t]*\r?\n)*+(?:[A-Za-z0-9+/=]+\Z)?")


def split(raw: bytes) -> Iterator[Mail]:
    """The mails of an input, in its order; an input that is no mail is one without subject."""
    raw = _bare(raw)
    starts = list(_postmarks(raw))
    if not starts or raw[: starts[0]].strip():
        starts.insert(0, 0)
    line, counted = 1, 0
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(raw)
        line += raw.count(b"\n", counted, start)
        counted = start
        yield from _mails(raw[start:end] if (start, end) != (0, len(raw)) else raw, line, 0)


def spans(raw: bytes | mmap) -> Iterator[tuple[int, int]]:
    """Where the mails of an mbox start and end; one span where it is none."""
    start = 0
    for at in _postmarks(raw):
        if at > start:
            yield start, at
        start = at
    if len(raw) > start:
        yield start, len(raw)


def _bare(raw: bytes) -> bytes:
    """*raw* in utf-8 without a byte order mark, and without the CRs of a mail in which every line ends with one."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.decode("utf-16", "replace").encode("utf-8", "replace")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    return _without_cr(raw)


def _without_cr(data: bytes) -> bytes:
    lines = data.count(b"\r\n")
    if lines and lines == data.count(b"\n"):
        return data.replace(b"\r\n", b"\n")
    return data


def _postmarks(raw: bytes | mmap) -> Iterator[int]:
    """Where the mails of an mbox start."""
    at = 0 if raw[:5] == b"From " else raw.find(b"\nFrom ") + 1
    while at or raw[:5] == b"From ":
        if _POSTMARK.match(raw, at):
            yield at
        at = raw.find(b"\nFrom ", at) + 1
        if not at:
            return


def _mails(raw: bytes, line: int, depth: int, parent: _Head | None = None) -> Iterator[Mail]:
    """The mail in *raw*, or those in its attachments."""
    commit, start = None, 0
    mark = _POSTMARK.match(raw)
    if mark is not None:
        name = mark.group(1).decode("ascii", "replace")
        commit = name if _COMMIT.match(name) and name.strip("0") else None
        start = mark.end()
    head = _head(raw, start)
    if head is None:
        fields = parent.fields if parent is not None else {}
        text = _text(raw, "")
        if not fields and _LOGGED.match(text):
            yield from _log(text, line)
            return
        yield Mail(_subject(fields), _message_id(fields), commit, text, line, headers=fields)
        return
    if parent is not None:
        head = _Head({**parent.fields, **head.fields}, head.body)
    kind = head.get("content-type")
    if kind.lower().lstrip().startswith(("multipart/", "message/")) and depth < MAX_DEPTH and _affordable(raw):
        yield from _parts(raw[start:], head, commit, depth)
        return
    body = _decoded(raw[head.body :], head.get("content-transfer-encoding"))
    charset = _CHARSET.search(kind)
    line += raw.count(b"\n", 0, head.body)
    text = _text(body, charset.group(1) if charset else "")
    yield Mail(_subject(head.fields), _message_id(head.fields), commit, text, line, headers=head.fields)


def _log(text: str, line: int) -> Iterator[Mail]:
    """The commits that ``git show`` and ``git log -p`` print, oldest first: their messages are indented."""
    marks = list(_LOGGED.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    lines = [line]
    for mark, end in zip(marks, ends, strict=True):
        lines.append(lines[-1] + text.count("\n", mark.start(), end))
    for mark, end, first in reversed(list(zip(marks, ends, lines, strict=False))):
        title = _TITLE.search(text, mark.end(), min(end, mark.end() + MAX_HEADER))
        subject = title.group(1)[:MAX_SUBJECT] if title else ""
        above = _LOG_FIELD.findall(text, mark.end(), title.start() if title else end)
        headers = {{"Author": "from"}.get(name, "date"): value for name, value in above}
        yield Mail(subject, None, mark.group(1), text[mark.start() : end], first, headers=headers)


def _head(raw: bytes, start: int) -> _Head | None:
    """The headers from *start* on; None where no mail begins there."""
    fields: dict[str, list[str]] = {}
    value: list[str] = []
    at = start
    while raw.startswith(b"\n", at) and at - start < MAX_HEADER:
        at += 1
    while at < len(raw) and at - start < MAX_HEADER:
        end = raw.find(b"\n", at)
        end = len(raw) if end < 0 else end
        line = raw[at:end].rstrip(b"\r")
        if not line:
            at = end + 1
            break
        if line[:1] in b" \t":
            value.append(_text(line.strip(), ""))
        elif not line.startswith(b">From "):
            field = _FIELD.match(line)
            if field is None:
                break
            name = field.group(1).decode("ascii", "replace").lower()
            value = [_text(field.group(2).strip(), "")]
            if name in _RECEIVERS and name in fields:
                fields[name][-1] += ","
                fields[name].append("")
                value = fields[name]
                value[-1] = _text(field.group(2).strip(), "")
            else:
                fields.setdefault(name, value)
        at = end + 1
    if _KNOWN.isdisjoint(fields):
        return None
    return _Head({name: " ".join(lines) for name, lines in fields.items()}, min(at, len(raw)))


def _affordable(raw: bytes) -> bool:
    """Whether the parts of a mail can be told apart in a second or two; one of which they cannot is read as it is."""
    nested = raw.lower().count(b"multipart/")
    return raw.count(b"\n--") <= MAX_PARTS and raw.count(b"\n") * nested <= MAX_PART_LINES


def _parts(raw: bytes, head: _Head, commit: str | None, depth: int) -> Iterator[Mail]:
    """The texts of a multipart mail: its own, then each attached patch, which may be a mail of its own."""
    from email import message_from_bytes, policy

    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        leaves = [part for part in message.walk() if not part.is_multipart()]
    except (RecursionError, ValueError, LookupError):
        leaves = []
    said: list[str] = []
    attached: list[bytes] = []
    for part in leaves:
        kind, name = part.get_content_type(), str(part.get_filename() or "")
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            continue
        data = _without_cr(data)
        is_patch = kind in _PATCH_TYPES and (
            kind != "application/octet-stream" or name.endswith((".patch", ".diff", ".mbox", ".txt"))
        )
        if kind == "text/plain" and not name:
            charset = part.get_param("charset", "")
            said.append(_text(data, charset if isinstance(charset, str) else ""))
        elif is_patch or (kind == "text/plain" and name):
            attached.append(data)
    fields = {name: value for name, value in head.fields.items() if not name.startswith("content-")}
    if said:
        yield Mail(_subject(fields), _message_id(fields), commit, "\n".join(said), 1, headers=fields)
    outer = _Head({name: fields[name] for name in _OUTER if name in fields}, 0)
    for data in attached:
        for mail in _attached(data, outer, depth):
            yield mail if mail.commit or commit is None else msgspec.structs.replace(mail, commit=commit)


def _attached(data: bytes, outer: _Head, depth: int) -> Iterator[Mail]:
    starts = list(_postmarks(data)) or [0]
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(data)
        yield from _mails(data[start:end], 1, depth + 1, outer)


def _decoded(body: bytes, encoding: str) -> bytes:
    """*body* with its transfer encoding undone."""
    encoding = encoding.strip().lower()
    if encoding == "quoted-printable":
        return _without_cr(binascii.a2b_qp(body))
    if encoding == "base64":
        coded = _BASE64.match(body)
        try:
            return _without_cr(binascii.a2b_base64(coded.group(0) if coded else body))
        except binascii.Error:
            return body
    return _without_cr(body)


def _text(data: bytes, charset: str) -> str:
    """*data* as text.  What is valid utf-8 is utf-8, whatever single-byte charset it is labelled with."""
    try:
        plain = data.decode("utf-8")
    except UnicodeDecodeError:
        plain = None
    if plain is not None and not _MULTI_BYTE.match(charset):
        return plain
    if charset and (_MULTI_BYTE.match(charset) or _SINGLE_BYTE.match(charset)):
        try:
            text = data.decode(charset)
            text.encode("utf-8")
        except (LookupError, ValueError):  # no such charset, a zero byte in its name, or not its text
            pass
        else:
            return text
    return data.decode("utf-8", "surrogateescape")


def _subject(fields: dict[str, str]) -> str:
    """The subject on one line, its encoded words decoded."""
    subject = " ".join(fields.get("subject", "")[: 4 * MAX_SUBJECT].split())[:MAX_SUBJECT]
    if "=?" not in subject:
        return subject
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    try:
        return " ".join(str(make_header(decode_header(subject))).split())
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return subject


def _message_id(fields: dict[str, str]) -> str | None:
    """The id without its angle brackets."""
    return fields.get("message-id", "")[:MAX_SUBJECT].strip().strip("<>") or None
