#!/usr/bin/env python3
"""Rules about device pages on real kernels: every site of bench/zone_device.toml, what is expected of it, and what getput says.

    python3 bench/zone_device.py --tree 6.12=DIR --tree 6.1=DIR [--cmd getput] [--only Z5]

Sites without edits are scanned as they stand.  The others are edited in memory, line by line; getput is asked of the patch that leads there.  Where a site
has edits that come ``first``, the patch is for a tree of its own: the files that they make, and those that are said to ``stand`` beside them.
Exits with 1 where one is not as expected.  A rule that the command does not have is told apart: nothing is expected of it.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_suffix(".toml")
Site = dict[str, Any]


class NoSuchSiteError(Exception):
    """A function or a line that an edit names and that the tree does not have."""


def sites(only: str) -> Iterator[tuple[str, Site]]:
    """(tree, site) of the table, in its order; of one letter and number where *only* says so."""
    for site in tomllib.loads(TABLE.read_text("utf-8"))["site"]:
        if only and site["z"] != only:
            continue
        for tree in site.get("trees", ["6.1", "6.12"]):
            yield tree, site


def lines_of(text: list[str], function: str) -> range:
    """The lines of a function, from its name to the brace that ends it; all of them where it is ``*``."""
    if function == "*":
        return range(len(text))
    head = re.compile(rf"(?:^|\W){re.escape(function)}\(")
    for number, line in enumerate(text):
        if line[:1] in " \t#/*}\n" or not head.search(line) or line.rstrip().endswith(";"):
            continue
        for end in range(number, len(text)):
            if text[end].startswith("}"):
                return range(number, end + 1)
            if text[end].rstrip().endswith(";") and not text[end][:1].isspace():
                break
    raise NoSuchSiteError(f"no function {function}")


def edited(text: list[str], function: str, edits: list[list[str]]) -> list[str]:
    """*text* with each edit (pattern, replacement) made on every line of the function that it matches, or on the one that is said third (from 1); a line
    that is left empty goes."""
    out = list(text)
    for pattern, replacement, *one in edits:
        where, found = lines_of(out, function), 0
        lines: list[str] = []
        for number, line in enumerate(out):
            found += number in where and re.search(pattern, line) is not None
            if number in where and re.search(pattern, line) and (not one or found == int(one[0])):
                new = re.sub(pattern, replacement, line)
                lines += [one + "\n" for one in new.rstrip("\n").split("\n")] if new.strip() else []
            else:
                lines.append(line)
        if not found:
            raise NoSuchSiteError(f"no line {pattern} in {function}")
        out = lines
    return out


def scratch(tree: Path, site: Site, folder: Path) -> Path:
    """The tree that a site's patch is for."""
    if "first" not in site:
        return tree
    for path in {*site.get("stand", ()), *(one["path"] for one in (site, *site["first"], *site.get("also", ())))}:
        if (tree / path).exists():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text((tree / path).read_text("utf-8"), "utf-8")
    for one in site["first"]:
        place = folder / one["path"]
        lines = edited(place.read_text("utf-8").splitlines(keepends=True), one["function"], one["edits"])
        place.write_text("".join(lines), "utf-8")
    return folder


def patch_of(tree: Path, site: Site) -> str:
    """The patch that makes all edits of a site."""
    texts: dict[str, tuple[list[str], list[str]]] = {}
    for one in (site, *site.get("also", ())):
        path = one["path"]
        if path not in texts:
            text = (tree / path).read_text("utf-8").splitlines(keepends=True)
            texts[path] = (text, text)
        texts[path] = (texts[path][0], edited(texts[path][1], one["function"], one["edits"]))
    return "".join(
        "".join(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")) for path, (old, new) in texts.items()
    )


def asked(command: str, *args: object) -> str:
    """What the command prints."""
    done = subprocess.run([command, *map(str, args)], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 2):
        sys.exit(f"{command} {args[0]}: {done.stderr}")
    return done.stdout


def fires(site: Site, findings: list[dict[str, Any]], status: str) -> bool:
    """Whether a finding of the site's rule (or about its family) stands in its function; in any file where ``path`` is ``*``."""
    path, function = site.get("expect_in", [site["path"], site["function"]])
    return any(
        one["status"] == status
        and path in ("*", one["file"])
        and function in ("*", one["function"])
        and (one["rule"] == site["rule"] or (site["rule"] == "*" and one["family"] == site.get("family")))
        and all(word in one["message"] for word in site.get("says", ()))
        for one in findings
    )


def judged(command: str, tree: Path, here: list[Site]) -> list[str]:
    """What getput says of each site: ``fires``, ``silent``, or why it could not be asked."""
    out = ["" for _ in here]
    standing = [number for number, site in enumerate(here) if "edits" not in site and (tree / site["path"]).exists()]
    paths = sorted({str(tree / here[number]["path"]) for number in standing})
    if paths:
        scanned = json.loads(asked(command, "scan", "--no-index", "--tree", tree, "--format", "json", *paths))
        for number in standing:
            out[number] = "fires" if fires(here[number], scanned["findings"], "existing") else "silent"
    with tempfile.TemporaryDirectory() as folder:
        patches: dict[Path, list[tuple[int, Path]]] = {}
        for number, site in enumerate(here):
            if "edits" not in site:
                continue
            try:
                base = scratch(tree, site, Path(folder, f"tree{number}"))
                text = patch_of(base, site)
            except (NoSuchSiteError, OSError) as error:
                out[number] = str(error)
                continue
            patches.setdefault(base, []).append((number, Path(folder, f"{number}.patch")))
            patches[base][-1][1].write_text(text, "utf-8")
        for base, asks in patches.items():
            inputs = [path for _, path in asks]
            options = ("--no-index", "--each", "--show", "all", "--tree", base, "--format", "jsonl")
            said = asked(command, "check", *options, *inputs)
            for (number, _), line in zip(asks, said.splitlines(), strict=True):
                answer = json.loads(line)
                status = here[number].get("status", "introduced")
                out[number] = "fires" if fires(here[number], answer["findings"], status) else "silent"
                if answer["errors"]:
                    out[number] = answer["errors"][0]["message"]
    return [said or "no such file" for said in out]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", action="append", required=True, metavar="NAME=DIR")
    parser.add_argument("--cmd", default="getput")
    parser.add_argument("--only", default="", metavar="Z")
    asks = parser.parse_args()
    trees = {name: Path(folder) for name, folder in (one.split("=", 1) for one in asks.tree)}
    rules = {line.split()[0] for line in asked(asks.cmd, "rules").splitlines() if line.split()}
    rows: list[tuple[str, Site, str]] = []
    for name, tree in trees.items():
        here = [site for one, site in sites(asks.only) if one == name]
        rows += [(name, site, said) for site, said in zip(here, judged(asks.cmd, tree, here), strict=True)]
    wrong = absent = 0
    print(f"{'':4} {'tree':5} {'expected':9} {'seen':9} site")
    for name, site, said in rows:
        missing = site["rule"] not in {"*", *rules}
        absent += missing
        bad = not missing and said != site["expect"]
        wrong += bad
        mark = "no rule" if missing else said
        place = f"{site['path']}: {site['function']}()"
        print(
            f"{site['z']:4} {name:5} {site['expect']:9} {mark:9} {place} {site['what']}{'  <-- WRONG' if bad else ''}"
        )
    print(
        f"{len(rows)} sites, {len(rows) - wrong - absent} as expected, {wrong} not, {absent} about rules that are not there"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
