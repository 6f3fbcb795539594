#!/usr/bin/env python3
"""The tables of docs/accuracy.md, from what a scoring run wrote.

    python3 bench/accuracy.py --manifest CORPUS/manifest.jsonl --judged FILE [--plain FILE] [--injected FOLDER=FILE ...]

*judged* has one object a line: ``question`` (undo, fix, born, quiet, refactor), ``id``, ``hit``, ``introduced`` and, for born, ``control``; *plain* is the
same without an index.  An injected corpus is a folder with a manifest of its own and the judgements of its undo and fix.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib

Judged = dict[str, dict[str, dict]]  # question → id → judgement
Rows = dict[str, dict]  # id → row of the manifest

QUESTIONS = {
    "right": "`right`: the bug named when a patch brings it, its fix not blamed",
    "undo": "`undo`: a real fix reversed; the bug is found",
    "born": "`born`: the bug in a new file; found with it and silent without it",
    "control": "`born`: not silent without it",
    "quiet": "`quiet`: ordinary merged patches with something introduced",
    "refactor": "`refactor`: patches that only move calls, with something introduced",
    "fix": "`fix`: correct fixes with something introduced",
}


def judged_in(path: pathlib.Path) -> Judged:
    """The judgements in *path*, by question."""
    out: Judged = collections.defaultdict(dict)
    for line in path.read_text().splitlines():
        verdict = json.loads(line)
        out[verdict["question"]][verdict["id"]] = verdict
    return out


def rows_in(manifest: pathlib.Path) -> Rows:
    """The rows of *manifest*, by id."""
    return {row["id"]: row for row in map(json.loads, manifest.read_text().splitlines())}


def blamed(row: dict, verdict: dict) -> bool:
    """Whether the fix *row* is said to introduce something in a function that it is about."""
    about = row["functions"]
    return any(
        found["file"] in about and (not about[found["file"]] or found["function"] in about[found["file"]])
        for found in verdict["introduced"]
    )


def right(rows: Rows, judged: Judged) -> set[str]:
    """The fixes whose bug is found and which are not blamed themselves."""
    return {
        name
        for name, verdict in judged["undo"].items()
        if verdict["hit"] and name in judged["fix"] and not blamed(rows[name], judged["fix"][name])
    }


def born(judged: Judged) -> set[str]:
    """The bugs found in a new file that is silent without them."""
    return {name for name, verdict in judged["born"].items() if verdict["hit"] and not verdict.get("control")}


def shares(rows: Rows, judged: Judged) -> dict[str, tuple[int, int]]:
    """By question: of how many of how many patches."""
    noisy = {q: sum(bool(v["introduced"]) for v in judged[q].values()) for q in ("quiet", "refactor", "fix")}
    return {
        "right": (len(right(rows, judged)), len(judged["undo"])),
        "undo": (sum(v["hit"] for v in judged["undo"].values()), len(judged["undo"])),
        "born": (len(born(judged)), len(judged["born"])),
        "control": (sum(bool(v.get("control")) for v in judged["born"].values()), len(judged["born"])),
        **{q: (noisy[q], len(judged[q])) for q in noisy},
    }


def share(pair: tuple[int, int]) -> str:
    """Of how many, in per cent."""
    return f"{100 * pair[0] / pair[1]:.1f} %" if pair[1] else "-"


def by(field: str, rows: Rows, judged: Judged) -> None:
    """Print what is found, by a field of the manifest."""
    found = born(judged)
    count: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0, 0, 0])
    for name, verdict in judged["undo"].items():
        row = count[str(rows[name].get(field))]
        row[0] += 1
        row[1] += verdict["hit"]
        row[2] += name in found
        row[3] += name in judged["born"]
    print(f"| {field} | patches | `undo` | `born`, found with the bug |\n| --- | ---: | ---: | ---: |")
    for name, (patches, undone, new, asked) in sorted(count.items(), key=lambda item: (-item[1][0], item[0])):
        print(f"| {name} | {patches} | {undone} | {new} of {asked} |")
    print()


def injected(folders: list[tuple[Rows, Judged, str]]) -> None:
    """Print what is found of injected bugs, a row a corpus, then by kind and by family."""
    print("| corpus | `right` | `fix` with something introduced |\n| --- | ---: | ---: |")
    count: dict[tuple[str, str], list[int]] = collections.defaultdict(lambda: [0, 0])
    for rows, judged, name in folders:
        good = right(rows, judged)
        found = shares(rows, judged)
        print(f"| {name} | {share(found['right'])} | {share(found['fix'])} |")
        for one in judged["undo"]:
            for field in ("kind", "family"):
                cell = count[field, str(rows[one].get(field))]
                cell[0] += one in good
                cell[1] += 1
    for field in ("kind", "family"):
        cells = sorted(((*cell, key[1]) for key, cell in count.items() if key[0] == field), key=lambda c: -c[0])
        print(f"\nBy {field}: " + "; ".join(f"{name} {found} of {asked}" for found, asked, name in cells) + ".")


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=pathlib.Path, required=True)
    parser.add_argument("--judged", type=pathlib.Path, required=True)
    parser.add_argument("--plain", type=pathlib.Path)
    parser.add_argument("--injected", action="append", default=[], metavar="FOLDER=FILE")
    args = parser.parse_args()
    rows, judged = rows_in(args.manifest), judged_in(args.judged)
    columns = [shares(rows, judged)]
    if args.plain:
        columns.append(shares(rows, judged_in(args.plain)))
    for key, text in QUESTIONS.items():
        print(f"| {text} | " + " | ".join(f"{share(c[key])} ({c[key][0]} of {c[key][1]})" for c in columns) + " |")
    print()
    for field in ("family", "kind", "author_set", "scope_by_eye"):
        by(field, rows, judged)
    if args.injected:
        pairs = [one.rsplit("=", 1) for one in args.injected]
        injected(
            [
                (
                    rows_in(pathlib.Path(folder) / "manifest.jsonl"),
                    judged_in(pathlib.Path(file)),
                    pathlib.Path(folder).name,
                )
                for folder, file in pairs
            ]
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
