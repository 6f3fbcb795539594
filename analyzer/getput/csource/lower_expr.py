"""Lowering of expressions: pure trees out, calls and assignments flattened into the graph on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from getput.csource.lower_graph import ONE, ZERO, Graph
from getput.csource.lower_text import arithmetic, character, folded, is_error_name, is_type_name, number
from getput.csource.syntax import Node
from getput.flow.ir import (
    AddressOf,
    Assign,
    Binary,
    Const,
    Deref,
    Expr,
    Field,
    Index,
    Read,
    Str,
    Temp,
    Unary,
    Unknown,
    Var,
)

# An operator chain longer than this is cut by a temporary, so that whoever walks an expression may recurse.
CHAIN = 32
SHORT_CIRCUITS = {"&&", "||"}
COMPOUND = {"compound_literal_expression", "initializer_list"}
NEVER_EVALUATED = {
    "sizeof_expression",
    "alignof_expression",
    "offsetof_expression",
    "type_descriptor",
    "field_designator",
    "subscript_designator",
    "subscript_range_designator",
    "ERROR",
}


def part(node: Node, field: str) -> Node | None:
    """The child that stands in *field*."""
    for child in node.children:
        if child.field == field:
            return child
    return None


def parenthesized(node: Node) -> Node:
    """What stands in the parentheses, however many; a statement expression stays as it is."""
    while node.kind == "parenthesized_expression":
        inner = node
        for child in node.children:
            if child.kind != "ERROR":
                inner = child
                break
        if inner is node or inner.kind == "compound_statement":
            return node
        node = inner
    return node


def operands(node: Node, operator: str) -> list[Node]:
    """The operands of a chain of one short-circuit operator, leftmost first."""
    found = []
    while node.kind == "binary_expression" and node.children[1].kind == operator:
        found.append(node.children[-1])
        node = node.children[0]
    found.append(node)
    found.reverse()
    return found


def rebound(node: Node) -> Node | None:
    """``!x--``, which the grammar takes for ``(!x)--``, as what it means; None where the node is no such thing."""
    operand = node.children[0]
    if operand.kind not in ("unary_expression", "cast_expression") or operand.field != "argument":
        return None
    *before, inner = operand.children
    stepped = Node(inner.kind, inner.start, inner.end, "argument", inner.children)
    step = Node(node.kind, inner.start, node.end, inner.field, [stepped, node.children[1]])
    return Node(operand.kind, node.start, node.end, node.field, [*before, step])


def arguments(node: Node) -> list[Node]:
    """The parts of a comma expression, in order."""
    found = []
    while node.kind == "comma_expression" and len(node.children) >= 2:
        found.append(node.children[0])
        node = node.children[-1]
    found.append(node)
    return found


def field(base: Expr, name: str, arrow: bool) -> Expr:
    """``base->name`` or ``base.name``, simplified where an address is taken and followed at once."""
    if arrow:
        return Field(base.place, name, False) if type(base) is AddressOf else Field(base, name, True)
    return Field(base.base, name, True) if type(base) is Deref else Field(base, name, False)


def pointed(base: Expr) -> Expr:
    """``*base``."""
    return base.place if type(base) is AddressOf else Deref(base)


def binary(operator: str, left: Expr, right: Expr) -> Expr:
    """``left operator right``, folded where both are constants."""
    if type(left) is Const and type(right) is Const:
        value = arithmetic(operator, left.value, right.value)
        if value is not None:
            return Const(value)
    return Binary(operator, left, right)


# What to do with a kind of node whose value, or only whose effect, is wanted: filled where the last of them stands (lower_stmt).
VALUES: dict[str, Callable[[Any, Node], Expr]] = {}
EFFECTS: dict[str, Callable[[Any, Node], None]] = {}


class Expressions(Graph):
    """Expressions of one function, lowered into its graph."""

    __slots__ = ()

    def value(self, node: Node) -> Expr:
        """The value of *node* as a pure expression; what it does on the way is written into the graph."""
        handler = VALUES.get(node.kind)
        return self.unknown(node) if handler is None else handler(self, node)

    def effect(self, node: Node) -> None:
        """Evaluate *node* for what it does."""
        handler = EFFECTS.get(node.kind)
        if handler is not None:
            handler(self, node)
            return
        value = self.value(node)
        kind = type(value)
        if kind is Const or kind is Temp or kind is Str or (kind is Unknown and not value.parts):  # type: ignore[union-attr]
            return
        if kind is Var and value.name not in self.locals and value.name not in self.params:  # type: ignore[union-attr]
            return
        self.instrs.append(Read(value, node.start))

    def run_block(self, node: Node, wanted: bool) -> Expr:
        """A statement expression; statements are lowered elsewhere."""
        raise NotImplementedError

    def condition(self, node: Node, then: int, other: int) -> None:
        """End the current block with branches on *node*; lowered elsewhere."""
        raise NotImplementedError

    # --- leaves --------------------------------------------------------------------------------------------------

    def identifier(self, node: Node) -> Expr:
        name = self.text[node.start : node.end]
        return self.names.get(name) or self.meet(name)

    def meet(self, name: bytes) -> Expr:
        """A name seen for the first time: an error number, or a global."""
        known = self.macros.errno.get(name)
        text = name.decode("utf-8", "replace")
        found: Expr
        if known is not None:
            found = Const(known)
        elif text.isidentifier():
            found = Var(text)
        else:  # a type as an argument, of which the mask made one identifier
            found = Unknown(folded(name))
        self.names[name] = found
        return found

    def literal(self, node: Node) -> Expr:
        text = self.text[node.start : node.end]
        found = self.names.get(text)
        if found is None:
            value = character(text) if node.kind == "char_literal" else number(text)
            found = Unknown(text.decode("utf-8", "replace")) if value is None else Const(value)
            self.names[text] = found
        return found

    def string(self, node: Node) -> Expr:
        return Str(self.text[node.start : node.end].decode("utf-8", "replace"))

    def unknown(self, node: Node) -> Expr:
        """Anything without a meaning of its own: its text, and the values in it."""
        text = folded(self.text[node.start : node.end])
        if node.kind in NEVER_EVALUATED:
            return Unknown(text)
        parts = []
        pending = node.children[::-1]
        while pending:
            child = pending.pop()
            if child.kind in COMPOUND:
                pending.extend(child.children[::-1])
            elif child.kind in VALUES:
                value = self.value(child)
                if type(value) is not Const:
                    parts.append(value)
            elif child.kind not in NEVER_EVALUATED:
                pending.extend(child.children[::-1])
        return Unknown(text, tuple(parts))

    # --- places --------------------------------------------------------------------------------------------------

    def member(self, node: Node) -> Expr:
        children = node.children
        base = self.value(children[0])
        name = self.text[children[-1].start : children[-1].end].decode("utf-8", "replace")
        return field(base, name, children[1].kind == "->")

    def subscript(self, node: Node) -> Expr:
        base = self.value(node.children[0])
        return Index(base, self.value(node.children[-1]))

    def pointer(self, node: Node) -> Expr:
        operand = self.value(node.children[-1])
        if node.children[0].kind == "*":
            return pointed(operand)
        kind = type(operand)
        if kind is Deref:
            return operand.base  # type: ignore[union-attr]
        if kind is Var or kind is Field or kind is Index:
            return AddressOf(operand)
        if kind is Temp:  # a macro that reads as a call and stands for a place: per_cpu(x, cpu)
            return operand
        return Unknown(folded(self.text[node.start : node.end]), (operand,))

    def place(self, node: Node) -> Expr:
        """Where an assignment to *node* goes."""
        node = parenthesized(node)
        value = self.value(node)
        kind = type(value)
        if kind is Var or kind is Field or kind is Deref or kind is Index:
            return value
        return Deref(value)

    # --- operators -----------------------------------------------------------------------------------------------

    def unary(self, node: Node) -> Expr:
        operator = node.children[0].kind
        operand = node.children[-1]
        if operator == "-" and operand.kind == "identifier":
            name = self.text[operand.start : operand.end]
            known = self.macros.errno.get(name)
            if known is not None:
                return Const(-known)
            if is_error_name(name) and name not in self.names:
                return Const(-1)
        value = self.value(operand)
        if type(value) is Const:
            if operator == "!":
                return ZERO if value.value else ONE
            if operator == "-":
                return Const(-value.value)
            if operator == "~":
                return Const(~value.value)
        return value if operator == "+" else Unary(operator, value)

    def operation(self, node: Node) -> Expr:
        children = node.children
        operator = children[1].kind
        if operator in SHORT_CIRCUITS:
            return self.truth(node)
        first = children[0]
        if first.kind != "binary_expression":
            cast = self.cast_in_disguise(node, first, operator)
            if cast is not None:
                return cast
            return binary(operator, self.value(first), self.value(children[-1]))
        spine = [node]
        while first.kind == "binary_expression" and first.children[1].kind not in SHORT_CIRCUITS:
            spine.append(first)
            first = first.children[0]
        inner = spine[-1]
        cast = self.cast_in_disguise(inner, first, inner.children[1].kind)
        if cast is not None:
            spine.pop()
        result = self.value(first) if cast is None else cast
        for length, link in enumerate(reversed(spine), 1):
            result = binary(link.children[1].kind, result, self.value(link.children[-1]))
            if length % CHAIN == 0 and type(result) is Binary:
                result = self.keep(result, link.start)
        return result

    def cast_in_disguise(self, node: Node, left: Node, operator: str) -> Expr | None:
        """``(phys_addr_t)-1`` and ``(u64)&x``, which the grammar takes for a subtraction and a mask; else None."""
        if left.kind != "parenthesized_expression" or operator not in ("-", "&", "*", "+"):
            return None
        inner = parenthesized(left)
        if inner.kind != "identifier":
            return None
        name = self.text[inner.start : inner.end]
        if name in self.names or not is_type_name(name):
            return None
        right = self.value(node.children[-1])
        if operator == "-":
            return Const(-right.value) if type(right) is Const else Unary("-", right)
        if operator == "*":
            return pointed(right)
        if operator == "&":
            return right.base if type(right) is Deref else AddressOf(right)
        return right

    def keep(self, value: Expr, at: int) -> Temp:
        """*value* in a fresh temporary."""
        temp = self.temp()
        self.instrs.append(Assign(temp, value, at))
        return temp

    def truth(self, node: Node) -> Expr:
        """``a && b`` and ``a || b`` as a value: 1 or 0."""
        temp = self.temp()
        then, other, after = self.new_block(), self.new_block(), self.new_block()
        self.condition(node, then, other)
        self.enter(then)
        self.instrs.append(Assign(temp, ONE, node.start))
        self.run_on(after)
        self.enter(other)
        self.instrs.append(Assign(temp, ZERO, node.start))
        self.fall_into(after)
        return temp

    def comma(self, node: Node) -> Expr:
        *before, last = arguments(node)
        for one in before:
            self.effect(one)
        return self.value(last)

    def comma_effect(self, node: Node) -> None:
        for one in arguments(node):
            self.effect(one)

    def parentheses(self, node: Node) -> Expr:
        inner = parenthesized(node)
        if inner.kind == "parenthesized_expression":
            return self.run_block(inner, True)
        return self.value(inner)

    def parentheses_effect(self, node: Node) -> None:
        inner = parenthesized(node)
        if inner.kind == "parenthesized_expression":
            self.run_block(inner, False)
        else:
            self.effect(inner)

    def cast(self, node: Node) -> Expr:
        return self.value(node.children[-1])
