"""Before against after: which findings are the same bug, which are new, which are gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from getput.model import Confidence
from getput.ownership.view import Accepted
from getput.verdict.place import Judged

SOME_EXITS = "leak-on-error"
LOOSE = 2  # the first level at which findings of different rules are taken for one bug


def compare(
    before: Sequence[Judged], after: Sequence[Judged], names: tuple[Collection[str], Collection[str]] | None = None
) -> tuple[list[Judged], list[Judged], list[tuple[Judged, Judged]]]:
    """(introduced, fixed, existing pairs), matched by ever looser identity, in the order of *after* and *before*.

    *names* are the functions of the two images: what stands in one of them only may have moved there from another, or to another.
    """
    left, right = list(before), list(after)
    pairs: list[tuple[Judged, Judged]] = []
    more: list[Judged] = []
    less: list[Judged] = []
    for level in range(5):
        waiting: dict[tuple[object, ...], list[Judged]] = {}
        for old in left:
            waiting.setdefault(old.keys[level], []).append(old)
        rest = []
        for new in right:
            known = waiting.get(new.keys[level], [])
            same = next((one for one in known if level < LOOSE or not doubtful(one, new)), None)
            if same is None:
                rest.append(new)
                continue
            known.remove(same)
            left.remove(same)
            if level >= LOOSE and outweighed(same, new):
                more.append(new)
                continue
            if level >= LOOSE and outweighed(new, same):
                less.append(same)
                continue
            if grown(same, new):
                stood, another = spread(same, new)
                more.append(another)
                pairs.append((same, stood))
                continue
            if grown(new, same):
                less.append(spread(new, same)[1])
            pairs.append((same, new))
        right = rest
    rest = []
    for new in right:
        moved = next((old for old in left if names is not None and may_have_moved(old, new, *names)), None)
        if moved is None:
            rest.append(new)
            continue
        left.remove(moved)
        pairs.append((moved, new))
    right = rest
    return [*right, *more], [*left, *less], pairs


def may_have_moved(old: Judged, new: Judged, before: Collection[str], after: Collection[str]) -> bool:
    """Whether *old* and *new* are alike but for their functions, of which one stands in one image only: those *before*, and *after*."""
    return old.elsewhere == new.elsewhere and (new.function not in before or old.function not in after)


def doubtful(old: Judged, new: Judged) -> bool:
    """Whether *old* is a mere suspicion of a leak, and *new* more than that: who heard nothing of the one is to hear of the other."""
    return old.rule != new.rule and old.group[0] == "leak" and suspected(old) and told(new)


def outweighed(weak: Judged, strong: Judged) -> bool:
    """Whether *weak* is a mere suspicion about a put, in one image, and *strong* more than that, in the other: only this one is news."""
    return weak.rule != strong.rule and strong.group[0] == "put" and suspected(weak) and told(strong)


def suspected(one: Judged) -> bool:
    """Whether nobody is told of *one* where it stands."""
    return one.found.confidence is Confidence.LOW or one.found.accepted is not Accepted.NO


def told(one: Judged) -> bool:
    """Whether somebody is told of *one* where a patch writes it."""
    return one.found.confidence is not Confidence.LOW and one.found.accepted is not Accepted.ANYWHERE


def grown(old: Judged, new: Judged) -> bool:
    """Whether more exits lose the reference than before, where some do not."""
    return old.rule == new.rule == SOME_EXITS and len(new.also) > len(old.also) and told(new)


def spread(old: Judged, new: Judged) -> tuple[Judged, Judged]:
    """*new* told of an exit that *old* knew, and of one that it did not: by the source at which the way there ends."""
    known = [old.ending, *(one.ending for one in old.also)]
    where = (new, *new.also)
    stood = next((one for one in where if one.ending in known), new)
    return stood, next((one for one in where if one.ending not in known), where[-1])
