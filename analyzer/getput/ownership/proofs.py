"""Looking proofs up: does the kernel's source still say at ``file:line`` what the tables say?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from getput.ownership.apis import CLEANUP, Proof
from getput.pattern import pattern

NEAR = 10  # lines around a proof in which the API's name may stand
BESIDE = 2  # lines around a proof in which a word that proves may stand
PROVING = pattern(r"get|put|hold|ref|inc|dec|grab|alloc|kref|lock|init|add|release|drop")
VERSION = pattern(r"^(VERSION|PATCHLEVEL|SUBLEVEL) *= *(\d+)$", re.MULTILINE)
OF_CLEANUP = pattern(re.escape(CLEANUP).replace(r"\{\}", r"(\w+)"))


def version(tree: Path) -> str:
    """The version of the kernel whose sources stand in *tree*, as ``6.12.117``; raises OSError where there is none."""
    parts = dict(VERSION.findall((tree / "Makefile").read_text("utf-8", "replace")))
    if not {"VERSION", "PATCHLEVEL"} <= parts.keys():
        raise OSError(f"{tree / 'Makefile'}: not the Makefile of a kernel")
    return ".".join(parts.get(part, "0") for part in ("VERSION", "PATCHLEVEL", "SUBLEVEL"))


def series(number: str) -> str:
    """``6.12`` of ``6.12.117``: within one, proofs hardly move."""
    return ".".join(number.split(".")[:2])


def broken(proofs: Iterable[tuple[str, Proof]], tree: Path) -> Iterator[tuple[str, str]]:
    """Of (name, proof) pairs those whose place in *tree* does not show them: the name, and why not."""
    lines = cache(lambda file: source(tree / file))
    for key, proof in proofs:
        file, _, number = proof.place.rpartition(":")
        found = lines(file)
        if found is None:
            yield key, f"{proof.place}: no such file"
            continue
        at = int(number) - 1
        if at >= len(found):
            yield key, f"{proof.place}: the file has {len(found)} lines"
            continue
        match = OF_CLEANUP.fullmatch(key)
        name = re.compile(rf"\b{match[1] if match else key}\b")
        if not near(found, at, NEAR, name) and not near(found, at, BESIDE, PROVING):
            yield key, f"{proof.place}: neither the name nor a get or put stands there"


def near(lines: list[str], at: int, distance: int, pattern: re.Pattern[str]) -> bool:
    """Whether *pattern* stands within *distance* lines of line *at* (0-based)."""
    return any(pattern.search(line) for line in lines[max(0, at - distance) : at + distance + 1])


def source(path: Path) -> list[str] | None:
    """The lines of a file, or None where it does not exist."""
    try:
        return path.read_text("utf-8", "replace").split("\n")
    except OSError:
        return None
