"""What the patches of one series do together, seen when the last of them is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from getput.model import Finding, FunctionFacts, Status
from getput.verdict.place import judged

if TYPE_CHECKING:
    from getput.flow.guards import Guard
    from getput.ownership.view import Changed, Diverged, Found
    from getput.patch.series import Submission
    from getput.verdict.contracts import Suspect, World, Worlds
    from getput.verdict.judge import Comparison, Judge
    from getput.verdict.relatives import Lost
    from getput.verdict.siblings import Shed
    from getput_rules.rule import Rule


class Side(NamedTuple):
    """A patch of the series, and which way it is read: what it brings (introduced), or what it takes away (fixed)."""

    patch: int
    status: Status


class Series:
    """The patches of *submission*, told of file by file."""

    def __init__(self, judge: Judge, submission: Submission) -> None:
        self.judge = judge
        self.submission = submission
        self.asking = [rule for rule in judge.rules if rule.check_changed is not None]
        self.resembling = [rule for rule in judge.rules if rule.check_diverged is not None]
        self.suspected: list[tuple[int, Suspect, Comparison]] = []
        self.shed: list[tuple[Side, Shed, Comparison]] = []
        self.lost: list[tuple[Side, Lost, Comparison]] = []
        self.touched: dict[int, set[tuple[str, str]]] = {}  # by patch: (file, function)
        self.known: Worlds | None = None
        self.cores: list[tuple[int, Comparison]] = []  # files that treat the pages of all devices
        self.compared: list[tuple[int, Comparison]] = []  # where facts about them are asked for

    def note(self, index: int, comparison: Comparison) -> None:
        """One file of the patch *index* was judged."""
        before, after, images = comparison.before, comparison.after, comparison.images
        if after is None or not images.whole:
            return
        old, touched = comparison.touched()
        self.touched.setdefault(index, set()).update((images.path, source.name) for source in touched)
        if before is None:
            return
        if b"pgmap" in after.text:
            self.cores.append((index, comparison))
        if not touched:
            return
        if self.asking:
            from getput.verdict.contracts import suspects

            self.suspected += [(index, one, comparison) for one in suspects(before, after, touched)]
        if self.resembling:
            from getput.verdict.relatives import lost
            from getput.verdict.siblings import shed

            for status, one, other, sources in (
                (Status.INTRODUCED, before, after, touched),
                (Status.FIXED, after, before, old),
            ):
                side = Side(index, status)
                self.shed += [(side, each, comparison) for each in shed(one, other, sources)]
                self.lost += [(side, each, comparison) for each in lost(one, other, sources)]

    def facts(self) -> tuple[FunctionFacts, ...]:
        """What is known of every function that was ``compared``, patch by patch, file by file."""
        if not self.compared:
            return ()
        from getput.verdict.facts import facts

        return tuple([one for index, comparison in self.compared for one in facts(comparison, index)])

    @property
    def worlds(self) -> Worlds:
        """The tree at each of the patches."""
        if self.known is None:
            from getput.verdict.contracts import Worlds

            self.known = Worlds(self.judge, self.submission, self.judge.files())
        return self.known

    def left_behind(self) -> Iterator[Finding]:
        """What the series leaves behind: callers with a contract that one of its patches changed, owners of pages, siblings of what it changed."""
        if self.cores:
            yield from self.owners()
        last = len(self.submission.patches)
        if self.suspected:
            from getput.verdict.contracts import Left

            left = Left(self.judge, self.mentioning)
            for index, suspect, comparison in self.suspected:
                old, new, touched = self.worlds.at(index), self.worlds.at(last), frozenset(self.touched[index])
                for status, changed in (
                    (Status.INTRODUCED, left.changed(suspect, old, new, touched)),
                    (Status.FIXED, left.changed(suspect.reverted(), new, old, touched)),
                ):
                    if changed is not None:
                        yield from self.findings(self.said(changed), changed.function, status, comparison, index)
        yield from self.apart(last)

    def apart(self, last: int) -> Iterator[Finding]:
        """The functions that resemble what a patch touches, and still do what that no longer does."""
        told: list[tuple[Diverged | None, Comparison, Side]] = []
        if self.shed:
            from getput.verdict.siblings import Guarded

            guarded = Guarded(self.judge.folders)
            for (side, _), every in by_guard(self.shed).items():
                found = guarded.diverged([one for one, _ in every], *self.between(side, last))
                told.append((found, every[0][1], side))
        if self.lost:
            from getput.verdict.relatives import Related

            related = Related(self.judge.folders)
            for side, one, comparison in self.lost:
                touched = frozenset(self.touched[side.patch])
                told.append((related.diverged(one, *self.between(side, last), touched), comparison, side))
        for found, comparison, side in told:
            if found is not None:
                said = ((rule, rule.check_diverged(found)) for rule in self.resembling if rule.check_diverged)
                yield from self.findings(said, found.steps[0][0], side.status, comparison, side.patch)

    def between(self, side: Side, last: int) -> tuple[World, World]:
        """The trees before and after, seen from one side of a patch."""
        worlds = self.worlds.at(side.patch), self.worlds.at(last)
        return worlds if side.status is Status.INTRODUCED else (worlds[1], worlds[0])

    def owners(self) -> Iterator[Finding]:
        """The owners of device pages that the series leaves with what their pages were."""
        from getput.verdict import page_owners

        told: set[object] = set()
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
                    changed = page_owners.left(core, self.worlds.at(at), self.mentioning)
                    if changed is not None and (status, core.kind, changed.behind) not in told:
                        told.add((status, core.kind, changed.behind))
                        yield from self.findings(self.said(changed), changed.function, status, comparison, index)

    def said(self, changed: Changed) -> Iterator[tuple[Rule, Iterator[Found]]]:
        """What the rules say of a changed contract."""
        return ((rule, rule.check_changed(changed)) for rule in self.asking if rule.check_changed)

    def findings(
        self,
        said: Iterable[tuple[Rule, Iterator[Found]]],
        function: str,
        status: Status,
        comparison: Comparison,
        index: int,
    ) -> Iterator[Finding]:
        """What rules say of a *function* that the patch *index* changed, in the image of its file that has the worse one."""
        unit = comparison.after if status is Status.INTRODUCED else comparison.before
        if unit is None:
            return
        source = unit.by_name[function]
        for rule, every in said:
            for found in every:
                one = judged(rule.id, rule.severity, found, source, unit.path, unit.lines)
                where = comparison.anchor(one) if status is Status.INTRODUCED else None
                yield comparison.finding(one, status, where, index)

    def mentioning(self, name: str) -> Iterable[str]:
        """The files of the tree that may call *name*: those that an index names."""
        return () if self.judge.mentioning is None else self.judge.mentioning(name)


def by_guard(
    every: Iterable[tuple[Side, Shed, Comparison]],
) -> dict[tuple[Side, Guard], list[tuple[Shed, Comparison]]]:
    """What one side of a patch changes of one guard, together."""
    out: dict[tuple[Side, Guard], list[tuple[Shed, Comparison]]] = {}
    for side, one, comparison in every:
        out.setdefault((side, one.guard), []).append((one, comparison))
    return out
