"""Symbolic values of one function, interned to small integers.

A value is what a variable holds or an address, described by where it came from: a parameter, the result of a call, the content
of a field, the address of a field.  Equal descriptions are equal numbers, so aliases made by copying are seen for free.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from getput.ownership.contracts import ANY, NEG, POS, ZERO
from getput.pattern import pattern

# Error codes of ACPI and KVM: "negative", as tables say of failures.
EXCEPTION = pattern(r"(?:AE|KVM_PFN_ERR)_[A-Z_]+\Z")
NUMBERS = pattern(
    r"(?:bool|int|unsigned|unsigned int|u8|u16|u32|s32)$"
)  # what is no pointer any more when it comes back as one of these
NAMED = pattern(r"[A-Z][A-Z0-9_]+\Z")
PARAM: Final = "param"  # (index)
GLOBAL: Final = "global"  # (name)
LOCAL: Final = "local"  # (name): the address of a local
CONST: Final = "const"  # (number)
TEXT: Final = "text"  # (text): a string literal
RESULT: Final = "result"  # (offset of the call): what it returned
OUT: Final = "out"  # (offset of the call, place): what it wrote through an argument
FIELD: Final = "field"  # (base, name): the content of base->name when the function began
SUB: Final = "sub"  # (base, name): &base->name
CONT: Final = "cont"  # (base, member): container_of(base, ..., member), or a conversion helper
MAYBE: Final = "maybe"  # (base, callee): the same object in another guise, or NULL
OP: Final = "op"  # (operator, operands...)
PURE: Final = "pure"  # (callee, operands...): a call whose answer does not change
PHI: Final = "phi"  # (block, place): what a join could not keep apart
AGED: Final = "aged"  # (value): the same from an earlier round of a loop
FRESH: Final = "fresh"  # (offset, place): nothing is known
OPAQUE: Final = frozenset(
    {PARAM, RESULT, OUT, FIELD, PURE, PHI, AGED, FRESH}
)  # of which nothing is known by what they are
REACHED: Final = frozenset({FIELD, SUB, CONT})  # what is found by way of another value
SIGNED: Final = frozenset(
    {"PTR_ERR", "ERR_PTR", "PTR_ERR_OR_ZERO", "-"}
)  # operators whose sign follows from the operand's


def sign(number: int) -> int:
    """The bit of an integer: ZERO, POS or NEG."""
    return ZERO if number == 0 else POS if number > 0 else NEG


class Values:
    """The table of values of one function."""

    __slots__ = ("bits", "derived", "ids", "renamed", "roots", "rows", "zero")

    def __init__(self) -> None:
        self.ids: dict[tuple[Any, ...], int] = {}
        self.rows: list[tuple[Any, ...]] = []
        self.bits: list[int] = []  # what is known of a value wherever it appears
        self.derived: list[bool] = []  # whether more may be known of one by what it is made of
        self.roots: list[int] = []  # the object that each points into
        self.renamed: dict[tuple[int, int], dict[int, int]] = {}  # (value, its new name) -> what others are called then
        self.zero = self.of(CONST, 0)

    def of(self, *row: Any) -> int:
        """The number of the value that *row* (kind, then its description) names."""
        known = self.ids.get(row)
        if known is not None:
            return known
        ident = self.ids[row] = len(self.rows)
        self.rows.append(row)
        kind: Any = row[0]
        bits, derived, root = ANY, False, ident
        if kind in OPAQUE:
            pass
        elif kind == OP:
            derived = len(row) == 3 and row[1] in SIGNED
            if row[1] == "+" and self.rows[row[2]][0] == SUB:
                root = self.roots[row[2]]  # an address further on
        elif kind == SUB:
            bits = POS
            if row[2][0] != "[":
                root = self.roots[row[1]]
        elif kind in (CONT, MAYBE):
            derived = kind == CONT
            root = self.roots[row[1]]
        elif kind == CONST:
            bits = sign(row[1])
        elif kind in (LOCAL, TEXT):
            bits = POS
        elif kind == GLOBAL:
            name = str(row[1])
            bits = POS if name[0] == "&" else NEG if EXCEPTION.match(name) else ANY
        self.bits.append(bits)
        self.derived.append(derived)
        self.roots.append(root)
        return ident

    def kind(self, value: int) -> str:
        """The kind of *value*, one of the constants of this module."""
        return str(self.rows[value][0])

    def constant(self, value: int) -> int | None:
        """The number that *value* is, or None."""
        row = self.rows[value]
        return row[1] if row[0] == CONST else None

    def named(self, value: int) -> bool:
        """Whether *value* is a constant that has a name, and no number that is known."""
        row = self.rows[value]
        return bool(row[0] == GLOBAL and NAMED.match(row[1]))

    def sub(self, base: int, name: str) -> int:
        """``&base->name``."""
        row = self.rows[base]
        if row[0] == CONT and row[2] == name:
            inner: int = row[1]
            return inner
        return self.of(SUB, base, name)

    def container(self, base: int, member: str) -> int:
        """``container_of(base, ..., member)``."""
        row = self.rows[base]
        if row[0] == SUB and row[2] == member:
            return int(row[1])
        return self.of(CONT, base, member)

    def root(self, value: int) -> int:
        """The object that *value* points into: embedded members and conversions taken away."""
        return self.roots[value]

    def related(self, one: int, other: int) -> bool:
        """Whether one of two addresses is that of a member of the other (or both are the same)."""
        return self.within(one, other) or self.within(other, one)

    def within(self, inner: int, outer: int) -> bool:
        """Whether *inner* is *outer* or lies in it."""
        rows = self.rows
        while inner != outer:
            row = rows[inner]
            if row[0] not in (SUB, CONT, MAYBE):
                return False
            inner = row[1]
        return True

    def one_of_many(self, place: tuple[int, str]) -> bool:
        """Whether a place lies in an element whose index is not a number: another round of a loop may mean another element."""
        value, name = place
        while not name.startswith("[#"):
            row = self.rows[value]
            if row[0] not in (SUB, FIELD):
                return False
            value, name = row[1], row[2]
        return True

    def replace(self, value: int, old: int, new: int, cache: dict[int, int]) -> int:
        """*value* with *old* replaced by *new* in its description, however deep; *cache* remembers what was answered."""
        if value == old:
            return new
        known = cache.get(value)
        if known is not None:
            return known
        row = self.rows[value]
        kind = row[0]
        if kind in (SUB, CONT, FIELD, MAYBE):
            base: int = row[1]
            moved = self.replace(base, old, new, cache)
            answer = value if moved == base else self.of(kind, moved, row[2])
        elif kind in (OP, PURE):
            parts = [self.replace(part, old, new, cache) if isinstance(part, int) else part for part in row[2:]]
            answer = value if parts == list(row[2:]) else self.of(kind, row[1], *parts)
        else:
            answer = value
        cache[value] = answer
        return answer

    def names(self, old: int, new: int, some: Iterable[int]) -> dict[int, int]:
        """What each of *some* values is called once *old* is called *new*; what others are called may stand there, too."""
        known = self.renamed.get((old, new))
        if known is None:
            known = self.renamed[old, new] = {old: new}
        for value in [value for value in some if value not in known]:
            self.replace(value, old, new, known)
        return known

    def aged(self, value: int, fresh: int) -> int:
        """*value* as it is called now, if *fresh* has just been renamed to its aged self."""
        old = self.ids.get((AGED, fresh))
        return value if old is None else self.names(fresh, old, (value,))[value]
