"""The statements of one function and where they stand in the text: what an edit of that text has to know."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from getput.csource.codetext import BLANK
from getput.csource.macros import Macros
from getput.csource.parse import parse_function
from getput.csource.syntax import FunctionSource, Node
from getput.pattern import pattern

BLOCK, LABELED, CASE, ELSE, IF = (
    "compound_statement",
    "labeled_statement",
    "case_statement",
    "else_clause",
    "if_statement",
)
RETURN, GOTO, BREAK, CONTINUE = "return_statement", "goto_statement", "break_statement", "continue_statement"
DECLARATION, EXPRESSION = "declaration", "expression_statement"
JUMPS = frozenset({RETURN, GOTO, BREAK, CONTINUE})
LOOPS = frozenset({"while_statement", "for_statement", "do_statement"})
KINDS = (
    frozenset({BLOCK, LABELED, CASE, ELSE, IF, DECLARATION, EXPRESSION, "switch_statement", "attributed_statement"})
    | JUMPS
    | LOOPS
)
DIRECTIVE = "preproc"
NESTED = frozenset({BLOCK, CASE, LABELED})  # what holds statements one after the other

_QUIET = pattern(
    rb"""/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'|^[ \t]*#(?:[^\n\\]|\\.)*""",
    re.DOTALL | re.MULTILINE,
)
_WORD = pattern(rb"[A-Za-z_]\w*")


class Statement(msgspec.Struct, frozen=True):
    """One statement: ``start`` and ``end`` are offsets into the file, ``up`` is the index of the one around it (-1: none), ``inner`` are offsets where
    parts of it begin and end (the condition of an ``if``); ``label`` that of a label or a ``goto``."""

    index: int
    kind: str
    start: int
    end: int
    up: int
    field: str | None
    head: tuple[int, int] = (0, 0)
    label: str = ""


class Outline:
    """The statements of *source*, a function of the file *text*; ``errors`` says that it could not be read in full."""

    def __init__(self, text: bytes, source: FunctionSource, macros: Macros) -> None:
        self.text = text
        self.source = source
        self.view = _QUIET.sub(lambda found: found[0].translate(BLANK), text[source.start : source.end])
        parsed = parse_function(text, source, macros)
        self.errors = parsed.errors
        self.statements: list[Statement] = []
        self.names: list[tuple[str, int, int]] = []  # (local, where it is declared, the index of the block)
        body = next((child for child in parsed.root.children if child.kind == BLOCK), None)
        if body is not None:
            self._add(body, -1)
        self.labels = {one.label: one for one in self.statements if one.kind == LABELED}

    def _add(self, node: Node, up: int) -> None:
        """*node* and what is inside it; what is no statement is passed through."""
        inside = up
        if node.kind in KINDS:
            inside = len(self.statements)
            head = next(((child.start, child.end) for child in node.children if child.field == "condition"), (0, 0))
            named = next((child for child in node.children if child.field == "label"), None)
            label = "" if named is None else self.said(named.start, named.end)
            self.statements.append(Statement(inside, node.kind, node.start, node.end, up, node.field, head, label))
            if node.kind == DECLARATION:
                self._declare(node, up)
        for child in node.children:
            if child.kind not in ("call_expression", "number_literal", "identifier"):
                self._add(child, inside)

    def _declare(self, node: Node, up: int) -> None:
        for child in node.children:
            if child.field == "declarator":
                name = child
                while name.kind not in ("identifier", "ERROR") and name.children:
                    name = next((one for one in name.children if one.field == "declarator"), name.children[0])
                self.names.append((self.said(name.start, name.end), name.start, up))

    # --- the text ------------------------------------------------------------------------------------------------------

    def said(self, start: int, end: int) -> str:
        """The file's own text between two offsets."""
        return self.text[start:end].decode("utf-8", "surrogateescape")

    def code(self, start: int, end: int) -> bytes:
        """The same with comments, strings and directives blanked."""
        base = self.source.start
        return self.view[max(start - base, 0) : max(end - base, 0)]

    def words(self, start: int, end: int) -> Iterator[tuple[str, int]]:
        """(name, offset) of every identifier that is no member's name."""
        code = self.code(start, end)
        for found in _WORD.finditer(code):
            before = code[: found.start()].rstrip()[-2:]
            if before[-1:] == b"." or before == b"->":
                continue
            yield found[0].decode("ascii"), start + found.start()

    def uses(self, name: str, start: int, end: int) -> list[int]:
        """Where the variable *name* is named between two offsets."""
        return [at for word, at in self.words(start, end) if word == name]

    def call(self, at: int) -> tuple[int, int, tuple[str, ...]] | None:
        """(start, end, arguments as written) of the call whose name stands at an offset; None where that is none."""
        base = self.source.start
        named = _WORD.match(self.view, at - base)
        if named is None:
            return None
        opening = named.end()
        while self.view[opening : opening + 1].isspace():
            opening += 1
        if self.view[opening : opening + 1] != b"(":
            return None
        depth, begin, args = 0, opening + 1, []
        for index in range(opening, len(self.view)):
            char = self.view[index : index + 1]
            if char in b"([{":
                depth += 1
            elif char in b")]}":
                depth -= 1
                if not depth:
                    args.append(self.said(base + begin, base + index).strip())
                    return at, base + index + 1, tuple(args) if args != [""] else ()
            elif char == b"," and depth == 1:
                args.append(self.said(base + begin, base + index).strip())
                begin = index + 1
        return None

    # --- the statements ------------------------------------------------------------------------------------------------

    def at(self, offset: int) -> Statement | None:
        """The innermost statement that holds an offset, other than a block."""
        found = None
        for one in self.statements:
            if one.start <= offset < one.end and one.kind not in (BLOCK, ELSE):
                found = one
        return found

    def around(self, one: Statement) -> Iterator[Statement]:
        """The statements around *one*, from inside out."""
        while one.up >= 0:
            one = self.statements[one.up]
            yield one

    def within(self, one: Statement) -> list[Statement]:
        """The statements inside *one*, in the order of the text."""
        return [
            other for other in self.statements if one.start <= other.start and other.end <= one.end and other != one
        ]

    def children(self, one: Statement) -> list[Statement]:
        """The statements directly inside *one*."""
        return [other for other in self.statements if other.up == one.index]

    def listed(self, one: Statement) -> bool:
        """Whether others may stand before and after *one*: it is no bare body of an ``if`` or a loop."""
        return one.up < 0 or self.statements[one.up].kind in NESTED

    def branch(self, one: Statement, *, other: bool) -> Statement | None:
        """What an ``if`` does where its condition holds, or in its ``else``."""
        for child in self.children(one):
            if other and child.kind == ELSE:
                return next(iter(self.children(child)), None)
            if not other and child.field == "consequence":
                return child
        return None

    def after_label(self, label: str) -> list[Statement] | None:
        """The statements from a label of the outermost block to the end of the function; None where it stands deeper."""
        at = self.labels.get(label)
        if at is None or at.up != 0:
            return None
        out: list[Statement] = []
        for one in self.statements:
            if (
                one.start >= at.start
                and self.statements[one.up].kind in NESTED
                and self.top(one)
                and one.kind != LABELED
            ):
                out.append(one)
        return out

    def top(self, one: Statement) -> bool:
        """Whether *one* stands in the outermost block, perhaps behind a label."""
        return all(around.kind == LABELED or around.up < 0 for around in self.around(one))

    def visible(self, name: str, offset: int) -> bool:
        """Whether *name* means at an offset what the function (or the file) declares by it."""
        declared = [(at, block) for known, at, block in self.names if known == name]
        if not declared:
            return True  # a parameter, or the file's own
        return any(
            at < offset and self.statements[block].start <= offset <= self.statements[block].end
            for at, block in declared
        )
