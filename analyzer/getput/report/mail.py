"""``--format mail``: a reply to each patch that introduces something: its diff quoted, a question below the line that it is about.

    To: A. Developer <dev@example.org>
    Subject: Re: [PATCH] demo: read more
    In-Reply-To: <1@example.org>

    On Mon, 5 Jan 2026 10:00:00 +0000, A. Developer wrote:
    > +	if (ret)
    > +		return ret;

    Does this error exit leak the reference on np taken by of_find_node_by_path()?

One reply is a mail as it stands, several are an mbox.  There is no ``From`` and no ``Date``: those are for whoever sends it.
"""

from __future__ import annotations

import binascii
import re
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.charset import SHORTEST, Charset
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.utils import formataddr, getaddresses
from urllib.parse import unquote

from getput.model import Answer, Letter, PatchAnswer, Status
from getput.report import Look
from getput.report.escape import printable
from getput.report.quote import placed, snipped
from getput.report.remarks import WIDTH, remark, wrapped

UTF_8 = Charset("utf-8")
UTF_8.header_encoding = SHORTEST  # whatever other code in this process has made of the registry

POSTMARK = "From getput Mon Sep 17 00:00:00 2001\n"  # git's date for what has none
LONGEST = 990  # bytes of a line that goes as it is
_ID = re.compile(r"<[^<>\s]+>")
_SENT_AS = re.compile(r"^Link:\s*https?://patch\.msgid\.link/(\S+@\S+)\s*$", re.MULTILINE)
_REPLY = re.compile(r"re\s*:", re.IGNORECASE)


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:  # noqa: ARG001
    """The replies, each as soon as it is known whether it is alone."""
    first = ""
    several = False
    for answer in answers:
        for text in _replies(answer):
            if not first:
                first = text
                continue
            if not several:
                several = True
                yield _boxed(first)
            yield _boxed(text)
    if first and not several:
        yield first


def _replies(answer: Answer) -> Iterator[str]:
    for index, patch in enumerate(answer.patches):
        if patch.letter is None:
            continue
        found = [one for one in answer.findings if one.patch == index and one.status is Status.INTRODUCED]
        if not found:
            continue
        known, rest = placed(found, answer)
        lines = [line for one in rest for line in (*remark(one, answer), "")]
        lines += _attribution(patch.letter) if known else []
        lines += [*snipped(patch.letter, known, answer), ""] if known else []
        yield _message(_headers(patch, patch.letter), lines)


def _boxed(text: str) -> str:
    """*text* as a part of an mbox: no line of it starts one."""
    return POSTMARK + re.sub(r"^(>*From )", r">\1", text, flags=re.MULTILINE) + "\n"


def _message(headers: list[str], lines: list[str]) -> str:
    """A whole mail.  What cannot stand in one as it is (bytes that are no text, endless lines) is encoded, and so arrives unchanged."""
    body = "".join(f"{line}\n" for line in lines)
    data = body.encode("utf-8", "surrogateescape")
    plain = all(printable(line) == line and len(line.encode()) <= LONGEST for line in lines)
    odd = any("\udc80" <= letter <= "\udcff" for letter in body) if not plain else False
    if not plain:
        body = "".join(binascii.b2a_qp(line, istext=False).decode("ascii") + "\n" for line in data.split(b"\n")[:-1])
    head = [
        *headers,
        "MIME-Version: 1.0",
        f"Content-Type: text/plain; charset={'unknown-8bit' if odd else 'utf-8'}",
        f"Content-Transfer-Encoding: {'8bit' if plain else 'quoted-printable'}",
    ]
    return "\n".join(head) + "\n\n" + body


def _attribution(letter: Letter) -> list[str]:
    """Who wrote what is quoted, and when; nothing where that is not known."""
    people = _people(letter.headers.get("from", ""))
    if not people:
        return []
    name, address = people[0]
    date = " ".join(letter.headers.get("date", "").split())
    return wrapped(f"{f'On {date}, ' if date else ''}{name or address} wrote:")


# --- headers -------------------------------------------------------------------------------------------------------------


def _headers(patch: PatchAnswer, letter: Letter) -> list[str]:
    """The headers of a reply to everybody, in the thread of the patch."""
    fields = letter.headers
    to = _people(fields.get("reply-to", "")) or _people(fields.get("from", ""))
    seen: set[str] = set()
    to = _once(to, seen)
    cc = _once([*_people(fields.get("to", "")), *_people(fields.get("cc", ""))], seen)
    if not to:
        to, cc = cc, []
    out = [line for name, people in (("To", to), ("Cc", cc)) if people for line in _address_lines(name, people)]
    out += _subject(patch.subject or f"the patch in {letter.where}")
    parent = patch.message_id or _sent_as(patch)
    if parent:
        ident = f"<{parent}>"
        thread = _ID.findall(fields.get("references", "")) or _ID.findall(fields.get("in-reply-to", ""))[:1]
        out.append(f"In-Reply-To: {ident}")
        out.append("References: " + "\n\t".join(dict.fromkeys([*(one for one in thread if one != ident), ident])))
    return [printable(line) if "\n" not in line else _folded(line) for line in out]


def _folded(line: str) -> str:
    return "\n".join(printable(part) for part in line.split("\n"))


def _sent_as(patch: PatchAnswer) -> str | None:
    """The id of the mail that a commit was made of, where its trailers tell: this kind of link is for nothing else."""
    found = _SENT_AS.findall(patch.message) if patch.commit else []
    return unquote(found[-1]).strip("<>") if found else None


def _subject(subject: str) -> list[str]:
    text = printable(" ".join(subject.split()))
    if not _REPLY.match(text):
        text = f"Re: {text}"
    if not text.isascii() or "=?" in text:
        return [f"Subject: {Header(text, UTF_8, header_name='Subject').encode()}"]
    folded = textwrap.wrap(text, WIDTH, initial_indent="Subject: ", subsequent_indent=" ", break_on_hyphens=False)
    return ["\n".join(folded)]


def _people(text: str) -> list[tuple[str, str]]:
    """The names, decoded, and addresses in a header."""
    out = []
    for name, address in getaddresses([text]) if text else []:
        if "@" in address and not re.search(r"[\s<>,]", address):
            out.append((_decoded(name), address))
    return out


def _decoded(name: str) -> str:
    """A name without encoded words; what is left of control characters is written out, so that no header can begin in it."""
    with suppress(HeaderParseError, LookupError, UnicodeError, ValueError):
        name = str(make_header(decode_header(name))) if "=?" in name else name
    return printable(" ".join(name.split()))


def _once(people: Iterable[tuple[str, str]], seen: set[str]) -> list[tuple[str, str]]:
    """*people* that were not *seen* yet."""
    out = []
    for name, address in people:
        if address.lower() not in seen:
            seen.add(address.lower())
            out.append((name, address))
    return out


def _address_lines(field: str, people: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{field}: " + ",\n\t".join(_address(name, address) for name, address in people)]


def _address(name: str, address: str) -> str:
    if name.isascii() and address.isascii():
        text = formataddr((name, address), UTF_8)
    else:
        text = f"{Header(name, UTF_8, maxlinelen=60).encode()} <{address}>" if name else address
    return text if len(text) < WIDTH - 8 else text.replace(" <", "\n\t<")
