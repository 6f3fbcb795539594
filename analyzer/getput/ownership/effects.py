"""What the effects of a contract do to the counts of a state."""

from __future__ import annotations

import msgspec

from getput.flow.ir import Call, Var
from getput.ownership import batches, excess, registration
from getput.ownership.contracts import ANY, POS, ZERO, Contract, Effect, Source, Verb
from getput.ownership.core import FREED, Core
from getput.ownership.label import text_of
from getput.ownership.meant import looked_up
from getput.ownership.naming import BARE, EMBEDDED, NEVER_FREED, OWNERS_PUT, PAGES
from getput.ownership.state import Count, Key, Site, State
from getput.ownership.values import FRESH, LOCAL, MAYBE, OUT, PARAM, REACHED, RESULT, SUB
from getput.pattern import pattern

LAST = pattern(r"(?:->|\.)\w+\Z")  # the member that an expression ends with
MOST = 6  # references that are told apart, on an object made here
FEW = 3  # the same, on another one, or while it may be NULL
HANDED = "#handed"  # the mark of an object that was handed on before anything counted it


class Effects(Core):
    """Applies contracts."""

    def apply(self, state: State, call: Call, contract: Contract, args: list[int], result: int) -> None:
        """Apply every effect of *contract*."""
        if contract.effects and contract.effects[0].family in BARE and contract.source is Source.TABLE:
            contract, args = self.by_member(contract, args)
        site = Site(contract.name, call.at, contract)
        touched = set()
        registration.before(self, state, contract.name, args, call.at)
        for effect in contract.effects:
            if effect.target.arg < len(args) and (self.relevant(effect.family) or effect.verb is Verb.BORROW):
                if effect.target.arg >= 0 and not effect.target.path:
                    touched.add(effect.target.arg)
                self.effect(state, call, site, effect, args, result)
                again = msgspec.structs.replace(effect, there=True)  # what the first has put there
                for _ in range(effect.times - 1):
                    self.effect(state, call, site, again, args, result)
            elif effect.verb is Verb.DROP and 0 <= effect.target.arg < len(args):
                self.holder_dropped(state, args[effect.target.arg], contract.name, itself=not effect.target.path)
        registration.after(self, state, contract.name, args, result, call.at)
        for index, arg in enumerate(args):
            if index not in touched:
                self.used(state, arg)

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
        for name in way:
            arg = self.walk(state, arg, name)
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

    def drop(
        self, state: State, value: int, effect: Effect, site: Site, condition: tuple[int, int] | None, label: str
    ) -> None:
        """One reference less; too many is an incident."""
        root = self.values.root(value)
        all_of_them = batches.of_element(self, state, root)
        if all_of_them is not None:
            self.singly.update(one.at for one in state.counts[all_of_them, self.counter].taken)
            self.escape(state, all_of_them, f"dropped one by one by {site.callee}()")
            return
        object_ = value if self.values.rows[value][0] == MAYBE else root  # what is NULL where there is nothing to put
        bits = self.eval.bits(state, object_)
        if not bits & POS:
            return
        key = self.key_of(state, value)
        row = self.values.rows[root]
        if (
            self.counter in ("device", "kobject")
            and value != root
            and "alloc" in self.called.get(self.at_of(root), "")
            and key not in state.counts
        ):
            self.unset.append((key, Count(effect.family, fresh=False, label=label), site, state.trace))
        if row[0] == FRESH and len(row) == 2 and str(row[1])[0] != "%":
            unset = Count(effect.family, fresh=False, label=label)
            self.report.add("put-uninitialised", key, site.at, unset, site, state.trace)
            return
        count = state.counts.get(key) or Count(
            effect.family, fresh=False, label=label, role=self.role(root), member=value
        )
        if OWNERS_PUT.search(site.callee) and not count.init and (not count.fresh or looked_up(count)):
            state.counts[key] = msgspec.structs.replace(count, escaped=f"unregistered by {site.callee}()")
            return
        if (
            condition is None
            and bits & ~POS
            and (
                any(part[0] == object_ and part[2] > 0 for part in count.parts)
                or (count.base <= 0 and effect.null_safe)
            )
        ):
            unseen = [part for part in count.parts if part[2] > 0 and part[0] != object_]
            # what a get took whose answer nobody looked at, a put that may find nothing drops
            condition = (object_, POS) if not unseen or count.base > 0 else unseen[0][:2]
        if value != root and count.member == root and self.counter in EMBEDDED:
            count = msgspec.structs.replace(count, member=value)
        before = count
        if count.taken and count.passed:
            self.lent.add((count.taken[0].at, site.at, count.passed))
        if condition is None:
            count = msgspec.structs.replace(count, base=max(count.base - 1, -3))
        else:
            count = self.settle(state, msgspec.structs.replace(count, parts=add_part(count.parts, *condition, -1)))
        count = msgspec.structs.replace(count, dropped=(*count.dropped, site)[-3:])
        if effect.last:
            count = msgspec.structs.replace(count, last=(*count.last, self.values.of(RESULT, site.at))[-2:])
        state.counts[key] = count
        state.trace = (state.trace, "drop", site.at, site.callee)
        high = count.base + sum(
            delta if part_value == object_ and mask & POS else max(0, delta) for part_value, mask, delta in count.parts
        )
        if high >= 0 or before.escaped == "overwritten":
            return
        self.overput(state, key, before, site)

    def overput(self, state: State, key: Key, before: Count, site: Site) -> None:
        """A put without a count to drop."""
        kind = ""
        if before.escaped and not before.escaped.startswith(("kept", "devm")):
            return
        if before.failed and not before.taken[len(before.failed) :]:
            if self.values.rows[key[0]][0] == OUT and not state.facts.get(key[0], ZERO) & ZERO:
                return  # the path looked: what the failed get left there is not its own
            kind = "put-after-failed-get"
        elif before.role == "borrowed" or excess.lent(self, key, before, site):
            kind = "put-borrowed"
        elif before.escaped.startswith(("kept", "devm")):
            kind = "put-after-handover"
        elif (before.fresh and before.iterator) or (before.taken and not before.escaped):
            kind = "over-put"
        elif self.twice(before, site):
            kind = "put-twice"
        if kind and not excess.explained(self, state, key[0], before, site, kind):
            note = "consumed" if kind == "put-borrowed" and excess.consumes(site) else ""
            self.report.add(kind, key, site.at, before, site, state.trace, note)

    @staticmethod
    def twice(before: Count, site: Site) -> bool:
        """Whether an object that this function was given is put for the second time, by another call on the same path."""
        if before.base >= 0 or before.parts or before.escaped or not before.dropped or before.taken:
            return False
        return all(other.at != site.at for other in before.dropped)

    def keep(self, state: State, value: int, effect: Effect, site: Site, condition: tuple[int, int] | None) -> None:
        """The callee keeps the reference, or will drop it later."""
        key = (self.values.root(value), self.counter)
        counts = state.counts
        verb = "devm action of" if effect.verb is Verb.UNDO else "kept by" if effect.family != "*" else "stored by"
        why = f"{verb} {site.callee}()"
        for held_key, count in list(counts.items()):
            if held_key != key and key[0] in count.held and count.high > 0:
                counts[held_key] = msgspec.structs.replace(count, escaped=why)
        if effect.verb is Verb.UNDO:
            for other, count in list(counts.items()):
                if other != key and count.taken and self.known_to(state, other[0], count, key[0]):
                    counts[other] = msgspec.structs.replace(count, escaped=why)
        found = counts.get(key)
        if found is None:
            if self.values.rows[key[0]][0] == PARAM:
                self.stored.add(key[0])
                self.listed.add(key[0])
            elif effect.family == "*" and self.made_here(key[0]):
                state.mem[(key[0], HANDED)] = self.values.zero
            return
        count = found
        if effect.family != "*" or effect.verb is Verb.UNDO:
            if condition is None:
                count = msgspec.structs.replace(count, base=count.base - 1)
            else:
                count = self.settle(state, msgspec.structs.replace(count, parts=add_part(count.parts, *condition, -1)))
            count = msgspec.structs.replace(count, dropped=(*count.dropped, site)[-3:])
            if count.high < 0:
                count = msgspec.structs.replace(count, base=0, parts=())
        if condition is not None:
            counts[key] = self.settle(state, msgspec.structs.replace(count, hopes=(*count.hopes, (*condition, why))))
            return
        counts[key] = msgspec.structs.replace(count, escaped=why)

    def undoes(self, call: Call, site: Site) -> bool:
        """Whether the function that is registered to undo something may drop what is counted here."""
        index = site.contract.release_arg if site.contract is not None else -1
        action = call.args[index] if 0 <= index < len(call.args) else None
        if not isinstance(action, Var) or not self.known_here(action.name):
            return True
        contract = self.callee(action.name, True)
        return contract is None or any(
            effect.verb in (Verb.DROP, Verb.FREE, Verb.KEEP, Verb.UNDO, Verb.UNSURE) for effect in contract.effects
        )

    def known_to(self, state: State, value: int, count: Count, base: int) -> bool:
        """Whether who has *base* can reach the object *value*: it was read from there, or is stored in what is stored there."""
        root = self.values.root
        return self.reached_from(value, base) or any(
            root(where) == base and root(content) in count.held for (where, _), content in state.mem.items()
        )

    def reached_from(self, value: int, base: int) -> bool:
        """Whether *value* was read through *base*."""
        rows = self.values.rows
        while rows[value][0] in REACHED:
            value = rows[value][1]
            if value == base:
                return True
        return False

    def free(self, state: State, value: int, site: Site) -> None:
        """Memory is given back: the object itself, or the holder of others."""
        root = self.values.root(value)
        state.freed[root] = site.at
        key = (root, self.counter)
        count = state.counts.get(key)
        if count is not None and self.values.rows[value][0] != "sub":
            if (
                count.high <= 0
                and not count.parts
                and count.fresh
                and count.taken
                and count.dropped
                and not count.escaped
                and self.counter in ("device", "kobject")
                and not self.asked(state, count)
            ):
                self.report.add("use-after-put", key, site.at, count, count.dropped[-1], state.trace, FREED)
            if count.high > 0 and (count.fresh or count.init) and self.counter in NEVER_FREED:
                self.report.add("free-counted", key, site.at, count, site, state.trace)
            state.counts[key] = msgspec.structs.replace(count, escaped="freed")


def beyond(count: Count, site: Site) -> Count:
    """*count* where *site* takes one more than is counted: in a loop that changes nothing, else nobody knows how many puts are due."""
    if count.earlier or count.escaped or any(one.at == site.at for one in count.taken):
        return count
    return msgspec.structs.replace(count, escaped="taken more often than is counted")


def add_part(
    parts: tuple[tuple[int, int, int], ...], value: int, mask: int, delta: int
) -> tuple[tuple[int, int, int], ...]:
    """*parts* with one more, those that cancel taken out."""
    out = []
    for part in parts:
        if part[0] == value and part[1] == mask:
            delta += part[2]
        else:
            out.append(part)
    if delta:
        out.append((value, mask, max(-FEW, min(FEW, delta))))
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
