"""What lowering writes into: the blocks, names, temporaries and scopes of one function under construction."""

from __future__ import annotations

from collections.abc import Set

from getput.csource.lower_table import LoweringMacros
from getput.csource.syntax import Node, Parsed
from getput.flow.ir import (
    Branch,
    Case,
    Const,
    Declare,
    Expr,
    Instr,
    Jump,
    ScopeEnd,
    Stop,
    Switch,
    Temp,
    Terminator,
    Unary,
    Var,
)

ZERO = Const(0)
ONE = Const(1)
BUILTIN: dict[bytes, Expr] = {b"NULL": ZERO, b"false": ZERO, b"true": ONE, b"AE_OK": ZERO}


class Scoped:
    """A local with a cleanup that is in scope, and the one declared before it (``outer``)."""

    __slots__ = ("cleanup", "depth", "name", "outer")

    def __init__(self, name: str, cleanup: str, outer: Scoped | None) -> None:
        self.name = name
        self.cleanup = cleanup
        self.outer = outer
        self.depth: int = outer.depth + 1 if outer is not None else 1


class Target:
    """Where ``break``, ``continue`` or ``goto`` leads, and the cleanups that are still in scope there."""

    __slots__ = ("block", "scoped")

    def __init__(self, block: int, scoped: Scoped | None) -> None:
        self.block = block
        self.scoped = scoped


class OpenSwitch:
    """A ``switch`` whose body is being lowered."""

    __slots__ = ("cases", "conditions", "default", "rest")

    def __init__(self, default: int, conditions: int) -> None:
        self.cases: list[Case] = []
        self.default = default  # the block that the rest of the values go to
        self.rest = -1  # where that block leads: the label `default:`, if there is one
        self.conditions = conditions


class Graph:
    """The blocks of one function while it is lowered.

    ``here`` is the block being written and ``instrs`` its instructions.  ``names`` maps the bytes of an identifier or a
    literal to what it means in the current scope; it is filled as they are met.  ``hidden`` remembers, per open scope,
    what the names declared in it meant outside.  ``broken`` holds the ids of nodes with an error somewhere inside;
    ``conditions`` the preprocessor's conditions, and whether they hold, around the text that is being lowered.
    """

    __slots__ = (
        "blocks",
        "breaks",
        "broken",
        "computed",
        "conditions",
        "continues",
        "damaged",
        "ends",
        "gotos",
        "here",
        "hidden",
        "instrs",
        "labels",
        "locals",
        "macros",
        "marks",
        "names",
        "params",
        "recovered",
        "scoped",
        "source",
        "switches",
        "temps",
        "text",
    )

    def __init__(self, text: bytes, parsed: Parsed, macros: LoweringMacros) -> None:
        self.text = text
        self.marks = parsed.marks
        self.source = parsed.source
        self.macros = macros
        self.instrs: list[Instr] = []
        self.here = 0
        self.blocks: list[list[Instr]] = [self.instrs]
        self.ends: list[Terminator | None] = [None]
        self.names = BUILTIN.copy()
        self.params: dict[str, str] = {}
        self.locals: dict[str, str] = {}
        self.hidden: list[dict[bytes, Expr | None]] = [{}]
        self.temps = 0
        self.scoped: Scoped | None = None
        self.breaks: list[Target] = []
        self.continues: list[Target] = []
        self.labels: dict[bytes, Target] = {}
        self.gotos: list[tuple[int, bytes, int, Scoped | None]] = []
        self.computed: list[tuple[int, Expr, int]] = []
        self.switches: list[OpenSwitch] = []
        self.conditions: list[tuple[Node, bool]] = []
        self.broken: Set[int] = frozenset()
        self.recovered = 0
        self.damaged = False

    # --- blocks --------------------------------------------------------------------------------------------------

    def new_block(self) -> int:
        """The number of a fresh, empty block."""
        self.blocks.append([])
        self.ends.append(None)
        return len(self.ends) - 1

    def enter(self, block: int) -> None:
        """Go on writing in *block*."""
        self.here = block
        self.instrs = self.blocks[block]

    def run_on(self, block: int) -> None:
        """The text runs on from here into *block*."""
        if self.ends[self.here] is None:
            self.ends[self.here] = Jump(block, -1)

    def fall_into(self, block: int) -> None:
        """The text runs on from here into *block*, where writing goes on."""
        if self.ends[self.here] is None:
            self.ends[self.here] = Jump(block, -1)
        self.here = block
        self.instrs = self.blocks[block]

    def end(self, terminator: Terminator) -> None:
        """End the current block; what follows is unreachable until a label."""
        if self.ends[self.here] is None:
            self.ends[self.here] = terminator
        self.enter(self.new_block())

    def branch(self, condition: Expr, then: int, other: int, at: int) -> None:
        """End the current block with a branch, or a jump where the condition is a constant."""
        while type(condition) is Unary and condition.op == "!":
            condition = condition.operand
            then, other = other, then
        if self.ends[self.here] is not None:
            return
        if type(condition) is Const:
            self.ends[self.here] = Jump(then if condition.value else other, -1)
        else:
            self.ends[self.here] = Branch(condition, then, other, at)

    # --- names ---------------------------------------------------------------------------------------------------

    def temp(self) -> Temp:
        """A fresh temporary."""
        self.temps += 1
        return Temp(self.temps - 1)

    def declare(self, name: bytes, kind: str, cleanup: str | None, at: int) -> Var:
        """A local of type *kind* comes to life in the current scope; one that hides another gets a name of its own."""
        hidden = self.hidden[-1]
        before = self.names.get(name)
        if name in hidden and type(before) is Var:
            var = before
        else:
            text = name.decode("utf-8", "replace")
            unique = text
            known = self.locals.get(text)
            if text in self.params or (known is not None and (known != kind or before is not None)):
                number = 2
                while f"{text}@{number}" in self.locals:
                    number += 1
                unique = f"{text}@{number}"
            var = Var(unique)
            hidden[name] = before
            self.names[name] = var
        self.locals[var.name] = kind
        self.instrs.append(Declare(var.name, kind, cleanup, at))
        if cleanup is not None:
            self.scoped = Scoped(var.name, cleanup, self.scoped)
        return var

    # --- scopes --------------------------------------------------------------------------------------------------

    def open_scope(self) -> Scoped | None:
        """Open a scope; what comes back goes to :meth:`close_scope`."""
        self.hidden.append({})
        return self.scoped

    def close_scope(self, outer: Scoped | None, at: int) -> None:
        """Close the innermost scope: names mean again what they meant outside, cleanups run where control gets here."""
        for name, before in self.hidden.pop().items():
            if before is None:
                self.names.pop(name, None)
            else:
                self.names[name] = before
        if self.scoped is not outer:
            if self.ends[self.here] is None:
                self.leave(outer, at)
            self.scoped = outer

    def leave(self, outer: Scoped | None, at: int) -> None:
        """Write the cleanups that run on the way from here out to *outer*, last declared first."""
        scoped = self.scoped
        while scoped is not outer and scoped is not None:
            self.instrs.append(ScopeEnd(scoped.name, scoped.cleanup, at))
            scoped = scoped.outer

    # --- jumps by name -------------------------------------------------------------------------------------------

    def go_to(self, label: bytes, at: int) -> None:
        """Jump to a label that may stand further down."""
        if self.ends[self.here] is None:
            self.gotos.append((self.here, label, at, self.scoped))
            self.ends[self.here] = Stop(at)
        self.enter(self.new_block())

    def resolve_gotos(self) -> bool:
        """Let every ``goto`` jump, with the cleanups on its way; false if a label is missing (that one stops)."""
        complete = True
        for block, label, at, innermost in self.gotos:
            target = self.labels.get(label)
            if target is None:
                complete = False
                continue
            scoped, kept = innermost, target.scoped
            instrs = self.blocks[block]
            while scoped is not kept and scoped is not None:
                if kept is not None and kept.depth >= scoped.depth:
                    kept = kept.outer
                    continue
                instrs.append(ScopeEnd(scoped.name, scoped.cleanup, at))
                scoped = scoped.outer
            self.ends[block] = Jump(target.block, at)
        every = [Case(((None, None),), target.block) for target in self.labels.values()]
        for block, value, at in self.computed:
            if every:
                self.ends[block] = Switch(value, tuple(every[:-1]), every[-1].to, at)
        return complete
