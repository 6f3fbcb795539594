"""Lowering: the syntax tree of one function becomes the graph that :mod:`getput.flow.ir` describes.

The work is shared out over ``lower_graph`` (blocks, names, scopes), ``lower_expr`` (values and places),
``lower_assign``, ``lower_call`` (calls, macros, conditions), ``lower_decl``, ``lower_flow`` (loops and switches) and
``lower_stmt``, each one class that adds to the one before; ``lower_order`` tidies the result.  What macros mean is
data, in ``getput_rules/macros/lowering.toml``.
"""

from __future__ import annotations

from collections.abc import Set

from getput.csource.lower_decl import base_type
from getput.csource.lower_expr import part
from getput.csource.lower_order import tidy
from getput.csource.lower_stmt import Statements
from getput.csource.lower_table import LoweringMacros, bundled_macros
from getput.csource.macros import Macros
from getput.csource.syntax import Node, Parsed
from getput.flow.ir import Function, Param, Return

# Deeper nesting than this is no function anybody wrote; lowering and those who walk expressions recurse this deep.
NESTING_LIMIT = 150
# Chains are nested in the tree but lowered link by link; by kind, the field in which the rest of the chain stands.
CHAINS = {
    "binary_expression": "left",
    "comma_expression": "right",
    "conditional_expression": "alternative",
    "if_statement": "alternative",
    "else_clause": None,
    "labeled_statement": None,
    "preproc_if": "alternative",
    "preproc_ifdef": "alternative",
    "preproc_elif": "alternative",
    "preproc_elifdef": "alternative",
}


class Unlowerable(ValueError):  # noqa: N818 -- says what the function is
    """A function that has no shape to lower: no body, or nested deeper than :data:`NESTING_LIMIT`."""


def lower_function(
    text: bytes,
    parsed: Parsed,
    macros: Macros | None = None,  # noqa: ARG001 -- what the mask did with them stands in parsed.marks
    lowering: LoweringMacros | None = None,
) -> Function:
    """The graph of one parsed function.

    *text* is the whole file as it was before masking; *lowering* is the table of what macros mean (default: the one
    that comes with getput).  Raises :class:`Unlowerable`.
    """
    root = definition(parsed)
    if parsed.depth > NESTING_LIMIT:
        check_nesting(root)
    body, heading = part(root, "body"), part(root, "declarator")
    if body is None or body.kind != "compound_statement":
        raise Unlowerable(f"{parsed.source.name}: no body")
    graph = Statements(text, parsed, lowering or bundled_macros())
    if parsed.errors:
        graph.broken = broken_nodes(root)
    stars = 0
    params: tuple[Param, ...] = ()
    while heading is not None and heading.kind != "identifier":
        listed = part(heading, "parameters")
        if listed is not None:
            params = tuple([Param(name, kind) for name, kind in graph.parameters(listed)])
            break
        stars += heading.kind == "pointer_declarator"
        heading = part(heading, "declarator")
    returns, static = result_type(root, text)
    try:
        for child in body.children:
            graph.statement(child)
    except RecursionError as error:  # whoever called stands deep in the stack already
        raise Unlowerable(f"{parsed.source.name}: nested too deep") from error
    closing = max(body.end - 1, body.start)
    graph.leave(None, closing)
    graph.end(Return(None, closing))
    complete = graph.resolve_gotos()
    return Function(
        name=parsed.source.name,
        params=params,
        returns=f"{returns} {'*' * stars}" if stars else returns,
        static=static,
        start=parsed.source.start,
        end=parsed.source.end,
        blocks=tidy(graph.blocks, graph.ends),
        locals=graph.locals,
        damaged=graph.damaged or not complete or parsed.errors > graph.recovered,
    )


def definition(parsed: Parsed) -> Node:
    """The function definition in what was parsed; raises :class:`Unlowerable` if there is none."""
    root = parsed.root
    if root.kind != "function_definition":
        found = [child for child in root.children if child.kind == "function_definition"]
        if not found:
            raise Unlowerable(f"{parsed.source.name}: not parsed as a function")
        root = max(found, key=lambda node: node.end - node.start)
    if not root.children:
        raise Unlowerable(f"{parsed.source.name}: too large or nested too deep to be parsed")
    return root


def result_type(root: Node, text: bytes) -> tuple[str, bool]:
    """The type a function returns, without the stars, and whether it is static."""
    returns, _ = base_type(root, text)
    words = [text[child.start : child.end] for child in root.children if child.kind == "storage_class_specifier"]
    static = b"static" in words
    return returns, static


def check_nesting(root: Node) -> None:
    """Raise :class:`Unlowerable` where the tree is nested deeper than :data:`NESTING_LIMIT`, not counting chains."""
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > NESTING_LIMIT:
            raise Unlowerable(f"nested deeper than {NESTING_LIMIT} levels")
        chained = CHAINS.get(node.kind, "")
        for child in node.children:
            pending.append((child, depth if child.field == chained else depth + 1))


def broken_nodes(root: Node) -> Set[int]:
    """The ids of the nodes that are, or have inside, an error."""
    order: list[tuple[Node, int]] = [(root, -1)]
    for position, (node, _) in enumerate(order):
        order.extend((child, position) for child in node.children)
    broken: set[int] = set()
    for node, parent in reversed(order):
        missing = node.start == node.end and not node.children and node.kind != "expression_statement"
        if node.kind == "ERROR" or missing:
            broken.add(id(node))
        if id(node) in broken and parent >= 0:
            broken.add(id(order[parent][0]))
    return broken
