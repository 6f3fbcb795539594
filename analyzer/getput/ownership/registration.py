"""Two-phase registration of devices: initialised, added, deleted, put.

``device_add()`` that succeeds hands the duty to whoever deletes the device later; an unregister without an add before, or a put where
an unregister is due, is wrong on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from getput.ownership.contracts import ZERO
from getput.ownership.naming import LOOKUP_NAME
from getput.ownership.values import CONST
from getput.pattern import pattern

if TYPE_CHECKING:
    from getput.ownership.core import Core
    from getput.ownership.state import State

COUNTER: Final = "device"
ADDS = frozenset({"device_add", "device_register", "platform_device_add", "platform_device_register"})
DELETES = frozenset({"device_del", "device_unregister", "platform_device_del", "platform_device_unregister"})
BEGINS = frozenset({"device_initialize", "platform_device_alloc"})
SETS_UP = pattern(r"^dev_set_name$|^platform_device_add_|^(?:dev|pr)_")
PLACE: Final = "#added"


def before(machine: Core, state: State, name: str, args: list[int], at: int) -> None:
    """A call that may delete a device: has it been added on this path?"""
    if machine.counter != COUNTER or name not in DELETES or not args:
        return
    root = machine.values.root(args[0])
    added = state.mem.get((root, PLACE))
    count = state.counts.get(machine.key_of(state, args[0]))
    if count is not None and not count.earlier and (count.fresh or (count.init and count.taken)):
        failed = added is not None and not machine.eval.bits(state, added) & ZERO
        never = (
            count.fresh
            and added is None
            and bool(count.taken)
            and count.taken[0].callee in BEGINS
            and all(map(SETS_UP.search, count.passed))
            and not count.dropped
        )
        if failed or never:
            machine.incident("never-added", (root, machine.counter), at, count, name, state)
    state.mem[(root, PLACE)] = machine.values.of(CONST, -1)


def after(machine: Core, state: State, name: str, args: list[int], result: int, at: int) -> None:
    """A call that may add a device, or put one that is still added."""
    if machine.counter != COUNTER or not args:
        return
    root = machine.values.root(args[0])
    if name in ADDS:
        state.mem[(root, PLACE)] = result
    elif name == "put_device":
        count = state.counts.get(machine.key_of(state, args[0]))
        gone = count is not None and count.fresh and count.base <= 0 and not count.parts and not count.escaped
        found = count is not None and bool(count.taken) and LOOKUP_NAME.search(count.taken[0].callee) is not None
        if count is not None and gone and not found and phase(machine, state, root) == 1:
            machine.incident("put-while-added", (root, machine.counter), at, count, name, state)


def phase(machine: Core, state: State, root: int) -> int:
    """0 never heard of, 1 added, 2 adding failed or deleted, 3 not known yet."""
    added = state.mem.get((root, PLACE))
    if added is None:
        return 0
    bits = machine.eval.bits(state, added)
    return 1 if bits == ZERO else 3 if bits & ZERO else 2
