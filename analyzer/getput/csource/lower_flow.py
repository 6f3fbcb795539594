"""Lowering of loops and switches, the kernel's block macros among them."""

from __future__ import annotations

import re

from getput.csource.lower_decl import Declarations
from getput.csource.lower_expr import arguments, part
from getput.csource.lower_graph import OpenSwitch, Target
from getput.csource.lower_text import folded
from getput.csource.syntax import Node
from getput.flow.ir import Advance, Case, Const, Expr, Jump, Return, Start, Stop, Switch, Unary, Unknown, Var
from getput.pattern import pattern

_NAME = pattern(rb"\w+")
_WAY_OUT = pattern(rb"\s*(return|goto|break|continue)\b\s*(.*?)\s*\Z", re.DOTALL)
_PLAIN_NAME = pattern(rb"[a-z_]\w*\Z")


class Flow(Declarations):
    """Loops and switches of one function, lowered into its graph."""

    __slots__ = ()

    def statement(self, node: Node) -> None:
        """Lower one statement, of whatever kind."""
        raise NotImplementedError

    def configured(self, node: Node, then: int, other: int) -> None:
        """End the current block with branches on a condition of the preprocessor."""
        raise NotImplementedError

    def tested(self, node: Node | None, then: int, other: int) -> None:
        """Branch on a statement's condition; one that could not be read goes both ways."""
        if node is None or id(node) in self.broken:
            text = "" if node is None else folded(self.text[node.start : node.end])
            self.branch(Unknown(text), then, other, self.source.start if node is None else node.start)
        else:
            self.condition(node, then, other)

    def loop(self, node: Node, head: int, after: int) -> None:
        """A loop's body: ``continue`` leads to *head*, ``break`` to *after*."""
        self.continues.append(Target(head, self.scoped))
        self.breaks.append(Target(after, self.scoped))
        self.statement(node)
        self.continues.pop()
        self.breaks.pop()

    def while_statement(self, node: Node) -> None:
        if node.start in self.marks.loops or node.start in self.marks.once:
            self.masked(node)
            return
        head, body, after = self.new_block(), self.new_block(), self.new_block()
        self.fall_into(head)
        self.tested(part(node, "condition"), body, after)
        self.enter(body)
        inner = part(node, "body")
        if inner is not None:
            self.loop(inner, head, after)
        self.run_on(head)
        self.enter(after)

    def do_statement(self, node: Node) -> None:
        body, head, after = self.new_block(), self.new_block(), self.new_block()
        self.fall_into(body)
        inner = part(node, "body")
        if inner is not None:
            self.loop(inner, head, after)
        self.fall_into(head)
        self.tested(part(node, "condition"), body, after)
        self.enter(after)

    def for_statement(self, node: Node) -> None:
        outer = self.open_scope()
        first, condition, update = part(node, "initializer"), part(node, "condition"), part(node, "update")
        head, body, step, after = self.new_block(), self.new_block(), self.new_block(), self.new_block()
        if first is not None and id(first) not in self.broken:
            if first.kind == "declaration":
                self.declaration(first)
            else:
                self.effect(first)
        self.fall_into(head)
        if condition is None:
            self.run_on(body)
        else:
            self.tested(condition, body, after)
        self.enter(body)
        inner = part(node, "body")
        if inner is not None:
            self.loop(inner, step, after)
        self.fall_into(step)
        if update is not None and id(update) not in self.broken:
            self.effect(update)
        self.run_on(head)
        self.enter(after)
        self.close_scope(outer, node.end - 1)

    def masked(self, node: Node) -> None:
        """What the mask shows as ``while`` or ``if``: a block iterator, or a macro that runs its block once."""
        found = _NAME.match(self.text, node.start)
        name = found[0] if found is not None else b""
        head = part(node, "condition")
        body = part(node, "body") or part(node, "consequence")
        args: list[Node] = []
        if head is not None and id(head) not in self.broken:
            # Without arguments the mask puts in a 0 that the text does not have.
            given = [arg for child in head.children for arg in arguments(child)]
            args = [arg for arg in given if arg.children or self.text[arg.start] != ord("(")]
        outer = self.open_scope()
        if node.start in self.marks.loops:
            self.iterate(node, name, args, body)
        elif name in self.macros.once and args:
            kind = folded(self.text[args[0].start : args[0].end])
            statements = self.macros.once[name]
            made = self.construct(kind, f"guard({kind})".encode(), args[1 + statements :], node)
            if statements and len(args) > 1:
                had, missed = self.new_block(), self.new_block()
                self.branch(made, had, missed, node.start)
                self.enter(missed)
                self.otherwise(args[1])
                self.enter(had)
            self.once(body)
        else:
            for arg in args:
                self.effect(arg)
            self.once(body)
        self.close_scope(outer, node.end - 1)

    def once(self, body: Node | None) -> None:
        """A block that runs once, out of which `break` and `continue` lead as if it were a loop."""
        after = self.new_block()
        if body is not None:
            self.loop(body, after, after)
        self.fall_into(after)

    def otherwise(self, node: Node) -> None:
        """The statement in an argument of ``scoped_cond_guard``, one word after masking: where there is no lock."""
        text = self.text[node.start : node.end]
        at = node.start
        found = _WAY_OUT.match(text)
        if found is None:
            self.end(Stop(at))
        elif found[1] == b"goto":
            self.go_to(found[2], at)
        elif found[1] == b"return":
            self.leave(None, at)
            self.end(Return(self.simple(found[2]), at))
        else:
            self.go_out(self.breaks if found[1] == b"break" else self.continues, at)

    def simple(self, text: bytes) -> Expr | None:
        """A value as text: a name, a number, an error's name negated; anything else is unknown, nothing is None."""
        if not text:
            return None
        negated = text[:1] == b"-"
        name = text[1:].strip() if negated else text
        value: Expr | None = self.names.get(name)
        if value is None and (name in self.macros.errno or _NAME.fullmatch(name)):
            value = Const(int(name)) if name.isdigit() else self.meet(name)
        if value is None:
            return Unknown(folded(text))
        if negated:
            return Const(-value.value) if type(value) is Const else Unary("-", value)
        return value

    def go_out(self, targets: list[Target], at: int) -> None:
        """``break`` or ``continue``: to the innermost target, with the cleanups on the way."""
        if not targets:
            self.damaged = True
            self.end(Stop(at))
            return
        target = targets[-1]
        self.leave(target.scoped, at)
        self.end(Jump(target.block, at))

    def iterate(self, node: Node, name: bytes, args: list[Node], body: Node | None) -> None:
        macro = name.decode("utf-8", "replace")
        outer = self.scoped
        if b"_scoped" in name:
            # The macro declares its cursor: the last plain name that nobody else declared.
            for arg in reversed(args):
                text = self.text[arg.start : arg.end]
                known = self.names.get(text)
                local = type(known) is Var and (known.name in self.locals or known.name in self.params)
                if arg.kind == "identifier" and not local and _PLAIN_NAME.match(text):
                    self.declare(text, "", macro, node.start)
                    break
        values = tuple([self.value(arg) for arg in args])
        self.instrs.append(Start(macro, values, node.start))
        head, inside, after = self.new_block(), self.new_block(), self.new_block()
        self.fall_into(head)
        self.ends[head] = Advance(macro, values, inside, after, node.start)
        self.enter(inside)
        self.breaks.append(Target(after, outer))
        self.continues.append(Target(head, self.scoped))
        if body is not None:
            self.statement(body)
        self.breaks.pop()
        self.continues.pop()
        self.run_on(head)
        self.scoped = outer
        self.enter(after)

    # --- switch --------------------------------------------------------------------------------------------------

    def switch_statement(self, node: Node) -> None:
        condition = part(node, "condition")
        if condition is None or id(condition) in self.broken:
            value: Expr = Unknown("" if condition is None else folded(self.text[condition.start : condition.end]))
        else:
            value = self.value(condition)
        default, after = self.new_block(), self.new_block()
        head, at = self.here, node.start if condition is None else condition.start + 1
        opened = OpenSwitch(default, len(self.conditions))
        self.enter(self.new_block())
        self.switches.append(opened)
        self.breaks.append(Target(after, self.scoped))
        body = part(node, "body")
        if body is not None:
            self.statement(body)
        self.breaks.pop()
        self.switches.pop()
        self.run_on(after)
        self.ends[default] = Jump(after if opened.rest < 0 else opened.rest, -1)
        if self.ends[head] is None:
            self.ends[head] = Switch(value, tuple(opened.cases), default, at)
        self.enter(after)

    def case(self, node: Node) -> None:
        value = part(node, "value")
        if self.switches:
            opened = self.switches[-1]
            block = self.new_block()
            self.run_on(block)
            target = self.where(opened, block)
            if value is None:
                opened.rest = target
            else:
                name = (
                    self.text[value.start : value.end].decode("utf-8", "replace") if value.kind == "identifier" else ""
                )
                opened.cases.append(Case((self.range(value),), target, (name,)))
            self.enter(block)
        for child in node.children:
            if child is not value:
                self.statement(child)

    def where(self, opened: OpenSwitch, block: int) -> int:
        """Where the values of a case go: to its *block*, if the preprocessor's conditions around it hold."""
        for condition, holds in reversed(self.conditions[opened.conditions :]):
            entry = self.new_block()
            self.enter(entry)
            if holds:
                self.configured(condition, block, opened.default)
            else:
                self.configured(condition, opened.default, block)
            block = entry
        return block

    def range(self, node: Node) -> tuple[int | None, int | None]:
        """The values of a case: the mask writes ``A ... B`` as ``A || B``."""
        low = high = node
        if node.kind == "binary_expression" and self.text[node.children[1].start :][:3] == b"...":
            low, high = node.children[0], node.children[-1]
        return self.constant(low), self.constant(high)

    def constant(self, node: Node) -> int | None:
        value = self.value(node)
        return value.value if type(value) is Const else None
