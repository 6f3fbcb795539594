"""Functions into syntax trees: the only module that knows tree-sitter.

A function is masked (:mod:`getput.csource.mask`), parsed on its own, and its tree walked once, with a cursor, into
plain :class:`~getput.csource.syntax.Node` values whose offsets are those of the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import tree_sitter_c
from tree_sitter import Language, Parser, Tree

from getput.csource.macros import Macros
from getput.csource.mask import mask
from getput.csource.repair import repair
from getput.csource.split import functions
from getput.csource.syntax import FunctionSource, Marks, Node, Parsed
from getput.pattern import pattern

# Braces and parentheses nested deeper than this are no function anybody wrote: skipped, with an error counted.
DEPTH_LIMIT = 400
# A longer text is generated; skipped, with an error counted.
SIZE_LIMIT = 1_000_000

_LANGUAGE = Language(tree_sitter_c.language())
_PARSER = Parser(_LANGUAGE)
_COMMENT = "comment"
_ERROR = "ERROR"
_NAMES = [_LANGUAGE.node_kind_for_id(kind) or "" for kind in range(_LANGUAGE.node_kind_count)]
# The name of each kind of node that is kept without asking for its field; None for the others.
_KINDS: Final[dict[int, str | None]] = {
    kind: name if _LANGUAGE.node_kind_is_named(kind) and name != _COMMENT else None for kind, name in enumerate(_NAMES)
}
_KINDS[0xFFFF] = _ERROR
# The name of each field that a node can stand in; None where it stands in none.
_FIELDS: Final[dict[int | None, str | None]] = {
    None: None,
    **{field: _LANGUAGE.field_name_for_id(field) for field in range(1, _LANGUAGE.field_count + 1)},
}
# Shared by all leaves, which are most nodes; nobody changes a tree that was handed out.
_NO_CHILDREN: Final[list[Node]] = []
_BRACKET = pattern(rb"[()\[\]{}]")


def parse_function(text: bytes, source: FunctionSource, macros: Macros) -> Parsed:
    """Parse one function of a file.

    ``text`` is the whole file.  A function that cannot be read at all (nested deeper than :data:`DEPTH_LIMIT`, longer
    than :data:`SIZE_LIMIT`) comes back with a root without children and one error.
    """
    return parse_masked(text, source, macros)[0]


def parse_masked(text: bytes, source: FunctionSource, macros: Macros) -> tuple[Parsed, bytes]:
    """Parse one function of a file; also gives the masked text that the grammar was shown, to debug the mask."""
    if source.end - source.start > SIZE_LIMIT:
        return _skipped(source), b""
    masked, marks = mask(text, source, macros)
    if _too_deep(masked):
        return _skipped(source), masked
    root, errors, depth = _read(masked, source.start)
    if errors:
        repaired = repair(masked, macros)
        again, left, inside = _read(repaired, source.start)
        if left < errors:
            root, errors, depth, masked = again, left, inside, repaired
    return Parsed(source=source, root=root, marks=marks, errors=errors, depth=depth), masked


def parse_all(text: bytes, macros: Macros) -> Iterator[Parsed]:
    """Parse every function of a file, in its order."""
    for source in functions(text):
        yield parse_function(text, source, macros)


def _skipped(source: FunctionSource) -> Parsed:
    """What stands for a function that was not parsed."""
    root = Node("function_definition", source.start, source.end, None, [])
    return Parsed(source=source, root=root, marks=Marks({}, set(), set()), errors=1, depth=0)


def _too_deep(masked: bytes) -> bool:
    """Whether the brackets nest deeper than the parser should be asked to follow."""
    if max(masked.count(b"("), masked.count(b"{"), masked.count(b"[")) <= DEPTH_LIMIT:
        return False
    depth = 0
    for found in _BRACKET.finditer(masked):
        if found[0] in b"([{":
            depth += 1
            if depth > DEPTH_LIMIT:
                return True
        else:
            depth -= 1
    return False


def _read(masked: bytes, shift: int) -> tuple[Node, int, int]:
    """The function definition in a masked text, its offsets moved by ``shift``, how many errors it has, and how deep nodes lie in others."""
    tree = _PARSER.parse(masked)
    top = tree.root_node
    errors = _errors(tree) if top.has_error else 0
    unit, depth = _convert(tree, shift)
    definitions = [child for child in unit.children if child.kind == "function_definition"]
    if len(definitions) == 1:
        strays = sum(1 for child in unit.children if child.kind != "expression_statement" or child.children)
        return definitions[0], errors + strays - 1, depth
    return unit, max(errors, 1), depth


def _errors(tree: Tree) -> int:
    """How many ERROR and MISSING nodes a tree has."""
    count = 0
    cursor = tree.walk()
    while True:
        node = cursor.node
        assert node is not None
        if node.is_error or node.is_missing:
            count += 1
        if node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return count


def _convert(tree: Tree, shift: int) -> tuple[Node, int]:
    """The whole tree as plain values, and how deep it is; one walk, no recursion."""
    cursor = tree.walk()
    down, right, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    kinds, fields = _KINDS, _FIELDS
    depth = 0
    top = tree.root_node
    root = Node(top.type, top.start_byte + shift, top.end_byte + shift, None, [])
    stack: list[list[Node]] = []
    siblings = root.children
    if not down():
        return root, depth
    while True:
        node = cursor.node
        assert node is not None
        kind = kinds[node.kind_id]
        if kind is not None:
            field = fields[cursor.field_id]
            if down():
                children: list[Node] = []
                siblings.append(Node(kind, node.start_byte + shift, node.end_byte + shift, field, children))
                stack.append(siblings)
                siblings = children
                depth = max(depth, len(stack))
                continue
            siblings.append(Node(kind, node.start_byte + shift, node.end_byte + shift, field, _NO_CHILDREN))
        else:
            place = cursor.field_id
            if place is not None:
                siblings.append(
                    Node(node.type, node.start_byte + shift, node.end_byte + shift, fields[place], _NO_CHILDREN)
                )
        while not right():
            if not stack:
                return root, depth
            up()
            siblings = stack.pop()
