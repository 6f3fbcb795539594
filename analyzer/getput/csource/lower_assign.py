"""Lowering of what writes: assignments, initialisers, ``++`` and ``--``, and of operators that choose what runs."""

from __future__ import annotations

from getput.csource.lower_expr import COMPOUND, VALUES, Expressions, binary, field, parenthesized, part, rebound
from getput.csource.lower_graph import ONE
from getput.csource.syntax import Node
from getput.flow.ir import Assign, Binary, Const, Expr, Index, Read, Temp, Unknown, Var

# What is lowered by assigning in each of its arms or fields.
CHOOSING = COMPOUND | {"conditional_expression", "parenthesized_expression"}


class Assignments(Expressions):
    """Assignments of one function, lowered into its graph."""

    __slots__ = ()

    def conditional(self, node: Node) -> Expr:
        temp = self.temp()
        self.choose(temp, node, node.start)
        return temp

    def choose(self, target: Expr, node: Node, at: int) -> None:
        """``target = node``, where a conditional expression assigns in each of its arms."""
        after = -1
        while True:
            node = parenthesized(node)
            if node.kind != "conditional_expression":
                break
            condition, then, other = part(node, "condition"), part(node, "consequence"), part(node, "alternative")
            if condition is None or other is None:
                break
            if after < 0:
                after = self.new_block()
            yes, no = self.new_block(), self.new_block()
            if then is None:  # a ?: b
                tested = self.value(condition)
                self.branch(tested, yes, no, condition.start)
                self.enter(yes)
                self.instrs.append(Assign(target, tested, at))
                self.run_on(after)
            else:
                self.condition(condition, yes, no)
                self.enter(yes)
                self.choose(target, then, at)
                self.run_on(after)
            self.enter(no)
            node = other
        if node.kind in COMPOUND:
            self.fill(target, node, at)
        else:
            value = self.value(node)
            self.instrs.append(Assign(target, value, at))
        if after >= 0:
            self.fall_into(after)

    def fill(self, target: Expr, node: Node, at: int) -> None:
        """``target = { .field = value, ... }``: what is not designated first, as one unknown value, then the fields."""
        pending: list[tuple[Expr, Node]] = [(target, node)]
        while pending:
            place, node = pending.pop()
            if node.kind == "compound_literal_expression":
                node = part(node, "value") or node
            pairs: list[tuple[Expr, Node]] = []
            parts: list[Expr] = []
            for child in node.children:
                into: Expr | None = place
                value: Node | None = child
                if child.kind == "initializer_pair":
                    value = part(child, "value")
                    for designator in child.children:
                        if into is not None and designator.field == "designator":
                            into = self.designated(into, designator)
                    if value is None:
                        continue
                elif child.kind not in VALUES and child.kind != "initializer_list":
                    continue
                else:
                    into = None
                assert value is not None
                if into is not None:
                    pairs.append((into, value))
                    continue
                read = self.value(value)
                if type(read) is not Const:
                    parts.append(read)
            self.instrs.append(Assign(place, Unknown("{}", tuple(parts)), at))
            for into, value in pairs:
                if value.kind == "initializer_list":
                    pending.append((into, value))
                else:
                    self.choose(into, value, value.start)

    def designated(self, place: Expr, designator: Node) -> Expr | None:
        """The part of *place* that ``.name`` or ``[constant]`` names; None for a range."""
        inner = designator.children[0] if designator.children else None
        if inner is None:
            return None
        if designator.kind == "field_designator":
            return field(place, self.text[inner.start : inner.end].decode("utf-8", "replace"), False)
        if designator.kind == "subscript_designator" and len(designator.children) == 1:
            return Index(place, self.value(inner))
        return None

    def assignment(self, node: Node) -> Expr:
        children = node.children
        target = self.place(children[0])
        right = children[-1]
        operator = children[1].kind
        if operator != "=":
            value = self.value(right)
            self.instrs.append(Assign(target, binary(operator[:-1], target, value), node.start))
            return target
        kind = right.kind
        if kind in CHOOSING:
            self.choose(target, right, node.start)
            return target
        value = self.value(right)
        self.instrs.append(Assign(target, value, node.start))
        if type(target) is Var:
            return target
        return value if type(value) in (Var, Temp, Const) else target

    def assign(self, node: Node) -> None:
        self.assignment(node)

    def update(self, node: Node) -> Expr:
        """``x++`` (the value before) and ``++x`` (the value after)."""
        meant = rebound(node)
        if meant is not None:
            return self.value(meant)
        if node.children[0].field == "argument":
            target = self.place(node.children[0])
            before = self.keep(target, node.start)
            self.instrs.append(Assign(target, Binary(node.children[1].kind[0], before, ONE), node.start))
            return before
        target = self.place(node.children[-1])
        self.instrs.append(Assign(target, Binary(node.children[0].kind[0], target, ONE), node.start))
        return target

    def step(self, node: Node) -> None:
        """``x++`` or ``++x`` whose value nobody wants."""
        operand, operator = part(node, "argument"), part(node, "operator")
        if operand is None or operator is None or rebound(node) is not None:
            self.value(node)
            return
        target = self.place(operand)
        self.instrs.append(Assign(target, Binary(operator.kind[0], target, ONE), node.start))

    def either(self, node: Node) -> None:
        """``a && f();``, ``a ? f() : g();`` as statements."""
        after = self.new_block()
        while node.kind == "conditional_expression":
            condition, then, other = part(node, "condition"), part(node, "consequence"), part(node, "alternative")
            if condition is None or other is None:
                break
            yes, no = self.new_block(), self.new_block()
            self.condition(condition, yes, no)
            self.enter(yes)
            if then is not None:
                self.effect(then)
            self.run_on(after)
            self.enter(no)
            node = parenthesized(other)
        if node.kind == "binary_expression" and node.children[1].kind in ("&&", "||"):
            right = self.new_block()
            if node.children[1].kind == "&&":
                self.condition(node.children[0], right, after)
            else:
                self.condition(node.children[0], after, right)
            self.enter(right)
            node = node.children[-1]
        if node.kind != "conditional_expression":
            self.effect(node)
        self.fall_into(after)

    def operation_effect(self, node: Node) -> None:
        if node.children[1].kind in ("&&", "||"):
            self.either(node)
        else:
            value = self.operation(node)
            if type(value) is not Const:
                self.instrs.append(Read(value, node.start))
