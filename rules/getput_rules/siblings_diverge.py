"""A patch changes when or whether one function counts, and leaves its siblings as they were.

## What it does
Where several functions of a folder ask the same named constants before they take, drop or set a count (`if (type == A || type == B)`,
`switch`), that is one decision written down several times.  A patch that drops or changes the question in some of them is asked about the
others, which are named.

The same is asked where several functions make the same step of counting, and one of them no longer does: functions of a file whose names differ in one
word (`foo_rx_stop()`, `foo_tx_stop()`), and those of a folder that stand for the same operation of the same kind of table.  All of them must have made the step
before the patch, and at least two still make it.

## Why it matters
What one of them takes under the old condition another now drops under the new one, or the other way round: for the objects between the two
conditions the count no longer comes out even.

## Bad
    void ring_release(struct ring *ring)
    {
            of_node_put(ring->np);                  /* asked for the type before */
    }

## Good
    void ring_release(struct ring *ring)
    {
            if (ring->type == RING_SHARED)
                    of_node_put(ring->np);
    }

Or the same patch, or a later one of the series, changes the other places with it.

## How to silence it
Change the other places in the same series.  Where the condition is only doubled here (the others imply it), `--no-rule siblings-diverge` switches
the rule off.

## References
mm/memremap.c: which types of pages hold a reference on their pagemap is asked where pages come and where they go.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import Diverged, Found, FunctionReport, Mark
from getput_rules.rule import Rule

SHOWN = 4  # siblings named in the message; the path has them all


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one function alone."""
    yield from ()


def check_diverged(diverged: Diverged) -> Iterator[Found]:
    """One finding a decision, with the functions that are left."""
    siblings = diverged.siblings
    api = diverged.steps[0][1]
    mine = listed([f"{call}() in {name}()" for name, call in diverged.steps])
    theirs = listed([f"{one.api}() in {one.function}() ({one.place.path}:{one.place.line})" for one in siblings])
    others = listed([f"{one.api}() in {one.function}()" for one in siblings])
    says, still = diverged.says[len(diverged.steps) > 1], diverged.still[len(siblings) > 1]
    yield Found(
        api,
        diverged.family,
        "sibling",
        api,
        says,
        diverged.at,
        f"{mine} {says}; {theirs} {still}: must they not change together?",
        Confidence.MEDIUM,
        (Mark("here", diverged.at),),
        beyond=tuple([(one.place, f"{one.api}() in {one.function}() {diverged.still[0]}") for one in siblings]),
        question=f"Must {others} not change together with {mine}?  The latter {says} now, the former {still}.",
    )


def listed(parts: list[str]) -> str:
    """*parts* as a list in words, the first few of them."""
    more = [f"{len(parts) - SHOWN} more"] if len(parts) > SHOWN else []
    shown = [*parts[:SHOWN], *more]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


RULE = Rule(id="siblings-diverge", severity=Severity.WARNING, doc=__doc__, check=check, check_diverged=check_diverged)
