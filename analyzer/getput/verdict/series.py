"""What the patches of one series do together, seen when the last of them is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from getput.model import Finding, Status
from getput.verdict.place import finding, fingerprint, judged

if TYPE_CHECKING:
    from getput.patch.series import Submission
    from getput.verdict.contracts import Suspect
    from getput.verdict.judge import Comparison, Judge


class Series:
    """The patches of *submission*, told of file by file."""

    def __init__(self, judge: Judge, submission: Submission) -> None:
        self.judge = judge
        self.submission = submission
        self.rules = [rule for rule in judge.rules if rule.check_changed is not None]
        self.suspected: list[tuple[int, Suspect, Comparison]] = []
        self.touched: dict[int, set[tuple[str, str]]] = {}  # by patch: (file, function)

    def note(self, index: int, comparison: Comparison) -> None:
        """One file of the patch *index* was judged."""
        after, images = comparison.after, comparison.images
        if not self.rules or after is None or not images.whole:
            return
        touched = comparison.touched()[1]
        self.touched.setdefault(index, set()).update((images.path, source.name) for source in touched)
        if comparison.before is not None and touched:
            from getput.verdict.contracts import suspects

            for one in suspects(comparison.before, after, touched):
                self.suspected.append((index, one, comparison))

    def left_behind(self) -> Iterator[Finding]:
        """The callers that the series leaves with a contract that one of its patches changed."""
        if not self.suspected:
            return
        from getput.patch.images import Tree
        from getput.verdict.contracts import Left, Worlds

        worlds = Worlds(self.judge, self.submission, Tree(self.judge.tree))
        left = Left(self.judge, self.mentioning)
        last = len(self.submission.patches)
        for index, suspect, comparison in self.suspected:
            after = comparison.after
            assert after is not None
            changed = left.changed(suspect, worlds.at(index), worlds.at(last), frozenset(self.touched[index]))
            if changed is None:
                continue
            source = after.by_name[suspect.name]
            for rule in self.rules:
                assert rule.check_changed is not None
                for found in rule.check_changed(changed):
                    one = judged(rule.id, rule.severity, found, source, after.path, after.lines)
                    result = finding(one, Status.INTRODUCED, comparison.anchor(one), index)
                    ordinal = comparison.ordinal(one, Status.INTRODUCED)
                    yield msgspec.structs.replace(result, fingerprint=fingerprint(one, ordinal))

    def mentioning(self, name: str) -> Iterable[str]:
        """The files of the tree that may call *name*: those that an index names."""
        return () if self.judge.mentioning is None else self.judge.mentioning(name)
