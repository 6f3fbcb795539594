"""What the engine made of a function: how every counted object stands at every exit, and how it got there."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from getput.csource.lines import LineMap
from getput.csource.syntax import FunctionSource
from getput.flow.ir import Function
from getput.ownership.contracts import NEG, POS, ZERO
from getput.ownership.solve import MAX_STATES, MAX_STEPS, MAX_WORK, Ending, Solver
from getput.ownership.state import Count, Site, Trace
from getput.ownership.unit import Unit
from getput.ownership.view import Exit, FunctionReport, Incident, Leak, Standing, marks
from getput.verdict.place import FLIPPED, negated

NUMBERS = {ZERO: "0", POS: "positive", NEG: "negative"}
POINTERS = {ZERO: "NULL", POS: "valid", NEG: "an error pointer"}


def states(unit: Unit, source: FunctionSource, title: str, counters: Collection[str]) -> Iterator[str]:
    """Lines about *source*, counter by counter; all that it has where *counters* is empty."""
    reports = [report for report in unit.reports(source) if not counters or report.counter in counters]
    if not reports:
        yield f"{title}: nothing is counted"
    for report in reports:
        run = unit.run(source, report.counter)
        assert run is not None, "there is no report without a run"
        yield f"{title}: counter {report.counter}"
        yield from _One(unit.lines, run[0], report, run[2]).lines()


class _One:
    """One function, one counter."""

    def __init__(self, lines: LineMap, function: Function, report: FunctionReport, solver: Solver) -> None:
        self.map = lines
        self.function = function
        self.report = report
        self.solver = solver

    def lines(self) -> Iterator[str]:
        endings = sorted(self.solver.endings, key=lambda ending: ending.at)
        for out, ending in zip(self.report.exits, endings, strict=True):
            yield ""
            yield from self.exit(out, ending)
        if not endings:
            yield "  no exit is reached"
        sections = (
            [line for incident in self.report.incidents for line in self.incident(incident)],
            [self.leak(leak) for leak in self.report.leaks],
            list(self.blocks()),
        )
        for section in sections:
            if section:
                yield ""
                yield from section

    def exit(self, out: Exit, ending: Ending) -> Iterator[str]:
        """One exit: what the caller sees, the standings, the way."""
        result = "" if ending.value is None else f", returns {self.bits(out.bits)}"
        yield f"  exit ({out.kind.value}) at line {self.line(out.at)}{result}"
        for standing in out.standings:
            yield from self.standing(standing)
        if not out.standings:
            yield "    nothing is counted on this way"
        yield from self.way(ending.state.trace)

    def standing(self, one: Standing) -> Iterator[str]:
        count = one.count
        number = str(one.low) if one.low == one.high else f"{one.low} to {one.high}"
        said = [f"count {number}", f"escaped ({one.escaped})" if one.escaped else "not escaped"]
        said.append(f"held by {one.held_by}" if one.held_by else "not held")
        if one.fields:
            said.append(f"reached by {', '.join(one.fields)}")
        if one.take_failed:
            said.append("the get failed")
        yield f"    {self.object(count)}: {', '.join(said)}"
        for value, bits, delta in count.parts:
            which = "its value" if value == one.key[0] else "a result"
            yield f"      undecided: {delta:+} if {which} is {self.bits(bits, pointer=value == one.key[0])}"
        for verb, sites in (("taken", count.taken), ("dropped", count.dropped), ("failed", count.failed)):
            for site in sites:
                yield f"      {verb}: {self.site(site)}"
        if count.passed:
            yield f"      passed to {', '.join(count.passed)}"

    def way(self, trace: Trace | None) -> Iterator[str]:
        """The steps of a path, a line each, with the source beside them."""
        for mark in marks(trace):
            kind = mark.kind
            if kind in FLIPPED and negated(self.map, mark.at):
                kind = FLIPPED[kind]
            line = self.line(mark.at)
            text = self.map.line_text(line).decode("utf-8", "surrogateescape").strip()
            yield f"      {line:>5} {kind:<9} {text}"

    def incident(self, one: Incident) -> Iterator[str]:
        """What went wrong at one point of a path."""
        note = f" ({one.note})" if one.note else ""
        yield f"  incident {one.kind} at line {self.line(one.at)}{note}: {self.object(one.count)}"
        if one.site is not None:
            yield f"      by {self.site(one.site)}"
        yield from self.way(one.trace)

    def leak(self, one: Leak) -> str:
        """What the second look says."""
        also = f", {len(one.rest)} more exits too" if one.rest else ""
        where = f"at line {self.line(one.shown.at)}{also}"
        return f"  leak ({one.kind}, {one.confidence.value}) {where}: {self.object(one.standing.count)}: {one.evidence}"

    def blocks(self) -> Iterator[str]:
        """Where states met, and where there were too many."""
        solver = self.solver
        for block in sorted(solver.joined.keys() | solver.left_out.keys()):
            kept = solver.apart.get(block, 0)
            said = [f"{kept} {'state' if kept == 1 else 'states'} kept apart"]
            if block in solver.joined:
                said.append(f"{solver.joined[block]} joined")
            if block in solver.left_out:
                said.append(f"{solver.left_out[block]} left out: no more than {MAX_STATES} are kept")
            yield f"  {self.block(block)}: {', '.join(said)}"
        if solver.stopped_at >= 0:
            after = "looking at too much" if solver.work > MAX_WORK else f"{MAX_STEPS} steps"
            yield f"  {self.block(solver.stopped_at)}: given up after {after}"

    def block(self, number: int) -> str:
        """A block and its first line, as ``show cfg`` numbers them."""
        block = self.function.blocks[number]
        at = next((one.at for one in (*block.instrs, block.end) if one.at >= 0), -1)
        return f"block {number}" + (f" (line {self.line(at)})" if at >= 0 else "")

    def line(self, at: int) -> int:
        return self.map.position(at)[0]

    def site(self, site: Site) -> str:
        known = f", known from a {site.contract.source.name.lower()}" if site.contract is not None else ""
        return f"{site.callee} at line {self.line(site.at)}{known}"

    def object(self, count: Count) -> str:
        name = count.label or "an object without a name"
        return f"{name} ({count.family}, {count.role}{', only reference' if count.fresh else ''})"

    def bits(self, bits: int, *, pointer: bool | None = None) -> str:
        """A set of results in words."""
        words = POINTERS if ("*" in self.function.returns if pointer is None else pointer) else NUMBERS
        return " or ".join(word for bit, word in words.items() if bits & bit) or "nothing that can be"
