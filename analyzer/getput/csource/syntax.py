"""The syntax tree as plain values: what parsing hands to lowering, free of tree-sitter."""

from __future__ import annotations

import msgspec


class Node(msgspec.Struct, gc=False):
    """A node of the syntax tree: a named one, or an anonymous one that stands in a field (an operator).

    ``start`` and ``end`` are byte offsets into the file's text; ``field`` is the grammar's field name in the parent.
    Comments are left out.  ``kind`` ``ERROR`` marks what the grammar could not read.
    """

    kind: str
    start: int
    end: int
    field: str | None
    children: list[Node]


class Marks(msgspec.Struct):
    """What the mask took out of the text and means something, by byte offset into the file.

    ``cleanups``: the class of a ``__free(class)`` by the offset of the ``__free`` word.
    ``loops``: offsets of the names of block iterators, which the masked text shows as ``while``.
    ``once``: offsets of the names of macros whose block runs once (``scoped_guard``), shown as ``if``.
    """

    cleanups: dict[int, str]
    loops: set[int]
    once: set[int]


class FunctionSource(msgspec.Struct):
    """One function definition of a file: where it stands, and its tree once parsed.

    ``start`` is the offset of its first token (``static int foo(...)``), ``end`` the offset behind the closing brace.
    """

    name: str
    start: int
    end: int


class Parsed(msgspec.Struct):
    """A parsed function: ``root`` is its ``function_definition`` node; ``errors`` counts ERROR and MISSING nodes in it; no node has more than
    ``depth`` others around it."""

    source: FunctionSource
    root: Node
    marks: Marks
    errors: int
    depth: int
