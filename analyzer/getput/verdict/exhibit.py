"""What a finding can be seen by: the function before and after the patch, the way through each, and the counts on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from getput.csource.syntax import FunctionSource
from getput.index.names import Names
from getput.model import Exhibit, Finding, Side, Status
from getput.ownership.replay import Walk, replay
from getput.ownership.state import Count, Key, Site
from getput.ownership.unit import Unit
from getput.ownership.view import FunctionReport, Mark, marks
from getput.verdict.drawn import MOVES, Drawn, Followed, Image, Way, lines_of
from getput.verdict.judge import Judge
from getput_rules.wording import name_of

SAME_DECISION, SAME_END = 0.3, 0.1  # what it is worth that two ways last decide alike, that they end on the same line
LARGE = 400  # lines of a function in which what stands on many of them ("}") does not tell what belongs together: comparing would take too long
Decision = tuple[int | None, str, str]  # line (None where the image has no such line), kind, text


def standing(
    judge: Judge, names: Names | None, path: str, text: bytes, findings: Sequence[Finding]
) -> list[Exhibit | None]:
    """What each of *findings* can be seen by: of what stands in the file *path*, which is read alone, or with the *names* of an index."""
    unit = judge.unit(text, path, None if names is None else names.seen_from(path), guesses=False)
    return [exhibit(finding, None, Image(unit, ())) for finding in findings]


def exhibit(finding: Finding, before: Image | None, after: Image | None) -> Exhibit | None:
    """What *finding* can be seen by; None where its function does not stand in the image that it is about, or could not be read."""
    mine, other = (before, after) if finding.status is Status.FIXED else (after, before)
    side = "before" if finding.status is Status.FIXED else "after"
    source = None if mine is None else _function(mine.unit, finding.function, finding.line)
    if mine is None or source is None:
        return None
    way = _way_of(finding, mine.unit, source)
    followed = None if way is None else _followed(mine.unit, source, way)
    shown = Drawn(mine, source, way, followed).side(finding)
    twin = None if other is None else _function(other.unit, finding.function, None)
    counterpart = None
    if other is not None and twin is not None:
        lines = _paired(shown, other.unit, twin)
        elsewhere = None if way is None or followed is None else _like(way, mine.unit, other.unit, twin, lines)
        again = None if elsewhere is None else _followed(other.unit, twin, elsewhere)
        noted = {lines[note.line] for note in shown.notes if note.line in lines}
        counterpart = Drawn(other, twin, elsewhere, again).side(None, noted)
    return Exhibit(side, *((shown, counterpart) if side == "before" else (counterpart, shown)))


def _function(unit: Unit, name: str, line: int | None) -> FunctionSource | None:
    """The function of this name: the one that holds *line*, where there are several.  None for what a macro is as a function."""
    found = [source for source in unit.sources if source.name == name and source.start < unit.written]
    if line is None:
        return found[0] if found else None
    return next((one for one in found if unit.line(one.start) <= line <= unit.line(one.end - 1)), None)


# --- which way -------------------------------------------------------------------------------------------------------


def _way_of(finding: Finding, unit: Unit, source: FunctionSource) -> Way | None:
    """The way that *finding* tells of, as the engine went it."""
    steps = {(step.line, step.column) for step in finding.path if step.file == unit.path}
    counter = unit.tables.counter_of(finding.family)
    best, most = None, 0
    for report in unit.reports(source):
        if report.counter != counter:
            continue
        for way in _ways(report):
            named = way.about is not None and name_of(way.about) == finding.object
            here = unit.lines.position(way.end) == (finding.line, finding.column)
            met = {unit.lines.position(mark.at) for mark in way.marks} & steps
            score = 100 * named + 50 * here + len(met)
            if score > most and (named or here):
                best, most = way, score
    return best


def _ways(report: FunctionReport) -> Iterator[Way]:
    """Every way that a report knows, with what it is about."""
    for leak in report.leaks:
        for out, standing in ((leak.shown, leak.standing), *leak.rest):
            yield Way(report.counter, standing.count, (*marks(standing.trace),), out.at)
    for incident in report.incidents:
        yield Way(report.counter, incident.count, (*marks(incident.trace),), incident.at)
    for out in report.exits:
        for standing in out.standings:
            yield Way(report.counter, standing.count, (*marks(standing.trace),), out.at)


def _like(way: Way, mine: Unit, other: Unit, source: FunctionSource, lines: dict[int, int]) -> Way | None:
    """The way through *source* in the *other* image that decides as *way* does, where the two functions are the same (*lines*: line of this
    image to line of the other)."""
    run = other.run(source, way.counter) if way.counter in other.counters(source) else None
    if run is None:
        return None

    decided = _decisions(mine, way.marks, lines.get)
    last = next((one for one in reversed(decided) if one[0] is not None), None)
    end = lines.get(mine.line(way.end))
    best, most = None, -1.0
    for ending in run[2].endings:
        trace = tuple(marks(ending.state.trace))
        others = _decisions(other, trace, lambda line: line)
        alike = SequenceMatcher(None, decided, others).ratio()
        score = alike + SAME_DECISION * (last in others) + SAME_END * (end == other.line(ending.at))
        if score > most:
            best, most = Way(way.counter, way.about, trace, ending.at), score
    return best


def _decisions(unit: Unit, way: Sequence[Mark], line_in_other: Callable[[int], int | None]) -> list[Decision]:
    """What is decided on a way, in the lines of the other image."""
    return [(line_in_other(unit.line(mark.at)), mark.kind, mark.text) for mark in way if mark.kind not in MOVES]


def _paired(shown: Side, unit: Unit, source: FunctionSource) -> dict[int, int]:
    """The lines of *shown* to those of the same function in another image."""
    first, theirs = lines_of(unit, source)
    ours = [_bare(line) for line in shown.lines]
    match = SequenceMatcher(None, ours, [_bare(line) for line in theirs], autojunk=len(theirs) > LARGE)
    return {
        shown.first + block.a + step: first + block.b + step
        for block in match.get_matching_blocks()
        for step in range(block.size)
    }


def _bare(line: str) -> str:
    """A line without what changes where a branch comes to have several statements."""
    return line.strip().removeprefix("}").rstrip("{").strip()


def _followed(unit: Unit, source: FunctionSource, way: Way) -> Followed | None:
    walk = replay(unit, source, way.counter, way.marks, way.end)
    if walk is None:  # what it is about lies on the way, which shows only further on that it is wrong
        walk = replay(unit, source, way.counter, way.marks, None)
    return None if walk is None else Followed(walk, _object(walk, way.about))


def _object(walk: Walk, wanted: Count | None) -> Key | None:
    """The object on a walk that another way knows as *wanted*: of that name, or taken by the same call; of two of them, the one with that count."""
    if wanted is None:
        return None
    best, most = None, 0
    met = _first(wanted)
    for key, count in sorted(walk.objects.items()):
        here = _first(count)
        same = here is not None and met is not None and here.callee == met.callee
        named = bool(count.label) and count.label == wanted.label
        if count.family != wanted.family or not (named or same):
            continue
        there = same and here == met
        ends = walk.numbers(key)[-1][1] == (wanted.low, wanted.high)
        score = 16 * named + 8 * same + 4 * there + 2 * ends + (count.earlier == wanted.earlier)
        if score > most:
            best, most = key, score
    return best


def _first(count: Count) -> Site | None:
    """The call by which an object was met first."""
    return next(iter((*count.taken, *count.dropped)), None)
