"""How a call moves a state: its arguments are used, its effects applied, its result bound."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

import msgspec

from getput.flow.ir import AddressOf, Call, Str, Var
from getput.ownership import batches, pages
from getput.ownership.contracts import ANY, POS, Contract, Source
from getput.ownership.effects import Effects
from getput.ownership.evaluate import temporary
from getput.ownership.label import text_of
from getput.ownership.naming import (
    CONVERSIONS,
    LOADS,
    NO_OBJECTS,
    NODES,
    ONLY_ADDRESS,
    OUTCOME,
    REGISTERS,
    RETURNED,
    SAME_NODE,
    STORES,
)
from getput.ownership.state import Count, Site, State
from getput.ownership.traits import CLEARS, RETAINS, Manners, Traits, manners, traits
from getput.ownership.values import AGED, CONST, FRESH, LOCAL, MAYBE, PURE, REACHED, RESULT

NAMELESS: Final = Traits("")
NONE: Final[frozenset[int]] = frozenset()
INSIDE: Final = "#inside"  # the driver's part of a subsystem's object


class Calls(Effects):
    """Executes calls."""

    def call(self, state: State, call: Call) -> bool:
        """A call: its arguments are used, its effects applied, its result bound."""
        name = call.callee
        evaluator = self.eval
        if call.pointer is not None:
            evaluator.value(state, call.pointer)
        args = [evaluator.value(state, arg) for arg in call.args]
        if name is None:
            if pages.is_page_free(call):
                state.mem[(self.values.root(args[0]), pages.MARK)] = args[0]
                state.trace = (state.trace, "page_free", call.at, "")
            return self.unknown(state, call, args, "", NAMELESS)
        said = traits(name)
        self.called[call.at] = name
        if call.result is not None:
            self.looked_at.add(call.at)
        if said.setter and self.counter == pages.COUNTER:
            self.revived(state, call, name, args)
        one, two, any_ = said.builtin
        given = len(args)
        if (any_ or (one if given == 1 else two and given == 2)) and self.builtin(state, call, name, args, said):
            return True
        contract = self.tables.contracts.get(name)
        if contract is None:
            counted = bool(state.counts) and self.known_here(name) and self.concerned(state, args)
            contract = self.callee(name, counted)
        if contract is None:
            return self.unknown(state, call, args, name, said)
        if contract.noreturn:
            return False
        known = self.result_of(state, call, contract, args)
        result = self.fresh_result(state, call.at) if known is None else known
        if known is None:
            if (AGED, result) in self.values.ids:
                args = [self.values.aged(arg, result) for arg in args]
            if contract.results != ANY:
                state.facts[result] = contract.results
        if contract.owns:
            self.owners[result] = contract
        self.passed[call.at] = tuple(args)
        if said.several and 1 in map(self.values.constant, args[1:3]):
            self.eval.ones.add(result)
        if contract.source is Source.SUMMARY:
            self.fill_in(state, call, by_address=True)
            self.overwrite_members(state, call, args)
        self.apply(state, call, contract, args, result)
        if contract.source is Source.SUMMARY and manners(name).drops:
            for index, arg in enumerate(args):
                self.holder_dropped(state, arg, name)
                if manners(name).puts and all(effect.target.arg != index for effect in contract.effects):
                    self.suspect(state, arg, name)
        if contract.source is not Source.SUMMARY:
            self.overwrite_locals(state, call, args, {effect.target.arg for effect in contract.effects})
        if call.result is None and known is None and contract.source is Source.TABLE:
            self.refused(state, call, result)
        self.bind(state, call, result)
        return True

    def refused(self, state: State, call: Call, result: int) -> None:
        """A get that may refuse, and whose answer goes nowhere."""
        for key, count in state.counts.items():
            if not count.fresh and any(part[0] == result and part[1] == POS and part[2] > 0 for part in count.parts):
                self.report.add("refused", key, call.at, count, count.taken[-1], state.trace)

    def result_of(self, state: State, call: Call, contract: Contract, args: list[int]) -> int | None:
        """The result, where it is an argument of the call or a part of one."""
        if 0 <= contract.returns_arg < len(args):
            result = args[contract.returns_arg]
            if any(effect.when != ANY for effect in contract.effects):  # the argument, or nothing
                result = self.values.of(MAYBE, result, call.at)
                self.age(state, result)
                state.facts[result] = contract.results
            return result
        if 0 <= contract.inside < len(args):
            return self.values.sub(args[contract.inside], INSIDE)
        return None

    def concerned(self, state: State, args: list[int]) -> bool:
        """Whether one of *args* leads to a counted object, to what it is stored in, or to what it was read from."""
        rows, root_of = self.values.rows, self.values.roots
        roots = {root_of[arg] for arg in args}
        for value in args:
            row = rows[value]
            if row[0] == LOCAL and row[1] in state.env:
                roots.add(root_of[state.env[row[1]]])
        for key, count in state.counts.items():
            if key[0] in roots or not roots.isdisjoint(count.held):
                return True
            value = key[0]
            while rows[value][0] in REACHED:
                value = rows[value][1]
                if value in roots:
                    return True
        return False

    def suspect(self, state: State, arg: int, name: str) -> None:
        """Remember that a callee whose name says that it puts saw *arg*, although its summary knows nothing of it."""
        key = (self.values.root(arg), self.counter)
        count = state.counts.get(key)
        if count is not None and count.high > 0 and name not in count.passed:
            state.counts[key] = msgspec.structs.replace(count, passed=(*count.passed, name))

    def revived(self, state: State, call: Call, name: str, args: list[int]) -> None:
        """A count set on a page that has gone back to its driver."""
        root = self.values.root(args[0]) if args else 0
        if (root, pages.MARK) in state.mem and pages.raises(self.values, name, args):
            left = pages.unguarded(self.eval, state)
            if left:
                count = Count("page_folio", fresh=False, label=text_of(call.args[0]), role=self.role(root))
                site = Site(name, call.at)
                self.report.add("revived", (root, self.counter), call.at, count, site, state.trace, " and ".join(left))

    def bind(self, state: State, call: Call, result: int) -> None:
        """The result goes where the caller wants it; an object nobody receives is thrown away."""
        if call.result is not None:
            state.env[temporary(call.result.index)] = result
            return
        key = (self.values.root(result), self.counter)
        count = state.counts.get(key)
        if (
            count is not None
            and count.fresh
            and self.values.rows[key[0]][0] == RESULT
            and not count.escaped
            and not count.held
        ):
            if count.base + sum(delta for _, _, delta in count.parts) > 0 and not self.reachable(state, key[0]):
                if REGISTERS.search(count.taken[-1].callee):
                    del state.counts[key]
                    return
                self.report.add("discarded", key, call.at, count, count.taken[-1], state.trace)
                del state.counts[key]

    def unknown(self, state: State, call: Call, args: list[int], name: str, said: Traits) -> bool:
        """A callee of which nothing is known: it uses its arguments, and takes and drops nothing."""
        counts = state.counts
        if counts:
            seen = manners(name)
            printed = addresses(call, seen)
            if seen.awaits and args:
                awaited = counts.get((self.values.root(args[0]), self.counter))
                if awaited is not None and awaited.dropped:
                    self.escape(state, args[0], f"awaited by {name}()")
            for index, arg in enumerate(args):
                if not seen.wakes and index not in printed:
                    self.used(state, arg)
                if seen.harmless:
                    continue
                root = self.values.root(arg)
                root = batches.of_element(self, state, root) or root
                for key, count in list(counts.items()):
                    if (key[0] == root or root in count.held) and len(count.passed) < 4 and name not in count.passed:
                        counts[key] = msgspec.structs.replace(count, passed=(*count.passed, name))
        self.passed[call.at] = tuple(args)
        self.overwrite_locals(state, call, args, NONE)
        self.overwrite_members(state, call, args)
        self.fill_in(state, call, by_address=False)
        if said.pure:
            result = self.values.of(PURE, name, *args)
        else:
            result = self.fresh_result(state, call.at)
        self.bind(state, call, result)
        return True

    def overwrite_locals(self, state: State, call: Call, args: list[int], known: Set[int]) -> None:
        """Locals whose address is passed may have been written."""
        for index, arg in enumerate(args):
            row = self.values.rows[arg]
            if row[0] == LOCAL and index not in known and isinstance(call.args[index], AddressOf):
                local: str = row[1]
                held = state.env.get(local)
                if held is not None and (self.values.root(held), self.counter) in state.counts:
                    key = (self.values.root(held), self.counter)
                    state.counts[key] = msgspec.structs.replace(
                        state.counts[key], escaped=f"passed to {call.callee} by address"
                    )
                if local in state.env or local in self.eval.locals:
                    fresh = self.values.of(FRESH, call.at, local)
                    self.age(state, fresh)
                    state.env[local] = fresh

    def overwrite_members(self, state: State, call: Call, args: list[int]) -> None:
        """Numbers in members of what is passed may be others now: any of a variable of this function, elsewhere those that tell how a call went."""
        values, rows = self.values, self.values.rows
        numbers = [place for place, value in state.mem.items() if rows[value][0] == CONST]
        if not numbers:
            return
        roots = {values.root(arg) for arg in args}
        for place in numbers:
            root = values.root(place[0])
            if root in roots and (rows[root][0] == LOCAL or OUTCOME.search(place[1])):
                fresh = values.of(FRESH, call.at, f"{place[0]}{place[1]}")
                self.age(state, fresh)
                state.mem[place] = fresh

    def fill_in(self, state: State, call: Call, *, by_address: bool) -> None:
        """Variables without a value, or with one whose reference is gone, have a new one after a callee got their address.
        Passed as they are without a value, the callee is a macro that assigns."""
        for arg in call.args:
            place = arg.place if by_address and isinstance(arg, AddressOf) else None if by_address else arg
            if not isinstance(place, Var) or place.name not in self.eval.locals or place.name in self.eval.arrays:
                continue
            held = state.env.get(place.name)
            if held is not None:
                count = state.counts.get((self.values.root(held), self.counter)) if by_address else None
                if count is None or not count.dropped or count.high > 0:
                    continue
            fresh = self.values.of(FRESH, call.at, place.name)
            self.age(state, fresh)
            state.env[place.name] = fresh

    def converts(self, name: str, said: Traits) -> bool:
        """Whether a call of *name* gives back the object of its argument in another guise."""
        if not said.converts or name in self.tables.contracts or self.known_here(name):
            return False
        return self.counter not in NODES or SAME_NODE.search(name) is not None

    def builtin(self, state: State, call: Call, name: str, args: list[int], said: Traits) -> bool:
        """Calls whose meaning is the language's or the driver core's, not a table's."""
        values, result = self.values, None
        if name in RETURNED and len(args) > RETURNED[name]:
            self.used(state, args[0])
            self.bind(state, call, args[RETURNED[name]])
            return True
        if len(args) == 1:
            if name in CLEARS:
                result = args[0]
                self.clear(state, call.args[0])
            elif name == RETAINS:
                self.escape(state, args[0], f"kept by {RETAINS}()")
                self.clear(state, call.args[0])
                result = values.zero
            elif said.verifies:
                self.used(state, args[0])
                result = values.of(MAYBE, args[0], call.at)
                state.facts.pop(result, None)
            elif said.drvdata:
                result = self.eval.load(state, (values.root(args[0]), "#drvdata"))
            elif name in NO_OBJECTS:
                result = self.eval.unary(state, "IS_ERR", args[0])
            elif name in LOADS:
                result = self.eval.load(state, (args[0], LOADS[name]))
            elif self.converts(name, said):
                self.used(state, args[0])
                result = values.container(args[0], name)
        elif len(args) == 2:
            if said.sets_drvdata:
                self.eval.store(state, (values.root(args[0]), "#drvdata"), args[1])
                self.hold(state, (values.root(args[1]), self.counter), values.root(args[0]))
                result = values.zero
            elif name in STORES:
                self.eval.store(state, (args[0], STORES[name]), args[1])
                self.hold(state, (self.values.root(args[1]), self.counter), self.values.root(args[0]))
                result = values.zero
            elif name == "folio_page":
                result = values.container(args[0], name)
            elif name == "swap":
                self.eval.assign(state, call.args[0], args[1])
                self.eval.assign(state, call.args[1], args[0])
                result = values.zero
        if result is None:
            return False
        self.bind(state, call, result)
        return True


def addresses(call: Call, said: Manners) -> frozenset[int]:
    """The arguments of a call that compares, or prints (``%p``), of which nothing but the address is looked at."""
    if said.compares:
        return frozenset(range(len(call.args)))
    for index, arg in enumerate(call.args):
        if isinstance(arg, Str):
            conversions = CONVERSIONS.findall(arg.text.replace("%%", ""))
            if not said.prints and len(conversions) != len(call.args) - index - 1:
                return frozenset()  # not a format
            return frozenset(
                index + 1 + number for number, what in enumerate(conversions) if ONLY_ADDRESS.fullmatch(what)
            )
    return NONE
