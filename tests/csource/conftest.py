"""How the tests of parsing show a tree: nested kinds, short, with the words of the original text as leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent

import pytest

from getput.csource.macros import bundled
from getput.csource.parse import parse_all
from getput.csource.syntax import Node, Parsed

SHORT = {
    "compound_statement": "block",
    "expression_statement": "do",
    "call_expression": "call",
    "argument_list": "args",
    "parenthesized_expression": "paren",
    "comma_expression": "comma",
    "assignment_expression": "assign",
    "init_declarator": "init",
    "declaration": "decl",
    "pointer_declarator": "pointer",
    "field_expression": "field",
    "pointer_expression": "deref",
    "binary_expression": "binary",
    "type_descriptor": "type",
    "cast_expression": "cast",
    "struct_specifier": "struct",
    "function_declarator": "fn",
    "parameter_list": "params",
    "parameter_declaration": "param",
    "concatenated_string": "concat",
    "string_literal": "str",
    "initializer_list": "list",
    "function_definition": "def",
    "conditional_expression": "cond",
    "sizeof_expression": "sizeof",
    "offsetof_expression": "offsetof",
    "array_declarator": "array",
    "gnu_asm_expression": "asm",
    "gnu_asm_output_operand_list": "outputs",
    "gnu_asm_output_operand": "output",
}
Outline = Callable[[str], str]


def show(node: Node, parsed: Parsed, text: bytes) -> str:
    """A node as ``(kind child child)``; a leaf as its words; a masked head with the macro's own name."""
    if not node.children:
        return " ".join(text[node.start : node.end].decode().split()) or f"<{node.kind}>"
    kind = SHORT.get(node.kind, node.kind.removesuffix("_statement"))
    word = re.compile(rb"\w+").match(text, node.start)
    if node.start in parsed.marks.loops and word is not None and kind in ("while", "if"):
        kind = f"loop:{word[0].decode()}"
    elif node.start in parsed.marks.once and word is not None and kind == "if":
        kind = f"once:{word[0].decode()}"
    return f"({kind} {' '.join(show(child, parsed, text) for child in node.children)})"


@pytest.fixture
def outline() -> Outline:
    """The outline of the body of a function made of these statements, which must parse without an error."""

    def of(body: str) -> str:
        text = f"int f(struct foo *p)\n{{\n{dedent(body)}\n}}\n".encode()
        (parsed,) = parse_all(text, bundled())
        assert parsed.errors == 0
        (block,) = [child for child in parsed.root.children if child.field == "body"]
        return " ".join(show(child, parsed, text) for child in block.children)

    return of


@pytest.fixture
def whole() -> Callable[[str], str]:
    """The outline of the only function of a text, which must parse without an error."""

    def of(source: str) -> str:
        text = source.encode()
        (parsed,) = parse_all(text, bundled())
        assert parsed.errors == 0
        return show(parsed.root, parsed, text)

    return of
