"""What getput believes of a function that no table knows, and why: call by call, down to the tables.

An index keeps what a function does, not how it was found out; that is found again when somebody asks, by looking at the function anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from getput.csource.expand import mention, scope_names
from getput.csource.syntax import FunctionSource
from getput.flow.ir import Advance, Call, Function, ScopeEnd, Start
from getput.index.names import Definition, Names, seen_from
from getput.ownership.apis import CLEANUP
from getput.ownership.contracts import Contract, Effect, Target, Verb
from getput.ownership.unit import Unit
from getput.verdict.current import Current
from getput.verdict.judge import Judge
from getput.verdict.survey import UnjudgeableError, text_of

DEPTH = 8  # calls of calls
STEPS = 12  # that are told of one function
FILES = 200  # that mention a name and are searched for a macro of that name


class Step(msgspec.Struct, frozen=True):
    """One call that moves the count: ``at`` is FILE:LINE of the call, ``callee`` who is called, ``proof`` FILE:LINE of what does it.

    ``known`` says whether that is an entry of a table; else ``steps`` are the calls which it makes.  ``again`` is set where these were told before,
    or lie too deep to tell.
    """

    at: str
    callee: str
    proof: str
    known: bool
    effects: tuple[Effect, ...]
    steps: tuple[Step, ...] = ()
    again: bool = False


class Belief(msgspec.Struct, frozen=True):
    """What one function does to one counter.  ``place`` is FILE:LINE of its definition, ``kind`` says what it is (static, global, a macro),
    ``returns`` the type of its result."""

    place: str
    kind: str
    returns: str
    counter: str
    contract: Contract
    steps: tuple[Step, ...]


class Evidence:
    """Looks at the functions of one tree again."""

    def __init__(self, judge: Judge, current: Current) -> None:
        assert current.names is not None
        self.judge = judge
        self.current = current
        self.names: Names = current.names
        self.units: dict[str, Unit | None] = {}

    def unit(self, path: str) -> Unit | None:
        """The file at *path*, with the index around it; None where it cannot be read."""
        if path not in self.units:
            try:
                text = text_of(self.current.tree / path)
                self.units[path] = self.judge.unit(text, path, self.names.seen_from(path), guesses=False)
            except UnjudgeableError:
                self.units[path] = None
        return self.units[path]

    def beliefs(self, name: str) -> Iterator[Belief]:
        """What each function called *name* does, file by file; nothing of those that count nothing."""
        indexed = {one.path: one for one in self.names.definitions(name)}
        for path in sorted({*indexed, *self.current.store.files_defining(name), *self.files_of_macro(name)}):
            unit = self.unit(path)
            source = None if unit is None else unit.by_name.get(name)
            if unit is None or source is None:
                continue
            function = unit.function(source)
            if function is None:
                continue
            macro = source.start >= unit.written
            kind = "macro" if macro else "static function" if function.static else "global function"
            for counter, contract in sorted(self.contracts(unit, source, indexed.get(path)).items()):
                yield Belief(
                    f"{path}:{unit.line(source.start)}",
                    kind,
                    function.returns,
                    counter,
                    contract,
                    self.steps(unit, source, counter, {(path, name)}, 0),
                )

    def files_of_macro(self, name: str) -> Iterator[str]:
        """The files that define a macro called *name*, or the cleanup class that has a function of this name."""
        word = re.escape(mention(name).encode())
        head = re.compile(rb"#[ \t]*define[ \t]+%s\(|^(?:DEFINE|EXTEND)_[A-Z]+\(%s\b" % (word, word), re.MULTILINE)
        for path in self.current.store.files_with(name)[:FILES]:
            try:
                if head.search(text_of(self.current.tree / path)):
                    yield path
            except UnjudgeableError:
                continue

    def contracts(self, unit: Unit, source: FunctionSource, indexed: Definition | None) -> dict[str, Contract]:
        """What a function does to each counter: as the index has it, else (static functions) as its file tells."""
        if indexed is not None:
            return indexed.at(self.names.round)
        out = {}
        for counter in sorted(unit.counters(source)):
            contract = unit.contract(source.name, counter, 0) if unit.touches(source, counter) else None
            if contract is not None and self.moved(contract, counter):
                out[counter] = contract
        return out

    def moved(self, contract: Contract, counter: str) -> tuple[Effect, ...]:
        """The effects of *contract* that move *counter*."""
        of = self.judge.vocabulary.tables.counter_of
        return tuple(effect for effect in contract.effects if of(effect.family) == counter)

    def steps(
        self, unit: Unit, source: FunctionSource, counter: str, seen: set[tuple[str, str]], depth: int
    ) -> tuple[Step, ...]:
        """What *source* calls that moves *counter*, in the text's order, each callee once."""
        function = unit.function(source)
        if function is None:
            return ()
        out = []
        for at, name in called(function):
            step = self.step(unit, at, name, counter, seen, depth)
            if step is not None:
                out.append(step)
        return tuple(out[:STEPS])

    def step(self, unit: Unit, at: int, name: str, counter: str, seen: set[tuple[str, str]], depth: int) -> Step | None:
        """The call of *name* at the offset *at* of *unit*; None where it does not move *counter*."""
        place = f"{unit.path}:{unit.line(at)}"
        tables = self.judge.vocabulary.tables
        if name in tables.proofs:
            effects = self.listed(name, counter)
            return Step(place, name, tables.proofs[name].place, True, effects) if effects else None
        contract = unit.contract(name, counter, 0)
        effects = () if contract is None else self.moved(contract, counter)
        where = self.where(unit, name)
        if not effects or where is None:
            return None
        other, source = where
        proof = f"{other.path}:{other.line(source.start)}"
        if (other.path, name) in seen or depth >= DEPTH:
            return Step(place, name, proof, False, effects, again=True)
        seen.add((other.path, name))
        return Step(place, name, proof, False, effects, self.steps(other, source, counter, seen, depth + 1))

    def where(self, unit: Unit, name: str) -> tuple[Unit, FunctionSource] | None:
        """The file and the text of what *name* means in *unit*."""
        if name in unit.by_name:
            return unit, unit.by_name[name]
        for one in seen_from(unit.path, self.names.definitions(name)):
            other = self.unit(one.path)
            if other is not None and name in other.by_name:
                return other, other.by_name[name]
        return None

    def listed(self, name: str, counter: str) -> tuple[Effect, ...]:
        """What the tables say that *name* does to *counter*."""
        tables = self.judge.vocabulary.tables
        contract = tables.contracts.get(name)
        if contract is not None:
            return self.moved(contract, counter)
        loop = tables.iterators.get(name)
        if loop is not None and loop.counted and tables.counter_of(loop.family) == counter:
            return (Effect(Verb.TAKE, Target(loop.cursor, loop.path), loop.family),)
        for cleanup in tables.cleanups.values():
            if CLEANUP.format(cleanup.name) == name and tables.counter_of(cleanup.family) == counter:
                return (Effect(cleanup.verb, Target(0), cleanup.family),)
        return ()


def called(function: Function) -> list[tuple[int, str]]:
    """(offset, name) of what *function* calls or uses, in the text's order, each name once: functions, iterators, cleanups."""
    first: dict[str, int] = {}
    for block in function.blocks:
        for instr in (*block.instrs, block.end):
            if isinstance(instr, Call | Start | Advance | ScopeEnd):
                for name in named(instr):
                    first[name] = min(instr.at, first.get(name, instr.at))
    return sorted((at, name) for name, at in first.items())


def named(instr: Call | Start | Advance | ScopeEnd) -> tuple[str, ...]:
    """What an instruction calls; a cleanup by the names that tables and sources have for it."""
    if isinstance(instr, Call):
        return () if instr.callee is None else (instr.callee,)
    if isinstance(instr, ScopeEnd):
        return (CLEANUP.format(instr.cleanup), *scope_names(instr.cleanup)[:2])
    return (instr.macro,)
