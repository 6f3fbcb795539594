"""Before against after: which findings are the same bug, which are new, which are gone."""

from __future__ import annotations

from collections.abc import Sequence

from getput.model import Confidence
from getput.verdict.place import Judged

LOOSE = 2  # the first level at which findings of different rules are taken for one bug


def compare(
    before: Sequence[Judged], after: Sequence[Judged]
) -> tuple[list[Judged], list[Judged], list[tuple[Judged, Judged]]]:
    """(introduced, fixed, existing pairs), matched by ever looser identity, in the order of *after* and *before*."""
    left, right = list(before), list(after)
    pairs: list[tuple[Judged, Judged]] = []
    for level in range(5):
        waiting: dict[tuple[object, ...], list[Judged]] = {}
        for old in left:
            waiting.setdefault(old.keys[level], []).append(old)
        rest = []
        for new in right:
            known = waiting.get(new.keys[level], [])
            same = next((one for one in known if level < LOOSE or one.rule == new.rule or not doubtful(one, new)), None)
            if same is None:
                rest.append(new)
                continue
            known.remove(same)
            left.remove(same)
            pairs.append((same, new))
        right = rest
    return right, left, pairs


def doubtful(old: Judged, new: Judged) -> bool:
    """Whether *old* is a mere suspicion of a leak, and *new* more than that: who heard nothing of the one is to hear of the other."""
    return (
        old.group[0] == "leak" and old.found.confidence is Confidence.LOW and new.found.confidence is not Confidence.LOW
    )
