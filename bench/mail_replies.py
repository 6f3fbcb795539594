#!/usr/bin/env python3
"""Whether the replies of ``getput check --format mail`` are fit for a mailing list.

Fixes that were mailed are turned round, so that each brings its bug back, and keep their headers and their encoding.  Every reply that getput writes is read
again with Python's own ``email``, and held against the mail that it answers:

  thread     In-Reply-To and References lead to the mail
  people     whoever wrote it is in To, all others in Cc, nobody twice
  subject    Re: and the subject
  quotes     every run of quoted lines stands in the mail, byte for byte, in its order
  width      no line outside quotes, and outside a diff that mends it, is wider than 78 columns
  question   there is a question, and no line number outside quotes

    bench/mail_replies.py --mails DIR --tree DIR [--limit N] [--cmd getput]
"""

from __future__ import annotations

import argparse
import base64
import email
import email.policy
import json
import quopri
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from pathlib import Path

HUNK = re.compile(r"@@ -(\d+(?:,\d+)?) \+(\d+(?:,\d+)?) @@(.*)")
NUMBER = re.compile(r"\bline \d+|\.[ch]:\d+")
CHECKS = ("thread", "people", "subject", "quotes", "width", "question")
OFFER = "Would this mend it?"  # a diff follows, up to the next quote
SWAPPED = {"+": "-", "-": "+"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=Path, required=True, help="a folder of mails, one a file, each a fix")
    parser.add_argument("--tree", required=True, help="the sources in which they are applied")
    parser.add_argument("--limit", type=int, default=60, help="how many are drawn (default: 60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cmd", default="getput")
    parser.add_argument("--show", action="store_true", help="print what does not hold")
    args = parser.parse_args()
    mails = sorted(path for path in args.mails.iterdir() if path.is_file())
    drawn = random.Random(args.seed).sample(mails, min(args.limit, len(mails)))
    held: Counter[str] = Counter()
    replies = findings = 0
    with tempfile.TemporaryDirectory() as scratch:
        for path in drawn:
            turned = Path(scratch) / path.name
            if not turn(path.read_bytes(), turned):
                continue
            told = ask(args, turned, "jsonl")
            found = {one["patch"] for one in json.loads(told)["findings"]}
            text = ask(args, turned, "mail")
            if bool(found) != bool(text):
                print(f"{path.name}: {len(found)} patches with findings, {len(text)} bytes of replies")
                return 1
            if not found:
                continue
            replies += 1
            findings += len(json.loads(told)["findings"])
            wrong = set(compared(email.message_from_bytes(text), email.message_from_bytes(turned.read_bytes())))
            held.update(check for check in CHECKS if check not in wrong)
            if wrong and args.show:
                print(f"{path.name}: {', '.join(sorted(wrong))}\n{text.decode(errors='replace')}")
    print(f"{len(drawn)} mails drawn, {replies} replies, {findings} findings")
    for check in CHECKS:
        print(f"  {check:<9} {held[check]} of {replies}")
    return int(any(held[check] != replies for check in CHECKS))


def ask(args: argparse.Namespace, patch: Path, form: str) -> bytes:
    command = [args.cmd, "check", "-q", "--tree", args.tree, "--format", form, str(patch)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode > 1 and form == "mail":
        sys.stderr.write(done.stderr.decode(errors="replace"))
    return done.stdout


def turn(raw: bytes, out: Path) -> bool:
    """Write the mail in *raw* with its diff the other way round; False where that is no plain change of one text."""
    mail = email.message_from_bytes(raw)
    if mail.is_multipart():
        return False
    text = body(mail)
    if not HUNK.search(text) or re.search(r"^(rename |new file mode|deleted file mode|GIT binary)", text, re.MULTILINE):
        return False
    data = turned(text).encode("utf-8", "surrogateescape")
    coding = mail.get("Content-Transfer-Encoding", "").strip().lower()
    if coding == "base64":
        data = base64.encodebytes(data)
    elif coding == "quoted-printable":
        data = quopri.encodestring(data)
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0].replace(b"\r\n", b"\n")
    out.write_bytes(head + b"\n\n" + data)
    return True


def body(mail: Message) -> str:
    data = mail.get_payload(decode=True)
    assert isinstance(data, bytes)
    charset = mail.get_content_charset() or "utf-8"
    text = data.replace(b"\r\n", b"\n")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return text.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return text.decode("utf-8", "surrogateescape")


def turned(text: str) -> str:
    """The text, in which what its diffs add is removed, and what they remove is added."""
    out: list[str] = []
    lines = iter(text.split("\n"))
    for line in lines:
        head = HUNK.match(line)
        if head is None:
            out.append(line)
            continue
        left = [int([*span.split(","), "1"][1]) for span in head.groups()[:2]]
        out.append(f"@@ -{head[2]} +{head[1]} @@{head[3]}")
        while any(left):
            inner = next(lines, None)
            if inner is None:
                break
            tag = inner[:1] or " "
            out.append(SWAPPED.get(tag, tag) + inner[1:])
            left[0] -= tag not in "+\\"
            left[1] -= tag not in "-\\"
    return "\n".join(out)


def compared(reply: Message, mail: Message) -> list[str]:
    """What does not hold of *reply* to *mail*."""
    wrong = []
    ident = "<" + mail["Message-ID"].strip().strip("<>") + ">"
    before = re.findall(r"<[^<>\s]+>", mail.get("References", "")) or re.findall(
        r"<[^<>\s]+>", mail.get("In-Reply-To", "")
    )
    thread = re.findall(r"<[^<>\s]+>", reply.get("References", ""))
    if reply.get("In-Reply-To") != ident or thread[-1:] != [ident] or thread[:-1] != list(dict.fromkeys(before)):
        wrong.append("thread")
    author = people(mail, "Reply-To") or people(mail, "From")
    others = [one for one in people(mail, "To", "Cc") if one not in author]
    if people(reply, "To") != author or people(reply, "Cc") != list(dict.fromkeys(others)):
        wrong.append("people")
    if plain(reply["Subject"]) != f"Re: {plain(mail['Subject'])}" and plain(reply["Subject"]) != plain(mail["Subject"]):
        wrong.append("subject")
    lines = body(reply).split("\n")
    if not quoted_truly(lines, body(mail).split("\n")):
        wrong.append("quotes")
    said = list(prose(lines))
    if any(len(line.expandtabs(8)) > 78 for line in said):
        wrong.append("width")
    if not any("?" in line for line in said) or any(NUMBER.search(line) for line in said):
        wrong.append("question")
    return wrong


def prose(lines: list[str]) -> Iterator[str]:
    """The lines that are neither quoted nor of a diff that mends something."""
    offered = False
    for line in lines:
        offered = line == OFFER or (offered and not line.startswith(">"))
        if not line.startswith(">") and not offered:
            yield line


def quoted_truly(lines: list[str], original: list[str]) -> bool:
    """Whether every quoted line stands in *original*, each behind the one before it; where nothing is snipped, right behind it."""
    runs: list[list[str]] = [[]]
    for line in lines:
        if line == "[ ... ]":
            runs.append([])
        elif line.startswith("> "):
            runs[-1].append(line[2:])
    at = 0
    for run in filter(None, runs):
        starts = range(at, len(original) - len(run) + 1)
        start = next((start for start in starts if original[start : start + len(run)] == run), None)
        if start is None:
            return False
        at = start + len(run)
    return at > 0


def people(mail: Message, *fields: str) -> list[str]:
    """The addresses in some headers, in order."""
    values = [str(value) for field in fields for value in mail.get_all(field, [])]
    return list(dict.fromkeys(address.lower() for _, address in getaddresses(values) if "@" in address))


def plain(subject: str) -> str:
    return " ".join(str(make_header(decode_header(str(subject)))).split())


if __name__ == "__main__":
    sys.exit(main())
