"""The intermediate representation: a function as a graph of blocks over side-effect-free expressions.

Lowering flattens calls, assignments, ``++``/``--``, ``?:``, ``&&``, ``||`` and statement expressions into
instructions and branches, so that every :data:`Expr` is a pure tree.  Casts vanish.  Positions (``at``,
``end``) are byte offsets into the file's original text.
"""

from __future__ import annotations

import msgspec


class Var(msgspec.Struct, frozen=True):
    """A local, a parameter, or a global (whatever the function does not declare).

    A condition of the preprocessor inside a function reads as the global ``#CONDITION TEXT``.
    """

    name: str


class Temp(msgspec.Struct, frozen=True):
    """The result of one call or one flattened expression; assigned on each path before it is read."""

    index: int


class Const(msgspec.Struct, frozen=True):
    """An integer known in the text: literals, character constants, ``NULL`` and ``false`` (0), ``true`` (1),
    ``-EINVAL`` and the other error names negated (their value; -1 if the number is not known)."""

    value: int


class Str(msgspec.Struct, frozen=True):
    """A string literal (its value does not matter, only that it is not NULL)."""

    text: str


class Field(msgspec.Struct, frozen=True):
    """``base->name`` (arrow) or ``base.name``."""

    base: Expr
    name: str
    arrow: bool


class Deref(msgspec.Struct, frozen=True):
    """``*base``."""

    base: Expr


class Index(msgspec.Struct, frozen=True):
    """``base[index]``."""

    base: Expr
    index: Expr


class AddressOf(msgspec.Struct, frozen=True):
    """``&place``."""

    place: Expr


class Unary(msgspec.Struct, frozen=True):
    """``op operand`` with op one of ``! - ~`` or one of the pure tests and conversions of error pointers:
    ``IS_ERR IS_ERR_OR_NULL PTR_ERR PTR_ERR_OR_ZERO ERR_PTR ERR_CAST``."""

    op: str
    operand: Expr


class Binary(msgspec.Struct, frozen=True):
    """``left op right`` with op an arithmetic, bitwise or comparison operator (never ``&&``, ``||``)."""

    op: str
    left: Expr
    right: Expr


class ContainerOf(msgspec.Struct, frozen=True):
    """``container_of(pointer, type, member)`` and its synonyms."""

    pointer: Expr
    type: str
    member: str


class Unknown(msgspec.Struct, frozen=True):
    """Anything else that has a value and no effect on counts (``sizeof``, compound literals, inline asm operands).

    ``parts`` are the expressions inside it, read but not understood.
    """

    text: str
    parts: tuple[Expr, ...] = ()


Expr = Var | Temp | Const | Str | Field | Deref | Index | AddressOf | Unary | Binary | ContainerOf | Unknown


class Declare(msgspec.Struct, frozen=True):
    """A local comes to life without a value (an initialiser follows as an ``Assign``).

    ``cleanup`` names the class of ``__free(cleanup)``, ``CLASS(cleanup, name)`` or ``__cleanup(function)``.
    """

    name: str
    type: str
    cleanup: str | None
    at: int


class Assign(msgspec.Struct, frozen=True):
    """``target = value``; target is a ``Var``, ``Temp``, ``Field``, ``Deref`` or ``Index``."""

    target: Expr
    value: Expr
    at: int


class Call(msgspec.Struct, frozen=True):
    """A call.  ``callee`` is the name called, or None through ``pointer`` (``ops->get``).

    ``result`` is None where the caller ignores what comes back.
    """

    result: Temp | None
    callee: str | None
    pointer: Expr | None
    args: tuple[Expr, ...]
    at: int
    end: int


class ScopeEnd(msgspec.Struct, frozen=True):
    """The scope of a local with a cleanup class ends on this edge: its cleanup function runs on it."""

    name: str
    cleanup: str
    at: int


class Start(msgspec.Struct, frozen=True):
    """A block iterator is about to begin (``for_each_child_of_node(...)``): no element yet."""

    macro: str
    args: tuple[Expr, ...]
    at: int


class Read(msgspec.Struct, frozen=True):
    """An expression evaluated for its own sake (``x->y;``, ``(void)x``), or the operands of inline asm."""

    value: Expr
    at: int


Instr = Declare | Assign | Call | ScopeEnd | Start | Read


class Jump(msgspec.Struct, frozen=True):
    """Go on at ``to``; ``at`` is that of a ``goto``, ``break`` or ``continue``, or -1 where the text just runs on."""

    to: int
    at: int


class Branch(msgspec.Struct, frozen=True):
    """``then`` where ``condition`` is not zero, else ``other``.  Short circuits are branches of their own."""

    condition: Expr
    then: int
    other: int
    at: int


class Case(msgspec.Struct, frozen=True):
    """One arm of a switch: the values (``low``..``high`` equal but for ranges; None where not known), where it goes, and the constants
    that the values are (as many names as values, "" where it is none)."""

    values: tuple[tuple[int | None, int | None], ...]
    to: int
    names: tuple[str, ...] = ()


class Switch(msgspec.Struct, frozen=True):
    """``switch (value)``; ``default`` is where the rest goes."""

    value: Expr
    cases: tuple[Case, ...]
    default: int
    at: int


class Advance(msgspec.Struct, frozen=True):
    """A block iterator moves to its next element: ``body`` with one, ``done`` when there is none left."""

    macro: str
    args: tuple[Expr, ...]
    body: int
    done: int
    at: int


class Return(msgspec.Struct, frozen=True):
    """The function ends.  ``end`` of the text without a ``return`` is one too, at its closing brace."""

    value: Expr | None
    at: int


class Stop(msgspec.Struct, frozen=True):
    """No way on: ``BUG()``, ``panic()``, a call that does not return."""

    at: int


Terminator = Jump | Branch | Switch | Advance | Return | Stop


class Block(msgspec.Struct, frozen=True):
    """Instructions without a branch, then one terminator."""

    instrs: tuple[Instr, ...]
    end: Terminator


class Param(msgspec.Struct, frozen=True):
    """A parameter: its name ("" if it has none) and the text of its type, blanks folded (``struct device *``)."""

    name: str
    type: str


class Function(msgspec.Struct, frozen=True):
    """One function definition, lowered.  Block 0 is the entry; every block is reachable from it.

    ``start`` and ``end`` are the byte offsets of the definition in the file; ``returns`` is the text of the result type without
    storage words (``int``, ``struct device_node *``).  ``damaged`` says that a part could not be parsed and was left out.
    """

    name: str
    params: tuple[Param, ...]
    returns: str
    static: bool
    start: int
    end: int
    blocks: tuple[Block, ...]
    locals: dict[str, str]
    damaged: bool = False
