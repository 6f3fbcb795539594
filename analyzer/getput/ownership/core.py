"""The part of the machine that every instruction needs: values held, objects counted, facts learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from getput.flow.ir import Expr, Function, ScopeEnd, Temp, Var
from getput.ownership import batches
from getput.ownership.apis import Tables
from getput.ownership.contracts import NEG, POS, ZERO, Contract
from getput.ownership.evaluate import Evaluator, temporary
from getput.ownership.label import text_of
from getput.ownership.rename import rename
from getput.ownership.state import ELEMENT, ONE_OF_SEVERAL, Count, Key, Site, State, Trace
from getput.ownership.values import AGED, FIELD, GLOBAL, LOCAL, OUT, PARAM, RESULT, Values

FREED: Final = "freed"  # the use is that its memory is given back
USES: Final = ("use-after-put", "use-after-own-put")
Seen = dict[
    tuple[str, Key, int], tuple[Count, Site | None, Trace | None, str]
]  # (kind, object, offset) -> what was seen there


class Report:
    """Where the engine writes what it saw (one function, one counter)."""

    __slots__ = ("incidents",)

    def __init__(self) -> None:
        self.incidents: Seen = {}

    def add(
        self, kind: str, key: Key, at: int, count: Count, site: Site | None, trace: Trace | None, note: str = ""
    ) -> None:
        """Remember an incident; the first path that shows it is kept."""
        self.incidents.setdefault((kind, key, at), (count, site, trace, note))


class Core:
    """One function, one counter: the tables, the values, and what was seen."""

    def __init__(
        self,
        function: Function,
        counter: str,
        tables: Tables,
        callee: Callable[[str, bool], Contract | None],
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
        self.settled_by: set[tuple[int, int]] = set()  # such a get, and the drop
        self.singly: set[int] = set()  # offsets of gets of several, of which some path drops one, or a part
        self.walked: set[tuple[int, str]] = set()  # an iterator's turn, and how its element was kept before it went on
        # a get, a drop, and the callees that saw it in between
        self.lent: set[tuple[int, int, tuple[str, ...]]] = set()
        self.cursors: dict[int, set[str]] = {}  # offset of an iterator unknown to the tables -> variables that it sets
        self.begun: set[int] = set()  # objects that some path initialises
        # puts of members of fresh memory that the path has not initialised
        self.unset: list[tuple[Key, Count, Site, Trace | None]] = []
        self.stored: set[int] = set()  # parameters that some path stores where they outlive the function
        self.listed: set[int] = set()  # those of them that a callee keeps
        self.recent = (-1, "")  # the offset of the last instruction that set a temporary, and which
        self.looked_at: set[int] = set()  # offsets of calls whose result goes somewhere
        self.called: dict[int, str] = {}  # offset of a call -> callee
        self.passed: dict[int, tuple[int, ...]] = {}  # offset of a call -> values of its arguments
        self.filled: dict[int, int] = {}  # what a call wrote through an argument -> what stood there before
        self.owners: dict[int, Contract] = {}  # results of calls that drop what stands in their members when they go
        self.wrote: dict[
            tuple[int, str], tuple[int, str]
        ] = {}  # a member of such an object -> where it was assigned, as what
        self.cleaned = {
            instr.name for block in function.blocks for instr in block.instrs if isinstance(instr, ScopeEnd)
        }
        self.at = 0
        self.usage = counts_users(tables, counter)

    def close(self) -> None:
        """Nothing more is followed: the evaluator forgets this machine, so that both can go at once, and need not be found as garbage."""
        self.eval.used = self.eval.learned = nothing

    def begin(self) -> State:
        """The state in which the function starts."""
        state = State()
        for index, param in enumerate(self.function.params):
            if param.name:
                state.env[param.name] = self.values.of(PARAM, index)
        return state

    def relevant(self, family: str) -> bool:
        """Whether effects on *family* are looked at in this run."""
        return family in {"*", "memory"} or self.tables.counter_of(family) == self.counter

    def hold(self, state: State, key: Key, holder: int) -> None:
        """The object of *key* is stored in what *holder* points to."""
        rows = self.values.rows
        if rows[key[0]][0] == PARAM and rows[holder][0] != LOCAL and holder != key[0]:
            self.stored.add(key[0])
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
            seen = (*count.passed, ELEMENT) if count.earlier and ELEMENT not in count.passed else count.passed
            held = count.held & self.holders(state, key[0])
            count = state.counts[key] = msgspec.structs.replace(count, held=held, passed=seen)
            if count.held:
                return
        root = key[0]  # if it is NULL nothing is lost
        at, spare = self.recent
        if at == self.at and spare in state.env and self.values.root(state.env[spare]) == root:
            return  # exchanged: the temporary goes where the source says
        low = count.base + sum(
            delta if value == root and mask & POS else min(0, delta) for value, mask, delta in count.parts
        )
        if low <= 0 or not self.eval.bits(state, root) & POS or self.reachable(state, root, by_name=True):
            return
        self.report.add("overwritten", key, self.at, count, None, state.trace, name)
        state.counts[key] = msgspec.structs.replace(count, escaped="overwritten")

    def remade(self, state: State, old: int, value: int) -> bool:
        """Whether *value* came back from a call that got *old*, and that is not known to take: it may be the same object, made into another."""
        row = self.values.rows[value]
        if row[0] != RESULT or row[1] not in self.passed or (value, self.counter) in state.counts:
            return False
        name = self.called.get(row[1], "")
        if name in self.tables.contracts:
            return False
        root = self.values.root(old)
        if all(self.values.root(arg) != root for arg in self.passed[row[1]]):
            return False
        self.escape(state, old, f"made into something else by {name}()")
        return True

    def holders(self, state: State, root: int) -> frozenset[int]:
        """What *root* is stored in now: the roots of structures, and globals."""
        values = self.values
        roots = values.roots
        out = {roots[base] for (base, _), value in state.mem.items() if roots[value] == root}
        for name, value in state.env.items():
            if (
                roots[value] == root
                and name[0] != "%"
                and name not in self.eval.locals
                and name not in self.eval.params
            ):
                out.add(values.of(GLOBAL, name))
        return frozenset(out)

    def reachable(self, state: State, root: int, *, by_name: bool = False) -> bool:
        """Whether any variable or field still leads to *root*; *by_name* leaves out temporaries, which are read once and gone."""
        roots = self.values.roots
        for name, value in state.env.items():
            if roots[value] == root and not (by_name and name[0] == "%"):
                return True
        return root in [roots[value] for value in state.mem.values()]

    def used(self, state: State, value: int) -> None:
        """Memory behind *value* is touched: is the object still there?"""
        if not state.counts:
            return
        key = (self.values.root(value), self.counter)
        count = state.counts.get(key)
        if count is None:
            return
        if count.fresh and not count.touched and not count.dropped:
            state.counts[key] = msgspec.structs.replace(count, touched=True)
        if count.dropped and count.dropped[-1].at == self.at:
            return  # what a call drops is what it works with
        if self.gone(count) and not self.asked(state, count):
            self.report.add("use-after-put", key, self.at, count, count.dropped[-1], state.trace)
        elif (
            count.role in ("field", "local")
            and not count.fresh
            and not count.taken
            and not count.earlier
            and not self.usage
            and (count.base < 0 or count.parts)
            and all(part == (key[0], POS, -1) for part in count.parts)
            and not count.escaped
            and not self.asked(state, count)
        ):
            self.report.add("use-after-own-put", key, self.at, count, count.dropped[-1], state.trace)

    def asked(self, state: State, count: Count) -> bool:
        """Whether the path knows if a drop was the last one: then it knows what it does."""
        return any(
            self.eval.bits(state, result) in (ZERO, POS, POS | NEG) or self.answered(result) for result in count.last
        )

    def answered(self, result: int) -> bool:
        """Whether the caller looks at what the drop said at all."""
        return self.values.rows[result][1] in self.looked_at

    def around(self, state: State, head: int) -> None:
        """The path goes back to the head of a loop (an offset): what was taken and dropped below it belongs to the round that ends."""
        if self.owners:
            self.unowned(state)
        for key, count in list(state.counts.items()):
            if not count.earlier and any(site.at >= head for site in count.taken + count.dropped):
                state.counts[key] = msgspec.structs.replace(count, earlier=True)

    def unowned(self, state: State) -> None:
        """Members that are dropped with their object: does any hold something that nobody took a reference on?"""
        for owner, contract in self.owners.items():
            for (*way, last), family in contract.owns:
                base = owner
                for name in way:
                    base = self.values.sub(base, name)
                value = state.mem.get((base, last))
                if value is None or not self.relevant(family) or not self.eval.bits(state, value) & POS:
                    continue
                key = (self.values.root(value), self.counter)
                count = state.counts.get(key)
                known = count is not None and (count.taken or count.escaped or count.high > 0)
                borrowed = self.values.kind(key[0]) in (PARAM, FIELD) or (
                    count is not None and count.role == "borrowed"
                )
                if known or not borrowed or (base, last) not in self.wrote:
                    continue
                at, label = self.wrote[base, last]
                bare = Count(family, fresh=False, label=label, role="field")
                site = Site(contract.name, self.at_of(owner), contract)
                self.report.add("owned-without-reference", key, at, bare, site, state.trace)

    @staticmethod
    def gone(count: Count) -> bool:
        """Whether the only reference this function had is certainly dropped."""
        return (
            count.fresh
            and bool(count.dropped)
            and bool(count.taken)
            and count.base <= 0
            and not count.parts
            and not count.escaped
            and not count.held
            and not count.init
        )

    def learned(self, state: State, value: int) -> None:
        """More is known of *value*: conditional counts that hang on it become numbers."""
        if not state.counts:
            return
        for key, count in list(state.counts.items()):
            if (count.parts and value in [part[0] for part in count.parts]) or (
                count.hopes and value in [hope[0] for hope in count.hopes]
            ):
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
        return msgspec.structs.replace(
            count, base=base, parts=tuple(parts), failed=failed, hopes=tuple(hopes), escaped=escaped
        )

    def key_of(self, state: State, value: int) -> Key:
        """The key of the counted object that *value* points to: members of one structure that are counted apart have keys of their own."""
        counts, root = state.counts, self.values.root(value)
        if (value, self.counter) in counts:
            return (value, self.counter)
        known = counts.get((root, self.counter))
        if known is None or value == root or known.member in (-1, root) or self.values.related(known.member, value):
            return (root, self.counter)
        return (value, self.counter)

    def age(self, state: State, value: int) -> None:
        """Rename *value* to what it was an iteration ago."""
        if value in state.facts or value in state.env.values() or (value, self.counter) in state.counts:
            aged = self.values.of(AGED, value)
            older = state.counts.get((aged, self.counter))
            rename(self.values, state, value, aged, self.counter)
            several = older is not None and (older.base > 0 or older.parts or older.escaped == ONE_OF_SEVERAL)
            if several and (aged, self.counter) in state.counts:
                state.counts[(aged, self.counter)] = msgspec.structs.replace(
                    state.counts[(aged, self.counter)], escaped=ONE_OF_SEVERAL
                )

    def fresh_result(self, state: State, at: int) -> int:
        """The value of a result, the one of an earlier round of the loop renamed out of the way."""
        known = self.values.ids.get((RESULT, at))
        if known is None:
            return self.values.of(RESULT, at)  # no round came before this one
        self.age(state, known)
        return known

    def escape(self, state: State, value: int, why: str) -> None:
        """Nobody here owes the reference of *value* any longer."""
        key = (self.values.root(value), self.counter)
        count = state.counts.get(key)
        if count is not None:
            state.counts[key] = msgspec.structs.replace(count, escaped=why)

    def incident(self, kind: str, key: Key, at: int, count: Count, callee: str, state: State) -> None:
        """Report an incident that a call of *callee* makes."""
        self.report.add(kind, key, at, count, Site(callee, at), state.trace)

    def at_of(self, value: int) -> int:
        """The offset of the call whose result *value* is, or -1."""
        row = self.values.rows[value]
        return int(row[1]) if row[0] == RESULT else -1

    def made_here(self, root: int) -> bool:
        """Whether the object came to life in this function."""
        return self.values.rows[root][0] in (RESULT, OUT, LOCAL)

    def role(self, root: int) -> str:
        """Where the object comes from: part of a finding's identity."""
        kind = self.values.kind(root)
        return kind if kind in (PARAM, FIELD, GLOBAL) else "local"

    def assign(self, state: State, target: Expr, value: int) -> None:
        """``target = value``: the old content may be lost, the new one may come to be held."""
        if isinstance(target, Temp):
            name = temporary(target.index)
            state.env[name] = value
            self.recent = (self.at, name)
            return
        counts = state.counts
        key = (self.values.root(value), self.counter)
        if isinstance(target, Var):
            old = state.env.get(target.name)
            state.env[target.name] = value
            if key in counts and not counts[key].label:
                counts[key] = msgspec.structs.replace(counts[key], label=target.name)
            if target.name not in self.eval.locals and target.name not in self.eval.params:
                self.hold(state, key, self.values.of(GLOBAL, target.name))
            if old is not None and counts and old != value and not self.remade(state, old, value):
                self.lost(state, old, target.name)
            return
        place = self.eval.place(state, target, use=True)
        gone = state.mem.get(place)
        if self.eval.store(state, place, value) is None:
            return
        if key in counts and not counts[key].label:
            counts[key] = msgspec.structs.replace(counts[key], label=text_of(target))
        self.hold(state, key, self.values.root(place[0]))
        all_of_them = batches.of_element(self, state, key[0])
        if all_of_them is not None:
            self.escape(state, all_of_them, f"stored in {text_of(target)}")
        if self.owners:
            self.wrote[place] = self.at, text_of(target)
        if (
            key in counts
            and (place[1][0] == "[" or self.values.one_of_many(place))
            and ELEMENT not in counts[key].passed
        ):
            counts[key] = msgspec.structs.replace(counts[key], passed=(*counts[key].passed, ELEMENT))
        if gone is not None and counts and gone != value and not self.values.one_of_many(place):
            self.lost(state, gone, text_of(target))

    def clear(self, state: State, expr: Expr) -> None:
        """Set the variable or field that *expr* names to NULL."""
        if not isinstance(expr, Temp):
            self.eval.assign(state, expr, self.values.zero)


def nothing(state: State, value: int) -> None:
    """What a machine that was let go of does with what its evaluator sees."""


def once(incidents: Seen) -> Seen:
    """*incidents*, of the uses of one object after one drop only the first."""
    first: dict[tuple[str, Key, int], int] = {}
    for (kind, key, at), (_, site, _, _) in incidents.items():
        use = (kind, key, site.at if site is not None else at)
        if use not in first or at < first[use]:
            first[use] = at
    return {
        (kind, key, at): seen
        for (kind, key, at), seen in incidents.items()
        if kind not in USES or first[kind, key, seen[1].at if seen[1] is not None else at] == at
    }


def counts_users(tables: Tables, counter: str) -> bool:
    """Whether *counter* counts users, not owners: the object outlives its last put."""
    family = tables.families.get(counter)
    return family is not None and family.outlives
