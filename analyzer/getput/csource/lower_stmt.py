"""Lowering of statements: control flow becomes blocks, scopes run their cleanups on every way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from getput.csource.lower_expr import EFFECTS, VALUES, parenthesized, part
from getput.csource.lower_flow import Flow
from getput.csource.lower_graph import ONE, ZERO, Target
from getput.csource.lower_text import condition_name, folded
from getput.csource.syntax import Node
from getput.flow.ir import (
    Assign,
    Const,
    Deref,
    Expr,
    Field,
    Index,
    Read,
    Return,
    Stop,
    Unknown,
    Var,
)
from getput.pattern import pattern

_NAME = pattern(rb"\w+")
_PLAIN_NAME = pattern(rb"[a-z_]\w*\Z")


class Statements(Flow):
    """Statements of one function, lowered into its graph."""

    __slots__ = ()

    def statement(self, node: Node) -> None:
        """Lower one statement; what is none is passed over."""
        handler = STATEMENTS.get(node.kind)
        if handler is not None:
            handler(self, node)

    def block(self, node: Node) -> None:
        outer = self.open_scope()
        for child in node.children:
            self.statement(child)
        self.close_scope(outer, node.end - 1)

    def run_block(self, node: Node, wanted: bool) -> Expr:
        """``({ ... })``: the value of its last statement."""
        body = next((child for child in node.children if child.kind == "compound_statement"), node)
        outer = self.open_scope()
        result: Expr = ZERO
        last = len(body.children) - 1
        for position, child in enumerate(body.children):
            if wanted and position == last and child.kind == "expression_statement" and child.children:
                temp = self.temp()
                self.choose(temp, child.children[0], child.start)
                result = temp
            else:
                self.statement(child)
        self.close_scope(outer, body.end - 1)
        return result

    def expression(self, node: Node) -> None:
        if not node.children or id(node) in self.broken:
            return
        inner = node.children[0]
        if inner.kind == "identifier":
            name = self.text[inner.start : inner.end]
            meaning = self.macros.meanings.get(name)
            if meaning is not None and meaning.section == "returns":
                self.leave(None, node.start)
                self.end(Return(None, node.start))
                return
            known = self.names.get(name)
            if name in self.macros.words or type(known) is not Var or known.name not in self.locals:
                return  # `fallthrough;`, or a macro that is a statement of its own
        self.effect(inner)

    # --- ways out ------------------------------------------------------------------------------------------------

    def return_statement(self, node: Node) -> None:
        if id(node) in self.broken:
            self.leave(None, node.start)
            # min(): compiled, a slice of bytes must not end before it begins
            self.end(
                Return(Unknown(folded(self.text[min(node.start + 6, node.end) : node.end]).rstrip("; ")), node.start)
            )
        elif node.children:
            self.give_back(node.children[0], node.start)
        else:
            self.leave(None, node.start)
            self.end(Return(None, node.start))

    def give_back(self, node: Node, at: int) -> None:
        """Return the value of *node*: a conditional or short-circuit one returns from each of its arms."""
        while True:
            node = parenthesized(node)
            if node.kind == "binary_expression" and node.children[1].kind in ("&&", "||"):
                yes, no = self.new_block(), self.new_block()
                self.condition(node, yes, no)
                for block, truth in ((yes, ONE), (no, ZERO)):
                    self.enter(block)
                    self.leave(None, at)
                    self.end(Return(truth, at))
                return
            if node.kind != "conditional_expression":
                break
            condition, then, other = part(node, "condition"), part(node, "consequence"), part(node, "alternative")
            if condition is None or then is None or other is None:
                break
            yes, no = self.new_block(), self.new_block()
            self.condition(condition, yes, no)
            self.enter(yes)
            self.give_back(then, at)
            self.enter(no)
            node = other
        value = self.value(node)
        if self.scoped is not None:
            # What stands in memory is read before the cleanups run; a variable stays one: which one it is matters.
            if isinstance(value, (Field, Deref, Index)):
                value = self.keep(value, at)
            self.leave(None, at)
        self.end(Return(value, at))

    def break_statement(self, node: Node) -> None:
        self.go_out(self.breaks, node.start)

    def continue_statement(self, node: Node) -> None:
        self.go_out(self.continues, node.start)

    def goto_statement(self, node: Node) -> None:
        label = part(node, "label")
        if self.text[min(node.start + 4, node.end) : node.end].lstrip()[:1] == b"*":
            self.go_anywhere(node)
        elif label is not None and label.end > label.start:
            self.go_to(self.text[label.start : label.end], node.start)
        else:
            self.damaged = True
            self.end(Stop(node.start))

    def go_anywhere(self, node: Node) -> None:
        """``goto *pointer``: to every label."""
        self.recovered += (node.kind == "ERROR") + sum(1 for child in node.children if child.kind == "ERROR")
        self.computed.append((self.here, Unknown(folded(self.text[node.start : node.end]).rstrip("; ")), node.start))
        self.end(Stop(node.start))

    def error(self, node: Node) -> None:
        """What the grammar could not read is left out, but for a ``goto`` through a pointer."""
        if self.text[node.start : node.end] == b"goto":
            self.go_anywhere(node)

    def label(self, node: Node) -> None:
        block = self.new_block()
        self.fall_into(block)
        while True:
            labelled = node
            for child in node.children:
                if child.field == "label":
                    self.labels[self.text[child.start : child.end]] = Target(block, self.scoped)
                elif child.kind == "labeled_statement":
                    labelled = child
                else:
                    self.statement(child)
            if labelled is node:
                return
            node = labelled

    # --- branches and loops --------------------------------------------------------------------------------------

    def if_statement(self, node: Node) -> None:
        after = self.new_block()
        while True:
            if node.start in self.marks.once or node.start in self.marks.loops:
                self.masked(node)
                break
            condition, then, other = part(node, "condition"), part(node, "consequence"), part(node, "alternative")
            yes = self.new_block()
            no = after if other is None else self.new_block()
            self.tested(condition, yes, no)
            self.enter(yes)
            if then is not None:
                self.statement(then)
            self.run_on(after)
            if other is None:
                break
            self.enter(no)
            arms = [child for child in other.children if child.kind != "ERROR"]
            if len(arms) == 1 and arms[0].kind == "if_statement":
                node = arms[0]
                continue
            for arm in arms:
                self.statement(arm)
            break
        self.fall_into(after)

    # --- the preprocessor ----------------------------------------------------------------------------------------

    def conditional_text(self, node: Node) -> None:
        """``#if`` ... ``#endif``: both sides are paths."""
        after = self.new_block()
        depth = len(self.conditions)
        while True:
            condition = part(node, "condition") or part(node, "name")
            other = part(node, "alternative")
            if condition is None:
                inside = [child for child in node.children if child is not other]
                for child in inside:
                    self.statement(child)
                break
            holds = b"ndef" not in self.text[node.start : condition.start]
            known = self.constant_condition(condition)
            yes, no = self.new_block(), self.new_block()
            if holds:
                self.configured(condition, yes, no)
            else:
                self.configured(condition, no, yes)
            if known is None or known == holds:
                self.enter(yes)
                self.conditions.append((condition, holds))
                for child in node.children:
                    if child is not condition and child is not other:
                        self.statement(child)
                self.conditions.pop()
                self.run_on(after)
            self.enter(no)
            if other is None or known == holds:
                break
            self.conditions.append((condition, not holds))
            node = other
        del self.conditions[depth:]
        self.fall_into(after)

    def constant_condition(self, node: Node) -> bool | None:
        """The truth of ``#if 0`` and ``#if 1``."""
        value = self.names.get(self.text[node.start : node.end])
        if node.kind == "number_literal":
            value = self.value(node)
        return bool(value.value) if type(value) is Const else None

    def configured(self, node: Node, then: int, other: int) -> None:
        """Branch on a condition of the preprocessor; ``#ifdef X``, ``#if defined(X)`` and ``#if X`` read alike."""
        while True:
            kind = node.kind
            if kind == "parenthesized_expression" and node.children:
                node = node.children[0]
            elif kind == "unary_expression" and node.children[0].kind == "!":
                then, other = other, then
                node = node.children[-1]
            elif kind == "binary_expression" and node.children[1].kind in ("&&", "||"):
                after = self.new_block()
                if node.children[1].kind == "&&":
                    self.configured(node.children[0], after, other)
                else:
                    self.configured(node.children[0], then, after)
                self.enter(after)
                node = node.children[-1]
            elif kind == "preproc_defined" and node.children:
                node = node.children[0]
            else:
                break
        if kind == "number_literal":
            self.branch(self.value(node), then, other, node.start)
        else:
            self.branch(Var(condition_name(self.text[node.start : node.end])), then, other, node.start)

    # --- assembler -----------------------------------------------------------------------------------------------

    def assembler(self, node: Node) -> Expr:
        """Inline assembler: what it reads, then unknown values for what it writes; ``asm goto`` goes where it names."""
        parts: list[Expr] = []
        written: list[Expr] = []
        for group in node.children:
            if group.field == "input_operands":
                parts.extend(self.value(operand.children[-1]) for operand in group.children if operand.children)
            elif group.field == "output_operands":
                written.extend(self.place(operand.children[-1]) for operand in group.children if operand.children)
        value = Unknown("asm", tuple(parts))
        if parts:
            self.instrs.append(Read(value, node.start))
        for place in written:
            self.instrs.append(Assign(place, Unknown("asm"), node.start))
        labels = part(node, "goto_labels")
        for label in labels.children if labels is not None else ():
            jump, after = self.new_block(), self.new_block()
            self.branch(Unknown("asm goto"), jump, after, node.start)
            self.enter(jump)
            self.go_to(self.text[label.start : label.end], node.start)
            self.enter(after)
        return value

    def assembler_effect(self, node: Node) -> None:
        self.assembler(node)


VALUES.update(
    {
        "identifier": Statements.identifier,
        "field_identifier": Statements.identifier,
        "type_identifier": Statements.identifier,
        "null": Statements.identifier,
        "true": Statements.identifier,
        "false": Statements.identifier,
        "number_literal": Statements.literal,
        "char_literal": Statements.literal,
        "string_literal": Statements.string,
        "concatenated_string": Statements.string,
        "field_expression": Statements.member,
        "subscript_expression": Statements.subscript,
        "pointer_expression": Statements.pointer,
        "unary_expression": Statements.unary,
        "binary_expression": Statements.operation,
        "assignment_expression": Statements.assignment,
        "update_expression": Statements.update,
        "conditional_expression": Statements.conditional,
        "comma_expression": Statements.comma,
        "parenthesized_expression": Statements.parentheses,
        "cast_expression": Statements.cast,
        "extension_expression": Statements.cast,
        "compound_literal_expression": Statements.unknown,
        "initializer_list": Statements.unknown,
        "sizeof_expression": Statements.unknown,
        "alignof_expression": Statements.unknown,
        "offsetof_expression": Statements.unknown,
        "generic_expression": Statements.unknown,
        "call_expression": Statements.call,
        "gnu_asm_expression": Statements.assembler,
    }
)
EFFECTS.update(
    {
        "assignment_expression": Statements.assign,
        "update_expression": Statements.step,
        "conditional_expression": Statements.either,
        "comma_expression": Statements.comma_effect,
        "parenthesized_expression": Statements.parentheses_effect,
        "binary_expression": Statements.operation_effect,
        "call_expression": Statements.call_effect,
        "gnu_asm_expression": Statements.assembler_effect,
    }
)
STATEMENTS: dict[str, Callable[[Any, Node], None]] = {
    "expression_statement": Statements.expression,
    "declaration": Statements.declaration,
    "compound_statement": Statements.block,
    "if_statement": Statements.if_statement,
    "while_statement": Statements.while_statement,
    "do_statement": Statements.do_statement,
    "for_statement": Statements.for_statement,
    "switch_statement": Statements.switch_statement,
    "case_statement": Statements.case,
    "return_statement": Statements.return_statement,
    "break_statement": Statements.break_statement,
    "continue_statement": Statements.continue_statement,
    "goto_statement": Statements.goto_statement,
    "labeled_statement": Statements.label,
    "ERROR": Statements.error,
    "preproc_if": Statements.conditional_text,
    "preproc_ifdef": Statements.conditional_text,
}
