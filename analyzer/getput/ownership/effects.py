"""What the effects of a contract do to the counts of a state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from getput.flow.ir import Call
from getput.ownership import batches, registration
from getput.ownership.contracts import ANY, POS, Contract, Effect, Source, Target, Verb
from getput.ownership.drops import FEW, HANDED, Drops, add_part
from getput.ownership.label import text_of
from getput.ownership.naming import BARE, EMBEDDED, PAGES
from getput.ownership.state import Count, Site, State
from getput.ownership.values import LOCAL, OUT, SUB
from getput.pattern import pattern

LAST = pattern(r"(?:->|\.)\w+\Z")  # the member that an expression ends with
MOST: Final = 6  # references that are told apart, on an object made here; of others drops.FEW


class Effects(Drops):
    """Applies contracts."""

    def apply(self, state: State, call: Call, contract: Contract, args: list[int], result: int) -> None:
        """Apply every effect of *contract*."""
        if contract.effects and contract.effects[0].family in BARE and contract.source is Source.TABLE:
            contract, args = self.by_member(contract, args)
        site = Site(contract.name, call.at, contract)
        touched = set()
        devices = self.counter == registration.COUNTER
        if devices:
            for value in self.reached(state, args, registration.deletes(contract)):
                registration.deleting(self, state, value, contract.name, call.at)
        for effect in contract.effects:
            if effect.target.arg < len(args) and (self.relevant(effect.family) or effect.verb is Verb.BORROW):
                if effect.target.arg >= 0 and not effect.target.path and effect.verb is not Verb.SHARE:
                    touched.add(effect.target.arg)
                self.effect(state, call, site, effect, args, result)
                if effect.times > 1:
                    again = msgspec.structs.replace(effect, there=True)  # what the first has put there
                    for _ in range(effect.times - 1):
                        self.effect(state, call, site, again, args, result)
            elif effect.verb is Verb.DROP and 0 <= effect.target.arg < len(args):
                self.holder_dropped(state, args[effect.target.arg], contract.name, itself=not effect.target.path)
        if devices:
            for value in self.reached(state, args, registration.adds(contract)):
                registration.adding(self, state, value, contract.name, result)
            if contract.name == registration.PUT and args:
                registration.putting(self, state, args[0], call.at)
        for index, arg in enumerate(args):
            if index not in touched:
                self.used(state, arg)

    def reached(self, state: State, args: list[int], targets: tuple[Target, ...]) -> list[int]:
        """What *targets* are, of a call with *args*."""
        return [self.along(state, args[one.arg], one.path) for one in targets if 0 <= one.arg < len(args)]

    def by_member(self, contract: Contract, args: list[int]) -> tuple[Contract, list[int]]:
        """*contract* of a bare counter and its arguments, as those of the object where the counter is the member that holds its count."""
        target = contract.effects[0].target
        row = self.values.rows[args[target.arg]] if not target.path and 0 <= target.arg < len(args) else ()
        family = self.tables.members.get(row[2]) if row and row[0] == SUB else None
        if family is None:
            return contract, args
        effects = tuple([msgspec.structs.replace(one, family=family) for one in contract.effects])
        args = [row[1] if index == target.arg else arg for index, arg in enumerate(args)]
        return msgspec.structs.replace(contract, effects=effects), args

    def holder_dropped(self, state: State, value: int, name: str, *, itself: bool = False) -> None:
        """A reference of another kind is dropped: with the last one goes what the object holds.  Where the object *itself* is put, a count in it
        may be the one that is meant."""
        root = self.values.root(value)
        for key, count in list(state.counts.items()):
            concerned = itself and self.counter in EMBEDDED if key[0] == root else root in count.held
            if concerned and name not in count.passed:
                state.counts[key] = msgspec.structs.replace(count, passed=(*count.passed, name))

    def effect(self, state: State, call: Call, site: Site, effect: Effect, args: list[int], result: int) -> None:
        """Apply one effect."""
        arg, path = effect.target.arg, effect.target.path
        label = "" if arg < 0 else text_of(call.args[arg]).removeprefix("&")
        if label and effect.family not in BARE and label.replace(".", ">").rpartition(">")[2] in self.tables.members:
            label = LAST.sub("", label)
        conditional = effect.when != ANY and bool(self.eval.bits(state, result) & ~effect.when)
        if conditional and not self.eval.bits(state, result) & effect.when:
            return
        condition = (result, effect.when) if conditional else None
        verb = effect.verb
        several = batches.place(self, args[arg]) if path == ("*",) else None
        if several is not None:
            label = label.split("[")[0].split(" ")[0]
        if verb is Verb.TAKE and path and not (effect.there or path[-1][0] == "."):
            if several is None or not self.more(state, site, effect, several, args[arg], result, label):
                self.take_out(state, call, site, effect, args[arg], condition, label, several)
            return
        value = result if arg < 0 else args[arg]
        if several is not None and several in state.mem:
            value = state.mem[several]
            if verb is Verb.DROP and not self.all_at_once(state, value, inside=several[0] != args[arg]):
                return
        else:
            value = self.along(state, value, path)
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
            if verb is Verb.UNDO and not self.undoes(call, site):
                return
            self.keep(state, value, effect, site, condition)
        elif verb is Verb.FREE:
            self.free(state, value, site)
        elif verb is Verb.UNSURE:
            self.escape(state, value, f"handed to {site.callee}()")
        elif verb is Verb.BORROW and self.relevant(effect.family):
            key = (self.values.root(value), self.counter)
            if key not in state.counts:
                state.counts[key] = Count(effect.family, fresh=False, label=label, role="borrowed")

    def along(self, state: State, value: int, path: Iterable[str]) -> int:
        """What *path* leads to from *value*."""
        for name in path:
            value = self.walk(state, value, name)
        return value

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
        self,
        state: State,
        call: Call,
        site: Site,
        effect: Effect,
        arg: int,
        condition: tuple[int, int] | None,
        label: str,
        several: tuple[int, str] | None = None,
    ) -> None:
        """A reference comes back through what an argument points to, or *several* through an array."""
        if self.values.constant(arg) == 0:
            return
        *way, last = effect.target.path
        arg = self.along(state, arg, way)
        place = (arg, last.removeprefix("->"))
        row = self.values.rows[arg]
        if last == "*" and row[0] == "sub":
            place = (row[1], row[2])
        place = several or place
        out = self.values.of(OUT, call.at, effect.target.arg, *effect.target.path)
        self.age(state, out)
        gone = self.filled[out] = self.eval.load(state, place)
        self.eval.store(state, place, out)
        where = path_label(label, effect.target.path)
        if site.contract is not None and site.contract.source is Source.SUMMARY:
            self.escape(state, gone, f"replaced by {site.callee}()")  # which got its place, and may have put it
        else:
            self.lost(state, gone, where)
        self.take(state, out, effect, site, condition or (out, POS), fresh=True, label=where, init=False)
        if self.values.rows[place[0]][0] != LOCAL:
            self.hold(state, (out, self.counter), self.values.root(place[0]))

    def more(
        self,
        state: State,
        site: Site,
        effect: Effect,
        several: tuple[int, str],
        arg: int,
        result: int,
        label: str,
    ) -> bool:
        """Whether the call adds to the pages that an array holds already, from some element on; then they are counted with those."""
        known = state.mem.get(several)
        count = None if known is None else state.counts.get((known, self.counter))
        if known is None or count is None or several[0] == arg or count.high <= 0:
            return False
        self.take(state, known, effect, site, (result, effect.when), fresh=True, label=label, init=False)
        return True

    def all_at_once(self, state: State, value: int, *, inside: bool) -> bool:
        """Whether a put of an array's pages drops all of them (*value*), so that one is left to be counted; from *inside* it drops a part."""
        key = (value, self.counter)
        count = state.counts.get(key)
        if count is None or count.high <= 0:
            return True
        if inside:
            self.singly.update(one.at for one in count.taken)
            self.escape(state, value, "dropped in part")
            return False
        state.counts[key] = msgspec.structs.replace(count, base=1, parts=())
        return True

    def take(
        self,
        state: State,
        value: int,
        effect: Effect,
        site: Site,
        condition: tuple[int, int] | None,
        *,
        fresh: bool,
        label: str,
        init: bool,
    ) -> None:
        """One reference more."""
        root = self.values.root(value)
        key = self.key_of(state, value)
        bits = self.eval.bits(state, root)
        if not bits & POS:
            return
        if not fresh and not init and not effect.null_safe and effect.target.arg >= 0 and bits != POS:
            self.eval.restrict(state, root, POS)  # whoever counts an object knows that there is one
            bits = POS
        if condition is None and (fresh or effect.null_safe) and bits & ~POS:
            condition = (root, POS)
        count = state.counts.get(key)
        if count is not None and not fresh and not init and self.gone(count) and not self.asked(state, count):
            self.report.add("use-after-put", key, site.at, count, count.dropped[-1], state.trace)
        if count is None:
            count = Count(
                effect.family,
                fresh=fresh or (init and self.made_here(root)),
                label=label,
                role=self.role(root),
                member=value,
            )
        if init:
            self.begun.add(root)
            made = self.made_here(root)
            held = self.holders(state, root) if made else count.held
            count = msgspec.structs.replace(count, base=0, parts=(), init=True, dropped=(), fresh=made, held=held)
            if (root, HANDED) in state.mem:
                count = msgspec.structs.replace(count, escaped="handed on before it was initialised")
        if fresh and count.base <= 0 and count.dropped:
            count = Count(effect.family, fresh=True, label=label, role=self.role(root))
        if not fresh and not init:
            stored = count.role == "local" and self.counter in PAGES  # before it was counted, for what it is stored in
            held = frozenset(
                holder
                for holder in self.holders(state, root)
                if "alloc" in self.called.get(self.at_of(holder), "")
                or (stored and self.values.rows[holder][0] != LOCAL)
            )
            count = msgspec.structs.replace(count, held=count.held | held)
        taken = (*count.taken, site)[-3:]
        if condition is None:
            most = MOST if count.fresh else FEW
            if count.base >= most:
                count = beyond(count, site)
            count = msgspec.structs.replace(count, base=min(count.base + 1, most), taken=taken)
        else:
            if any(part == (*condition, FEW) for part in count.parts):
                count = beyond(count, site)
            count = msgspec.structs.replace(count, parts=add_part(count.parts, *condition, 1), taken=taken)
            count = self.settle(state, count)
        state.counts[key] = count
        state.trace = (state.trace, "take", site.at, site.callee)


def beyond(count: Count, site: Site) -> Count:
    """*count* where *site* takes one more than is counted: in a loop that changes nothing, else nobody knows how many puts are due."""
    if count.earlier or count.escaped or any(one.at == site.at for one in count.taken):
        return count
    return msgspec.structs.replace(count, escaped="taken more often than is counted")


def path_label(label: str, path: tuple[str, ...]) -> str:
    """The text of what is reached from an argument along *path*."""
    if not path:
        return label
    if path[0][0] == ".":
        return label + "".join(f"{'->' if index == 0 else '.'}{part.lstrip('.->')}" for index, part in enumerate(path))
    first, *rest = path
    name = label if first == "*" else f"{label}{first if first.startswith('->') else '->' + first}"
    return name + "".join(f"->{part.removeprefix('->')}" for part in rest)
