"""How one instruction moves a state."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from getput.csource.expand import scope_names
from getput.flow.ir import Advance, Assign, Call, Declare, Expr, Field, Instr, Read, ScopeEnd, Start, Var
from getput.ownership.calls import Calls
from getput.ownership.contracts import POS, Cleanup, Effect, Iterator, Source, Target, Verb
from getput.ownership.label import text_of
from getput.ownership.naming import OWNERS_PUT, REMOVES
from getput.ownership.state import Count, Site, State
from getput.ownership.values import FRESH, LOCAL, RESULT
from getput.pattern import pattern

TARGET_NONE = Target(0)
LISTS = pattern(r"[a-z_]*list_\w*for_each|list_for_each|rb\w*_for_each")  # iterators whose first argument is the cursor
NUMBER = pattern(r"\b(?:int|long|short|char|size_t|[us](?:8|16|32|64)|u?int\d+_t)\b")


class Machine(Calls):
    """Moves states through the instructions of one function, looking at one counter only."""

    def step(self, state: State, instr: Instr) -> bool:
        """Execute one instruction; False where the path cannot go on (a callee that does not return)."""
        self.at = instr.at
        if isinstance(instr, Call):
            return self.call(state, instr)
        if isinstance(instr, Assign):
            value = self.eval.value(state, instr.value)
            self.assign(state, instr.target, value)
        elif isinstance(instr, Declare):
            if instr.name in self.cleaned:
                state.env[instr.name] = self.values.of(FRESH, instr.name)
            else:
                state.env.pop(instr.name, None)
            local = self.values.of(LOCAL, instr.name)
            for place in [place for place in state.mem if place[0] == local]:
                del state.mem[place]
        elif isinstance(instr, ScopeEnd):
            self.scope_end(state, instr)
        elif isinstance(instr, Start):
            self.start(state, instr)
        elif isinstance(instr, Read):
            self.eval.value(state, instr.value)
        return True

    def start(self, state: State, instr: Start) -> None:
        """An iterator begins: its cursor holds nothing yet."""
        iterator = self.tables.iterators.get(instr.macro)
        for arg in instr.args:
            self.eval.value(state, arg) if not isinstance(arg, Var) else None
        if iterator is not None and iterator.cursor < len(instr.args):
            self.assign(state, element_of(iterator, instr.args), self.values.zero)
            return
        known = {name for names in self.cursors.values() for name in names}
        cursors = self.cursors.setdefault(instr.at, set())
        for index, arg in enumerate(instr.args):
            if isinstance(arg, Var) and arg.name in self.eval.locals:
                first = index == 0 and (LISTS.match(instr.macro) is not None or not self.holds(state, arg.name))
                if first or arg.name not in state.env or arg.name in known or self.number(arg.name):
                    cursors.add(arg.name)

    def number(self, name: str) -> bool:
        """Whether a local is a number: an iterator that is told of one counts with it."""
        text = self.eval.locals[name]
        return "*" not in text and "[" not in text and NUMBER.search(text) is not None

    def holds(self, state: State, name: str) -> bool:
        """Whether a variable holds a reference that was taken here: an iterator walks through it, not with it."""
        value = state.env.get(name)
        count = None if value is None else state.counts.get((self.values.root(value), self.counter))
        return count is not None and count.fresh and count.high > 0

    def advance(self, state: State, end: Advance) -> tuple[State, State]:
        """The iterator moves on: (state with an element, state without)."""
        self.at = end.at
        iterator = self.tables.iterators.get(end.macro)
        values = self.values
        body = state
        if iterator is None or iterator.cursor >= len(end.args):
            done = state.copy()
            cursors = self.cursors.get(end.at, set())
            for arg in end.args:
                if isinstance(arg, Var) and arg.name in cursors:
                    for each in (body, done):
                        if self.holds(each, arg.name):
                            self.escape(each, each.env[arg.name], f"walked over by {end.macro}()")  # the list holds it
                        fresh = values.of(FRESH, end.at, arg.name)
                        self.age(each, fresh)
                        self.assign(each, arg, fresh)
            return body, done
        cursor = element_of(iterator, end.args)
        if iterator.counted and not iterator.scoped and self.relevant(iterator.family):
            self.advance_drop(state, cursor, end)
        done = state.copy()
        self.eval.assign(done, cursor, values.zero)
        element = values.of(RESULT, end.at)
        self.age(body, element)
        body.facts[element] = POS
        if iterator.counted and not iterator.scoped and self.relevant(iterator.family):
            site = Site(end.macro, end.at, None)
            label = text_of(cursor)
            if label.startswith("&"):
                label = label[1:].replace("->", ".", 1)
            body.counts[(element, self.counter)] = Count(
                iterator.family, fresh=True, label=label, base=1, taken=(site,), iterator=True
            )
            body.trace = (body.trace, "take", end.at, end.macro)
        elif self.relevant(iterator.family):
            body.counts[(element, self.counter)] = Count(
                iterator.family, fresh=False, label=text_of(cursor), role="borrowed"
            )
        self.eval.assign(body, cursor, element)
        return body, done

    def advance_drop(self, state: State, cursor: Expr, end: Advance) -> None:
        """The iterator drops the element it leaves."""
        value = self.eval.value(state, cursor)
        root = self.values.root(value)
        key = (root, self.counter)
        count = state.counts.get(key)
        if count is None or not self.eval.bits(state, root) & POS:
            return
        site = Site(end.macro, end.at, None)
        if count.base <= 0 and not count.parts:
            again = count.fresh and bool(count.dropped) and not count.escaped and not count.held
            last = count.dropped[-1].callee if again else ""
            if again and not (OWNERS_PUT.search(last) or REMOVES.search(last)):
                self.report.add("iterator-puts-again", key, count.dropped[-1].at, count, count.dropped[-1], state.trace)
            del state.counts[key]
            return
        if count.iterator:
            for kept in (count.escaped, *(hope[2] for hope in count.hopes)):
                self.walked.add((count.taken[0].at, kept))
        count = msgspec.structs.replace(count, base=count.base - 1)
        if count.base <= 0 and not count.parts and not count.held:
            del state.counts[key]
        else:
            state.counts[key] = msgspec.structs.replace(count, dropped=(*count.dropped, site)[-3:])

    def scope_end(self, state: State, instr: ScopeEnd) -> None:
        """A cleanup attribute runs."""
        if instr.cleanup in self.tables.iterators:
            return  # a scoped iterator drops its cursor by itself
        if instr.name not in state.env:
            return  # this path did not come by the declaration: another #if branch has it
        cleanup: Cleanup | None = self.tables.cleanups.get(instr.cleanup)
        value = self.eval.variable(state, instr.name)
        if cleanup is None:
            self.cleaned_up(state, instr, value)
            return
        root = self.values.root(value)
        bits = self.eval.bits(state, root)
        if not bits & ~cleanup.ignores:
            return
        site = Site(f"__free({instr.cleanup})", instr.at, None)
        if cleanup.verb is Verb.FREE:
            self.free(state, value, site)
        elif self.relevant(cleanup.family):
            effect = Effect(Verb.DROP, TARGET_NONE, cleanup.family, null_safe=True)
            self.drop(state, value, effect, site, None, instr.name)

    def cleaned_up(self, state: State, instr: ScopeEnd, value: int) -> None:
        """A cleanup attribute that the tables do not know runs: what it calls may be known from the sources."""
        said = f"__free({instr.cleanup})"
        for name in scope_names(instr.cleanup)[:2]:
            contract = self.callee(name, True)
            if contract is not None and contract.source is Source.SUMMARY:
                call = Call(None, said, None, (Var(instr.name),), instr.at, instr.at)
                self.apply(state, call, msgspec.structs.replace(contract, name=said), [value], self.values.zero)
                return
        self.escape(state, value, f"cleaned up by {said}")


def element_of(iterator: Iterator, args: Sequence[Expr]) -> Expr:
    """The place that names the current element of an iterator called with *args*."""
    place = args[iterator.cursor]
    for step in iterator.path:
        place = Field(place, step.removeprefix("->"), arrow=True)
    return place
