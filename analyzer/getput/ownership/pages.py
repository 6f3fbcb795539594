"""Pages that their driver gets back: what a count set after ``page_free`` does to them.

A device-private or device-coherent page is handed to ``->page_free()`` with a count of zero, and whoever allocates it again sets the
count; all other ZONE_DEVICE pages wait with a count of one.  So a count set after ``page_free`` is right only where both types
are excluded.
"""

from __future__ import annotations

from typing import Final

from getput.flow.ir import Call, Field
from getput.ownership.contracts import ZERO
from getput.ownership.device.table import known
from getput.ownership.evaluate import Evaluator
from getput.ownership.state import State
from getput.ownership.values import PURE, Values

SETTERS: Final = {
    "set_page_count": 1,
    "folio_set_count": 1,
    "init_page_count": -1,
    "page_ref_inc": -1,
    "get_page": -1,
    "folio_get": -1,
}
COUNTLESS: Final = ("MEMORY_DEVICE_PRIVATE", "MEMORY_DEVICE_COHERENT")
COUNTER: Final = "page_folio"
MARK: Final = "#page_free"


def is_page_free(call: Call) -> bool:
    """Whether *call* hands a page back through ``...->page_free(page)``."""
    return isinstance(call.pointer, Field) and call.pointer.name == "page_free" and len(call.args) == 1


def raises(values: Values, name: str, args: list[int]) -> bool:
    """Whether a call of *name* leaves a count above zero on its first argument."""
    where = SETTERS.get(name)
    if where is None or not args:
        return False
    if where < 0:
        return True
    number = values.constant(args[where]) if where < len(args) else None
    return number is not None and number > 0


def unguarded(evaluator: Evaluator, state: State) -> list[str]:
    """The countless page types that this path does not exclude; empty where it came through a ``switch`` that cannot be read."""
    trace = state.trace
    while trace is not None:
        if trace[1] == "case":
            return []
        trace = trace[0]
    values = evaluator.values
    excluded: set[str] = set()
    for value, bits in state.facts.items():
        row = values.rows[value]
        if row[0] == PURE and row[1] in known().predicates and bits in (ZERO, 2):
            asked = known().predicates[row[1]]
            if bits == ZERO:
                excluded |= asked
            elif asked.isdisjoint(COUNTLESS):
                return []
        if row[0] != "op" or len(row) != 4 or row[1] not in ("==", "!="):
            continue
        for operand in (row[2], row[3]):
            other = values.rows[operand]
            if other[0] != "global" or not str(other[1]).startswith("MEMORY_DEVICE_"):
                continue
            equal = (row[1] == "==") == (not bits & ZERO)
            if equal and other[1] not in COUNTLESS:
                return []
            if not equal and bits in (ZERO, 2):
                excluded.add(str(other[1]))
    return [name for name in COUNTLESS if name not in excluded]
