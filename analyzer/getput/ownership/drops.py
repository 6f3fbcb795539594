"""What ends a reference: a put, a hand-over, the end of the memory."""

from __future__ import annotations

from typing import Final

import msgspec

from getput.flow.ir import Call, Var
from getput.ownership import batches, excess
from getput.ownership.contracts import POS, ZERO, Effect, Verb
from getput.ownership.core import FREED, Core
from getput.ownership.meant import looked_up
from getput.ownership.naming import EMBEDDED, NEVER_FREED, OWNERS_PUT
from getput.ownership.state import Count, Key, Site, State
from getput.ownership.values import FRESH, MAYBE, OUT, PARAM, REACHED, RESULT

FEW: Final = 3  # references that are told apart on an object that was not made here, or while it may be NULL
HANDED: Final = "#handed"  # the mark of an object that was handed on before anything counted it


class Drops(Core):
    """Takes references off the counts of a state."""

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
            if (
                count.high > 0
                and (count.fresh or count.init)
                and self.counter in NEVER_FREED
                and not count.escaped.endswith(f" {site.callee}()")  # the callee that frees it saw to its count before
            ):
                self.report.add("free-counted", key, site.at, count, site, state.trace)
            state.counts[key] = msgspec.structs.replace(count, escaped="freed")


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
