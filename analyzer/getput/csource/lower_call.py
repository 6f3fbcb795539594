"""Lowering of calls, of the macros that look like calls, and of conditions."""

from __future__ import annotations

from getput.csource.lower_assign import Assignments
from getput.csource.lower_expr import arguments, field, operands, parenthesized, part, pointed, rebound
from getput.csource.lower_graph import ZERO
from getput.csource.lower_table import Meaning
from getput.csource.lower_text import condition_name, folded, is_type_name
from getput.csource.syntax import Node
from getput.flow.ir import Assign, Call, Const, ContainerOf, Deref, Expr, Read, Return, Stop, Temp, Unary, Unknown, Var

SILENT = (Const, Temp, Var)
# Arguments that need no look where only their effect matters.
LEAVES = {"identifier", "string_literal", "concatenated_string", "number_literal"}


class Calls(Assignments):
    """Calls and conditions of one function, lowered into its graph."""

    __slots__ = ()

    # --- calls ---------------------------------------------------------------------------------------------------

    def call(self, node: Node) -> Expr:
        """A call whose result is wanted."""
        return self.invoke(node, True)

    def call_effect(self, node: Node) -> None:
        """A call that stands alone."""
        self.invoke(node, False)

    def invoke(self, node: Node, wanted: bool) -> Expr:
        function, listed = node.children[0], node.children[-1]
        if function.kind == "parenthesized_expression":
            function = parenthesized(function)
            if function.kind == "identifier" and len(listed.children) == 1:
                name = self.text[function.start : function.end]
                if is_type_name(name) and name not in self.names:  # (foo_t)(x)
                    return self.value(listed.children[0])
        if function.kind == "identifier":
            name = self.text[function.start : function.end]
            meaning = self.macros.meanings.get(name)
            if meaning is not None:
                lowered = self.macro(node, name, meaning, listed.children, wanted)
                if lowered is not None:
                    return lowered
            known = self.names.get(name)
            if known is None or type(known) is not Var or not (known.name in self.locals or known.name in self.params):
                return self.emit(node, name.decode("utf-8", "replace"), None, listed, wanted)
            return self.emit(node, None, known, listed, wanted)
        if function.kind == "call_expression" and function.children[0].kind == "identifier":
            meaning = self.macros.meanings.get(self.text[function.children[0].start : function.children[0].end])
            if meaning is not None and meaning.section == "scoped":
                return self.scoped_local(node, function, listed)
        pointer = self.value(function)
        if type(pointer) is Deref:  # (*ops->get)(x)
            pointer = pointer.base
        return self.emit(node, None, pointer, listed, wanted)

    def emit(self, node: Node, callee: str | None, pointer: Expr | None, listed: Node, wanted: bool) -> Expr:
        args = tuple([self.value(child) for child in listed.children if child.kind != "ERROR"])
        result: Temp | None = None
        if wanted:
            result = Temp(self.temps)
            self.temps += 1
        self.instrs.append(Call(result, callee, pointer, args, node.start, node.end))
        return ZERO if result is None else result

    def scoped_local(self, node: Node, head: Node, listed: Node) -> Expr:
        """``guard(class)(args);`` and ``CLASS(class, name)(args);``: a local that its class makes and cleans up."""
        named = head.children[-1].children
        if not named:
            return ZERO
        kind = folded(self.text[named[0].start : named[0].end])
        name = self.text[named[1].start : named[1].end] if len(named) > 1 else f"guard({kind})".encode()
        self.construct(kind, name, listed.children, node)
        return ZERO

    def give_back(self, node: Node, at: int) -> None:
        """Return the value of *node*; statements are lowered elsewhere."""
        raise NotImplementedError

    def construct(self, kind: str, name: bytes, args: list[Node], node: Node) -> Var:
        """Declare a local of the cleanup class *kind* and let its constructor make it."""
        values = tuple([self.value(child) for child in args])
        var = self.declare(name, f"class_{kind}_t", kind, node.start)
        made = self.temp()
        self.instrs.append(Call(made, f"class_{kind}_constructor", None, values, node.start, node.end))
        self.instrs.append(Assign(var, made, node.start))
        return var

    def macro(self, node: Node, name: bytes, meaning: Meaning, args: list[Node], wanted: bool) -> Expr | None:
        """A macro of the table; None where it is not used as the table says, and reads like any call."""
        section = meaning.section
        if section == "pure":
            return Unary(meaning.word, self.value(args[0])) if len(args) == 1 else None
        if section in ("identity", "transparent", "load"):
            if len(args) <= meaning.position:
                return None
            if section == "transparent":
                self.other_arguments(args, meaning.position)
            value = self.value(args[meaning.position])
            if section == "load":
                value = pointed(value)
            if not wanted and not isinstance(value, SILENT):
                self.instrs.append(Read(value, node.start))
            return value
        if section == "opaque":
            return self.opaque(node, args, wanted)
        if section == "container":
            return self.container(meaning, args)
        if section == "configuration":
            return Var(condition_name(self.text[node.start : node.end]))
        return self.statement_macro(node, name, meaning, args, wanted)

    def other_arguments(self, args: list[Node], position: int) -> None:
        """Calls in the arguments besides the one that gives the value; what they merely read does not matter."""
        for number, arg in enumerate(args):
            if number != position and arg.kind not in LEAVES:
                self.value(arg)

    def opaque(self, node: Node, args: list[Node], wanted: bool) -> Expr:
        """A macro or builtin that only computes."""
        parts = [value for value in [self.value(arg) for arg in args] if type(value) is not Const]
        value = Unknown(folded(self.text[node.start : node.end]), tuple(parts))
        if parts and not wanted:
            self.instrs.append(Read(value, node.start))
        return value

    def container(self, meaning: Meaning, args: list[Node]) -> Expr | None:
        container = meaning.container
        assert container is not None
        if len(args) <= max(container.pointer, container.type, container.member):
            return None
        typed, member = args[container.type], args[container.member]
        # Whatever the tree makes of the type: read from the end of the argument before it to the next one.
        start = args[container.type - 1].end if container.type else typed.start
        end = args[container.type + 1].start
        text = self.text[start:end]
        if container.type:
            text = text[text.find(b",") + 1 :]
        text = text[: text.rfind(b",")] if b"," in text else text
        pointer = self.value(args[container.pointer])
        if container.through:
            pointer = field(pointer, container.through, True)
        return ContainerOf(pointer, folded(text), folded(self.text[member.start : member.end]))

    def statement_macro(self, node: Node, name: bytes, meaning: Meaning, args: list[Node], wanted: bool) -> Expr | None:
        """A macro that stands for a statement."""
        section = meaning.section
        if section == "nothing":
            return ZERO
        if section == "noreturn":
            values = tuple([self.value(arg) for arg in args])
            if args:
                self.instrs.append(Call(None, name.decode(), None, values, node.start, node.end))
            self.end(Stop(node.start))
            return ZERO
        if section in ("stop_if", "stop_unless"):
            if not args:
                return None
            stop, after = self.new_block(), self.new_block()
            if section == "stop_if":
                self.condition(args[0], stop, after)
            else:
                self.condition(args[0], after, stop)
            self.enter(stop)
            self.end(Stop(node.start))
            self.enter(after)
            return ZERO
        if section == "returns":
            if len(args) != 1 or wanted:
                return None
            if not meaning.word:
                self.give_back(args[0], node.start)
                return ZERO
            value = self.value(args[0])
            made = self.temp()
            self.instrs.append(Call(made, meaning.word, None, (value,), node.start, node.end))
            self.leave(None, node.start)
            self.end(Return(made, node.start))
            return ZERO
        if section == "declares":
            if len(args) <= meaning.position or wanted:
                return None
            named = args[meaning.position]
            self.other_arguments(args, meaning.position)
            self.declare(self.text[named.start : named.end], name.decode(), None, node.start)
            return ZERO
        return self.writing_macro(node, meaning, args)

    def writing_macro(self, node: Node, meaning: Meaning, args: list[Node]) -> Expr | None:
        """A macro that assigns to one of its arguments."""
        if max(meaning.position, meaning.value) >= len(args):
            return None
        section, at = meaning.section, node.start
        if section == "store":
            target = pointed(self.value(args[meaning.position]))
        else:
            target = self.place(args[meaning.position])
        if section == "swap":
            other = self.place(args[meaning.value])
            before = self.keep(target, at)
            self.instrs.append(Assign(target, other, at))
            self.instrs.append(Assign(other, before, at))
            return ZERO
        value = self.value(args[meaning.value])
        if section == "exchange":
            before = self.keep(target, at)
            self.instrs.append(Assign(target, value, at))
            return before
        self.instrs.append(Assign(target, value, at))
        return value

    # --- conditions ----------------------------------------------------------------------------------------------

    def condition(self, node: Node, then: int, other: int) -> None:
        """End the current block: on to *then* where *node* is true, else to *other*.

        A short circuit is a branch of its own.
        """
        while True:
            kind = node.kind
            if kind == "parenthesized_expression":
                inner = parenthesized(node)
                if inner.kind == kind:
                    break
                node = inner
            elif kind == "unary_expression" and node.children[0].kind == "!":
                then, other = other, then
                node = node.children[-1]
            elif kind == "binary_expression" and node.children[1].kind in ("&&", "||"):
                operator = node.children[1].kind
                *before, last = operands(node, operator)
                for operand in before:
                    after = self.new_block()
                    if operator == "&&":
                        self.condition(operand, after, other)
                    else:
                        self.condition(operand, then, after)
                    self.enter(after)
                node = last
            elif kind == "conditional_expression":
                arms = self.arms(node, then, other)
                if arms is None:
                    break
                node = arms
            elif kind == "comma_expression":
                *early, last = arguments(node)
                for one in early:
                    self.effect(one)
                node = last
            elif kind == "cast_expression":
                node = node.children[-1]
            elif kind == "update_expression":
                meant = rebound(node)
                if meant is None:
                    break
                node = meant
            elif kind == "call_expression" and node.children[0].kind == "identifier":
                name = self.text[node.children[0].start : node.children[0].end]
                meaning = self.macros.meanings.get(name)
                args = node.children[-1].children
                if meaning is None or meaning.section != "transparent" or len(args) <= meaning.position:
                    break
                self.other_arguments(args, meaning.position)
                node = args[meaning.position]
            else:
                break
        self.branch(self.value(node), then, other, node.start)

    def arms(self, node: Node, then: int, other: int) -> Node | None:
        """The condition ``a ? b : c``: all but its last arm, which comes back; None where a part is missing."""
        tested, yes, no = part(node, "condition"), part(node, "consequence"), part(node, "alternative")
        if tested is None or no is None:
            return None
        first, second = self.new_block(), self.new_block()
        if yes is None:
            self.condition(tested, then, second)
        else:
            self.condition(tested, first, second)
            self.enter(first)
            self.condition(yes, then, other)
        self.enter(second)
        return no
