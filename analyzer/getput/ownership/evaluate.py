"""Expressions on a state: the value of one, the place one names, and what a condition tells about values."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from getput.flow.ir import (
    AddressOf,
    Binary,
    Const,
    ContainerOf,
    Deref,
    Expr,
    Field,
    Function,
    Index,
    Str,
    Temp,
    Unary,
    Unknown,
    Var,
)
from getput.ownership.arithmetic import COMPARE, MIRRORED, NEGATED, fold
from getput.ownership.batches import BATCH
from getput.ownership.contracts import ANY, NEG, POS, ZERO
from getput.ownership.state import State
from getput.ownership.values import (
    CONST,
    CONT,
    FIELD,
    FRESH,
    GLOBAL,
    LOCAL,
    OP,
    SUB,
    TEXT,
    Values,
)

AGAINST_ZERO: Final = {"==": ZERO, "!=": POS | NEG, "<": NEG, "<=": NEG | ZERO, ">": POS, ">=": POS | ZERO}
AGAINST_ONE: Final = {"==": POS, "!=": NEG | ZERO, "<": NEG | ZERO, "<=": ANY, ">": 0, ">=": POS}
AGAINST_POS: Final = {"==": POS, "!=": ANY, "<": ANY, "<=": ANY, ">": POS, ">=": POS}
BELONGS: Final = frozenset({"page_folio", "compound_head"})
AGAINST_NEG: Final = {"==": NEG, "!=": ANY, "<": NEG, "<=": NEG, ">": ANY, ">=": ANY}


@cache
def temporary(index: int) -> str:
    """The name under which a state knows a temporary."""
    return f"%{index}"


class Evaluator:
    """Reads and writes expressions of one function on a :class:`State`.

    Where a state counts anything, ``used`` is called with (state, value) whenever memory behind a pointer is touched, and ``learned`` with
    (state, value) whenever more becomes known of a value.
    """

    __slots__ = ("arrays", "learned", "locals", "ones", "params", "used", "values")

    def __init__(
        self,
        function: Function,
        values: Values,
        used: Callable[[State, int], None],
        learned: Callable[[State, int], None],
    ) -> None:
        self.values = values
        self.locals = function.locals
        self.params = {param.name for param in function.params}
        self.arrays = {name for name, text in function.locals.items() if text.rstrip().endswith("]")}
        self.ones: set[int] = set()  # values that are 1 if they are positive
        self.used = used
        self.learned = learned

    # --- reading -------------------------------------------------------------------------------------------------

    def value(self, state: State, expr: Expr) -> int:
        """The value of *expr*; touching memory on the way counts as a use."""
        kind = type(expr)
        if kind is Var:
            known = state.env.get(expr.name)  # type: ignore[union-attr]
            return self.variable(state, expr.name) if known is None else known  # type: ignore[union-attr]
        if kind is Temp:
            name = temporary(expr.index)  # type: ignore[union-attr]
            known = state.env.get(name)
            return self.values.of(FRESH, name) if known is None else known
        if kind is Const:
            return self.values.of(CONST, expr.value)  # type: ignore[union-attr]
        if kind is Field or kind is Deref or kind is Index:
            return self.load(state, self.place(state, expr, use=True))
        if kind is AddressOf:
            return self.address(state, expr.place)  # type: ignore[union-attr]
        if kind is Unary:
            return self.unary(state, expr.op, self.value(state, expr.operand))  # type: ignore[union-attr]
        if kind is Binary:
            left = self.value(state, expr.left)  # type: ignore[union-attr]
            return self.binary(state, expr.op, left, self.value(state, expr.right))  # type: ignore[union-attr]
        if kind is ContainerOf:
            return self.values.container(self.value(state, expr.pointer), expr.member)  # type: ignore[union-attr]
        if kind is Str:
            return self.values.of(TEXT, expr.text)  # type: ignore[union-attr]
        assert isinstance(expr, Unknown)
        parts = tuple(self.value(state, part) for part in expr.parts)
        return self.values.of(OP, expr.text, *parts)

    def variable(self, state: State, name: str) -> int:
        """The value of a variable."""
        known = state.env.get(name)
        if known is not None:
            return known
        if name in self.locals and name not in self.params:
            return self.values.of(LOCAL, name) if name in self.arrays else self.values.of(FRESH, name)
        return self.values.of(GLOBAL, name)

    def load(self, state: State, place: tuple[int, str]) -> int:
        """The content of a place."""
        known = state.mem.get(place)
        if known is not None:
            return known
        base, name = place
        row = self.values.rows[base]
        if name in ("*", "[0]") and (base, BATCH) in state.mem:
            return state.mem[base, BATCH]
        if name == "*":
            if row[0] == LOCAL:
                return self.variable(state, row[1])
            if row[0] == SUB:
                return self.load(state, (row[1], row[2]))
        return self.values.of(FIELD, base, name)

    def place(self, state: State, expr: Expr, *, use: bool) -> tuple[int, str]:
        """(base value, member) of a ``Field``, ``Deref`` or ``Index``; with *use*, its memory is touched."""
        kind = type(expr)
        if kind is Field:
            base = self.value(state, expr.base) if expr.arrow else self.address(state, expr.base)  # type: ignore[union-attr]
            name: str = expr.name  # type: ignore[union-attr]
        elif kind is Deref:
            base, name = self.value(state, expr.base), "*"  # type: ignore[union-attr]
            row = self.values.rows[base]
            if row[0] == SUB:
                base, name = row[1], row[2]
        elif kind is Index:
            base = self.value(state, expr.base)  # type: ignore[union-attr]
            index = self.value(state, expr.index)  # type: ignore[union-attr, arg-type]
            number = self.values.constant(index)
            name = f"[{number}]" if number is not None else f"[#{index}]"
        else:  # a value that is used as if it were a place: what it points to
            base, name = self.value(state, expr), "*"
        if use:
            root = self.values.roots[base]
            if self.bits(state, root) != POS and self.values.rows[root][0] != CONST:
                self.restrict(state, root, POS)  # whoever reads through a pointer knows that it is one
            if state.counts:
                self.used(state, base)
        return base, name

    def address(self, state: State, expr: Expr) -> int:
        """The value of ``&expr``."""
        if isinstance(expr, Var):
            if expr.name in self.locals or expr.name in self.params:
                return self.values.of(LOCAL, expr.name)
            return self.values.of(GLOBAL, "&" + expr.name)
        if isinstance(expr, (Field, Index, Deref)):
            base, name = self.place(state, expr, use=False)
            first = isinstance(expr, Index) and name == "[0]"  # where a pointer points to
            return base if name == "*" or first else self.values.sub(base, name)
        return self.values.of(FRESH, "&", self.value(state, expr))

    def bits(self, state: State, value: int) -> int:
        """The set of signs *value* can have here."""
        known = state.facts.get(value)
        if known is not None:
            return known
        values = self.values
        return self.derived_bits(state, value) if values.derived[value] else values.bits[value]

    def derived_bits(self, state: State, value: int) -> int:
        """The same for a value whose sign is that of what it is made of."""
        row = self.values.rows[value]
        if row[0] == CONT:
            return self.bits(state, row[1])
        inner = self.bits(state, row[2])
        if row[1] == "PTR_ERR":
            return NEG if inner == NEG else ANY
        if row[1] == "ERR_PTR":
            return (inner & ZERO) | (NEG if inner & (NEG | POS) else 0)
        if row[1] == "PTR_ERR_OR_ZERO":
            return NEG if inner == NEG else ZERO if not inner & NEG else NEG | ZERO
        return (inner & ZERO) | (POS if inner & NEG else 0) | (NEG if inner & POS else 0)

    def unary(self, state: State, op: str, operand: int) -> int:
        """The value of ``op operand``."""
        if op == "ERR_CAST":
            return operand
        number = self.values.constant(operand)
        if number is not None:
            if op == "-":
                return self.values.of(CONST, -number)
            if op == "~":
                return self.values.of(CONST, ~number)
            if op == "!":
                return self.values.of(CONST, int(not number))
        if op in ("!", "IS_ERR", "IS_ERR_OR_NULL"):
            truth = self.truth(state, self.values.of(OP, op, operand))
            if truth is not None:
                return self.values.of(CONST, int(truth))
        if op == "PTR_ERR":
            row = self.values.rows[operand]
            if row[0] == OP and row[1] == "ERR_PTR":
                return int(row[2])
        if op == "ERR_PTR":
            row = self.values.rows[operand]
            if number is not None:
                return operand
            if row[0] == OP and row[1] == "PTR_ERR":
                return int(row[2])
        return self.values.of(OP, op, operand)

    def binary(self, state: State, op: str, left: int, right: int) -> int:
        """The value of ``left op right``."""
        a, b = self.values.constant(left), self.values.constant(right)
        if op in COMPARE:
            value = self.values.of(OP, op, left, right)
            truth = self.truth(state, value)
            return value if truth is None else self.values.of(CONST, int(truth))
        if a is not None and b is not None:
            number = fold(op, a, b)
            if number is not None:
                return self.values.of(CONST, number)
        if b == 0 and op in ("+", "-", "|", "<<", ">>"):
            return left
        return self.values.of(OP, op, left, right)

    def truth(self, state: State, value: int) -> bool | None:
        """Whether *value* is not zero, if that is known."""
        bits = self.bits(state, value)
        if bits == ZERO:
            return False
        if not bits & ZERO:
            return True
        row = self.values.rows[value]
        if row[0] != OP:
            return None
        if len(row) == 3:
            inner = self.bits(state, row[2])
            if row[1] == "!":
                known = self.truth(state, row[2])
                return None if known is None else not known
            if row[1] == "IS_ERR":
                return True if inner == NEG else False if not inner & NEG else None
            if row[1] == "IS_ERR_OR_NULL":
                return True if not inner & POS else False if inner == POS else None
        elif len(row) == 4 and row[1] in COMPARE:
            opposite = state.facts.get(self.values.ids.get((OP, NEGATED[row[1]], row[2], row[3]), -1), ANY)
            if opposite == ZERO:
                return True
            if not opposite & ZERO:
                return False
            return self.compared(state, row[1], row[2], row[3])
        return None

    def compared(self, state: State, op: str, left: int, right: int) -> bool | None:
        """``left op right``, if that is known."""
        if left == right:
            return None if self.asked_again(left) else op in ("==", "<=", ">=")
        if state.named and op in ("==", "!="):
            one, other = state.named.get(left), state.named.get(right)
            named = (one, right) if one is not None else (other, left)
            if named[0] is not None and self.values.named(named[1]):
                return (named[0] == named[1]) == (op == "==")
        a = state.equal.get(left, self.values.constant(left))
        b = state.equal.get(right, self.values.constant(right))
        if a is not None and b is not None:
            return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
        if b is None and a is not None:
            left, op, b = right, MIRRORED[op], a
        if b is None:
            if op in ("==", "!=") and not self.bits(state, left) & self.bits(state, right):
                return op == "!="
            return None
        table = self.against(left, b)
        bits = self.bits(state, left)
        if not bits & table[op]:
            return False
        if not bits & table[NEGATED[op]]:
            return True
        return None

    def asked_again(self, value: int) -> bool:
        """Whether *value* is what a page belongs to: until that is held it may come to belong to something else, so that asking twice tells."""
        row = self.values.rows[value]
        return row[0] == CONT and row[2] in BELONGS

    def against(self, value: int, number: int) -> dict[str, int]:
        """By operator, the signs *value* can have where it compares so with *number*."""
        if number == 1 and value in self.ones:
            return AGAINST_ONE
        return AGAINST_ZERO if number == 0 else AGAINST_POS if number > 0 else AGAINST_NEG

    # --- conditions ----------------------------------------------------------------------------------------------

    def assume(self, state: State, value: int, truth: bool) -> bool:
        """Learn that *value* is (not) zero; False where that cannot be."""
        known = self.truth(state, value)
        return (known is None or known == truth) and self.learn(state, value, truth)

    def learn(self, state: State, value: int, truth: bool) -> bool:
        """The same of a value whose :meth:`truth` is known to be no other."""
        row = self.values.rows[value]
        if row[0] == OP:
            op = row[1]
            if len(row) == 3:
                operand: int = row[2]
                if op == "!":
                    return self.assume(state, operand, not truth)
                if op == "IS_ERR":
                    return self.restrict(state, operand, NEG if truth else ZERO | POS)
                if op == "IS_ERR_OR_NULL":
                    return self.restrict(state, operand, NEG | ZERO if truth else POS)
                if op == "PTR_ERR_OR_ZERO":
                    return self.restrict(state, operand, NEG if truth else ZERO | POS)
                if op == "PTR_ERR" and truth and not self.bits(state, operand) & POS:
                    return self.restrict(state, operand, NEG)
            elif len(row) == 4:
                if op in COMPARE:
                    return self.assume_compare(state, value, row, truth)
                if op == "&" and truth and self.values.constant(row[3]) is not None:
                    state.facts[value] = POS | NEG
                    return self.restrict(state, row[2], POS | NEG)
        return self.restrict(state, value, POS | NEG if truth else ZERO)

    def assume_compare(self, state: State, value: int, row: tuple[Any, ...], truth: bool) -> bool:
        """Learn the outcome of a comparison."""
        op, left, right = row[1], row[2], row[3]
        assert isinstance(op, str)
        if left == right:
            return True  # asked again: the answer tells of this moment alone
        state.facts[value] = POS if truth else ZERO
        if not truth:
            op = NEGATED[op]
        number = state.equal.get(right, self.values.constant(right))
        if number is None:
            number = state.equal.get(left, self.values.constant(left))
            left, right, op = right, left, MIRRORED[op]
        if number is None:
            if op == "==" and not self.name(state, left, right):
                return False
            if op == "==":
                both = self.bits(state, left) & self.bits(state, right)
                return self.restrict(state, left, both) and self.restrict(state, right, both)
            return True
        mask = self.against(left, number)[op]
        if (number, op) in ((1, "<"), (-1, ">")):  # nothing lies between the number and zero
            mask = (NEG | ZERO) if number == 1 else (ZERO | POS)
        if op == "==":
            state.equal[left] = number
            of = self.values.rows[left]
            if number < 0 and of[0] == OP and of[1] == "PTR_ERR" and not self.restrict(state, of[2], NEG):
                return False
        return self.restrict(state, left, mask)

    def name(self, state: State, left: int, right: int) -> bool:
        """Learn that two values are equal, one of which may be a named constant; False where the other is known to be another one."""
        if self.values.named(left):
            left, right = right, left
        if not self.values.named(right) or self.values.named(left):
            return True
        return state.named.setdefault(left, right) == right

    def restrict(self, state: State, value: int, mask: int) -> bool:
        """Learn that the sign of *value* is in *mask*; False where that cannot be."""
        old = self.bits(state, value)
        new = old & mask
        if not new:
            return False
        if new != old:
            row = self.values.rows[value]
            if row[0] == CONT:
                return self.restrict(state, row[1], mask)
            state.facts[value] = new
            if row[0] == OP and len(row) == 3:
                if row[1] == "PTR_ERR_OR_ZERO":
                    return self.restrict(state, row[2], (NEG if new & NEG else 0) | (ZERO | POS if new & ZERO else 0))
                if row[1] == "ERR_PTR":
                    return self.restrict(state, row[2], new)
            if state.counts:
                self.learned(state, value)
        return True

    # --- writing -------------------------------------------------------------------------------------------------

    def assign(self, state: State, target: Expr, value: int) -> tuple[int, str] | None:
        """``target = value``; the place written in memory, or None for a variable."""
        if isinstance(target, Var):
            state.env[target.name] = value
            return None
        if isinstance(target, Temp):
            state.env[temporary(target.index)] = value
            return None
        place = self.place(state, target, use=True)
        return self.store(state, place, value)

    def store(self, state: State, place: tuple[int, str], value: int) -> tuple[int, str] | None:
        """Write *value* to a place in memory."""
        row = self.values.rows[place[0]]
        if place[1] == "*" and row[0] == LOCAL:
            state.env[row[1]] = value
            return None
        state.mem[place] = value
        return place
