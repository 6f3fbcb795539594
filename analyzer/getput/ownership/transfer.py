"""How one instruction moves a state: what calls do to counts, what assignments do to ownership."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from getput.flow.ir import AddressOf, Advance, Assign, Call, Declare, Expr, Function, Instr, Read, ScopeEnd, Start, Temp, Var
from getput.ownership import pages, registration
from getput.ownership.apis import Tables
from getput.ownership.contracts import ANY, NEG, POS, ZERO, Cleanup, Contract, Effect, Source, Target, Verb
from getput.ownership.evaluate import Evaluator
from getput.ownership.label import text_of
from getput.ownership.state import Count, Key, Site, State, Trace
from getput.ownership.values import AGED, FRESH, LOCAL, MAYBE, OUT, PARAM, PURE, RESULT, Values

CONVERSION = re.compile(
    r"^to_\w+$|^(?!.*(?:pfn|nid|idx|index|virt|phys|name|_id$))[a-z0-9]+(?:_[a-z0-9]+)*_to_[a-z0-9_]+$|^page_folio$|^compound_head$"
    r"|^virt_to_(?:head_)?page$|^[a-z0-9]+_sk$|^[A-Z0-9]+_I$|^of_fwnode_handle$|^netdev_priv$|^folio_page$"
)
RETURNED = {"dev_err_probe": 1, "dev_warn_probe": 1}  # callees that give back one of their arguments, an error
LOADS = {"d_inode": "d_inode", "file_inode": "f_inode", "dev_of_node": "of_node", "sock_net": "sk_net", "dev_net": "nd_net"}
VERIFY = re.compile(r"_verify_(?:client|adapter)$|^dev_to_i3cdev$")
DRVDATA = re.compile(r"^\w*(?:get_drvdata|get_clientdata|get_intfdata|get_hostdata)$")

SET_DRVDATA = re.compile(r"^\w*(?:set_drvdata|set_clientdata|set_intfdata)$")
UNCHANGING = re.compile(
    r"^(?:IS_ENABLED|IS_BUILTIN|IS_REACHABLE)$|(?:^|_)(?:is|has|can|are|was|supports?|enabled|disabled|valid|capable)(?:_|$)|^dev_name$|^dev_fwnode$|^is[a-z]+$"
)
DROPPING_NAME = re.compile(r"put|free|release|destroy|unref|drop|unregister|remove|delete|cleanup|teardown|close|fini|kill|exit|detach")
KEEPING_NAME = re.compile(r"add|register|attach|assign|queue|insert|link|bind|install|submit|publish|store|give|push|adopt|own")
HARMLESS_NAME = re.compile(r"^(?:of_property|fwnode_property|device_property|of_device_is|of_get_property|of_node_to|dev_(?:err|warn|info|dbg|name)|pr_|print|netdev_(?:err|warn|info|dbg)|mutex_|spin_)")


# What they return belongs to the subsystem until it is unregistered: nobody has to drop it at once.
REGISTERS = re.compile(r"register|_create|_add$|_new_|_alloc_dummy")
# Their objects must not be freed directly, not even before anybody else has seen them.
NEVER_FREED = frozenset({"device", "kobject", "of_node", "fwnode", "netdev", "dentry", "inode", "file", "task", "pid", "mm_users", "mm_count", "cred", "sock"})
# They drop the reference that the owner got when the object came to life, not one that was taken since.
OWNERS_PUT = re.compile(r"unregister|_del$|_remove$")
# Counts of users, not of owners: the object outlives its last put.
USAGE_COUNTERS = frozenset({
    "pm_runtime", "clk_enable", "regulator_enable", "pci_enable", "module", "genpd", "hci_conn_use", "pinned_fs", "drm_unplug", "page_pin",
    "swap_device", "mm_users", "clk", "regulator",
})


class Report:
    """Where the engine writes what it saw (one function, one counter)."""

    __slots__ = ("incidents",)

    def __init__(self) -> None:
        self.incidents: dict[tuple[str, Key, int], tuple[Count, Site | None, Trace | None, str]] = {}

    def add(self, kind: str, key: Key, at: int, count: Count, site: Site | None, trace: Trace | None, note: str = "") -> None:
        """Remember an incident; the first path that shows it is kept."""
        self.incidents.setdefault((kind, key, at), (count, site, trace, note))


class Machine:
    """Moves states through the instructions of one function, looking at one counter only."""

    def __init__(
        self,
        function: Function,
        counter: str,
        tables: Tables,
        callee: Callable[[str], Contract | None],
        known_here: Callable[[str], bool],
    ) -> None:
        self.function = function
        self.counter = counter
        self.tables = tables
        self.callee = callee
        self.known_here = known_here
        self.values = Values()
        self.report = Report()
        self.eval = Evaluator(function, self.values, self.used, self.learned)
        self.settled: set[int] = set()  # offsets of gets whose reference was dropped on some path, which then forgot it
        self.cursors: dict[int, set[str]] = {}  # offset of an iterator that no table knows -> the variables that it sets
        self.begun: set[int] = set()  # objects that some path initialises
        self.unset: list[tuple[Key, Count, Site, Trace | None]] = []  # puts of members of fresh memory that this path has not initialised
        self.looked_at: set[int] = set()  # offsets of calls whose result goes somewhere
        self.called: dict[int, str] = {}  # offset of a call -> callee
        self.passed: dict[int, tuple[int, ...]] = {}  # offset of a call -> values of its arguments
        self.at = 0
        self.usage = counter in USAGE_COUNTERS

    def begin(self) -> State:
        """The state in which the function starts."""
        state = State()
        for index, param in enumerate(self.function.params):
            if param.name:
                state.env[param.name] = self.values.of(PARAM, index)
        return state

    def relevant(self, family: str) -> bool:
        """Whether effects on *family* are looked at in this run."""
        return family == "*" or family == "memory" or self.counter_of(family) == self.counter

    def counter_of(self, family: str) -> str:
        """What APIs of *family* count."""
        known = self.tables.families.get(family)
        return known.counter if known is not None else family

    # --- instructions --------------------------------------------------------------------------------------------

    def step(self, state: State, instr: Instr) -> bool:
        """Execute one instruction; False where the path cannot go on (a callee that does not return)."""
        self.at = instr.at
        if isinstance(instr, Call):
            return self.call(state, instr)
        if isinstance(instr, Assign):
            value = self.eval.value(state, instr.value)
            self.assign(state, instr.target, value)
        elif isinstance(instr, Declare):
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

    def assign(self, state: State, target: Expr, value: int) -> None:
        """``target = value``: the old content may be lost, the new one may come to be held."""
        counts = state.counts
        key = (self.values.root(value), self.counter)
        if isinstance(target, Var):
            old = state.env.get(target.name)
            self.eval.assign(state, target, value)
            if key in counts and not counts[key].label:
                counts[key] = msgspec.structs.replace(counts[key], label=target.name)
            if target.name not in self.eval.locals and target.name not in self.eval.params:
                self.hold(state, key, self.values.of("global", target.name))
            if old is not None and counts and old != value:
                self.lost(state, old, target.name)
            return
        before = state.mem.copy() if counts else {}
        place = self.eval.assign(state, target, value)
        if place is not None and not isinstance(target, Temp):
            if key in counts and not counts[key].label:
                counts[key] = msgspec.structs.replace(counts[key], label=text_of(target))
            self.hold(state, key, self.values.root(place[0]))
            gone = before.get(place)
            if gone is not None and gone != value:
                self.lost(state, gone, text_of(target))

    def hold(self, state: State, key: Key, holder: int) -> None:
        """The object of *key* is stored in what *holder* points to."""
        count = state.counts.get(key)
        if count is not None and holder != key[0]:
            state.counts[key] = msgspec.structs.replace(count, held=count.held | {holder})

    def lost(self, state: State, old: int, name: str) -> None:
        """A variable that held *old* was overwritten: was it the last to know a counted object?"""
        key = (self.values.root(old), self.counter)
        count = state.counts.get(key)
        if count is None or not count.fresh or count.escaped or count.init:
            return
        if count.held:
            count = state.counts[key] = msgspec.structs.replace(count, held=count.held & self.holders(state, key[0]))
            if count.held:
                return
        low = count.base + sum(min(0, delta) for _, _, delta in count.parts)
        if low <= 0 or self.reachable(state, key[0]):
            return
        self.report.add("overwritten", key, self.at, count, None, state.trace, name)
        state.counts[key] = msgspec.structs.replace(count, escaped="overwritten")

    def holders(self, state: State, root: int) -> frozenset[int]:
        """What *root* is stored in now: the roots of structures, and globals."""
        values = self.values
        out = {values.root(base) for (base, _), value in state.mem.items() if values.root(value) == root}
        for name, value in state.env.items():
            if values.root(value) == root and name[0] != "%" and name not in self.eval.locals and name not in self.eval.params:
                out.add(values.of("global", name))
        return frozenset(out)

    def reachable(self, state: State, root: int) -> bool:
        """Whether any variable or field still leads to *root*."""
        values = self.values
        return any(values.root(value) == root for value in state.env.values()) or any(
            values.root(value) == root for value in state.mem.values()
        )

    # --- what the evaluator tells --------------------------------------------------------------------------------

    def used(self, state: State, value: int) -> None:
        """Memory behind *value* is touched: is the object still there?"""
        if not state.counts:
            return
        key = (self.values.root(value), self.counter)
        count = state.counts.get(key)
        if count is None:
            return
        if self.gone(count) and not self.asked(state, count):
            self.report.add("use-after-put", key, self.at, count, count.dropped[-1], state.trace)
        elif (
            count.role in ("field", "local") and not count.fresh and not count.taken and not self.usage
            and (count.base < 0 or count.parts) and all(part == (key[0], POS, -1) for part in count.parts)
            and not count.escaped and not self.asked(state, count)
        ):
            self.report.add("use-after-own-put", key, self.at, count, count.dropped[-1], state.trace)

    def asked(self, state: State, count: Count) -> bool:
        """Whether the path knows if a drop was the last one: then it knows what it does."""
        return any(self.eval.bits(state, result) in (ZERO, POS, POS | NEG) or self.answered(result) for result in count.last)

    def answered(self, result: int) -> bool:
        """Whether the caller looks at what the drop said at all."""
        return self.values.rows[result][1] in self.looked_at

    @staticmethod
    def gone(count: Count) -> bool:
        """Whether the only reference this function had is certainly dropped."""
        return (
            count.fresh and bool(count.dropped) and bool(count.taken) and count.base <= 0
            and not count.parts and not count.escaped and not count.held and not count.init
        )

    def learned(self, state: State, value: int, bits: int) -> None:
        """More is known of *value*: conditional counts that hang on it become numbers."""
        for key, count in list(state.counts.items()):
            if any(part[0] == value for part in count.parts) or any(hope[0] == value for hope in count.hopes):
                state.counts[key] = self.settle(state, count)

    def settle(self, state: State, count: Count) -> Count:
        """Turn the conditional parts of *count* that are decided into its number."""
        base, parts, failed = count.base, [], count.failed
        for value, mask, delta in count.parts:
            bits = self.eval.bits(state, value)
            if not bits & ~mask:
                base += delta
            elif bits & mask:
                parts.append((value, mask, delta))
            elif delta > 0 and count.taken:
                failed = (*failed, count.taken[-1])
        hopes, escaped = [], count.escaped
        for value, mask, why in count.hopes:
            bits = self.eval.bits(state, value)
            if not bits & ~mask:
                escaped = why
            elif bits & mask:
                hopes.append((value, mask, why))
        return msgspec.structs.replace(count, base=base, parts=tuple(parts), failed=failed, hopes=tuple(hopes), escaped=escaped)

    # --- calls ---------------------------------------------------------------------------------------------------

    def call(self, state: State, call: Call) -> bool:
        """A call: its arguments are used, its effects applied, its result bound."""
        values, name = self.values, call.callee
        if call.pointer is not None:
            self.eval.value(state, call.pointer)
        args = [self.eval.value(state, arg) for arg in call.args]
        if name is None:
            if pages.is_page_free(call):
                state.mem[(self.values.root(args[0]), pages.MARK)] = args[0]
            return self.unknown(state, call, args, "")
        self.called[call.at] = name
        if call.result is not None:
            self.looked_at.add(call.at)
        if name in pages.SETTERS:
            self.revived(state, call, name, args)
        if self.builtin(state, call, name, args):
            return True
        contract = self.tables.contracts.get(name)
        if contract is None:
            contract = self.callee(name)
        if contract is None:
            return self.unknown(state, call, args, name)
        if contract.noreturn:
            return False
        if contract.returns_arg >= 0 and contract.returns_arg < len(args):
            result = args[contract.returns_arg]
        else:
            result = self.fresh_result(state, call.at)
            args = [self.values.aged(arg, result) for arg in args]
            if contract.results != ANY:
                state.facts[result] = contract.results
        self.passed[call.at] = tuple(args)
        self.apply(state, call, contract, args, result)
        if contract.source is not Source.SUMMARY:
            self.overwrite_locals(state, call, args, {effect.target.arg for effect in contract.effects})
        self.bind(state, call, result)
        return True

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
        if count is not None and count.fresh and self.values.rows[key[0]][0] == RESULT and not count.escaped and not count.held:
            if count.base + sum(delta for _, _, delta in count.parts) > 0 and not self.reachable(state, key[0]):
                if REGISTERS.search(count.taken[-1].callee):
                    del state.counts[key]
                    return
                self.report.add("discarded", key, call.at, count, count.taken[-1], state.trace)
                del state.counts[key]

    def fresh_result(self, state: State, at: int) -> int:
        """The value of a result, the one of an earlier round of the loop renamed out of the way."""
        result = self.values.of(RESULT, at)
        self.age(state, result)
        return result

    def age(self, state: State, value: int) -> None:
        """Rename *value* to what it was an iteration ago."""
        if (value, self.counter) in state.counts or value in state.facts or any(v == value for v in state.env.values()):
            aged = self.values.of(AGED, value)
            older = state.counts.get((aged, self.counter))
            rename(self.values, state, value, aged, self.counter)
            if older is not None and (older.base > 0 or older.parts) and (aged, self.counter) in state.counts:
                state.counts[(aged, self.counter)] = msgspec.structs.replace(
                    state.counts[(aged, self.counter)], escaped="one of several in a loop"
                )

    def unknown(self, state: State, call: Call, args: list[int], name: str) -> bool:
        """A callee of which nothing is known: it uses its arguments, and takes and drops nothing."""
        counts = state.counts
        if counts:
            harmless = HARMLESS_NAME.match(name) is not None
            for arg in args:
                self.used(state, arg)
                root = self.values.root(arg)
                for key, count in list(counts.items()):
                    if (key[0] == root or root in count.held) and not harmless and len(count.passed) < 4 and name not in count.passed:
                        counts[key] = msgspec.structs.replace(count, passed=(*count.passed, name))
        self.overwrite_locals(state, call, args, set())
        if name and UNCHANGING.search(name):
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
                    state.counts[key] = msgspec.structs.replace(state.counts[key], escaped=f"passed to {call.callee} by address")
                if local in state.env or local in self.eval.locals:
                    fresh = self.values.of(FRESH, call.at, local)
                    self.age(state, fresh)
                    state.env[local] = fresh

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
            elif name in LOADS:
                result = self.eval.load(state, (args[0], LOADS[name]))
            elif name not in self.tables.contracts and CONVERSION.match(name) and not self.known_here(name):
                self.used(state, args[0])
                result = values.container(args[0], name)
        elif len(args) == 2:
            if SET_DRVDATA.match(name):
                self.eval.store(state, (values.root(args[0]), "#drvdata"), args[1])
                self.hold(state, (values.root(args[1]), self.counter), values.root(args[0]))
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

    def clear(self, state: State, expr: Expr) -> None:
        """Set the variable or field that *expr* names to NULL."""
        if not isinstance(expr, Temp):
            self.eval.assign(state, expr, self.values.zero)

    def escape(self, state: State, value: int, why: str) -> None:
        """Nobody here owes the reference of *value* any longer."""
        key = (self.values.root(value), self.counter)
        count = state.counts.get(key)
        if count is not None:
            state.counts[key] = msgspec.structs.replace(count, escaped=why)

    def key_of(self, state: State, value: int) -> Key:
        """The key of the counted object that *value* points to: members of one structure that are counted apart have keys of their own."""
        counts, root = state.counts, self.values.root(value)
        if (value, self.counter) in counts:
            return (value, self.counter)
        known = counts.get((root, self.counter))
        if known is None or value == root or known.member in (-1, root) or self.values.related(known.member, value):
            return (root, self.counter)
        return (value, self.counter)

    # --- effects -------------------------------------------------------------------------------------------------

    def apply(self, state: State, call: Call, contract: Contract, args: list[int], result: int) -> None:
        """Apply every effect of *contract*."""
        site = Site(contract.name, call.at, contract)
        touched = set()
        registration.before(self, state, contract.name, args, call.at)
        for effect in contract.effects:
            if effect.target.arg < len(args) and (self.relevant(effect.family) or effect.verb is Verb.BORROW):
                if effect.target.arg >= 0 and not effect.target.path:
                    touched.add(effect.target.arg)
                for _ in range(effect.times):
                    self.effect(state, call, site, effect, args, result)
        registration.after(self, state, contract.name, args, result, call.at)
        for index, arg in enumerate(args):
            if index not in touched:
                self.used(state, arg)

    def incident(self, kind: str, key: Key, at: int, count: Count, callee: str, state: State) -> None:
        """Report an incident that a call of *callee* makes."""
        self.report.add(kind, key, at, count, Site(callee, at), state.trace)

    def effect(self, state: State, call: Call, site: Site, effect: Effect, args: list[int], result: int) -> None:
        """Apply one effect."""
        arg, path = effect.target.arg, effect.target.path
        label = "" if arg < 0 else text_of(call.args[arg]).removeprefix("&")
        conditional = effect.when != ANY and bool(self.eval.bits(state, result) & ~effect.when)
        if conditional and not self.eval.bits(state, result) & effect.when:
            return
        condition = (result, effect.when) if conditional else None
        verb = effect.verb
        if verb is Verb.TAKE and path:
            self.take_out(state, call, site, effect, args[arg], condition, label)
            return
        value = result if arg < 0 else args[arg]
        for name in path:
            value = self.walk(state, value, name)
        if path:
            label = path_label(label, path)
        if verb is Verb.TAKE or verb is Verb.INIT:
            fresh = arg < 0 and site.contract is not None and site.contract.returns_arg < 0
            self.take(state, value, effect, site, condition, fresh=fresh, label=label, init=verb is Verb.INIT)
        elif verb is Verb.DROP:
            self.drop(state, value, effect, site, condition, label)
        elif verb is Verb.KEEP or verb is Verb.UNDO:
            if effect.family == "*" and len(args) == 2 and self.values.root(args[0]) == self.values.root(args[1]):
                return  # a member put on a list of the same object tells nobody else
            self.keep(state, value, effect, site, condition)
        elif verb is Verb.FREE:
            self.free(state, value, site)
        elif verb is Verb.UNSURE:
            self.escape(state, value, f"handed to {site.callee}()")
        elif verb is Verb.BORROW and self.relevant(effect.family):
            key = (self.values.root(value), self.counter)
            if key not in state.counts:
                state.counts[key] = Count(effect.family, fresh=False, label=label, role="borrowed")

    def walk(self, state: State, value: int, name: str) -> int:
        """One step from *value* along an effect's path: ``*``, ``->member`` or ``.member`` (its address)."""
        if name[0] == ".":
            return self.values.sub(value, name[1:])
        if name == "*":
            row = self.values.rows[value]
            if row[0] == "sub":
                return self.eval.load(state, (row[1], row[2]))
            return self.eval.load(state, (value, "*"))
        return self.eval.load(state, (value, name.removeprefix("->")))

    def take_out(
        self, state: State, call: Call, site: Site, effect: Effect, arg: int, condition: tuple[int, int] | None, label: str
    ) -> None:
        """A reference comes back through what an argument points to."""
        *way, last = effect.target.path
        for name in way:
            arg = self.walk(state, arg, name)
        place = (arg, last.removeprefix("->"))
        row = self.values.rows[arg]
        if last == "*" and row[0] == "sub":
            place = (row[1], row[2])
        out = self.values.of(OUT, call.at, effect.target.arg, *effect.target.path)
        self.age(state, out)
        gone = self.eval.load(state, place)
        self.eval.store(state, place, out)
        self.lost(state, gone, path_label(label, effect.target.path))
        where = path_label(label, effect.target.path)
        self.take(state, out, effect, site, condition or (out, POS), fresh=True, label=where, init=False)
        if self.values.rows[place[0]][0] != LOCAL:
            self.hold(state, (out, self.counter), self.values.root(place[0]))

    def take(
        self, state: State, value: int, effect: Effect, site: Site, condition: tuple[int, int] | None,
        *, fresh: bool, label: str, init: bool,
    ) -> None:
        """One reference more."""
        root = self.values.root(value)
        key = self.key_of(state, value)
        bits = self.eval.bits(state, root)
        if not bits & POS:
            return
        if condition is None and (fresh or effect.null_safe) and bits & ~POS:
            condition = (root, POS)
        count = state.counts.get(key)
        if count is None:
            count = Count(effect.family, fresh=fresh or (init and self.made_here(root)), label=label, role=self.role(root), member=value)
        if init:
            self.begun.add(root)
            count = msgspec.structs.replace(count, base=0, parts=(), init=True, dropped=(), fresh=self.made_here(root))
        if fresh and count.base <= 0 and count.dropped:
            count = Count(effect.family, fresh=True, label=label, role=self.role(root))
        if not fresh and not init:
            held = frozenset(holder for holder in self.holders(state, root) if "alloc" in self.called.get(self.at_of(holder), ""))
            count = msgspec.structs.replace(count, held=count.held | held)
        taken = (*count.taken, site)[-3:]
        if condition is None:
            count = msgspec.structs.replace(count, base=min(count.base + 1, 3), taken=taken)
        else:
            count = msgspec.structs.replace(count, parts=add_part(count.parts, *condition, 1), taken=taken)
            count = self.settle(state, count)
        state.counts[key] = count
        state.trace = (state.trace, "take", site.at, site.callee)

    def at_of(self, value: int) -> int:
        """The offset of the call whose result *value* is, or -1."""
        row = self.values.rows[value]
        return int(row[1]) if row[0] == RESULT else -1

    def made_here(self, root: int) -> bool:
        """Whether the object came to life in this function."""
        return self.values.rows[root][0] in (RESULT, OUT, LOCAL)

    def role(self, root: int) -> str:
        """Where the object comes from: part of a finding's identity."""
        kind = self.values.rows[root][0]
        if kind in (RESULT, OUT, AGED, FRESH, LOCAL):
            return "local"
        return {"param": "param", "field": "field", "global": "global"}.get(str(kind), "local")

    def drop(
        self, state: State, value: int, effect: Effect, site: Site, condition: tuple[int, int] | None, label: str
    ) -> None:
        """One reference less; too many is an incident."""
        root = self.values.root(value)
        bits = self.eval.bits(state, root)
        if not bits & POS:
            return
        key = self.key_of(state, value)
        row = self.values.rows[root]
        if self.counter in ("device", "kobject") and value != root and "alloc" in self.called.get(self.at_of(root), "") and key not in state.counts:
            self.unset.append((key, Count(effect.family, fresh=False, label=label), site, state.trace))
        if row[0] == FRESH and len(row) == 2 and str(row[1])[0] != "%":
            unset = Count(effect.family, fresh=False, label=label)
            self.report.add("put-uninitialised", key, site.at, unset, site, state.trace)
            return
        count = state.counts.get(key) or Count(effect.family, fresh=False, label=label, role=self.role(root), member=value)
        if OWNERS_PUT.search(site.callee) and not count.init and not count.fresh:
            state.counts[key] = msgspec.structs.replace(count, escaped=f"unregistered by {site.callee}()")
            return
        if condition is None and bits & ~POS and (
            any(part[0] == root and part[2] > 0 for part in count.parts) or (count.base <= 0 and effect.null_safe)
        ):
            condition = (root, POS)
        if value != root and count.member == root and self.counter in ("kref", "refcount_t"):
            count = msgspec.structs.replace(count, member=value)
        before = count
        if condition is None:
            count = msgspec.structs.replace(count, base=max(count.base - 1, -3))
        else:
            count = self.settle(state, msgspec.structs.replace(count, parts=add_part(count.parts, *condition, -1)))
        count = msgspec.structs.replace(count, dropped=(*count.dropped, site)[-3:])
        if effect.last:
            count = msgspec.structs.replace(count, last=(*count.last, self.values.of(RESULT, site.at))[-2:])
        state.counts[key] = count
        state.trace = (state.trace, "drop", site.at, site.callee)
        high = count.base + sum(delta if part_value == root and mask & POS else max(0, delta) for part_value, mask, delta in count.parts)
        if high >= 0 or before.escaped == "overwritten":
            return
        self.overput(state, key, before, site)

    def overput(self, state: State, key: Key, before: Count, site: Site) -> None:
        """A put without a count to drop."""
        kind = ""
        if before.escaped and not before.escaped.startswith(("kept", "devm")):
            return
        if before.failed and not before.taken[len(before.failed):]:
            kind = "put-after-failed-get"
        elif before.role == "borrowed":
            kind = "put-borrowed"
        elif before.escaped.startswith(("kept", "devm")):
            kind = "put-after-handover"
        elif before.fresh and before.iterator:
            kind = "over-put"
        elif before.taken and not before.escaped:
            kind = "over-put"
        elif self.twice(state, key, before, site):
            kind = "put-twice"
        if kind:
            self.report.add(kind, key, site.at, before, site, state.trace)

    def twice(self, state: State, key: Key, before: Count, site: Site) -> bool:
        """Whether an object that this function was given is put for the second time, by another call on the same path."""
        if before.base >= 0 or before.parts or before.escaped or not before.dropped or before.taken:
            return False
        return all(other.at != site.at for other in before.dropped)

    def keep(self, state: State, value: int, effect: Effect, site: Site, condition: tuple[int, int] | None) -> None:
        """The callee keeps the reference, or will drop it later."""
        key = (self.values.root(value), self.counter)
        counts = state.counts
        verb = "devm action of" if effect.verb is Verb.UNDO else "kept by" if effect.family != "*" else "stored by"
        for held_key, count in list(counts.items()):
            if held_key != key and key[0] in count.held:
                counts[held_key] = msgspec.structs.replace(count, escaped=f"{verb} {site.callee}()")
        found = counts.get(key)
        if found is None:
            return
        count = found
        if effect.family != "*" or effect.verb is Verb.UNDO:
            self_drop = -1
            if condition is None:
                count = msgspec.structs.replace(count, base=count.base + self_drop)
            else:
                count = self.settle(state, msgspec.structs.replace(count, parts=add_part(count.parts, *condition, self_drop)))
            count = msgspec.structs.replace(count, dropped=(*count.dropped, site)[-3:])
            if count.base + sum(max(0, delta) for _, _, delta in count.parts) < 0:
                count = msgspec.structs.replace(count, base=0, parts=())
        if condition is not None and effect.family == "*":
            counts[key] = self.settle(state, msgspec.structs.replace(count, hopes=(*count.hopes, (*condition, f"{verb} {site.callee}()"))))
            return
        counts[key] = msgspec.structs.replace(count, escaped=f"{verb} {site.callee}()")

    def free(self, state: State, value: int, site: Site) -> None:
        """Memory is given back: the object itself, or the holder of others."""
        root = self.values.root(value)
        state.freed[root] = site.at
        key = (root, self.counter)
        count = state.counts.get(key)
        if count is not None and self.values.rows[value][0] != "sub":
            high = count.base + sum(max(0, delta) for _, _, delta in count.parts)
            if (
                high <= 0 and not count.parts and count.fresh and count.taken and count.dropped and not count.escaped
                and self.counter in ("device", "kobject") and not self.asked(state, count)
            ):
                self.report.add("use-after-put", key, site.at, count, count.dropped[-1], state.trace)
            if high > 0 and (count.fresh or count.init) and self.counter in NEVER_FREED and not (count.init and self.counter == "kref"):
                self.report.add("free-counted", key, site.at, count, site, state.trace)
            state.counts[key] = msgspec.structs.replace(count, escaped="freed")

    # --- iterators and scopes ------------------------------------------------------------------------------------

    def start(self, state: State, instr: Start) -> None:
        """An iterator begins: its cursor holds nothing yet."""
        iterator = self.tables.iterators.get(instr.macro)
        for arg in instr.args:
            self.eval.value(state, arg) if not isinstance(arg, Var) else None
        if iterator is not None and iterator.cursor < len(instr.args):
            self.assign(state, instr.args[iterator.cursor], self.values.zero)
            return
        cursors = self.cursors.setdefault(instr.at, set())
        for index, arg in enumerate(instr.args):
            if isinstance(arg, Var) and arg.name in self.eval.locals and (index == 0 or arg.name not in state.env):
                cursors.add(arg.name)

    def advance(self, state: State, end: Advance) -> tuple[State, State]:
        """The iterator moves on: (state with an element, state without)."""
        self.at = end.at
        iterator = self.tables.iterators.get(end.macro)
        values = self.values
        body = state
        if iterator is None or iterator.cursor >= len(end.args):
            done = state.copy()
            cursors = self.cursors.get(end.at, set())
            for index, arg in enumerate(end.args):
                if isinstance(arg, Var) and arg.name in self.eval.locals and (index == 0 or arg.name in cursors):
                    for each in (body, done):
                        fresh = values.of(FRESH, end.at, arg.name)
                        self.age(each, fresh)
                        self.assign(each, arg, fresh)
            return body, done
        cursor = end.args[iterator.cursor]
        if iterator.counted and not iterator.scoped and self.relevant(iterator.family):
            self.advance_drop(state, cursor, end, iterator.family)
        done = state.copy()
        self.eval.assign(done, cursor, values.zero)
        element = values.of(RESULT, end.at)
        self.age(body, element)
        body.facts[element] = POS
        if iterator.counted and not iterator.scoped and self.relevant(iterator.family):
            site = Site(end.macro, end.at, None)
            label = text_of(cursor)
            body.counts[(element, self.counter)] = Count(
                iterator.family, fresh=True, label=label, base=1, taken=(site,), iterator=True
            )
            body.trace = (body.trace, "take", end.at, end.macro)
        elif self.relevant(iterator.family):
            body.counts[(element, self.counter)] = Count(iterator.family, fresh=False, label=text_of(cursor), role="borrowed")
        self.eval.assign(body, cursor, element)
        return body, done

    def advance_drop(self, state: State, cursor: Expr, end: Advance, family: str) -> None:
        """The iterator drops the element it leaves."""
        value = self.eval.value(state, cursor)
        root = self.values.root(value)
        key = (root, self.counter)
        count = state.counts.get(key)
        if count is None or not self.eval.bits(state, root) & POS:
            return
        site = Site(end.macro, end.at, None)
        if count.base <= 0 and not count.parts:
            if count.fresh and count.dropped and not count.escaped and not count.held:
                self.report.add("iterator-puts-again", key, count.dropped[-1].at, count, count.dropped[-1], state.trace)
            del state.counts[key]
            return
        count = msgspec.structs.replace(count, base=count.base - 1)
        if count.base <= 0 and not count.parts and not count.held:
            del state.counts[key]
        else:
            state.counts[key] = msgspec.structs.replace(count, dropped=(*count.dropped, site)[-3:])

    def scope_end(self, state: State, instr: ScopeEnd) -> None:
        """A cleanup attribute runs."""
        if instr.cleanup in self.tables.iterators:
            return  # a scoped iterator drops its cursor by itself
        cleanup: Cleanup | None = self.tables.cleanups.get(instr.cleanup)
        value = self.eval.variable(state, instr.name)
        if cleanup is None:
            self.escape(state, value, f"cleaned up by __free({instr.cleanup})")
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

    def names_dropping(self, count: Count) -> bool:
        """Whether an unknown callee that saw the object sounds as if it dropped it."""
        return any(DROPPING_NAME.search(name) for name in count.passed)


TARGET_NONE = Target(0)


def add_part(parts: tuple[tuple[int, int, int], ...], value: int, mask: int, delta: int) -> tuple[tuple[int, int, int], ...]:
    """*parts* with one more, those that cancel taken out."""
    out = []
    for part in parts:
        if part[0] == value and part[1] == mask:
            delta += part[2]
        else:
            out.append(part)
    if delta:
        out.append((value, mask, max(-3, min(3, delta))))
    return tuple(sorted(out))


def path_label(label: str, path: tuple[str, ...]) -> str:
    """The text of what is reached from an argument along *path*."""
    if not path:
        return label
    if path[0][0] == ".":
        return label + "".join(f"{'->' if index == 0 else '.'}{part.lstrip('.->')}" for index, part in enumerate(path))
    first, *rest = path
    name = label if first == "*" else f"{label}{first if first.startswith('->') else '->' + first}"
    return name + "".join(f"->{part.removeprefix('->')}" for part in rest)


def rename(values: Values, state: State, old: int, new: int, counter: str) -> None:
    """Replace value *old*, and what was reached from it, by *new* everywhere in *state*."""
    cache: dict[int, int] = {}

    def put(value: int) -> int:
        return values.replace(value, old, new, cache)

    state.env = {name: put(value) for name, value in state.env.items()}
    if state.mem:
        state.mem = {(put(base), name): put(value) for (base, name), value in state.mem.items()}
    state.facts = moved(state.facts, put)
    state.equal = moved(state.equal, put)
    state.counts = {
        (put(key[0]), counter): count if not (count.parts or count.held) else msgspec.structs.replace(
            count,
            parts=tuple((put(value), mask, delta) for value, mask, delta in count.parts),
            held=frozenset(put(value) for value in count.held),
        )
        for key, count in sorted(state.counts.items(), key=lambda item: item[0][0] == old)
    }


def moved(facts: dict[int, int], put: Callable[[int], int]) -> dict[int, int]:
    """*facts* under the new names; what was known of the new name before is forgotten."""
    out: dict[int, int] = {}
    fresh: dict[int, int] = {}
    for value, bits in facts.items():
        target = put(value)
        (out if target == value else fresh)[target] = bits
    return {**out, **fresh}


__all__ = ["KEEPING_NAME", "Machine", "add_part"]
