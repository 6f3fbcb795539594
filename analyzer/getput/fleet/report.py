"""The report of an audit: how much was judged, and what was found, by rule, family, subsystem, list and month."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from getput.fleet.store import Results
from getput.report.escape import printable

GROUPS = {
    "rule": "rule",
    "family": "family",
    "subsystem": "subsystem",
}
MOST = 15  # rows of a table


class Row(NamedTuple):
    """One bar: what it is, and how long."""

    name: str
    number: int


class Figures(NamedTuple):
    """What a report says.  ``verdicts`` counts patches by the word of their verdict, ``groups`` the findings by what they are grouped by, ``why``
    what could not be judged or read, by reason."""

    mails: int
    idle: int
    unread: int
    patches: int
    places: int
    judged: int
    members: int
    verdicts: list[Row]
    findings: int
    groups: dict[str, list[Row]]
    why: list[Row]
    seconds: float


CURRENT = "JOIN tasks ON tasks.key = findings.task"
SEEN = (
    "JOIN members ON members.task = tasks.id AND members.ordinal = findings.ordinal "
    "JOIN series ON series.task = tasks.id JOIN appearances ON appearances.series = series.name AND appearances.patch = members.patch"
)
DISTINCT = "findings.task || ' ' || findings.ordinal || ' ' || findings.place"


def figures(results: Results) -> Figures:
    """The figures of the last run."""
    db = results.db
    chosen = tuple(int(word) for word in (results.meta("sources") or "").split())
    within = f"({','.join(map(str, chosen))})"

    def one(query: str) -> tuple[int, ...]:
        return tuple(value or 0 for value in db.execute(query).fetchone())

    mails, idle = one(f"SELECT sum(mails), sum(idle) FROM sources WHERE id IN {within}")
    (unread,) = one(f"SELECT count(*) FROM unread WHERE source IN {within}")
    patches, places = one(f"SELECT count(DISTINCT patch), count(*) FROM appearances WHERE source IN {within}")
    judged, members = results.sizes()
    words = db.execute(
        "SELECT verdict, count(*) FROM verdicts JOIN tasks ON tasks.key = verdicts.task GROUP BY verdict ORDER BY 2 DESC, 1"
    )
    (found,) = one(f"SELECT count(*) FROM findings {CURRENT}")
    groups = {}
    for title, column in GROUPS.items():
        groups[title] = _rows(
            db.execute(f"SELECT {column}, count(*) FROM findings {CURRENT} GROUP BY 1 ORDER BY 2 DESC, 1")
        )
    for title, order in (("list", "2 DESC, 1"), ("month", "1")):
        query = f"SELECT {title}, count(DISTINCT {DISTINCT}) FROM findings {CURRENT} {SEEN} WHERE source IN {within} GROUP BY 1 ORDER BY {order}"
        groups[title] = _rows(db.execute(query))
    (milliseconds,) = one("SELECT sum(milliseconds) FROM costs JOIN tasks ON tasks.key = costs.task")
    return Figures(
        mails,
        idle,
        unread,
        patches,
        places,
        judged,
        members,
        _rows(words),
        found,
        groups,
        _reasons(results),
        milliseconds / 1000,
    )


def _rows(every: Iterable[tuple[str | None, int]]) -> list[Row]:
    return [Row(name or "(unknown)", count) for name, count in every]


def _reasons(results: Results) -> list[Row]:
    """What could not be judged, by the kind of reason: names and numbers are left out."""
    counts: Counter[str] = Counter()
    rows = results.db.execute("SELECT why FROM verdicts JOIN tasks ON tasks.key = verdicts.task WHERE why != ''")
    for (why,) in rows:
        kinds = {re.sub(r"\S*[/.]\S*\.[ch]\b:?", "FILE", re.sub(r"\b\d+\b", "N", line)) for line in why.split("\n")}
        counts.update(kinds)
    return [Row(name, count) for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]


def text(results: Results) -> Iterator[str]:
    """For people, in columns."""
    said = figures(results)
    yield f"{said.mails:,} mails or commits read, {said.idle:,} of them without a patch, {said.unread:,} could not be read\n"
    yield f"{said.patches:,} patches, seen in {said.places:,} places\n"
    yield f"{said.judged:,} of {said.members:,} judged: {', '.join(f'{row.number:,} {row.name}' for row in said.verdicts) or 'none'}\n"
    yield f"{said.findings:,} findings, {said.seconds:,.1f} s of judging\n"
    for title, rows in said.groups.items():
        if rows:
            yield f"\nby {title}\n"
            yield from _bars(rows)
    if said.why:
        yield "\nnot judged, or not all of it\n"
        yield from _bars(said.why)


def _bars(rows: list[Row]) -> Iterator[str]:
    shown = rows[:MOST]
    most = max(row.number for row in shown)
    width = min(60, max(len(printable(row.name)) for row in shown))
    for row in shown:
        yield f"  {printable(row.name)[:60]:{width}}  {row.number:>7,}  {'#' * max(1, round(30 * row.number / most))}\n"
    if len(rows) > MOST:
        yield f"  and {len(rows) - MOST:,} others: {sum(row.number for row in rows[MOST:]):,}\n"
