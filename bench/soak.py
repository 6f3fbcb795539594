#!/usr/bin/env python3
"""A long run over damaged mail: nothing may break, hang, grow or get lost.

    python3 bench/soak.py --mails DIR [--tree DIR] [--count 50000] [--seed 1] [--jobs 1] [--keep DIR] [--json FILE]

The archive is made from real mails (one a file, below DIR) by recombination (head of one, diff of others, several in one input, one inside
another), mutation (bytes, lines, hunks, numbers, encodings) and damage (cut off, wrapped, other line ends, other characters), and never
stands on disk: input N of seed S is the same bytes each time, and `--only N` makes and judges that one alone.  Each goes to the judge of
`getput check --each` as if it came from standard input.  Told at the end: inputs without an answer, with an internal error, with an answer that says
neither what was judged nor why not, the slowest, and the memory of each process after its first thousand inputs and at its end.
The exit status is 1 where any of these is not as it must be.
"""

from __future__ import annotations

import argparse
import base64
import gc
import json
import os
import pathlib
import quopri
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from getput.cli import check
from getput.cli.jobs import in_order
from getput.config import Settings
from getput.model import Answer

SLOWEST = 5.0  # seconds
GROWTH = 1.2
EARLY = 1000  # inputs after which a process has all that it keeps
LONGEST = 400_000  # bytes of an input: what lists let pass
PAGE = os.sysconf("SC_PAGE_SIZE")
NOISE = (
    *(
        b"\0",
        b"\r\n",
        b"\n",
        b"\xff\xfe",
        b"@@ -1,3 +1,3 @@\n",
        b"--- a/x.c\n+++ b/x.c\n",
        b"-- \n",
        b"diff --git ",
        b"=\n",
    ),
    *(b"\\\n", b"/*", b"*/", b'"', b"{", b"}", b"#if 0\n", b"\x1b[31m", "\u202e".encode()),
)


class Outcome(NamedTuple):
    """What became of one input."""

    number: int
    kind: str
    size: int
    seconds: float  # of the processor
    analysed: int  # files
    findings: int
    errors: tuple[str, ...]
    process: int
    memory: int  # bytes, of the process when it was done


# --- the archive -----------------------------------------------------------------------------------------------------


def cut(mail: bytes) -> tuple[bytes, bytes, bytes]:
    """The headers of a mail, what it says, and its diff."""
    head, _, body = mail.partition(b"\n\n")
    at = body.find(b"\ndiff --git ")
    return head, body[: at + 1] if at >= 0 else body, body[at + 1 :] if at >= 0 else b""


def recombined(choice: random.Random, mails: list[bytes]) -> bytes:
    """Parts of several mails as one."""
    head, said, diff = cut(choice.choice(mails))
    others = [cut(choice.choice(mails)) for _ in range(choice.randint(1, 3))]
    form = choice.randrange(5)
    if form == 0:  # the head of one, the diff of another
        return b"\n\n".join([head, said + others[0][2]])
    if form == 1:  # the files of several patches
        return b"\n\n".join([head, said + diff + b"".join(other[2] for other in others)])
    if form == 2:  # one mailbox
        stamp = b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
        return b"".join(
            stamp + b"\n\n".join([part[0], part[1] + part[2]]) + b"\n" for part in [(head, said, diff), *others]
        )
    if form == 3:  # one attached to the other
        inside = b"\n\n".join([others[0][0], others[0][1] + others[0][2]])
        kind = choice.choice([b"message/rfc822", b"text/x-patch; charset=utf-8", b"application/octet-stream"])
        return (
            b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="acme"\nSubject: [PATCH] x\nFrom: a@b\n\n--acme\n'
            b"Content-Type: text/plain\n\n"
            + said
            + b"\n--acme\nContent-Type: "
            + kind
            + b"\n\n"
            + inside
            + b"\n--acme--\n"
        )
    hunks = (diff + others[0][2]).split(b"\n@@ ")  # hunks in another order
    first, rest = hunks[0], hunks[1:]
    choice.shuffle(rest)
    return b"\n\n".join([head, said + b"\n@@ ".join([first, *rest])])


def mutated(choice: random.Random, mails: list[bytes]) -> bytes:
    """A mail with small changes, most of them in its diff."""
    raw = bytearray(choice.choice(mails))
    diff = max(raw.find(b"\ndiff --git "), 0)
    for _ in range(choice.choice([1, 1, 2, 5, 20])):
        at = choice.randrange(diff if choice.random() < 0.8 else 0, len(raw)) if len(raw) > diff else 0
        what = choice.randrange(6)
        if what == 0:
            raw[at : at + 1] = bytes([choice.randrange(256)])
        elif what == 1:
            del raw[at : at + choice.randint(1, 80)]
        elif what == 2:
            source = choice.randrange(len(raw) + 1)
            raw[at:at] = raw[source : source + choice.randint(1, 200)]
        elif what == 3:
            raw[at:at] = choice.choice(NOISE) * choice.choice([1, 1, 1, 50])
        else:
            end = raw.find(b"\n", at)
            line = raw.rfind(b"\n", 0, at) + 1
            if end < 0 or line <= 0:
                continue
            if what == 4:  # another tag, or none
                raw[line : line + 1] = choice.choice([b"+", b"-", b" ", b"", b"\\", b"@"])
            else:  # the line twice, or not at all
                raw[line : end + 1] = raw[line : end + 1] * choice.choice([0, 2, 30])
    return bytes(raw)


def damaged(choice: random.Random, mails: list[bytes]) -> bytes:
    """A mail as bad transport leaves it."""
    raw = choice.choice(mails)
    head, said, diff = cut(raw)
    form = choice.randrange(9)
    if form == 0:
        return raw[: choice.randrange(len(raw))]
    if form == 1:
        return raw[choice.randrange(len(raw)) :]
    if form == 2:
        return raw.replace(b"\n", b"\r\n")
    if form == 3:  # wrapped
        width = choice.choice([40, 60, 72])
        return b"\n".join(
            part
            for line in raw.split(b"\n")
            for part in [line[at : at + width] for at in range(0, len(line) or 1, width)]
        )
    if form == 4:
        return raw.replace(b"\t", b" " * choice.choice([1, 4, 8]))
    if form == 5:
        return b"\n".join(b"> " + line for line in raw.split(b"\n"))
    body = said + diff
    encoded = {
        6: (b"base64", base64.encodebytes(body)),
        7: (b"quoted-printable", quopri.encodestring(body)),
        8: (choice.choice([b"base64", b"quoted-printable", b"x-uuencode"]), body),
    }[form]
    kept = [line for line in head.split(b"\n") if not line.lower().startswith((b"content-", b"mime-", b" ", b"\t"))]
    kind = choice.choice([b"utf-8", b"iso-8859-1", b"koi8-r", b"utf-16", b"gb2312", b"nothing"])
    fields = [b"Content-Transfer-Encoding: " + encoded[0], b"Content-Type: text/plain; charset=" + kind]
    text = encoded[1] if choice.random() < 0.7 else encoded[1][: choice.randrange(len(encoded[1]) + 1)]
    return b"\n".join([*kept, *fields, b"", text])


def pristine(choice: random.Random, mails: list[bytes]) -> bytes:
    """A mail as it is."""
    return choice.choice(mails)


MAKERS: dict[str, tuple[Callable[[random.Random, list[bytes]], bytes], int]] = {
    "pristine": (pristine, 5),
    "recombined": (recombined, 30),
    "mutated": (mutated, 40),
    "damaged": (damaged, 25),
}


def made(seed: int, number: int, mails: list[bytes]) -> tuple[str, bytes]:
    """Input *number* of the archive *seed*, and how it was made."""
    choice = random.Random(f"{seed} {number}")
    kind = choice.choices(list(MAKERS), [weight for _, weight in MAKERS.values()])[0]
    return kind, MAKERS[kind][0](choice, mails)[:LONGEST]


# --- one process -----------------------------------------------------------------------------------------------------


class Process:
    """What one process keeps."""

    seed: int
    mails: list[bytes]


def start(seed: int, mails: list[bytes], tree: pathlib.Path) -> None:
    """Begin like `getput check` does."""
    gc.set_threshold(50_000, 20, 50)  # as cli/main.py has it
    Process.seed, Process.mails = seed, mails
    check._start(tree, Settings(), False, False)


def work(number: int) -> Outcome:
    """Make and judge one input."""
    kind, raw = made(Process.seed, number, Process.mails)
    begun = time.process_time()
    answer = check._judge(check.Task(("-",), False, raw))
    spent = time.process_time() - begun
    return outcome(number, kind, raw, spent, answer)


def outcome(number: int, kind: str, raw: bytes, spent: float, answer: Answer) -> Outcome:
    """What *answer* says of an input."""
    memory = int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE
    reasons = [file.reason for patch in answer.patches for file in patch.files if file.status != "analysed"]
    said = (*[error.message for error in answer.errors], *[reason or "skipped without a reason" for reason in reasons])
    analysed = sum(file.status == "analysed" for patch in answer.patches for file in patch.files)
    return Outcome(number, kind, len(raw), spent, analysed, len(answer.findings), said, os.getpid(), memory)


def dead(number: int, error: Exception) -> Outcome:
    """The process died at it."""
    return Outcome(number, "?", 0, 0.0, 0, 0, (f"internal error: {error}",), 0, 0)


# --- the whole -------------------------------------------------------------------------------------------------------


def soak(arguments: argparse.Namespace) -> int:
    """Run, and tell."""
    paths = sorted(
        path for path in arguments.mails.rglob("*") if path.is_file() and path.suffix in (".mbox", ".eml", ".patch")
    )
    mails = [path.read_bytes() for path in paths]
    if not mails:
        print(f"{arguments.mails}: no mails", file=sys.stderr)
        return 2
    tree = arguments.tree or pathlib.Path(__file__).parents[1] / "fixtures" / "demo"
    if arguments.only is not None:
        start(arguments.seed, mails, tree)
        if arguments.keep:
            (arguments.keep / f"{arguments.seed}-{arguments.only}.eml").write_bytes(
                made(arguments.seed, arguments.only, mails)[1]
            )
        print(work(arguments.only))
        return 0
    begun = time.monotonic()
    early: dict[int, int] = {}
    late: dict[int, int] = {}
    done: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    answered = silent = findings = judged = 0
    broken: list[Outcome] = []
    slow: list[Outcome] = []
    numbers = range(arguments.first, arguments.first + arguments.count)
    end = begun + arguments.minutes * 60
    for one in in_order(start, (arguments.seed, mails, tree), work, numbers, arguments.jobs, dead):
        if time.monotonic() > end:
            break
        answered += one.number == numbers[answered]
        kinds[one.kind] += 1
        done[one.process] += 1
        late[one.process] = one.memory
        if done[one.process] == EARLY:
            early[one.process] = one.memory
        findings += one.findings
        judged += one.analysed > 0
        silent += not (one.analysed or one.errors)
        if any("internal error" in said or "without a reason" in said for said in one.errors):
            broken.append(one)
            print(f"broken: {one}", flush=True)
        if one.seconds > SLOWEST:
            print(f"slow: {one}", flush=True)
        slow = sorted([*slow, one], key=lambda each: -each.seconds)[:5]
        if answered % 1000 == 0:
            print(
                f"{answered} in {time.monotonic() - begun:.0f} s, {one.memory >> 20} MiB, slowest {slow[0].seconds:.2f} s",
                flush=True,
            )
    growth = {process: late[process] / early[process] for process in early}
    told = {
        "inputs": arguments.count if time.monotonic() < end else answered,
        "answered": answered,
        "silent": silent,
        "broken": len(broken),
        "judged": judged,
        "findings": findings,
        "kinds": dict(sorted(kinds.items())),
        "slowest": [(one.number, one.kind, one.size, round(one.seconds, 2)) for one in slow],
        "memory": [
            (done[process], early[process] >> 20, late[process] >> 20, round(growth[process], 3))
            for process in sorted(early)
        ],
        "seconds": round(time.monotonic() - begun),
    }
    print(json.dumps(told, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(told) + "\n", encoding="utf-8")
    good = answered == told["inputs"] and not silent and not broken and slow[0].seconds < SLOWEST
    return 0 if good and all(one <= GROWTH for one in growth.values()) else 1


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="A long run over damaged mail.")
    parser.add_argument("--mails", type=pathlib.Path, required=True)
    parser.add_argument("--tree", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument(
        "--minutes", type=float, default=1e6, help="stop after as many, and tell of what was done by then"
    )
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="with --only: the folder to leave the input in")
    parser.add_argument("--json", type=pathlib.Path)
    return soak(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
