"""Two-phase registration of devices: initialised, added, deleted, put.

``device_add()`` that succeeds hands the duty to whoever deletes the device later; an unregister without an add before, or a put where
an unregister is due, is wrong on its own.  What wrappers of these do is part of their contracts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from getput.ownership.contracts import POS, ZERO, Contract, Target
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
FIRST = (Target(0),)
PUT = "put_device"
PLACE: Final = "#added"
ELSEWHERE: Final = "#added elsewhere"
GONE: Final = -1  # what stands at PLACE once the device is deleted
NEVER: Final = 0  # never heard of
ADDED: Final = 1
NOT_ADDED: Final = 2  # adding failed, or deleted
OPEN: Final = 3  # not known yet


def adds(contract: Contract) -> tuple[Target, ...]:
    """The devices that a call may add."""
    return FIRST if contract.name in ADDS else contract.adds


def deletes(contract: Contract) -> tuple[Target, ...]:
    """The devices that a call deletes."""
    return FIRST if contract.name in DELETES else contract.deletes


def deleting(machine: Core, state: State, value: int, name: str, at: int) -> None:
    """A call that deletes the device at *value*: has it been added on this path?"""
    root = machine.values.root(value)
    added = state.mem.get((root, PLACE))
    count = state.counts.get(machine.key_of(state, value))
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
    state.mem[(root, PLACE)] = machine.values.of(CONST, GONE)


def adding(machine: Core, state: State, value: int, name: str, result: int) -> None:
    """A call that adds the device at *value* if its *result* is 0."""
    root = machine.values.root(value)
    state.mem[(root, PLACE)] = result
    if name not in ADDS:
        state.mem[(root, ELSEWHERE)] = result


def putting(machine: Core, state: State, value: int, at: int) -> None:
    """A put of a device that may still be added; one that a wrapper added may be deleted by who else got to see it."""
    root = machine.values.root(value)
    count = state.counts.get(machine.key_of(state, value))
    gone = count is not None and count.fresh and count.base <= 0 and not count.parts and not count.escaped
    found = count is not None and bool(count.taken) and LOOKUP_NAME.search(count.taken[0].callee) is not None
    if count is None or not gone or found or (count.passed and (root, ELSEWHERE) in state.mem):
        return
    if phase(machine, state, root) == ADDED:
        machine.incident("put-while-added", (root, machine.counter), at, count, PUT, state)


def phase(machine: Core, state: State, root: int) -> int:
    """How far the object is: NEVER, ADDED, NOT_ADDED or OPEN."""
    added = state.mem.get((root, PLACE))
    if added is None:
        return NEVER
    bits = machine.eval.bits(state, added)
    return ADDED if bits == ZERO else OPEN if bits & ZERO else NOT_ADDED


def outcome(machine: Core, root: int, endings: Iterable[tuple[State, int, int | None]]) -> tuple[bool, bool]:
    """Whether a function adds the device at *root* where it answers 0 and only there; and whether it deletes it, whatever it answers.
    *endings* are its states at the returns, each with the signs of the answer and its value (None for nothing)."""
    added = told = False
    kept = left = True
    for state, bits, answer in endings:
        if not machine.eval.bits(state, root) & POS:
            continue  # there is no object
        told = True
        now = phase(machine, state, root)
        if answer is None or (bits & ZERO and bits != ZERO and state.mem.get((root, PLACE)) != answer):
            kept = False
        elif bits == ZERO:
            added, kept = True, kept and now == ADDED
        elif not bits & ZERO:
            kept = kept and now in (NEVER, NOT_ADDED)
        else:
            added = True
        left = left and now == NOT_ADDED and machine.values.constant(state.mem[(root, PLACE)]) == GONE
    return added and kept, told and left and ADDS.isdisjoint(machine.called.values())
