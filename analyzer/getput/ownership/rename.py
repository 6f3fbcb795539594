"""Another name for a value, everywhere in what is known on a path."""

from __future__ import annotations

import msgspec

from getput.ownership.state import State
from getput.ownership.values import Values


def rename(values: Values, state: State, old: int, new: int, counter: str) -> None:
    """Replace value *old*, and what was reached from it, by *new* everywhere in *state*."""
    env, mem, counts = state.env, state.mem, state.counts
    names = values.names(old, new, env.values())
    for name in [name for name, value in env.items() if names[value] != value]:
        env[name] = names[env[name]]
    if mem:
        values.names(old, new, [one for (base, _), value in mem.items() for one in (base, value)])
        state.mem = {(names[base], name): names[value] for (base, name), value in mem.items()}
    state.facts = moved(values, state.facts, old, new)
    if state.equal:
        state.equal = moved(values, state.equal, old, new)
    if state.named:
        state.named = moved(values, state.named, old, new)
    if not counts:
        return
    last = sorted(counts.items(), key=lambda item: item[0][0] == old)
    for key, count in last:
        values.names(old, new, (key[0], *[part[0] for part in count.parts], *count.held))
    state.counts = {
        (names[key[0]], counter): count
        if not (count.parts or count.held)
        else msgspec.structs.replace(
            count,
            parts=tuple([(names[value], mask, delta) for value, mask, delta in count.parts]),
            held=frozenset([names[value] for value in count.held]),
        )
        for key, count in last
    }


def moved(values: Values, facts: dict[int, int], old: int, new: int) -> dict[int, int]:
    """*facts* under the new names; what was known of the new name before is forgotten."""
    names = values.names(old, new, facts)
    renamed = [value for value in facts if names[value] != value]
    if not renamed:
        return facts
    out = {value: bits for value, bits in facts.items() if names[value] == value}
    for value in renamed:
        out[names[value]] = facts[value]
    return out
