"""What the patches of one series do together, seen when the last of them is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from getput.model import Finding, Status
from getput.verdict.place import finding, fingerprint, judged

if TYPE_CHECKING:
    from getput.ownership.unit import Unit
    from getput.ownership.view import Changed
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
        self.cores: list[tuple[int, Comparison]] = []  # files that treat the pages of all devices

    def note(self, index: int, comparison: Comparison) -> None:
        """One file of the patch *index* was judged."""
        after, images = comparison.after, comparison.images
        if not self.rules or after is None or not images.whole:
            return
        touched = comparison.touched()[1]
        self.touched.setdefault(index, set()).update((images.path, source.name) for source in touched)
        if b"pgmap" in after.text and comparison.before is not None:
            self.cores.append((index, comparison))
        if comparison.before is not None and touched:
            from getput.verdict.contracts import suspects

            for one in suspects(comparison.before, after, touched):
                self.suspected.append((index, one, comparison))

    def left_behind(self) -> Iterator[Finding]:
        """The callers that the series leaves with a contract that one of its patches changed, and the owners of pages."""
        if self.cores:
            yield from self.owners()
        if not self.suspected:
            return
        from getput.patch.images import Tree
        from getput.verdict.contracts import Left, Worlds

        worlds = Worlds(self.judge, self.submission, Tree(self.judge.tree))
        left = Left(self.judge, self.mentioning)
        last = len(self.submission.patches)
        for index, suspect, comparison in self.suspected:
            old, new, touched = worlds.at(index), worlds.at(last), frozenset(self.touched[index])
            for status, unit, changed in (
                (Status.INTRODUCED, comparison.after, left.changed(suspect, old, new, touched)),
                (Status.FIXED, comparison.before, left.changed(suspect.reverted(), new, old, touched)),
            ):
                if changed is not None and unit is not None:
                    yield from self.findings(changed, status, unit, comparison, index)

    def owners(self) -> Iterator[Finding]:
        """The owners of device pages that the series leaves with what their pages were."""
        from getput.patch.images import Tree
        from getput.verdict import page_owners
        from getput.verdict.contracts import Worlds

        worlds = Worlds(self.judge, self.submission, Tree(self.judge.tree))
        said: set[object] = set()
        for index, comparison in self.cores:
            before, after = comparison.before, comparison.after
            if before is None or after is None:
                continue
            names = {source.name for side in comparison.touched() for source in side}
            for status, old, new, at in (
                (Status.INTRODUCED, before, after, len(self.submission.patches)),
                (Status.FIXED, after, before, index),
            ):
                for core in page_owners.changes(old, new, names):
                    changed = page_owners.left(core, worlds.at(at), self.mentioning)
                    if changed is not None and (status, core.kind, changed.behind) not in said:
                        said.add((status, core.kind, changed.behind))
                        yield from self.findings(changed, status, new, comparison, index)

    def findings(
        self, changed: Changed, status: Status, unit: Unit, comparison: Comparison, index: int
    ) -> Iterator[Finding]:
        """What the rules say of a contract that the patch *index* changed, in the image of its file that has the worse one."""
        source = unit.by_name[changed.function]
        for rule in self.rules:
            assert rule.check_changed is not None
            for found in rule.check_changed(changed):
                one = judged(rule.id, rule.severity, found, source, unit.path, unit.lines)
                where = comparison.anchor(one) if status is Status.INTRODUCED else None
                result = finding(one, status, where, index)
                ordinal = comparison.ordinal(one, status)
                yield msgspec.structs.replace(result, fingerprint=fingerprint(one, ordinal))

    def mentioning(self, name: str) -> Iterable[str]:
        """The files of the tree that may call *name*: those that an index names."""
        return () if self.judge.mentioning is None else self.judge.mentioning(name)
