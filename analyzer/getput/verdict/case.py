"""What is known around a finding when a fix is looked for: its function's statements, the count it is about, who puts what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from getput.csource.outline import DECLARATION, EXPRESSION, Outline, Statement
from getput.csource.syntax import FunctionSource
from getput.model import Finding
from getput.ownership import guess
from getput.ownership.contracts import Contract, Effect, Source, Verb
from getput.ownership.state import Count, Site
from getput.ownership.unit import Unit
from getput.ownership.view import Incident, Leak, marks
from getput.pattern import pattern
from getput.untrusted import contents
from getput.verdict import policy
from getput.verdict.policy import Named, Policy

PLACE = pattern(r"&?[A-Za-z_]\w*(?:(?:->|\.)\w+|\[\w+\])*")  # an expression that may be said again somewhere else
ROOT = pattern(r"[A-Za-z_]\w*")
ASSIGNED = pattern(rb"([A-Za-z_][\w>.\[\]-]*)\s*=\s*(?:\([^()]*\)\s*)?$")
KINDS = {"count-kept-by-failed-get": "failed-get", "leak-always": "always", "leak-on-iterator-exit": "iterator"}
TIED = pattern(rb"(?:[\w\s]*\*\s*)?([A-Za-z_]\w*)\s*=\s*([^=].*);", re.DOTALL)
STORED = pattern(rb"[^=]*(?:->|\.|\[|\*)[^=]*=\s*([^=].*);", re.DOTALL)
CALLED = pattern(rb"\b([A-Za-z_]\w*)\s*\(")
PART = pattern(  # what gives a part of its argument, or what lives as long
    r"^to_|_to_|^container_of$|(?:drv|dev)data|_priv(?:ate)?$|_data$|get_property|_of$|^file_inode$|_payload|^(?:list|rb|hlist)_\w*entry"
)
TAKING = frozenset({Verb.TAKE, Verb.INIT})


class Unfit(Exception):  # noqa: N818 -- no error: why no fix is looked for
    """Why no fix is looked for."""


class Put(msgspec.Struct, frozen=True):
    """A call in the text that drops something: where it stands, what it is called with, and its text."""

    name: str
    start: int
    end: int
    args: tuple[str, ...]
    arg: int  # which of the arguments it drops

    @property
    def what(self) -> str:
        """What it drops."""
        return self.args[self.arg]

    def of(self, expr: str) -> str:
        """The same call for another object."""
        args = [*self.args[: self.arg], expr, *self.args[self.arg + 1 :]]
        return f"{self.name}({', '.join(args)})"


class Case:
    """A finding with what the engine knows of the count that it is about."""

    def __init__(
        self, finding: Finding, unit: Unit, before: Unit | None, source: FunctionSource, tree: Path | None
    ) -> None:
        self.finding = finding
        self.unit = unit
        self.before = before
        self.source = source
        self.tree = tree
        self.outline = Outline(unit.text, source, unit.macros)
        self.at = unit.lines.offset(finding.line) + finding.column - 1
        self.counter = unit.tables.counter_of(finding.family)
        self.leak: Leak | None = None
        self.incident: Incident | None = None
        self.count: Count | None = None
        function = unit.function(source)
        self.locals = {} if function is None else {**function.locals, **{one.name: one.type for one in function.params}}
        self.returns = "" if function is None else function.returns
        self.find()

    def find(self) -> None:
        """The leak or the incident behind the finding, where one function's report has it."""
        for report in self.unit.reports(self.source):
            mine = [leak for leak in report.leaks if self.about(leak)]
            mine.sort(key=lambda leak: leak.shown.at != self.at)
            if mine:
                self.leak, self.count, self.counter = mine[0], mine[0].standing.count, report.counter
                return
            for incident in report.incidents:
                if incident.at == self.at and incident.count.family == self.finding.family:
                    self.incident, self.count, self.counter = incident, incident.count, report.counter
                    return

    def about(self, leak: Leak) -> bool:
        """Whether *leak* is the one that the finding tells of."""
        count = leak.standing.count
        exits = (leak.shown.at, *[one.at for one, _ in leak.rest])
        return (
            count.family == self.finding.family
            and (count.label or "") in (self.finding.object, "")
            and (self.at in exits or any(self.at == site.at for site in count.taken))
        )

    # --- what the policy and the tree say ------------------------------------------------------------------------------

    @property
    def policy(self) -> Policy:
        """Which kind of fix suits."""
        return policy.load()

    def has(self, named: Named) -> bool:
        """Whether the tree has a function or macro: its header names it, or the file does."""
        word = named.name.encode()
        if re.search(rb"\b" + word + rb"\b", self.unit.text[: self.unit.written]):
            return True
        if self.tree is None:
            return False
        try:
            return word in contents(self.tree / named.header, within=self.tree)
        except OSError:
            return False

    # --- the object ----------------------------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """How the reference is lost, as the engine calls it."""
        return self.leak.kind if self.leak is not None else KINDS.get(self.finding.rule, "error")

    @property
    def site(self) -> Site | None:
        """The call that took the reference."""
        if self.count is None or not self.count.taken:
            return self.shown_site()
        return self.count.taken[-1 if self.leak is not None and self.leak.kind == "failed-get" else 0]

    def shown_site(self) -> Site | None:
        """The call at which the way of the finding begins, if that took the reference."""
        first = self.finding.path[0] if self.finding.path else None
        if first is None or len(self.finding.path) < 2 or first.file != self.finding.file:
            return None
        at = self.unit.lines.offset(first.line) + first.column - 1
        found = ROOT.match(self.outline.said(at, min(at + 80, self.source.end)))
        contract = self.unit.tables.contracts.get(found[0]) if found is not None else None
        site = Site(found[0], at, contract) if found is not None else None
        return site if site is not None and self.taking(site) is not None else None

    def lost(self) -> list[tuple[int, tuple[int, ...]]]:
        """(offset, offsets of the conditions on the way, the last one first) of every exit that loses the reference."""
        if self.leak is None:
            way = [self.unit.lines.offset(step.line) + step.column - 1 for step in self.finding.path[1:-1]]
            return [(self.at, tuple(reversed(way)))]
        found = {self.leak.shown.at: self.leak.standing, **{one.at: standing for one, standing in self.leak.rest}}
        asked = ("true", "false", "case")
        return [
            (at, tuple(mark.at for mark in reversed(marks(standing.trace)) if mark.kind in asked))
            for at, standing in sorted(found.items())
        ]

    def taking(self, site: Site) -> Effect | None:
        """What of the call's contract took."""
        if site.contract is None:
            return None
        count_of = self.unit.tables.counter_of
        return next(
            (one for one in site.contract.effects if one.verb in TAKING and count_of(one.family) == self.counter), None
        )

    def expressions(self) -> list[str]:
        """How the source may call the object, best first."""
        out: list[str] = []
        site, count = self.site, self.count
        if site is not None:
            effect, call = self.taking(site), self.outline.call(site.at)
            iterator = self.unit.tables.iterators.get(site.callee)
            if iterator is not None and call is not None and iterator.cursor < len(call[2]) and not iterator.path:
                out.append(call[2][iterator.cursor])
            elif effect is not None and effect.target.arg >= 0 and call is not None:
                if effect.target.arg < len(call[2]):
                    out.append(reached(call[2][effect.target.arg], effect.target.path))
                if site.contract is not None and site.contract.returns_arg == effect.target.arg:
                    out.append(self.assigned(site.at))
            elif assigned := self.assigned(site.at):
                out.append(assigned)
        label = count.label if count is not None else self.finding.object
        if f"&{label}" not in out:
            out.append(label)
        return [one for one in dict.fromkeys(out) if PLACE.fullmatch(one)]

    def assigned(self, at: int) -> str:
        """What the call at an offset is assigned to; empty where it is not."""
        found = ASSIGNED.search(self.outline.code(max(self.source.start, at - 200), at))
        return found[1].decode("ascii") if found else ""

    # --- who puts it ---------------------------------------------------------------------------------------------------

    def contract(self, name: str) -> Contract | None:
        """What is known of a callee, and of one that its name tells of."""
        known = self.unit.tables.contracts.get(name)
        if known is not None:
            return known
        if self.counter.startswith(guess.PREFIX):
            if guess.put_stem(name) == self.counter.removeprefix(guess.PREFIX):
                return guess.pair_contract(name, self.counter, "")
            return None
        if name in self.unit.by_name:
            return self.unit.contract(name, self.counter, 0)
        return None

    def dropping(self, name: str) -> int | None:
        """Which argument a call of *name* drops, where that is all that it does to the counter."""
        contract = self.contract(name)
        if contract is None:
            return None
        count_of = self.unit.tables.counter_of
        mine = [one for one in contract.effects if count_of(one.family) == self.counter]
        drops = [one for one in mine if one.verb is Verb.DROP and one.target.arg >= 0 and not one.target.path]
        if len(drops) != 1 or any(one.verb in TAKING for one in mine):
            return None
        if contract.source is Source.TABLE and any(one.verb is Verb.TAKE for one in contract.effects):
            return None
        return drops[0].target.arg

    def puts(self, unit: Unit, source: FunctionSource) -> Iterator[Put]:
        """The calls in a function that drop something of the counter, in the order of the text."""
        outline = (
            self.outline if unit is self.unit and source is self.source else Outline(unit.text, source, unit.macros)
        )
        for word, at in outline.words(source.start, source.end):
            arg = self.dropping(word)
            if arg is None or at == source.start:
                continue
            call = outline.call(at)
            if call is not None and arg < len(call[2]):
                yield Put(word, call[0], call[1], call[2], arg)

    def releases(self, expr: str) -> list[str]:
        """Calls that drop what *expr* is, without the semicolon: as the function itself says it, as the file does, as the tables do."""
        out: list[str] = []
        kept = self.before.by_name.get(self.source.name) if self.before is not None else None
        texts = [(self.unit, self.source)] + (
            [(self.before, kept)] if self.before is not None and kept is not None else []
        )
        for unit, source in texts:
            out += [one.of(expr) for one in self.puts(unit, source) if one.what == expr]
        site = self.site
        special = self.policy.put.get(site.callee) if site is not None else None
        if special is not None:
            out.insert(0, f"{special}({expr})")
            return list(dict.fromkeys(out))
        out += self.as_others_do(expr)
        effect = self.taking(site) if site is not None else None
        family = effect.family if effect is not None and effect.family != "*" else self.finding.family
        known = self.unit.tables.families.get(family)
        named = self.namesake(site.callee) if site is not None else None
        if named is not None:
            out.append(f"{named}({expr})")
        for put in known.puts[:2] if known is not None and named is None else ():
            contract = self.unit.tables.contracts.get(put)
            if contract is not None and (contract.release_arg >= 0 or self.dropping(put) != 0):
                continue
            inside = self.policy.inside.get(family, {}).get(self.locals.get(expr, ""))
            if inside is not None:
                out.append(f"{put}(&{expr}->{inside})")
            elif self.fits(expr, family):
                out.append(f"{put}({expr})")
        return list(dict.fromkeys(out))[:3]

    def namesake(self, get: str) -> str | None:
        """The put of the tables that is called like a get but for its last word; of several, the one with the longest name."""
        found = []
        for put in self.unit.vocabulary.puts(self.counter):
            stem, _, last = put.rpartition("_")
            if last in ("put", "unref", "release") and stem and get.startswith(stem + "_") and self.dropping(put) == 0:
                contract = self.unit.tables.contracts.get(put)
                if contract is not None and contract.release_arg < 0:
                    found.append(put)
        return max(found, key=lambda put: (len(put), put), default=None)

    def fits(self, expr: str, family: str) -> bool:
        """Whether *expr* has the type that the puts of *family* take, as far as that can be told."""
        wanted, site = self.policy.type.get(family), self.site
        stated = self.locals.get(expr)
        if wanted is not None and stated is not None:
            return stated.removeprefix("const ") == wanted
        return site is None or site.contract is None or site.contract.source is Source.TABLE or wanted is not None

    def as_others_do(self, expr: str) -> list[str]:
        """Calls by which other functions of the file drop what the same get gave them."""
        site = self.site
        if site is None:
            return []
        out = []
        word = site.callee.encode()
        for source in self.unit.sources:
            if source.start == self.source.start or self.unit.text.find(word, source.start, source.end) < 0:
                continue
            outline = Outline(self.unit.text, source, self.unit.macros)
            got = {
                found[1].decode("ascii")
                for name, at in outline.words(source.start, source.end)
                if name == site.callee and (found := ASSIGNED.search(outline.code(max(source.start, at - 200), at)))
            }
            out += [one.of(expr) for one in self.puts(self.unit, source) if one.what in got]
            if len(out) > 2:
                break
        return out

    def valid(self, expr: str, at: int) -> bool:
        """Whether the variables of *expr* mean at an offset what they mean where the reference was taken."""
        return all(self.outline.visible(name, at) for name in self.roots(expr))

    @staticmethod
    def roots(expr: str) -> list[str]:
        """The variables that *expr* begins with: its own, and those of its indices."""
        return [found[0] for found in ROOT.finditer(re.sub(r"(?:->|\.)\s*\w+", "", expr))]

    def tied(self, expr: str) -> frozenset[str]:
        """The variables that are good only as long as the object is: its own, and those that point into it or are got from it as a part."""
        found = set(self.roots(expr)[:1])
        outline = self.outline
        for one in outline.statements:
            assigned = TIED.match(outline.code(one.start, one.end)) if one.kind in (EXPRESSION, DECLARATION) else None
            if assigned is None or not self.locals.get(assigned[1].decode("ascii"), "").endswith("*"):
                continue
            value = assigned[2] if one.kind == EXPRESSION else assigned[2].partition(b",")[0]
            calls = [name for name in CALLED.findall(value) if not PART.search(name.decode("ascii"))]
            start = one.start + assigned.start(2)
            if not calls and {word for word, _ in outline.words(start, start + len(value))} & found:
                found.add(assigned[1].decode("ascii"))
        return frozenset(found)

    def named(self, expr: str, start: int, end: int) -> list[int]:
        """Where something is named between two offsets that is good only as long as the object of *expr* is."""
        if "->" in expr and not expr.startswith("&"):
            code = self.outline.code(start, end).decode("latin-1")
            return [start + found.start() for found in re.finditer(re.escape(expr) + r"(?!\w)", code)]
        return sorted(at for name in self.tied(expr) for at in self.outline.uses(name, start, end))

    def kept(self, expr: str, until: int) -> bool:
        """Whether what is good only as long as the object is gets stored between the get and an offset: where it is used last cannot be told."""
        tied, outline, site = self.tied(expr), self.outline, self.site
        for one in outline.statements:
            if one.kind != EXPRESSION or site is None or not site.at < one.start < until:
                continue
            stored = STORED.match(outline.code(one.start, one.end))
            if stored is None or any(not PART.search(name.decode("ascii")) for name in CALLED.findall(stored[1])):
                continue
            start = one.start + stored.start(1)
            if {word for word, _ in outline.words(start, one.end)} & tied:
                return True
        return False

    # --- statements ----------------------------------------------------------------------------------------------------

    def statement(self, at: int) -> Statement | None:
        """The statement that holds an offset."""
        return self.outline.at(at)

    def alone(self, start: int, end: int) -> Statement | None:
        """The statement that is nothing but the call between two offsets."""
        one = self.outline.at(start)
        if one is None or one.kind != EXPRESSION or one.start != start:
            return None
        return one if self.outline.code(end, one.end).strip() == b";" else None


def reached(arg: str, path: tuple[str, ...]) -> str:
    """What an argument, as written, leads to: ``np`` of ``&np``, ``args.np`` of ``&args``."""
    for number, name in enumerate(path):
        if name == "*":
            last = number + 1 == len(path)
            arg = arg[1:] if arg.startswith("&") and last else arg if not last else f"*{arg}"
        elif arg.startswith("&"):
            arg = f"{arg[1:]}.{name.lstrip('->.')}"
        else:
            arg = f"{arg}->{name.lstrip('->.')}"
    return arg


def case_of(finding: Finding, unit: Unit, before: Unit | None, tree: Path | None) -> Case:
    """What is known around *finding*, which stands in *unit*.  Raises Unfit."""
    at = unit.lines.offset(finding.line)
    source = next((one for one in unit.sources if line_of(unit, one.start) <= finding.line and at < one.end), None)
    if source is None or source.name != finding.function or source.start >= unit.written:
        raise Unfit("the finding is not inside a function of the file")
    case = Case(finding, unit, before, source, tree)
    if case.outline.errors or not case.outline.statements:
        raise Unfit("the function could not be read in full")
    return case


def line_of(unit: Unit, at: int) -> int:
    """The line of an offset."""
    return unit.lines.position(at)[0]
