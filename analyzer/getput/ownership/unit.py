"""One source file under analysis: its functions, lowered when asked for; their summaries and reports, kept once made."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import msgspec

from getput.csource.codetext import WORD_BYTES as WORD_CHARS
from getput.csource.expand import SCOPES, Expansion, expansions, scope_calls
from getput.csource.lines import LineMap
from getput.csource.lower import Unlowerable, lower_function
from getput.csource.macros import Macros
from getput.csource.parse import parse_function
from getput.csource.split import functions
from getput.csource.syntax import FunctionSource
from getput.flow.ir import Branch, Function
from getput.ownership import guess, members, nearby, releases
from getput.ownership.alike import unchanged
from getput.ownership.contracts import Contract, moves
from getput.ownership.exits import report_of
from getput.ownership.expanded import counting
from getput.ownership.leaks import COUNTERPART, leaks
from getput.ownership.naming import EMBEDDED
from getput.ownership.solve import Shape, Solver
from getput.ownership.summary import summarize
from getput.ownership.transfer import Machine
from getput.ownership.view import FunctionReport, Member
from getput.ownership.vocabulary import Vocabulary
from getput.pattern import pattern

INIT = pattern(rb"\b__init\b")
DIGITS = "0123456789"
LETTERS = "A"  # the first of what a name begins with; digits come before it
SCOPE_WORDS = frozenset([word.decode("ascii") for word in SCOPES])
NOTHING = ""  # the counter of a run that follows no counts, only what is kept and freed
BLANKS = bytes(char if char in WORD_CHARS else 0x20 for char in range(256))  # for translate: words alone
RELEASED = frozenset({"device", "kobject"})  # counters whose objects have a release function of their driver's
ASSERTED = pattern(rb"\bif\s*\([^;{}]*\bWARN(?:_ON)?(?:_ONCE)?\s*\([^;{}]*\Z")
NEAR = 120  # bytes between the beginning of a condition and the part of it that decides
MAX_DEPTH = 4  # callees of callees of callees, by whose names is known what a function may count
MAX_CHAIN = 12  # callees of callees that are followed; what each does is found out once, so longer chains cost little


class Elsewhere(Protocol):
    """What is known of the functions that stand in other files."""

    def counters(self, words: frozenset[str]) -> frozenset[str]:
        """What callers of the functions among *words* count for their sake."""

    def contract(self, name: str, counter: str) -> Contract | None:
        """What a call of *name* does to *counter*; None where nothing is known."""


class Unit:
    """The functions of one image of one file.

    *elsewhere* answers for callees that neither the tables nor the file know; with *guesses*, names do where it has no answer.
    Macros and cleanup classes of the file that count are functions too: ``expanded``, which stand behind the file's own text.
    """

    def __init__(
        self,
        text: bytes,
        path: str,
        vocabulary: Vocabulary,
        macros: Macros,
        elsewhere: Elsewhere | None = None,
        *,
        guesses: bool = True,
    ) -> None:
        self.text = text
        self.written = len(text)  # of what stands in the file; behind it stands what its macros are as functions
        self.path = path
        self.vocabulary = vocabulary
        self.tables = vocabulary.tables
        self.macros = macros
        self.elsewhere = elsewhere
        self.guesses = guesses
        self.lines = LineMap(text)
        self.sources = functions(text)
        self.by_name: dict[str, FunctionSource] = {}
        for source in self.sources:
            self.by_name.setdefault(source.name, source)
        self.lowered: dict[int, Function | None] = {}
        self.shapes: dict[int, Shape] = {}
        self.failures: dict[int, str] = {}
        self.contracts: dict[tuple[str, str], Contract | None] = {}
        self.runs: dict[tuple[int, str], tuple[Function, Machine, Solver]] = {}
        # Contracts and runs for which a callee was left out, because the chain was too long or led back: good for no shorter chain than theirs.
        self.cut_contracts: dict[tuple[str, str], int] = {}
        self.cut_runs: dict[tuple[int, str], int] = {}
        self.cuts = 0
        self.made: dict[tuple[int, str], FunctionReport | None] = {}
        self.words: dict[int, frozenset[str]] = {}
        self.counting: dict[int, frozenset[str]] = {}
        self.reaching: dict[tuple[int, int], frozenset[str]] = {}
        self.called: dict[int, list[FunctionSource]] = {}
        self.direct: dict[int, frozenset[str]] = {}
        self.touching: dict[tuple[int, str], bool] = {}
        self.bounded: set[str] = set()
        self.twin: Unit | None = None  # the other image: its text is evidence for guesses
        self.alike = False  # the twin sees the same other files
        self.same: dict[str, bool] = {}  # functions of the twin, to the letter, with all that they call
        self.all_words: frozenset[bytes] | None = None
        self.assigned: dict[int, frozenset[str]] = {}  # by function, the members that it writes
        self.texts: dict[str, str] = {}
        self.entries: dict[str, bool] = {}
        self.expanded: list[tuple[FunctionSource, Expansion]] = []
        self.unexpanded = expansions(text)
        self.expand()

    def expand(self) -> None:
        """Make functions of the macros and cleanup classes that count, as far as is known by now."""
        found, self.unexpanded = counting(self)
        for one in found:
            text = one.written()
            start = len(self.text) + 1
            if text:
                self.text += b"\n" + text
                source = self.by_name[one.name] = FunctionSource(one.name, start, len(self.text) - 1)
                self.expanded.append((source, one))
        if found:
            self.direct.clear()
            self.counting.clear()
            self.reaching.clear()
            self.called.clear()

    def function(self, source: FunctionSource) -> Function | None:
        """The lowered form of *source*; None where it could not be read (``failures`` says why)."""
        if source.start not in self.lowered:
            lowered = None
            try:
                parsed = parse_function(self.text, source, self.macros)
                lowered = lower_function(self.text, parsed, self.macros)
                if lowered.damaged:
                    self.failures[source.start] = "a part of it could not be parsed"
            except (Unlowerable, ValueError) as error:
                self.failures[source.start] = str(error)
            self.lowered[source.start] = lowered
        return self.lowered[source.start]

    def line(self, at: int) -> int:
        """The line (1-based) in which the offset *at* lies: of a macro, where its definition begins."""
        if at >= self.written:
            at = max((one.at for source, one in self.expanded if source.start <= at < source.end), default=at)
        return self.lines.position(at)[0]

    def words_of(self, source: FunctionSource) -> frozenset[str]:
        """Every identifier in the text of *source*."""
        known = self.words.get(source.start)
        if known is None:
            text = self.text[source.start : source.end]
            twin = self.twin
            other = twin.by_name.get(source.name) if twin is not None else None
            if twin is not None and other is not None and other.start in twin.words:
                if twin.text[other.start : other.end] == text:
                    known = self.words[source.start] = twin.words[other.start]
                    return known
            found = set(text.translate(BLANKS).decode("ascii").split())
            numbers = [word for word in found if word < LETTERS]
            found.difference_update(numbers)
            found.update([rest for word in numbers if (rest := word.lstrip(DIGITS))])
            if not SCOPE_WORDS.isdisjoint(found):
                found.update([word.decode("ascii") for word in scope_calls(self.text, source.start, source.end)])
            known = self.words[source.start] = frozenset(found)
        return known

    def mentioned(self) -> frozenset[bytes]:
        """The words of the file."""
        if self.all_words is None:
            self.all_words = frozenset(self.text.translate(BLANKS).split())
        return self.all_words

    def mentions(self, names: frozenset[str]) -> bool:
        """Whether any of *names* stands anywhere in the file."""
        return not self.mentioned().isdisjoint(in_bytes(names))

    def counters(self, source: FunctionSource) -> frozenset[str]:
        """What *source* and its callees in this file may count."""
        known = self.counting.get(source.start)
        if known is None:
            known = self.reached(source, MAX_DEPTH)
            if self.guesses:
                words = self.words_of(source)
                if self.twin is not None and source.name in self.twin.by_name:
                    words |= self.twin.words_of(self.twin.by_name[source.name])
                known |= guess.pairs(self.unknown(words))
            self.counting[source.start] = known
        return known

    def reached(self, source: FunctionSource, depth: int) -> frozenset[str]:
        """What *source* counts, and whoever of this file it calls over *depth* calls at most."""
        if depth == 0:
            return self.own(source)
        key = (source.start, depth)
        known = self.reaching.get(key)
        if known is None:
            found = [self.reached(callee, depth - 1) for callee in self.callees(source)]
            known = self.reaching[key] = self.own(source).union(*found)
        return known

    def unknown(self, words: frozenset[str]) -> frozenset[str]:
        """Those of *words* that neither a table nor the file knows as a function."""
        here, tables = (
            self.by_name,
            self.tables.contracts,
        )  # a set without the keys of a dictionary would go through all of the keys
        return frozenset([word for word in words if word not in here and word not in tables])

    def callees(self, source: FunctionSource) -> list[FunctionSource]:
        """The other functions of the file that *source* names and no table knows, by their names."""
        known = self.called.get(source.start)
        if known is None:
            tables = self.tables.contracts
            names = [word for word in self.words_of(source) if word in self.by_name and word not in tables]
            known = [self.by_name[name] for name in sorted(names) if name != source.name]
            self.called[source.start] = known
        return known

    def own(self, source: FunctionSource) -> frozenset[str]:
        """What *source* itself counts, by the names it mentions."""
        known = self.direct.get(source.start)
        if known is None:
            words = self.words_of(source)
            found: set[str] = set()
            moving = self.vocabulary.moving
            for word in moving.keys() & words:
                found |= moving[word]
            if not words.isdisjoint(SCOPE_WORDS):
                cleaning = self.vocabulary.cleaning
                for word in cleaning.keys() & words:
                    found |= cleaning[word]
            if self.elsewhere is not None:
                self.direct[source.start] = frozenset(found)  # recursion, through other files, ends here
                found |= self.elsewhere.counters(self.unknown(words))
            known = self.direct[source.start] = frozenset(found)
        return known

    def contract(self, name: str, counter: str, depth: int) -> Contract | None:
        """What a call of *name* does to *counter*, as far as this file (or what lies elsewhere) tells."""
        key = (name, counter)
        if key in self.contracts and depth >= self.cut_contracts.get(key, 0):
            self.cuts += key in self.cut_contracts
            return self.contracts[key]
        source = self.by_name.get(name)
        if source is None:
            found = self.elsewhere.contract(name, counter) if self.elsewhere is not None else None
            self.contracts[key] = found
            return found
        twin = self.twin
        if (
            twin is not None
            and self.alike
            and key in twin.contracts
            and key not in twin.cut_contracts
            and unchanged(self, name)
        ):
            found = self.contracts[key] = twin.contracts[key]
            return found
        before = self.cuts
        if counter != NOTHING and not self.touches(source, counter, depth):
            found = self.contract(name, NOTHING, depth)
        elif depth >= MAX_CHAIN:
            self.cuts += 1
            return None
        else:
            self.contracts[key], self.cut_contracts[key] = None, -1  # who leads back here is told nothing
            run = self.run(source, counter, depth + 1)
            found = None if run is None else summarize(*run)
        self.contracts[key] = found
        if self.cuts > before:
            self.cut_contracts[key] = depth
        else:
            self.cut_contracts.pop(key, None)
        return found

    def touches(self, source: FunctionSource, counter: str, depth: int = 0) -> bool:
        """Whether *source* may do anything to *counter*: by itself, or because a callee in this file does."""
        if counter not in self.counters(source):
            return False
        if counter.startswith(guess.PREFIX):
            return True
        key = (source.start, counter)
        known = self.touching.get(key)
        if known is not None:
            return known
        if counter in self.own(source):
            self.touching[key] = True
            return True
        if depth >= MAX_DEPTH:
            return True  # who asks will follow it, and know
        self.touching[key] = False  # recursion ends here
        for callee in self.callees(source):
            if self.touches(callee, counter, depth + 1):
                contract = self.contract(callee.name, counter, depth)
                if contract is None or moves(contract):
                    self.touching[key] = True
                    return True
        return False

    def callee(
        self, source: FunctionSource, name: str, counter: str, depth: int, *, counted: bool = True
    ) -> Contract | None:
        """What *source* may expect of a callee that the tables do not know: its summary, or a guess by name.

        Where nothing is *counted* yet on the path, what a callee keeps or frees does not matter, and it is not asked.
        """
        if name in self.by_name:
            if not counted and not self.touches(self.by_name[name], counter):
                return None
            return self.contract(name, counter, depth)
        if self.elsewhere is not None:
            found = self.contract(name, counter, depth)
            if found is not None:
                return found
        if not self.guesses:
            return None
        if counter.startswith(guess.PREFIX):
            return guess.pair_contract(name, counter, self.evidence(source.name))
        puts = self.vocabulary.puts(counter)
        return guess.result_contract(name, counter, puts, self.evidence(source.name))

    def evidence(self, name: str) -> str:
        """The text of a function, of both images."""
        known = self.texts.get(name)
        if known is None:
            known = ""
            for unit in (self, self.twin):
                source = unit.by_name.get(name) if unit is not None else None
                if unit is not None and source is not None:
                    known += unit.text[source.start : source.end].decode("utf-8", "replace")
            self.texts[name] = known
        return known

    def run(self, source: FunctionSource, counter: str, depth: int = 0) -> tuple[Function, Machine, Solver] | None:
        """Follow the paths of *source* for one counter."""
        key = (source.start, counter)
        if key in self.runs and depth >= self.cut_runs.get(key, 0):
            self.cuts += key in self.cut_runs
            return self.runs[key]
        function = self.function(source)
        if function is None:
            return None
        before = self.cuts
        machine = self.machine(source, function, counter, depth)
        shape = self.shapes.get(source.start)
        if shape is None:
            shape = self.shapes[source.start] = Shape(function)
        solver = Solver(machine, shape)
        solver.run()
        if solver.bounded:
            self.bounded.add(source.name)
        self.runs[key] = function, machine, solver
        if self.cuts > before:
            self.cut_runs[key] = depth
        else:
            self.cut_runs.pop(key, None)
        return self.runs[key]

    def close(self) -> None:
        """Give up what was followed; nothing more may be asked of this image."""
        for _, machine, _ in self.runs.values():
            machine.close()
        self.runs.clear()

    def machine(self, source: FunctionSource, function: Function, counter: str, depth: int = 0) -> Machine:
        """What moves states through *function*, the lowered form of *source*."""
        return Machine(
            function,
            counter,
            self.tables,
            lambda name, counted: self.callee(source, name, counter, depth, counted=counted),
            self.by_name.__contains__,
        )

    def reports(self, source: FunctionSource, only: frozenset[str] | None = None) -> list[FunctionReport]:
        """What rules may see of *source*, one report a counter (of *only*, if they are given), in the counters' order."""
        counters = sorted(self.counters(source) if only is None else self.counters(source) & only)
        found = (self.report(source, counter) for counter in counters if self.touches(source, counter))
        return [report for report in found if report is not None]

    def report(self, source: FunctionSource, counter: str) -> FunctionReport | None:
        """What rules may see of *source* and one counter."""
        key = (source.start, counter)
        if key not in self.made:
            self.made[key] = self.make_report(source, counter)
        return self.made[key]

    def make_report(self, source: FunctionSource, counter: str) -> FunctionReport | None:
        """The report of one run, with what the rest of the file tells about stored references, and the leaks that follow."""
        run = self.run(source, counter)
        if run is None:
            return None
        report = report_of(run[0], self.path, run[1], run[2], compared=self.twin is not None)
        if report.incidents and counter in RELEASED:
            report = msgspec.structs.replace(report, incidents=releases.without_idle(self, report.incidents))
        fields = {
            field
            for one in report.exits
            for standing in one.standings
            if standing.high > 0 and standing.count.taken and (not standing.escaped or standing.count.iterator)
            for field in (*standing.fields, "")
            if field or report.users or counter in EMBEDDED or not standing.fields
        }
        if not fields:
            return nearby.weighed(self, source, report)
        head = self.text[source.start : self.text.index(b"{", source.start)]
        boot, mapped = INIT.search(head) is not None, b"__iomem" in head[: head.find(b"(")]
        entry = self.is_entry(source.name)
        droppers: dict[str, tuple[str, ...]] = {}
        if entry:
            here = self.words_of(source)  # what it calls, or registers to be called, is no other way down
            droppers = {field: members.droppers(self, field, counter, here, COUNTERPART) for field in sorted(fields)}
        asserted = self.asserted(source, run[0])
        report = msgspec.structs.replace(
            report, entry=entry, droppers=droppers, boot=boot, mapped=mapped, asserted=asserted
        )
        return nearby.weighed(self, source, msgspec.structs.replace(report, leaks=tuple(leaks(report))))

    def asserted(self, source: FunctionSource, function: Function) -> frozenset[int]:
        """The offsets of conditions in *source* that an assertion makes: ``if (WARN_ON(...))``."""
        if self.text.find(b"WARN", source.start, source.end) < 0:
            return frozenset()
        ends = [block.end.at for block in function.blocks if isinstance(block.end, Branch)]
        return frozenset(at for at in ends if ASSERTED.search(self.text, max(0, at - NEAR), at))

    def is_function(self, name: str) -> bool:
        """Whether the file has a function of this name: not a macro, nor a cleanup class."""
        source = self.by_name.get(name)
        return source is not None and source.start < self.written

    def is_entry(self, name: str) -> bool:
        """Whether the file hands *name* out as a pointer and never calls it: an operation that somebody else calls."""
        known = self.entries.get(name)
        if known is None:
            word = name.encode("ascii")
            called = handed = 0
            at = self.text.find(word)
            while at != -1:
                behind = at + len(word)
                if (
                    self.text[max(at - 1, 0) : at] not in members.WORD_BYTES
                    and self.text[behind : behind + 1] not in members.WORD_BYTES
                ):
                    if self.text[behind : behind + 20].lstrip()[:1] == b"(":
                        called += 1
                    else:
                        handed += 1
                at = self.text.find(word, behind)
            known = self.entries[name] = called == 1 and handed > 0
        return known

    def member(self, source: FunctionSource) -> Member:
        """What rules about several functions see of one."""
        return Member(source.name, source.start, self.text[source.start : source.end])


@lru_cache(maxsize=1024)
def in_bytes(names: frozenset[str]) -> frozenset[bytes]:
    """*names* as they stand in a file."""
    return frozenset(name.encode("ascii") for name in names)
