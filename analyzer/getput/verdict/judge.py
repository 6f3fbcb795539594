"""One submission in, one answer out: both images of every touched function judged by the same engine, and compared."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from getput.config import Settings
from getput.csource import macros
from getput.csource.syntax import FunctionSource
from getput.index.names import Names
from getput.model import Anchor, Answer, Confidence, Extra, FileAnswer, Finding, Letter, PatchAnswer, Stats, Status
from getput.ownership import apis
from getput.ownership.lifetime import file_report
from getput.ownership.unit import Elsewhere, Unit
from getput.ownership.view import Accepted, FileReport
from getput.ownership.view_of_files import WORD
from getput.ownership.vocabulary import Vocabulary
from getput.patch.images import Tree
from getput.verdict.anchor import anchor
from getput.verdict.around import Around
from getput.verdict.compare import compare
from getput.verdict.folder import Folders
from getput.verdict.offered import Offered
from getput.verdict.place import Judged, finding, fingerprint, judged, text_at
from getput.verdict.series import Series
from getput_rules.packs import every_rule

if TYPE_CHECKING:
    from getput.patch.images import FileImages
    from getput.patch.series import Patch, Submission
    from getput.verdict.contracts import Mentioning


class Tally:
    """How much was judged, and how much could not be."""

    __slots__ = ("bounded", "functions", "unparsed")

    def __init__(self) -> None:
        self.functions = self.unparsed = self.bounded = 0

    def stats(self) -> Stats:
        """The counts as a value."""
        return Stats(self.functions, self.unparsed, self.bounded)


class Judge:
    """Judges patches and files for one source tree; keeps tables and macros between inputs, and nothing else."""

    def __init__(
        self,
        tree: Path | None,
        settings: Settings,
        names: Names | None = None,
        mentioning: Mentioning | None = None,
        needs: frozenset[str] = frozenset(),
    ) -> None:
        self.tree = tree
        self.needs = needs
        self.mentioning = mentioning
        self.settings = settings
        self.names = names
        self.vocabulary = Vocabulary(apis.load(settings.tables))
        known = macros.for_tree(tree)
        if settings.iterators:
            known = msgspec.structs.replace(known, iterators=known.iterators | frozenset(settings.iterators))
        self.macros = known
        self.rules = tuple(rule for rule in every_rule() if settings.runs(rule.id))
        self.folders = Folders(tree, self.vocabulary)
        self.offered = Offered(tree)

    # --- patches -------------------------------------------------------------------------------------------------

    def check(self, submission: Submission) -> Answer:
        """What *submission* introduces, fixes, and leaves; problems with its files become errors of the answer."""
        tally = Tally()
        patches: list[PatchAnswer] = []
        found: list[Finding] = []
        errors = list(submission.problems)
        open_bugs: dict[tuple[object, ...], int] = {}
        series = Series(self, submission)
        self.offered.told(submission)
        for index, patch in enumerate(submission.patches):
            units = self.units(patch.files)
            files = [self.file(images, index, tally, found, open_bugs, units, series) for images in patch.files]
            said = (patch.subject, patch.message_id, patch.commit, patch.applied)
            patches.append(PatchAnswer(*said, tuple(files), patch.message, self.letter(patch)))
        found += series.left_behind()
        found.sort(key=lambda f: (f.patch or 0, f.file, f.line, f.column, f.rule, f.message))
        name, stats, notes = submission.name, tally.stats(), submission.notes
        return Answer(name, tuple(patches), tuple(found), tuple(errors), stats, notes=notes, facts=series.facts())

    def files(self) -> Tree:
        """The files of the tree, for what a series is asked beyond its own."""
        return Tree(self.tree)

    def letter(self, patch: Patch) -> Letter | None:
        """*patch* as it was sent, where a format asks for it."""
        if Extra.LETTERS not in self.needs:
            return None
        from getput.patch.letter import letter

        return letter(patch)

    def units(self, files: Iterable[FileImages]) -> tuple[dict[str, Unit], dict[str, Unit]]:
        """The files of a patch before and after it, by path, each with the others and the index around it."""
        before: dict[str, Unit] = {}
        after: dict[str, Unit] = {}
        for images in files:
            if images.status != "ready":
                continue
            old_path = images.old_path or images.path
            for text, path, side in ((images.before, old_path, before), (images.after, images.path, after)):
                if text is not None:
                    side[path] = self.unit(text, path)
            if old_path in before and images.path in after:
                before[old_path].twin, after[images.path].twin = after[images.path], before[old_path]
        if self.names is not None or len(before) > 1 or len(after) > 1:
            for side in (before, after):
                for path, unit in side.items():
                    unit.elsewhere = Around(path, side, self.names)
            for unit in (*before.values(), *after.values()):
                unit.expand()
        for unit in (*before.values(), *after.values()):
            unit.alike = len(before) == len(after) == 1
        return before, after

    def file(
        self,
        images: FileImages,
        index: int,
        tally: Tally,
        found: list[Finding],
        open_bugs: dict[tuple[object, ...], int],
        units: tuple[dict[str, Unit], dict[str, Unit]],
        series: Series,
    ) -> FileAnswer:
        """Judge one file of one patch of *series*, whose files are *units*."""
        if images.status != "ready":
            return FileAnswer(images.path, images.status, images.reason)
        before = None if images.before is None else units[0][images.old_path or images.path]
        after = None if images.after is None else units[1][images.path]
        comparison = Comparison(self, images, before, after, units)
        start = tally.stats()
        for one, status, where in comparison.outcome(tally):
            key = one.keys[1]
            if status is Status.FIXED and key in open_bugs:
                at = open_bugs.pop(key)
                found[at] = msgspec.structs.replace(found[at], mended_by=index)
            found.append(comparison.finding(one, status, where, index))
            if status is Status.INTRODUCED:
                open_bugs[key] = len(found) - 1
        series.note(index, comparison)
        if Extra.FACTS in self.needs:
            series.compared.append((index, comparison))
        reason = None if images.whole else "only the hunks are known; functions that they show whole were judged"
        end = tally.stats()
        functions, unparsed = end.functions - start.functions, end.unparsed - start.unparsed
        bounded = end.bounded - start.bounded
        return FileAnswer(images.path, "analysed", reason, comparison.functions, functions, unparsed, bounded)

    def unit(self, text: bytes, path: str, elsewhere: Elsewhere | None = None, *, guesses: bool = True) -> Unit:
        """The image of a file, ready to be analysed."""
        return Unit(text, path, self.vocabulary, self.macros, elsewhere, guesses=guesses)

    # --- functions -----------------------------------------------------------------------------------------------

    def judge(
        self,
        unit: Unit,
        sources: Sequence[FunctionSource],
        tally: Tally | None,
        counters: frozenset[str] | None = None,
    ) -> list[Judged]:
        """Everything the rules find in *sources*, in their order; only of *counters*, if they are given."""
        lines = unit.lines
        out: list[Judged] = []
        for source in sources:
            reports = unit.reports(source, counters)
            said: set[tuple[str, int, str]] = set()
            for report in reports:
                for rule in self.rules:
                    for one in rule.check(report):
                        new = judged(rule.id, rule.severity, one, source, unit.path, lines)
                        place = (rule.id, new.line, one.message)
                        if place not in said:
                            said.add(place)
                            out.append(new)
            if tally is not None:
                tally.functions += 1
                tally.unparsed += source.start in unit.failures
                tally.bounded += any(report.bounded for report in reports)
        return out

    def judge_file(
        self,
        unit: Unit | None,
        touched: Sequence[FunctionSource],
        focus: frozenset[str] | None,
        counters: frozenset[str] | None = None,
    ) -> list[Judged]:
        """What the rules about several functions find, where one of *touched* concerns them; references that members
        hold are followed of *counters* only, if those are given."""
        if unit is None:
            return []
        out: list[Judged] = []
        lines = unit.lines
        report: FileReport | None = None
        for rule in self.rules:
            if rule.check_file is None or rule.mark not in unit.text:
                continue
            if rule.anywhere or any(
                rule.concerned is None or rule.concerned(unit.member(source)) for source in touched
            ):
                if report is None:
                    report = file_report(unit, focus, frozenset(source.name for source in touched), counters)
                asked = msgspec.structs.replace(report, lacks=self.offered.lacking(rule.asks)) if rule.asks else report
                for name, one in rule.check_file(asked):
                    out.append(judged(rule.id, rule.severity, one, unit.by_name[name], unit.path, lines))
        return out


class Comparison:
    """The two images of one file."""

    def __init__(
        self,
        judge: Judge,
        images: FileImages,
        before: Unit | None,
        after: Unit | None,
        units: tuple[dict[str, Unit], dict[str, Unit]],
    ) -> None:
        self.judge = judge
        self.units = units
        self.images = images
        self.before = before
        self.after = after
        self.seen: dict[tuple[object, ...], int] = {}
        self.functions: frozenset[str] = frozenset()  # those that were judged
        self.standing: Counter[tuple[object, ...]] = Counter()  # how often what stood before is of a kind
        self.removed_lines: dict[int, str] | None = None

    def ordinal(self, one: Judged, status: Status) -> int:
        """Which of its kind in its function this is, 0-based: what stood before is counted first, so that it keeps its number."""
        key = (status, one.keys[1])
        first = self.standing[one.keys[1]] if status is Status.INTRODUCED else 0
        self.seen[key] = self.seen.get(key, first - 1) + 1
        return self.seen[key]

    def touched(self) -> tuple[list[FunctionSource], list[FunctionSource]]:
        """The functions with changed text, of the before- and of the after-image."""
        old = touched_in(self.before, self.images.removed)
        new = touched_in(self.after, self.images.added)
        names = {source.name for source in old} | {source.name for source in new}
        return pick(self.before, names, old), pick(self.after, names, new)

    def judged_sources(self) -> tuple[list[FunctionSource], list[FunctionSource]]:
        """The same, where only hunks are known without the functions that these do not show whole."""
        old, new = self.touched()
        if self.images.whole:
            return old, new
        return whole_only(self.before, old, self.images, 0), whole_only(self.after, new, self.images, 2)

    def outcome(self, tally: Tally) -> list[tuple[Judged, Status, Anchor | None]]:
        """Every finding with its status and its anchor."""
        old, new = self.judged_sources()
        self.functions = frozenset(source.name for source in (*old, *new))
        before = [] if self.before is None else self.judge.judge(self.before, old, None if new else tally)
        after = [] if self.after is None else self.judge.judge(self.after, new, tally)
        if self.images.whole:
            focus = None if self.before is None else self.changed_words()
            before += self.settled(self.judge.judge_file(self.before, old, focus), 0)
            after += self.settled(self.judge.judge_file(self.after, new, focus), 1)
        after = [weighed(one, self.before) for one in after]
        before = [weighed(one, self.after) for one in before]
        names = None if self.before is None or self.after is None else (self.before.by_name, self.after.by_name)
        introduced, fixed, existing = compare(before, after, names)
        self.standing.update(one.keys[1] for _, one in existing)
        out: list[tuple[Judged, Status, Anchor | None]] = []
        out += [(one, Status.INTRODUCED, self.anchor(one)) for one in introduced]
        out += [(one, Status.FIXED, None) for one in fixed]
        out += [(one, Status.EXISTING, None) for _, one in existing]
        return out

    def anchor(self, one: Judged) -> Anchor | None:
        """The changed line that brings *one* about."""
        if self.removed_lines is None:
            self.removed_lines = self.removed_text()
        return anchor(
            one,
            self.images.added,
            self.removed_lines,
            lines_of(self.after, one.function),
            lines_of(self.before, one.function),
            self.images.old_path or self.images.path,
        )

    def finding(self, one: Judged, status: Status, where: Anchor | None, index: int) -> Finding:
        """*one* for everybody, with its fingerprint, and with what it can be seen by where that is needed."""
        result = finding(one, status, where, index)
        result = msgspec.structs.replace(result, fingerprint=fingerprint(one, self.ordinal(one, status)))
        if Extra.EXHIBITS not in self.judge.needs or result.confidence.rank < self.judge.settings.min_confidence.rank:
            return result
        from getput.verdict.drawn import Image
        from getput.verdict.exhibit import exhibit

        before = None if self.before is None else Image(self.before, self.images.removed)
        after = None if self.after is None else Image(self.after, self.images.added)
        return msgspec.structs.replace(result, exhibit=exhibit(result, before, after))

    def settled(self, found: list[Judged], side: int) -> list[Judged]:
        """*found* on one *side* of the patch, without what other files of the folder refute."""
        if all(one.found.kept is None for one in found):
            return found
        images = {path: unit.text[: unit.written] for path, unit in self.units[side].items()}
        return list(self.judge.folders.judged(found, images))

    def changed_words(self) -> frozenset[str]:
        """Every identifier on a changed line, of both images."""
        out: set[str] = set()
        for unit, changed in ((self.before, self.images.removed), (self.after, self.images.added)):
            if unit is not None:
                lines = unit.lines
                for line in changed:
                    out.update(word.decode("ascii") for word in WORD.findall(lines.line_text(line)))
        return frozenset(out)

    def removed_text(self) -> dict[int, str]:
        """The removed lines of the before-image with their text."""
        if self.before is None or not self.images.removed:
            return {}
        lines = self.before.lines
        return {line: text_at(lines, line) for line in sorted(self.images.removed)}


def weighed(one: Judged, other: Unit | None) -> Judged:
    """*one*, doubted where it is a pattern that stands in much code: that is the patch's only where it wrote or changed the code, and not for sure."""
    if not one.found.accepted:
        return one
    known = other is not None and one.function in other.by_name
    told = known or one.found.accepted is Accepted.STANDING
    return at_most(one, Confidence.MEDIUM if told else Confidence.LOW)


def at_most(one: Judged, confidence: Confidence) -> Judged:
    """*one* with no more than this *confidence*."""
    found = msgspec.structs.replace(one.found, confidence=one.found.confidence.at_most(confidence))
    return msgspec.structs.replace(one, found=found)


def touched_in(unit: Unit | None, changed: frozenset[int]) -> list[FunctionSource]:
    """The functions of *unit* that hold a changed line."""
    if unit is None or not changed:
        return []
    starts = [source.start for source in unit.sources]
    found: set[int] = set()
    for line in changed:
        begin, end = unit.lines.span(line)
        index = bisect_left(starts, end)
        while index and unit.sources[index - 1].end > begin:  # they stand in order, and none in another
            index -= 1
            found.add(index)
    return [unit.sources[index] for index in sorted(found)]


def pick(unit: Unit | None, names: set[str], extra: list[FunctionSource]) -> list[FunctionSource]:
    """The functions of *unit* with one of *names*, in the file's order."""
    if unit is None:
        return []
    starts = {source.start for source in extra}
    return [source for source in unit.sources if source.start in starts or source.name in names]


def whole_only(unit: Unit | None, sources: list[FunctionSource], images: FileImages, side: int) -> list[FunctionSource]:
    """Of *sources*, those that lie within one hunk."""
    if unit is None:
        return []
    lines = unit.lines
    spans = [(hunk[side], hunk[side] + hunk[side + 1] - 1) for hunk in images.hunks]
    out = []
    for source in sources:
        first, last = lines.position(source.start)[0], lines.position(source.end - 1)[0]
        if any(low <= first and last <= high for low, high in spans):
            out.append(source)
    return out


def lines_of(unit: Unit | None, name: str) -> range:
    """The lines of a function, 1-based; empty where the image has none of that name."""
    if unit is None or name not in unit.by_name:
        return range(0)
    source = unit.by_name[name]
    lines = unit.lines
    return range(lines.position(source.start)[0], lines.position(source.end - 1)[0] + 1)
