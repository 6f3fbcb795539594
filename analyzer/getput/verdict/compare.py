"""Before against after: which findings are the same bug, which are new, which are gone."""

from __future__ import annotations

from collections.abc import Sequence

from getput.verdict.place import Judged


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
            known = waiting.get(new.keys[level])
            if known:
                old = known.pop(0)
                left.remove(old)
                pairs.append((old, new))
            else:
                rest.append(new)
        right = rest
    return right, left, pairs
