"""Pages of which one call takes many: what an array of them holds is counted as one object.

How many came is known to the callee alone: what it took is there, or it is not.  A put of the array drops all of it; a put of one element, or of a
part, leaves a rest that nobody here can count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from getput.ownership.naming import PAGES
from getput.ownership.values import FIELD, LOCAL, OP, SUB

if TYPE_CHECKING:
    from getput.ownership.core import Core
    from getput.ownership.state import State
    from getput.ownership.values import Values

BATCH: Final = "[*]"  # the member of an array that stands for all of its elements


def array_of(values: Values, value: int) -> int:
    """The array into which *value* points: ``pages`` of ``&pages[n]`` and ``pages + n``."""
    row = values.rows[value]
    while (row[0] == OP and row[1] in ("+", "-") and len(row) == 4) or (row[0] == SUB and row[2][0] == "["):
        value = row[2] if row[0] == OP else row[1]
        row = values.rows[value]
    return value


def place(machine: Core, value: int) -> tuple[int, str] | None:
    """Where the pages stand that a call takes or drops which is told *value*; None where that is the address of one pointer."""
    if machine.counter not in PAGES:
        return None
    base = array_of(machine.values, value)
    row = machine.values.rows[base]
    if row[0] == LOCAL and row[1] not in machine.eval.arrays:
        return None
    if row[0] == SUB and base == value and row[2][0] != "[":
        return None  # &x->page
    return base, BATCH


def of_element(machine: Core, state: State, root: int) -> int | None:
    """What stands for all pages of the array of which *root* is an element; None where it is none, or nothing was taken there."""
    row = machine.values.rows[root]
    if row[0] != FIELD or row[2][0] != "[" or machine.counter not in PAGES:
        return None
    all_of_them = state.mem.get((array_of(machine.values, row[1]), BATCH))
    if all_of_them is None or (all_of_them, machine.counter) not in state.counts:
        return None
    return all_of_them
