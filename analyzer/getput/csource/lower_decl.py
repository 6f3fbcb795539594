"""Lowering of declarations: types, declarators, initialisers, cleanup attributes."""

from __future__ import annotations

from getput.csource.lower_call import Calls
from getput.csource.lower_expr import VALUES, part
from getput.csource.lower_text import folded
from getput.csource.syntax import Node
from getput.flow.ir import Assign, Const, Expr, Index, Unknown, Var

STATIC = {b"static", b"extern"}


class Declarator:
    """What one declarator says: the name's node (None without one), stars, array text, and what it is besides."""

    __slots__ = ("array", "called", "name", "stars", "wrapped")

    def __init__(self, node: Node | None, text: bytes) -> None:
        self.name: Node | None = None
        self.stars = 0
        self.array = ""
        self.called = False
        self.wrapped = False
        while node is not None:
            kind = node.kind
            if kind in ("identifier", "type_identifier", "field_identifier"):
                self.name = node
                return
            if kind in ("pointer_declarator", "abstract_pointer_declarator"):
                self.stars += 1
            elif kind in ("array_declarator", "abstract_array_declarator"):
                size = part(node, "size")
                self.array += "[" + (folded(text[size.start : size.end]) if size is not None else "") + "]"
            elif kind in ("function_declarator", "abstract_function_declarator"):
                self.called = True
            elif kind in ("parenthesized_declarator", "abstract_parenthesized_declarator"):
                self.wrapped = True
            inner = part(node, "declarator")
            if inner is None:
                inner = next((one for one in node.children if one.kind.endswith(("declarator", "identifier"))), None)
            node = inner

    def type(self, base: str) -> str:
        """The type's text around *base*: ``base **``, ``base [4]``, ``base (*)()``."""
        if self.called:
            return f"{base} (*)()"
        if self.stars:
            base = f"{base} {'*' * self.stars}"
        return f"{base} {self.array}" if self.array else base


def base_type(node: Node, text: bytes) -> tuple[str, bool]:
    """The type a declaration's words name, without qualifiers and storage words; whether it is static or extern."""
    words = []
    static = False
    for child in node.children:
        kind = child.kind
        if child.field == "type":
            inner = child.children
            if inner and inner[-1].kind in ("field_declaration_list", "enumerator_list"):
                words.append(folded(text[child.start : inner[-1].start]))
            else:
                words.append(folded(text[child.start : child.end]))
        elif kind == "storage_class_specifier":
            static = static or text[child.start : child.end] in STATIC
        elif child.field == "declarator":
            break
    return " ".join(words), static


class Declarations(Calls):
    """Declarations of one function, lowered into its graph."""

    __slots__ = ()

    def cleanup(self, start: int, end: int) -> str | None:
        """The cleanup class that stands between two offsets, if one does."""
        for offset, name in self.marks.cleanups.items():
            if start <= offset < end:
                return name
        return None

    def declaration(self, node: Node) -> None:
        base, static = base_type(node, self.text)
        children = [child for child in node.children if child.field == "declarator"]
        # A static local outlives the call and an extern one stands elsewhere: both read as globals.
        if static:
            return
        marked = bool(self.marks.cleanups)
        for position, child in enumerate(children):
            value = part(child, "value") if child.kind == "init_declarator" else None
            declarator = Declarator(child, self.text)
            named = declarator.name
            if named is None or (declarator.called and not declarator.wrapped):
                continue
            cleanup = None
            if marked:
                start = node.start if position == 0 else child.start
                if value is not None:
                    end = value.start
                else:
                    end = children[position + 1].start if position + 1 < len(children) else node.end
                cleanup = self.cleanup(start, end)
            name = self.text[named.start : named.end]
            kind = declarator.type(base)
            if value is None:
                self.declare(name, kind, cleanup, named.start)
            elif id(child) in self.broken:
                var = self.declare(name, kind, cleanup, named.start)
                self.instrs.append(Assign(var, Unknown(folded(self.text[value.start : value.end])), named.start))
            else:
                var = self.declare(name, kind, cleanup, named.start)
                if value.kind == "initializer_list" and declarator.array:
                    self.fill_array(var, value, named.start)
                else:
                    self.choose(var, value, named.start)

    def parameters(self, listed: Node) -> tuple[tuple[str, str], ...]:
        """Name and type of each parameter; the names are known from here on."""
        found: list[tuple[str, str]] = []
        for child in listed.children:
            if child.kind == "parameter_declaration":
                base, _ = base_type(child, self.text)
                declarator = Declarator(part(child, "declarator"), self.text)
                kind = declarator.type(base)
                if kind == "void" and declarator.name is None:
                    continue
                name = b"" if declarator.name is None else self.text[declarator.name.start : declarator.name.end]
                found.append((self.parameter(name, kind), kind))
            elif child.kind == "variadic_parameter":
                found.append(("", "..."))
            elif child.kind == "identifier":  # an old-style list of names
                found.append((self.parameter(self.text[child.start : child.end], ""), ""))
        return tuple(found)

    def parameter(self, name: bytes, kind: str) -> str:
        """Make a parameter known; its name as text."""
        text = name.decode("utf-8", "replace")
        if name:
            self.names[name] = Var(text)
            self.params[text] = kind
        return text

    def fill_array(self, var: Var, node: Node, at: int) -> None:
        """``var[n] = { a, [2] = b, ... }``; one unknown value first, then each element that is no constant."""
        self.instrs.append(Assign(var, Unknown("{}"), at))
        position = 0
        for child in node.children:
            value = child
            into: Expr = Index(var, Const(position))
            if child.kind == "initializer_pair":
                given, named = part(child, "value"), self.designated(var, child.children[0])
                if given is None or named is None:
                    continue
                value, into = given, named
                if type(into) is Index and type(into.index) is Const:
                    position = into.index.value
            elif child.kind not in VALUES:
                continue
            position += 1
            if value.kind == "initializer_list":
                self.fill(into, value, value.start)
            elif value.kind != "number_literal":
                self.choose(into, value, value.start)
