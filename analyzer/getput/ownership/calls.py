"""How a call moves a state: its arguments are used, its effects applied, its result bound."""

from __future__ import annotations

import msgspec

from getput.flow.ir import AddressOf, Call, Str, Var
from getput.ownership import batches, pages
from getput.ownership.contracts import ANY, Contract, Source
from getput.ownership.effects import Effects
from getput.ownership.label import text_of
from getput.ownership.naming import (
    ASKS,
    AWAITS,
    COMPARES,
    CONVERSION,
    CONVERSIONS,
    DROPPING_NAME,
    DRVDATA,
    HARMLESS_NAME,
    LOADS,
    NO_OBJECTS,
    NODES,
    ONLY_ADDRESS,
    PRINTS,
    PUTS,
    REGISTERS,
    RETURNED,
    SAME_NODE,
    SET_DRVDATA,
    SEVERAL,
    STORES,
    UNCHANGING,
    VERIFY,
    WAKES,
)
from getput.ownership.state import Count, Site, State
from getput.ownership.values import FRESH, LOCAL, MAYBE, PURE, RESULT

INSIDE = "#inside"  # the driver's part of a subsystem's object


class Calls(Effects):
    """Executes calls."""

    def call(self, state: State, call: Call) -> bool:
        """A call: its arguments are used, its effects applied, its result bound."""
        name = call.callee
        if call.pointer is not None:
            self.eval.value(state, call.pointer)
        args = [self.eval.value(state, arg) for arg in call.args]
        if name is None:
            if pages.is_page_free(call):
                state.mem[(self.values.root(args[0]), pages.MARK)] = args[0]
                state.trace = (state.trace, "page_free", call.at, "")
            return self.unknown(state, call, args, "")
        self.called[call.at] = name
        if call.result is not None:
            self.looked_at.add(call.at)
        if name in pages.SETTERS and self.counter == pages.COUNTER:
            self.revived(state, call, name, args)
        if self.builtin(state, call, name, args):
            return True
        contract = self.tables.contracts.get(name)
        if contract is None:
            contract = self.callee(name, bool(state.counts) and self.concerned(state, args))
        if contract is None:
            return self.unknown(state, call, args, name)
        if contract.noreturn:
            return False
        known = self.result_of(state, call, contract, args)
        result = self.fresh_result(state, call.at) if known is None else known
        if known is None:
            args = [self.values.aged(arg, result) for arg in args]
            if contract.results != ANY:
                state.facts[result] = contract.results
        if contract.owns:
            self.owners[result] = contract
        self.passed[call.at] = tuple(args)
        if SEVERAL.match(name) and 1 in map(self.values.constant, args[1:3]):
            self.eval.ones.add(result)
        if contract.source is Source.SUMMARY:
            self.fill_in(state, call, by_address=True)
        self.apply(state, call, contract, args, result)
        if contract.source is Source.SUMMARY and DROPPING_NAME.search(name):
            for index, arg in enumerate(args):
                self.holder_dropped(state, arg, name)
                if PUTS.search(name) and all(effect.target.arg != index for effect in contract.effects):
                    self.suspect(state, arg, name)
        if contract.source is not Source.SUMMARY:
            self.overwrite_locals(state, call, args, {effect.target.arg for effect in contract.effects})
        self.bind(state, call, result)
        return True

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
        values = self.values
        roots = {values.root(arg) for arg in args}
        for value in args:
            row = values.rows[value]
            if row[0] == LOCAL and row[1] in state.env:
                roots.add(values.root(state.env[row[1]]))
        return any(
            key[0] in roots
            or not roots.isdisjoint(count.held)
            or any(self.reached_from(key[0], root) for root in roots)
            for key, count in state.counts.items()
        )

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
            self.eval.assign(state, call.result, result)
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

    def unknown(self, state: State, call: Call, args: list[int], name: str) -> bool:
        """A callee of which nothing is known: it uses its arguments, and takes and drops nothing."""
        counts = state.counts
        if counts:
            harmless = HARMLESS_NAME.match(name) is not None
            printed = addresses(call, name)
            if AWAITS.match(name) and args:
                awaited = counts.get((self.values.root(args[0]), self.counter))
                if awaited is not None and awaited.dropped:
                    self.escape(state, args[0], f"awaited by {name}()")
            for index, arg in enumerate(args):
                if index not in printed and not WAKES.match(name):
                    self.used(state, arg)
                root = self.values.root(arg)
                root = batches.of_element(self, state, root) or root
                for key, count in list(counts.items()):
                    if (
                        (key[0] == root or root in count.held)
                        and not harmless
                        and len(count.passed) < 4
                        and name not in count.passed
                    ):
                        counts[key] = msgspec.structs.replace(count, passed=(*count.passed, name))
        self.passed[call.at] = tuple(args)
        self.overwrite_locals(state, call, args, set())
        self.fill_in(state, call, by_address=False)
        if name and (UNCHANGING.search(name) or ASKS.match(name)):
            result = self.values.of(PURE, name, *args)
        else:
            result = self.fresh_result(state, call.at)
        self.bind(state, call, result)
        return True

    def overwrite_locals(self, state: State, call: Call, args: list[int], known: set[int]) -> None:
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

    def converts(self, name: str) -> bool:
        """Whether a call of *name* gives back the object of its argument in another guise."""
        if name in self.tables.contracts or not CONVERSION.match(name) or self.known_here(name):
            return False
        return self.counter not in NODES or SAME_NODE.search(name) is not None

    def builtin(self, state: State, call: Call, name: str, args: list[int]) -> bool:
        """Calls whose meaning is the language's or the driver core's, not a table's."""
        values, result = self.values, None
        if name in RETURNED and len(args) > RETURNED[name]:
            self.used(state, args[0])
            self.bind(state, call, args[RETURNED[name]])
            return True
        if len(args) == 1:
            if name in ("no_free_ptr", "take_fd", "__no_kfree", "__get_and_null"):
                result = args[0]
                self.clear(state, call.args[0])
            elif name == "retain_and_null_ptr":
                self.escape(state, args[0], "kept by retain_and_null_ptr()")
                self.clear(state, call.args[0])
                result = values.zero
            elif VERIFY.search(name):
                self.used(state, args[0])
                result = values.of(MAYBE, args[0], call.at)
                state.facts.pop(result, None)
            elif DRVDATA.match(name):
                result = self.eval.load(state, (values.root(args[0]), "#drvdata"))
            elif name in NO_OBJECTS:
                result = self.eval.unary(state, "IS_ERR", args[0])
            elif name in LOADS:
                result = self.eval.load(state, (args[0], LOADS[name]))
            elif self.converts(name):
                self.used(state, args[0])
                result = values.container(args[0], name)
        elif len(args) == 2:
            if SET_DRVDATA.match(name):
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


def addresses(call: Call, name: str) -> frozenset[int]:
    """The arguments of a call that compares, or prints (``%p``), of which nothing but the address is looked at."""
    if COMPARES.match(name):
        return frozenset(range(len(call.args)))
    for index, arg in enumerate(call.args):
        if isinstance(arg, Str):
            conversions = CONVERSIONS.findall(arg.text.replace("%%", ""))
            if not PRINTS.match(name) and len(conversions) != len(call.args) - index - 1:
                return frozenset()  # not a format
            return frozenset(
                index + 1 + number for number, what in enumerate(conversions) if ONLY_ADDRESS.fullmatch(what)
            )
    return frozenset()
