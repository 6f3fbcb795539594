"""``--format table``: how many findings of which rule, family and subsystem stand in a tree.

by rule                high  medium  low  total
leak-on-error            12       4    0     16
put-too-many              1       0    0      1
total                    13       4    0     17
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from getput.model import Answer, Confidence, Finding
from getput.report import Look
from getput.report.escape import printable
from getput.report.text import summary

FOLDERS = 2  # of a path, that name its subsystem
LEVELS = tuple(Confidence)


def subsystem(finding: Finding) -> str:
    """The first two folders of the file: ``drivers/net``, ``fs/btrfs``, ``kernel``; ``.`` at the top of the tree."""
    return str(PurePosixPath(*PurePosixPath(finding.file).parent.parts[:FOLDERS]))


GROUPS: dict[str, Callable[[Finding], str]] = {
    "by rule": lambda finding: finding.rule,
    "by family": lambda finding: finding.family,
    "by subsystem": subsystem,
}


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:
    """Three tables an answer, then the line that sums it up.  Rows by their total, then by name."""
    for answer in answers:
        parts = [_table(title, name, answer.findings) for title, name in GROUPS.items()] if answer.findings else []
        if not look.quiet:
            parts.append([summary(answer)])
        yield "\n".join("".join(f"{line}\n" for line in part) for part in parts)


def _table(title: str, name: Callable[[Finding], str], findings: Iterable[Finding]) -> list[str]:
    counts: dict[str, Counter[Confidence]] = {}
    every: Counter[Confidence] = Counter()
    for finding in findings:
        counts.setdefault(printable(name(finding)), Counter())[finding.confidence] += 1
        every[finding.confidence] += 1
    ordered = sorted(counts.items(), key=lambda row: (-row[1].total(), row[0]))
    rows = [(title, *(level.value for level in LEVELS), "total")]
    for label, count in [*ordered, ("total", every)]:
        rows.append((label, *(f"{count[level]:,}" for level in LEVELS), f"{count.total():,}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
