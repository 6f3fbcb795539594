#!/usr/bin/env python3
"""How many of the bugs that real fixes mended, brought back, getput offers to mend again, and whether its fixes hold.

    python3 bench/fixes.py --corpus DIR --tree VERSION=DIR... [--cmd getput] [--as undo|born] [--limit N] [--only FIELD=VALUE] [--show]

The corpus has a ``manifest.jsonl`` (one row a mail: id, class, tree, files, mbox) of fixes that the trees already have.  With ``--as undo`` each fix is
reversed and judged like a patch under review; with ``--as born`` its files are judged as a patch that adds them with the bug, so that there is
nothing that could be put back.  For everything that is introduced:

* how often a fix is offered, by rule, and of what is not offered, why (``getput fix`` says so);
* how often ``git apply`` takes the offered fix, on copies of the touched files with the reversed patch applied;
* how often the command finds the bug gone and nothing new, asked anew with the fixed file;
* how often the touched function then reads as the real fix left it, but for blanks (information only).
"""

from __future__ import annotations

import argparse
import collections
import email
import email.policy
import json
import pathlib
import random
import re
import shlex
import subprocess
import sys
import tempfile
from typing import Any

HUNK = re.compile(r"^@@ -(\d+(?:,\d+)?) \+(\d+(?:,\d+)?) @@(.*)$")
HOW = re.compile(
    r"^getput: (?P<file>.*?):(?P<line>\d+): \[(?P<rule>[\w-]+)\] is not mended: (?P<why>.*)$", re.MULTILINE
)
Finding = dict[str, Any]


def body_of(mail: bytes) -> str:
    """The decoded text of a mail."""
    message = email.message_from_bytes(mail, policy=email.policy.compat32)
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"] or [message]
    text = [(part.get_payload(decode=True) or b"").decode("utf-8", "surrogateescape") for part in parts]
    return "".join(text).replace("\r\n", "\n")


def reversed_diff(text: str) -> str:
    """The diff in *text* the other way round."""
    out: list[str] = []
    lines = iter(text.split("\n"))
    for line in lines:
        if line.startswith("diff --git "):
            out.append(line)
        elif line.startswith("--- "):
            after = next(lines, "")
            if after.startswith("+++ "):
                out += ["--- " + re.sub("^b/", "a/", after[4:]), "+++ " + re.sub("^a/", "b/", line[4:])]
        elif head := HUNK.match(line):
            old, new, tail = head.groups()
            out.append(f"@@ -{new} +{old} @@{tail}")
            left = [int(span.partition(",")[2] or 1) for span in (old, new)]
            while any(left):
                one = next(lines, None)
                if one is None:
                    break
                mark = one[:1]
                left[0] -= mark not in ("+", "\\")
                left[1] -= mark not in ("-", "\\")
                out.append({"-": "+", "+": "-"}.get(mark, mark or " ") + one[1:])
    return "\n".join(out) + "\n"


def git(folder: pathlib.Path, *args: str, stdin: str | None = None) -> subprocess.CompletedProcess[bytes]:
    """git in a repository of its own."""
    data = None if stdin is None else stdin.encode("utf-8", "surrogateescape")
    return subprocess.run(["git", "-C", str(folder), *args], input=data, capture_output=True, check=False)


def added(path: str, text: bytes) -> str:
    """A patch that adds a file."""
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    last = lines.pop()
    out = [
        f"diff --git a/{path} b/{path}",
        "new file mode 100644",
        "--- /dev/null",
        f"+++ b/{path}",
        f"@@ -0,0 +1,{len(lines) + bool(last)} @@",
    ]
    out += ["+" + line for line in lines]
    if last:
        out += ["+" + last, "\\ No newline at end of file"]
    return "\n".join(out) + "\n"


class Row:
    """One fix of the corpus: the patch that is asked about, and the files before and after it in a folder of their own."""

    def __init__(
        self, row: dict[str, Any], corpus: pathlib.Path, tree: pathlib.Path, scratch: pathlib.Path, how: str
    ) -> None:
        self.ident = row["id"]
        self.folder = scratch / self.ident
        self.patch = scratch / f"{self.ident}.patch"
        self.good: dict[str, bytes] = {}
        self.folder.mkdir(parents=True)
        text = body_of((corpus / row["mbox"]).read_bytes())
        self.usable = not re.search(r"^(rename |new file mode|deleted file mode|GIT binary)", text, re.MULTILINE)
        undone = reversed_diff(text)
        for path in row["files"]:
            source = tree / path
            if source.is_file():
                self.good[path] = source.read_bytes()
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / path).write_bytes(self.good[path])
        git(self.folder, "init", "-q")
        self.usable = self.usable and git(self.folder, "apply", "-C1", "--recount", "-", stdin=undone).returncode == 0
        if how == "born":
            new = {path: (self.folder / path).read_bytes() for path in self.good if path.endswith(".c")}
            undone = ""
            for path, data in new.items():
                name = path.removesuffix(".c") + "_born.c"
                self.good[name] = self.good[path]
                (self.folder / name).write_bytes(data)
                undone += added(name, data)
        self.patch.write_text(undone, encoding="utf-8", errors="surrogateescape")


def ask(command: list[str], tree: str, patches: list[pathlib.Path], *options: str) -> list[dict[str, Any]]:
    """The answers of ``check``, in the order of *patches*."""
    if not patches:
        return []
    done = subprocess.run(
        [*command, "check", "--tree", tree, "--each", "--format", "jsonl", *options, *map(str, patches)],
        capture_output=True,
        check=False,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def prints(answer: dict[str, Any]) -> collections.Counter[str]:
    """How often each fingerprint is introduced or stands."""
    return collections.Counter(one["fingerprint"] for one in answer["findings"])


def function_text(text: bytes, name: str) -> str:
    """A function without blanks; empty where it is not found."""
    found = re.search(
        rb"^[A-Za-z_][^;{}]*?\b" + re.escape(name.encode()) + rb"\s*\([^;]*?\n\{.*?^\}", text, re.MULTILINE | re.DOTALL
    )
    return b"".join(found[0].split()).decode("utf-8", "replace") if found else ""


class Tally:
    """What came out."""

    def __init__(self) -> None:
        self.counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self.reasons: collections.Counter[tuple[str, str]] = collections.Counter()

    def add(self, rule: str, what: str) -> None:
        """One finding."""
        self.counts[rule][what] += 1
        self.counts["all"][what] += 1

    def show(self) -> None:
        """Print it."""
        columns = ("found", "offered", "applies", "clean", "as the real fix")
        print(f"{'rule':28}" + "".join(f"{name:>17}" for name in columns))
        for rule, count in sorted(self.counts.items(), key=lambda item: (item[0] == "all", -item[1]["found"], item[0])):
            cells = [f"{count['found']:>17}"]
            for name, of in zip(columns[1:], ("found", "offered", "offered", "offered"), strict=True):
                share = f"{100 * count[name] / count[of]:.1f} %" if count[of] else "-"
                cells.append(f"{count[name]:>8} {share:>8}")
            print(f"{rule:28}" + "".join(cells))
        print("\nnot offered, because:")
        for (rule, why), number in sorted(self.reasons.items(), key=lambda item: (-item[1], item[0])):
            print(f"  {number:4}  {rule:28} {why}")


def judge(
    row: Row, answer: dict[str, Any], command: list[str], tree: str, tally: Tally, options: argparse.Namespace
) -> None:
    """Everything that is introduced by one patch."""
    introduced = [one for one in answer["findings"] if one["status"] == "introduced"]
    for finding in introduced:
        tally.add(finding["rule"], "found")
    if not introduced:
        return
    for finding in introduced:
        if finding["fix"] is None:
            continue
        tally.add(finding["rule"], "offered")
        if options.show:
            print(
                f"## {row.ident} {finding['rule']} {finding['file']}:{finding['line']} {finding['function']}\n{finding['message']}\n{finding['fix']}"
            )
        path = finding["file"]
        bad = (row.folder / path).read_bytes()
        applied = git(row.folder, "apply", "-", stdin=finding["fix"])
        if applied.returncode:
            print(f"{row.ident}: {path}: {applied.stderr.decode('utf-8', 'replace').strip()}")
            continue
        tally.add(finding["rule"], "applies")
        fixed = (row.folder / path).read_bytes()
        (row.folder / path).write_bytes(bad)
        again = anew(row, path, fixed, command, tree, options.how)
        gone, now = prints(answer), prints(again)
        if not now - gone and gone - now and not again["errors"]:
            tally.add(finding["rule"], "clean")
        else:
            print(f"{row.ident}: {finding['rule']} in {finding['function']}(): not clean with the fix")
        name = finding["function"]
        tally.counts[finding["rule"]]["as the real fix"] += same(fixed, row.good[path], name)
        tally.counts["all"]["as the real fix"] += same(fixed, row.good[path], name)
    if any(one["fix"] is None for one in introduced):
        done = subprocess.run([*command, "fix", "-q", "--tree", tree, str(row.patch)], capture_output=True, check=False)
        for found in HOW.finditer(done.stderr.decode("utf-8", "replace")):
            tally.reasons[found["rule"], found["why"]] += 1


def same(one: bytes, other: bytes, name: str) -> bool:
    """Whether a function reads the same in two files, but for blanks."""
    text = function_text(one, name)
    return bool(text) and text == function_text(other, name)


def anew(row: Row, path: str, fixed: bytes, command: list[str], tree: str, how: str) -> dict[str, Any]:
    """The answer to the same patch with the fixed file as what it makes of *path*; of a patch that does nothing any more, no finding."""
    patch = row.patch.with_suffix(".again.patch")
    parts = []
    for name, good in row.good.items():
        if how == "born" and not name.endswith("_born.c"):
            continue
        now = fixed if name == path else (row.folder / name).read_bytes()
        if how == "born":
            parts.append(added(name, now))
            continue
        if now != good:
            for side, data in (("a", good), ("b", now)):
                place = row.folder / "diff" / side / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
            done = git(row.folder / "diff", "diff", "--no-index", "--no-prefix", f"a/{name}", f"b/{name}")
            parts.append(done.stdout.decode("utf-8", "surrogateescape"))
    if not parts:
        return {"findings": [], "errors": []}
    patch.write_text("".join(parts), encoding="utf-8", errors="surrogateescape")
    answers = ask(command, tree, [patch], "--show", "introduced,existing", "--no-fix")
    return answers[0] if answers else {"findings": [], "errors": ["no answer"]}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--tree", action="append", default=[], metavar="VERSION=DIR")
    parser.add_argument("--cmd", default="getput")
    parser.add_argument("--as", dest="how", choices=["undo", "born"], default="undo")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--only", default="", metavar="FIELD=VALUE")
    parser.add_argument("--show", action="store_true", help="print every fix")
    args = parser.parse_args()
    trees = dict(one.split("=", 1) for one in args.tree)
    rows = [json.loads(line) for line in (args.corpus / "manifest.jsonl").read_text("utf-8").splitlines()]
    rows = [
        row
        for row in rows
        if row["class"] == "fix" and row["tree"] in trees and row.get("split", args.split) == args.split
    ]
    if args.only:
        field, _, value = args.only.partition("=")
        rows = [row for row in rows if str(row.get(field)) == value]
    if args.limit and len(rows) > args.limit:
        rows = random.Random(20261122).sample(rows, args.limit)
    command, tally, unusable = shlex.split(args.cmd), Tally(), 0
    with tempfile.TemporaryDirectory() as scratch:
        for version, tree in trees.items():
            asked = [
                Row(row, args.corpus, pathlib.Path(tree), pathlib.Path(scratch), args.how)
                for row in rows
                if row["tree"] == version
            ]
            unusable += sum(not row.usable for row in asked)
            asked = [row for row in asked if row.usable and row.patch.stat().st_size]
            answers = ask(command, tree, [row.patch for row in asked], "--show", "introduced,existing", "--fix")
            try:
                for row, answer in zip(asked, answers, strict=True):
                    judge(row, answer, command, tree, tally, args)
            except KeyboardInterrupt:
                print("interrupted: what was judged until then")
                break
    print(f"{len(rows)} patches, {unusable} not askable\n")
    tally.show()
    return 0


if __name__ == "__main__":
    sys.exit(main())
