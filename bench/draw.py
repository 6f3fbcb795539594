#!/usr/bin/env python3
"""Draw findings at random from what a scan said, to be read against the source.

    getput scan --tree DIR --format json > scan.json
    python3 bench/draw.py scan.json --seed 1 [--size 60] [--tree DIR]

Prints each with its path; with the tree, the lines of source around every step, too.  The same scan and seed give the same draw.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random


def draw(findings: list[dict], seed: int, size: int) -> list[dict]:
    """*size* of *findings*, or all of them, in the order of their places."""
    findings = sorted(findings, key=lambda one: (one["file"], one["line"], one["rule"], one["message"]))
    chosen = random.Random(seed).sample(findings, min(size, len(findings)))
    return sorted(chosen, key=lambda one: (one["file"], one["line"]))


def around(text: list[str], lines: set[int], near: int = 2) -> list[str]:
    """The source around *lines* (1-based), those themselves marked."""
    shown = sorted({line for at in lines for line in range(at - near, at + near + 1) if 0 < line <= len(text)})
    out = []
    for before, line in zip([shown[0] - 1, *shown], shown, strict=False):
        if line != before + 1:
            out.append("        ...")
        out.append(f"{line:6}{'*' if line in lines else ' '} {text[line - 1]}")
    return out


def main() -> None:
    """Read the arguments, print the draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scan", type=pathlib.Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--size", type=int, default=60)
    parser.add_argument("--tree", type=pathlib.Path)
    args = parser.parse_args()
    for number, one in enumerate(draw(json.loads(args.scan.read_text())["findings"], args.seed, args.size), 1):
        print(f"#{number} {one['file']}:{one['line']} {one['function']} [{one['rule']}, {one['confidence']}]")
        print(f"  {one['message']}")
        if args.tree is None:
            for step in one["path"]:
                print(f"  {step['line']}: {step['note']}")
            continue
        text = (args.tree / one["file"]).read_text("utf-8", "replace").split("\n")
        print("\n".join(around(text, {one["line"], *(step["line"] for step in one["path"])})))


if __name__ == "__main__":
    main()
