"""What the engine knows of the functions that a patch touches, for programs that review: no judgements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from getput.csource.syntax import FunctionSource
from getput.model import (
    Call,
    CounterFacts,
    EffectFacts,
    ExitFacts,
    FunctionFacts,
    ObjectFacts,
    SideFacts,
)
from getput.ownership.contracts import ANY, NEG, POS, ZERO, Contract, Target
from getput.ownership.state import Site
from getput.ownership.unit import Unit
from getput.ownership.view import Exit, FunctionReport, Standing

if TYPE_CHECKING:
    from getput.verdict.judge import Comparison

SIGNS = {ZERO: "zero", POS: "positive", NEG: "negative"}


def facts(comparison: Comparison, patch: int) -> Iterator[FunctionFacts]:
    """The functions that the patch with this index touches in one file, by name; those of one name in the file's order."""
    before, after = comparison.judged_sources()
    names = sorted({source.name for source in (*before, *after)})
    for name in names:
        old = [source for source in before if source.name == name]
        new = [source for source in after if source.name == name]
        for number in range(max(len(old), len(new))):
            yield FunctionFacts(
                patch,
                name,
                _side(comparison.before, old[number]) if number < len(old) and comparison.before else None,
                _side(comparison.after, new[number]) if number < len(new) and comparison.after else None,
            )


def _side(unit: Unit, source: FunctionSource) -> SideFacts:
    function = unit.function(source)
    counters = tuple([_counter(unit, source, report) for report in unit.reports(source)])
    returns = "" if function is None else function.returns
    problem = unit.failures.get(source.start, "")
    return SideFacts(unit.path, unit.line(source.start), unit.line(source.end - 1), returns, counters, problem)


def _counter(unit: Unit, source: FunctionSource, report: FunctionReport) -> CounterFacts:
    contract = unit.contract(source.name, report.counter, 0)
    effects = None if contract is None else tuple(_effects(contract))
    exits = tuple([_exit(unit, one) for one in report.exits])
    return CounterFacts(report.counter, report.bounded, effects, exits)


def _effects(contract: Contract) -> Iterator[EffectFacts]:
    for effect in contract.effects:
        when = effect.when & contract.results if effect.when != ANY else contract.results
        yield EffectFacts(effect.verb.value, _target(effect.target), effect.family, _signs(when))


def _target(target: Target) -> str:
    """``result``, or ``argument 0`` and the way from there: ``argument 0->np``, ``*argument 1``."""
    text = "result" if target.arg < 0 else f"argument {target.arg}"
    for step in target.path:
        text = f"*{text}" if step == "*" else f"{text}{step}"
    return text


def _exit(unit: Unit, one: Exit) -> ExitFacts:
    objects = [_object(unit, standing) for standing in one.standings]
    objects.sort(key=lambda known: (known.object, known.family, known.taken, known.dropped))
    return ExitFacts(unit.line(one.at), one.kind.value, _signs(one.bits), tuple(objects))


def _object(unit: Unit, one: Standing) -> ObjectFacts:
    count = one.count
    return ObjectFacts(
        count.label or (f"{count.taken[0].callee}()" if count.taken else ""),
        count.family,
        count.role,
        one.low,
        one.high,
        owner(one),
        one.fields,
        _calls(unit, count.taken),
        _calls(unit, count.dropped),
        tuple(sorted(name for name in count.passed if name.isidentifier())),
    )


def owner(one: Standing) -> str:
    """Who has what was counted: nothing is left (``none``), or why nobody here owes it, or in what kind of memory it is kept; else ``nobody``."""
    if one.high <= 0:
        return "none"
    return one.escaped or (f"kept in {one.held_by}" if one.held_by else "nobody")


def _calls(unit: Unit, sites: tuple[Site, ...]) -> tuple[Call, ...]:
    return tuple([Call(site.callee, unit.line(site.at)) for site in sites])


def _signs(bits: int) -> tuple[str, ...]:
    return tuple([word for bit, word in SIGNS.items() if bits & bit])
