#!/usr/bin/env python3
"""How often what getput says is right, by the confidence with which it says it.

    python3 bench/calibration.py --cmd getput --tree 6.12=DIR [--tree 6.1=DIR] --corpus REFBENCH [--corpus MUTANTS] \\
        [--read docs/findings-6.12.md] [--svg docs/calibration.svg]

Right is a bug that a real fix mends, said to be fixed in a function that the fix is about (its mirror image, the fix reversed, is said to introduce
it); wrong is whatever a fix, an ordinary patch or a refactoring is said to introduce.  What a fix is said to mend elsewhere counts as neither.  Of a
scan, it is what a reader judged, as the tables of *read* have it: place, rule and confidence, judgement.

A corpus is a folder with ``manifest.jsonl``: one object a patch with ``class`` (fix, ordinary, refactor), ``tree``, ``files``, ``functions`` and ``mbox``.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import re
import subprocess
from collections.abc import Iterator

from getput_rules import RULES

STANDING = {rule.id: rule.standing.value for rule in RULES}
LEVELS = ("high", "medium", "low")
FLOORS = {"high": 95, "medium": 80}  # per cent
ROW = re.compile(r"^\| *\d+ *\| `[^|]+\| *([\w-]+) \((high|medium|low)\) *\| *(true|false|unsure) *\|", re.MULTILINE)
Said = tuple[str, str, str, bool]  # where from, rule, confidence, right


def rows_of(corpus: pathlib.Path, trees: dict[str, str]) -> dict[str, list[dict]]:
    """The patches of *corpus* that may be judged, by tree; of a corpus with splits, those of the dev split and mutants."""
    out: dict[str, list[dict]] = {tree: [] for tree in trees}
    for line in (corpus / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row.get("split") in (None, "dev", "mutant") and row.get("tree") in out:
            out[row["tree"]].append(row)
    return out


def answers(command: list[str], tree: str, corpus: pathlib.Path, rows: list[dict]) -> Iterator[tuple[dict, dict]]:
    """Each of *rows* with what getput answers."""
    files = [str(corpus / row["mbox"]) for row in rows]
    options = ["--each", "--format", "jsonl", "--show", "all", "--min-confidence", "low", "--tree", tree]
    for at in range(0, len(files), 200):
        done = subprocess.run(
            [*command, "check", *options, *files[at : at + 200]], capture_output=True, text=True, check=False
        )
        yield from zip(rows[at : at + 200], map(json.loads, done.stdout.splitlines()), strict=True)


def said_of(row: dict, answer: dict, origin: str) -> Iterator[Said]:
    """What *answer* says of the patch *row*, and whether it is right."""
    for one in answer["findings"]:
        if one["status"] == "introduced":
            yield origin, one["rule"], one["confidence"], False
        elif one["status"] == "fixed" and row["class"] == "fix":
            functions = row["functions"].get(one["file"])
            if functions is not None and (not functions or one["function"] in functions):
                yield origin, one["rule"], one["confidence"], True


def said_of_scan(read: pathlib.Path) -> Iterator[Said]:
    """What the tables in *read* judge, without what they leave open; said with the confidence that the rules have now."""
    for rule, confidence, judged in ROW.findall(read.read_text()):
        if judged != "unsure":
            worth = min(confidence, STANDING.get(rule, "high"), key=LEVELS[::-1].index)
            yield "scan", rule, worth, judged == "true"


def table(said: list[Said], column: int) -> str:
    """Right and all, and their share, by *column* and confidence."""
    counts: dict[tuple[str, str], list[int]] = collections.defaultdict(lambda: [0, 0])
    for one in said:
        for name in (one[column], "all"):
            counts[name, one[2]][0] += one[3]
            counts[name, one[2]][1] += 1
    names = sorted({name for name, _ in counts} - {"all"})
    lines = [f"| {('from', 'rule')[column]} | {' | '.join(LEVELS)} |", f"| --- |{' ---: |' * len(LEVELS)}"]
    for name in [*names, "all"]:
        cells = []
        for level in LEVELS:
            right, every = counts.get((name, level), (0, 0))
            cells.append(f"{right} of {every} ({100 * right / every:.0f} %)" if every else "")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def plot(said: list[Said]) -> str:
    """Bars of the shares by origin and confidence, with the lines that they are to reach, as SVG."""
    origins = [*sorted({one[0] for one in said}), "all"]
    width, height, left, top = 90 * len(origins) * 2 + 60, 240, 50, 20
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height + 70}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for percent in (0, 20, 40, 60, 80, 95, 100):
        y = top + height * (1 - percent / 100)
        out.append(f'<line x1="{left}" x2="{width - 10}" y1="{y:.0f}" y2="{y:.0f}" stroke="#ccc"/>')
        out.append(f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{percent} %</text>')
    x = left + 10
    for level in ("high", "medium"):
        for origin in origins:
            chosen = [one[3] for one in said if one[2] == level and origin in (one[0], "all")]
            share = sum(chosen) / len(chosen) if chosen else 0
            tall = height * share
            color = "#4878a8" if 100 * share >= FLOORS[level] else "#c87850"
            out.append(
                f'<rect x="{x}" y="{top + height - tall:.0f}" width="60" height="{tall:.0f}" fill="{color}"/>'
                f'<text x="{x + 30}" y="{top + height - tall - 4:.0f}" text-anchor="middle">{100 * share:.0f}</text>'
                f'<text x="{x + 30}" y="{top + height + 16}" text-anchor="middle">{origin}</text>'
                f'<text x="{x + 30}" y="{top + height + 32}" text-anchor="middle" fill="#666">{len(chosen)}</text>'
            )
            x += 80
        middle = x - 40 * len(origins)
        out.append(f'<text x="{middle}" y="{top + height + 52}" text-anchor="middle" font-weight="bold">{level}</text>')
        x += 30
    return "\n".join([*out, "</svg>", ""])


def main() -> None:
    """Read the arguments, ask getput, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cmd", default="getput", help="the command, one word or several")
    parser.add_argument("--corpus", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--tree", action="append", default=[], metavar="VERSION=DIR")
    parser.add_argument("--read", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path, help="write the plot here")
    args = parser.parse_args()
    trees = dict(one.split("=", 1) for one in args.tree)
    said: list[Said] = []
    for corpus in args.corpus:
        for version, rows in rows_of(corpus, trees).items():
            for row, answer in answers(args.cmd.split(), trees[version], corpus, rows):
                origin = "injected" if row.get("split") == "mutant" else "patches"
                said += said_of(row, answer, origin)
    if args.read:
        said += said_of_scan(args.read)
    print(table(said, 0), "", table(said, 1), sep="\n")
    if args.svg:
        args.svg.write_text(plot(said))


if __name__ == "__main__":
    main()
