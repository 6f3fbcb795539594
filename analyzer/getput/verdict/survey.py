"""One file of a tree, looked at in rounds: what stands in it, and what its functions are to the callers in other files."""

from __future__ import annotations

import errno
import gc
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from getput.config import Settings
from getput.csource.expand import SCOPES, mention
from getput.csource.syntax import FunctionSource
from getput.index.build import Found, Job
from getput.index.facts import Facts, calls_of, facts_of
from getput.index.names import Contracts, Definition, Names, Part, says
from getput.index.records import TOO_LARGE, FileRecord, FunctionRecord, Open, decode, encode
from getput.index.scope import Scope
from getput.index.store import Store
from getput.model import Confidence, Finding, Status
from getput.ownership.contracts import Contract, Source, Verb
from getput.ownership.naming import MANAGED
from getput.ownership.unit import MAX_DEPTH, Unit
from getput.ownership.vocabulary import Vocabulary
from getput.pattern import pattern
from getput.untrusted import MAX_SOURCE, contents
from getput.verdict.judge import Judge, Tally, at_most
from getput.verdict.place import Judged, finding, fingerprint
from getput_rules.packs import every_rule as all_rules

Told = dict[str, tuple[bool, Contracts]]  # by function: whether it is static, and what it does to each counter

STATIC = pattern(rb"\bstatic\b")
TAKING = frozenset({Verb.TAKE, Verb.INIT})
TELLING = TAKING | {Verb.DROP, Verb.SHARE}  # what a caller must know of
# Code that does on purpose what nobody else may, to see what comes of it.
TEST = pattern(r"(?:^|[/_-])(?:unittest|selftests?|kunit|tests?)(?:[/_.-]|\Z)(?!drivers/)")


@cache
def standing() -> dict[str, Confidence]:
    """The most that a finding in standing code is worth, by rule."""
    return {rule.id: rule.standing for rule in all_rules()}


class Followed:
    """Counters that a surveyor follows by themselves: ``part`` says which of what is known, ``counters`` are those of the tables, ``words`` what in
    a text may count for them, ``classes`` cleanup classes that do."""

    def __init__(self, vocabulary: Vocabulary, part: Part) -> None:
        self.part = part
        self.counters = frozenset(filter(part.holds, vocabulary.followed))
        self.words = frozenset(
            word.encode() for word, counted in vocabulary.counters.items() if not counted.isdisjoint(self.counters)
        )
        self.classes = frozenset(
            word.encode() for word, counted in vocabulary.cleaning.items() if not counted.isdisjoint(self.counters)
        )

    def beginning(self, calls: set[bytes]) -> set[bytes]:
        """Those of the words of a file that calls *calls* for whose sake it is looked at."""
        words = calls & self.words
        return words if calls.isdisjoint(SCOPES) else words | self.classes

    def most(self, known: tuple[int, int], count: int) -> tuple[int, int]:
        """*known* (of counters that are proven, of the others), with at least *count* for those that are followed."""
        proven, others = known
        return (max(proven, count), others) if self.part.inside else (proven, max(others, count))


class Surveyor:
    """Looks at files, one at a time, following what is in *scope*; *names* are what the round before found out."""

    def __init__(self, judge: Judge, names: Names, scope: Scope, *, later: bool = False) -> None:
        self.judge = judge
        self.names = names
        parts = names.parts if scope is Scope.ALL else names.parts[:1]
        self.followed = tuple(Followed(judge.vocabulary, part) for part in parts)
        # For each of what is followed, the names of which that round found out more; nothing in the first round.
        self.changed = tuple(names.changed(part) if later else frozenset() for part in parts)

    def first(self, text: bytes, path: str) -> tuple[Facts, FileRecord, Told]:
        """The first round of a file: its facts, what stands in it, and what those of its functions do that count."""
        calls = calls_of(text)
        facts = facts_of(text, calls)
        record = FileRecord(functions=facts.defines.count(b" ") - 1 if facts.defines else 0)
        told: Told = {}
        begun = [(followed, words) for followed in self.followed if (words := followed.beginning(calls))]
        if not begun:
            return facts, record, told
        unit = self.judge.unit(text, path, guesses=False)
        unit.all_words = frozenset(calls)
        whole: list[Judged] = []
        for followed, words in begun:
            if followed.part.inside:
                record = replace(record, functions=len(unit.sources))
            sources = naming(unit, words)
            record = self.look(unit, sources, record, followed, followed.counters)
            new = self.judge.judge_file(unit, unit.sources, None, followed.counters)
            whole += [one for one in new if one not in whole]
            add(told, self.contracts(unit, sources, followed.counters))
        unit.close()
        found = tuple([self.placed(one, {}) for one in whole if one.found.kept is None])
        left = tuple([Open(self.placed(one, {}), one.found.kept) for one in whole if one.found.kept is not None])
        return facts, replace(record, findings=found, open=left), told

    def concerning(self, path: str, calls: bytes) -> list[frozenset[str]]:
        """Of the names that a file calls (as facts tell them) those of which more is known now, if what they count can be seen from the file,
        for each of what is followed.  What it defines itself is left out: a look at the file would begin with that."""
        tables = self.judge.vocabulary.tables.contracts
        words = [call.decode() for call in calls.split()]
        seen = self.names.seen_from(path)
        out = []
        for followed, changed in zip(self.followed, self.changed, strict=True):
            called = [name for name in words if name in changed and name not in tables]
            names = frozenset([name for name in called if not self.names.defines(path, name)])
            out.append(names if seen.spoken_of(names, followed.part) else frozenset())
        return out

    def again(
        self, text: bytes, path: str, record: FileRecord, called: Sequence[frozenset[str]]
    ) -> tuple[FileRecord, Told, frozenset[str]] | None:
        """A later round of a file: looks at the functions that what has changed (*called*, for each of what is followed) concerns, and at the
        counters that it concerns (which are given back too); None where there is none."""
        seen = self.names.seen_from(path)
        unit = self.judge.unit(text, path, seen, guesses=False)
        told: Told = {}
        every: frozenset[str] = frozenset()
        for followed, those in zip(self.followed, called, strict=True):
            names = unit.unknown(those)
            counters = seen.spoken_of(names, followed.part)
            if not counters:
                continue
            sources = naming(unit, {word.encode() for name in names for word in (name, mention(name))})
            if not sources:
                continue
            record = self.look(unit, sources, record, followed, counters)
            add(told, self.contracts(unit, sources, counters))
            every |= counters
        unit.close()
        return (record, told, every) if every else None

    def look(
        self,
        unit: Unit,
        sources: list[FunctionSource],
        record: FileRecord,
        followed: Followed,
        counters: frozenset[str],
    ) -> FileRecord:
        """*record* with what is found of *counters* in *sources* instead of what it said of them in functions of their names."""
        told = {one.name: one for one in record.told}
        by_name: dict[str, list[FunctionSource]] = {}
        written = unit.written
        for source in sources:
            if source.start >= written:
                break  # a macro: what is wrong with it shows where it is used
            if any(unit.touches(source, counter) for counter in unit.counters(source) & counters):
                by_name.setdefault(source.name, []).append(source)
            elif source.name in told:
                by_name.setdefault(source.name, [])
        count = self.judge.vocabulary.tables.counter_of
        for name, variants in by_name.items():
            tally = Tally()
            seen: dict[tuple[object, ...], int] = {}
            found = [self.placed(one, seen) for one in self.judge.judge(unit, variants, tally, counters)]
            old = told.pop(name, None) or FunctionRecord(name)
            found += [one for one in old.findings if count(one.family) not in counters]
            unparsed = followed.most(old.unparsed, tally.unparsed)
            bounded = followed.most(old.bounded, tally.bounded)
            new = FunctionRecord(name, tuple(found), unparsed, bounded)
            if new != FunctionRecord(name):
                told[name] = new
        return replace(record, told=tuple(told[name] for name in sorted(told)))

    def placed(self, bare: Judged, seen: dict[tuple[object, ...], int]) -> Finding:
        """A finding of what stands in the tree, with its fingerprint."""
        family = self.judge.vocabulary.tables.families.get(bare.found.family)
        unproven = family is not None and not family.proven
        doubtful = bare.found.accepted or unproven or TEST.search(bare.path) is not None
        one = at_most(bare, Confidence.LOW if doubtful else standing()[bare.rule])
        number = seen[one.keys[1]] = seen.get(one.keys[1], -1) + 1
        return replace(finding(one, Status.EXISTING, None, None), fingerprint=fingerprint(one, number))

    def contracts(self, unit: Unit, sources: list[FunctionSource], only: frozenset[str]) -> Told:
        """What each of *sources* that other files may call does to each of *only*."""
        out: Told = {}
        header = unit.path.endswith(".h")
        for source in sources:
            if source.name in out or source.name in unit.tables.contracts:
                continue
            static = STATIC.search(unit.text, source.start, unit.text.find(b"(", source.start)) is not None
            if static and not header:
                continue
            counters = [counter for counter in sorted(unit.counters(source) & only) if unit.touches(source, counter)]
            if not counters:
                out[source.name] = (static, {})
                continue
            known = {}
            for counter in counters:
                contract = unit.contract(source.name, counter, 0)
                if contract is not None and MANAGED.match(source.name):
                    contract = replace(
                        contract, effects=tuple(one for one in contract.effects if one.verb not in TAKING)
                    )
                if contract is not None and tells(contract):
                    known[counter] = replace(contract, proof=f"{unit.path}:{unit.line(source.start)}")
            out[source.name] = (static, known)
        return out


def add(told: Told, more: Told) -> None:
    """Enter what *more* says of other counters."""
    for name, (static, contracts) in more.items():
        told[name] = static, told[name][1] | contracts if name in told else contracts


def naming(unit: Unit, words: Iterable[bytes]) -> list[FunctionSource]:
    """The functions of *unit*, its macros too, that mention one of *words*, or a function of the file that does, in the file's order."""
    sources = [*unit.sources, *[source for source, _ in unit.expanded]]
    starts = [source.start for source in sources]
    found: dict[int, FunctionSource] = {}
    new = sorted(words)
    for _ in range(MAX_DEPTH + 1):
        fresh = []
        for word in new:
            at = unit.text.find(word)
            while at != -1:
                index = bisect_right(starts, at) - 1
                if index >= 0 and at < sources[index].end and index not in found:
                    found[index] = sources[index]
                    name = sources[index].name
                    fresh += [name.encode(), mention(name).encode()]
                at = unit.text.find(word, at + len(word))
        new = sorted(set(fresh))
    return [found[index] for index in sorted(found)]


def tells(contract: Contract) -> bool:
    """Whether a caller has to know."""
    if contract.source is Source.GUESS:
        return False
    if any(not device.path for device in (*contract.adds, *contract.deletes)):  # else it is the callee's own affair
        return True
    return any(effect.verb in TELLING for effect in contract.effects)


class UnjudgeableError(Exception):
    """A file of which nothing can be judged; the message says why."""


def text_of(file: Path) -> bytes:
    """What stands in *file*.  Raises UnjudgeableError."""
    try:
        return contents(file, limit=MAX_SOURCE)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise UnjudgeableError(TOO_LARGE) from error
        raise UnjudgeableError(f"cannot be read: {error.strerror}") from error


def name_in(tree: Path, file: Path) -> str:
    """*file* from the root of *tree* (resolved) where it lies below it, else as it stands."""
    real = file.resolve()
    return real.relative_to(tree).as_posix() if real.is_relative_to(tree) else str(file)


def nobody(_: str) -> tuple[Definition, ...]:
    """No definition of a name."""
    return ()


class Alone:
    """Looks at files without an index: each by what the tables and itself say."""

    def __init__(self, tree: Path, settings: Settings, scope: Scope) -> None:
        self.tree = tree.resolve()
        self.scope = scope
        judge = Judge(tree, every_rule(settings))
        names = Names(nobody, -1, judge.vocabulary.proven, frozenset())
        self.surveyor = Surveyor(judge, names, scope)
        settled_in()

    def look(self, file: Path) -> tuple[str, FileRecord]:
        """The name of *file*, from the tree's root where it lies below it, and what stands in it."""
        name = name_in(self.tree, file)
        try:
            return name, self.surveyor.first(text_of(file), name)[1]
        except UnjudgeableError as error:
            return name, FileRecord(problem=str(error))
        except Exception as error:  # noqa: BLE001 -- the other files wait
            return name, FileRecord(problem=f"internal error: {type(error).__name__}: {error}")


def settled_in() -> None:
    """What stays until this process ends is there: it need not be looked through whenever garbage is collected."""
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


def every_rule(settings: Settings) -> Settings:
    """*settings* without a choice of rules: records hold what all of them find."""
    return replace(settings, enable=frozenset(), disable=frozenset())


class Worker:
    """What one process keeps between files: looks at batches of one round."""

    def __init__(self, tree: Path, settings: Settings, place: Path, number: int) -> None:
        self.tree = tree
        self.number = number
        self.store = Store(place, write=False)
        known: dict[str, list[Definition]] = {}
        if number:
            for name, path, static, raw in self.store.all_definitions():
                known.setdefault(name, []).append(Definition(path, bool(static), raw))
        judge = Judge(tree, every_rule(settings))
        names = Names(lambda name: known.get(name, ()), number - 1, self.store.proven, frozenset(known))
        self.surveyor = Surveyor(judge, names, self.store.scope, later=number > 0)
        settled_in()

    def batch(self, jobs: Sequence[Job]) -> list[Found]:
        """What the round finds in *jobs*."""
        return [self.one(job) for job in jobs]

    def one(self, job: Job) -> Found:
        """What the round finds in one file; a fault of getput's own is said in the file's record."""
        try:
            return self.later(job) if self.number else self.first(job, text_of(self.tree / job.path))
        except UnjudgeableError as error:
            return self.failed(job, str(error))
        except Exception as error:  # noqa: BLE001 -- the other files wait
            return self.failed(job, f"internal error: {type(error).__name__}: {error}")

    def first(self, job: Job, text: bytes) -> Found:
        """Round 0."""
        facts, record, contracts = self.surveyor.first(text, job.path)
        names = tuple((name, static, known) for name, (static, known) in sorted(contracts.items()) if known)
        return Found(job.file, facts, encode(record), names)

    def later(self, job: Job) -> Found:
        """A later round."""
        called = self.surveyor.concerning(job.path, self.store.calls(job.file))
        raw = self.store.record(job.file) if any(called) else None
        record = FileRecord() if raw is None else decode(raw)
        found = None
        if any(called) and not record.problem:
            found = self.surveyor.again(text_of(self.tree / job.path), job.path, record, called)
        if found is None:
            return Found(job.file, None, None, ())
        record, contracts, counters = found
        names = []
        for name, (static, newer) in sorted(contracts.items()):
            before: Contracts = {}
            for one in self.surveyor.names.definitions(name):
                if one.path == job.path:
                    before = one.at(self.number - 1)
            known = {counter: one for counter, one in before.items() if counter not in counters} | newer
            if says(before) != says(known):
                names.append((name, static, known))
        return Found(job.file, None, encode(record), tuple(names))

    @staticmethod
    def failed(job: Job, problem: str) -> Found:
        """A file that could not be looked at."""
        return Found(job.file, None, encode(FileRecord(problem=problem)), ())
