"""Another name for a value, everywhere in what is known on a path."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from getput.ownership.state import State
from getput.ownership.values import Values


def rename(values: Values, state: State, old: int, new: int, counter: str) -> None:
    """Replace value *old*, and what was reached from it, by *new* everywhere in *state*."""
    cache = values.renamed.setdefault((old, new), {})

    def put(value: int) -> int:
        known = cache.get(value)
        return values.replace(value, old, new, cache) if known is None else known

    env = state.env
    for name in [name for name, value in env.items() if put(value) != value]:
        env[name] = put(env[name])
    if state.mem:
        state.mem = {(put(base), name): put(value) for (base, name), value in state.mem.items()}
    state.facts = moved(state.facts, put)
    if state.equal:
        state.equal = moved(state.equal, put)
    if state.named:
        state.named = moved(state.named, put)
    state.counts = {
        (put(key[0]), counter): count
        if not (count.parts or count.held)
        else msgspec.structs.replace(
            count,
            parts=tuple((put(value), mask, delta) for value, mask, delta in count.parts),
            held=frozenset(put(value) for value in count.held),
        )
        for key, count in sorted(state.counts.items(), key=lambda item: item[0][0] == old)
    }


def moved(facts: dict[int, int], put: Callable[[int], int]) -> dict[int, int]:
    """*facts* under the new names; what was known of the new name before is forgotten."""
    if not [value for value in facts if put(value) != value]:
        return facts
    out: dict[int, int] = {}
    fresh: dict[int, int] = {}
    for value, bits in facts.items():
        target = put(value)
        (out if target == value else fresh)[target] = bits
    return {**out, **fresh}
