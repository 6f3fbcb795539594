"""What parsing hands on: positions in the file, no surprise on strange input, bounds."""

from __future__ import annotations

import time

import pytest

from getput.csource.lines import LineMap
from getput.csource.macros import bundled
from getput.csource.parse import DEPTH_LIMIT, parse_all, parse_function
from getput.csource.split import functions
from getput.csource.syntax import Node, Parsed


def parse(text: bytes) -> Parsed:
    """The only function of a text."""
    (parsed,) = parse_all(text, bundled())
    return parsed


def nodes(root: Node, kind: str) -> list[Node]:
    """All nodes of a kind, in the text's order."""
    found: list[Node] = []
    todo = [root]
    while todo:
        node = todo.pop()
        if node.kind == kind:
            found.append(node)
        todo.extend(reversed(node.children))
    return found


def test_offsets_are_those_of_the_file() -> None:
    text = b"/* a */\nint g;\n\nint f(int a)\n{\n\tfor_each_x(a, b)\n\t\tput(a); /* c */\n}\n"
    parsed = parse(text)
    assert (parsed.source.start, parsed.source.end) == (parsed.root.start, parsed.root.end)
    assert text[parsed.root.start : parsed.root.end].startswith(b"int f(int a)\n{")
    (loop,) = nodes(parsed.root, "while_statement")
    assert text[loop.start :].startswith(b"for_each_x(a, b)")
    assert parsed.marks.loops == {loop.start}
    (call,) = nodes(parsed.root, "call_expression")
    assert text[call.start : call.end] == b"put(a)"


def test_operators_are_kept_comments_are_not() -> None:
    parsed = parse(b"int f(void)\n{\n\treturn a /* b */ <= c;\n}\n")
    (binary,) = nodes(parsed.root, "binary_expression")
    assert [(child.kind, child.field) for child in binary.children] == [
        ("identifier", "left"),
        ("<=", "operator"),
        ("identifier", "right"),
    ]
    assert not nodes(parsed.root, "comment")


def test_errors_are_counted() -> None:
    assert parse(b"int f(void)\n{\n\tif (a ! b) c();\n}\n").errors > 0
    assert parse(b"int f(void)\n{\n\tif (a) b()\n}\n").errors == 0  # the mask gives the call its semicolon
    assert nodes(parse(b"int f(void)\n{\n\ta = = b;\n}\n").root, "ERROR")


def test_a_bad_function_does_its_neighbours_no_harm() -> None:
    text = b"int f(void)\n{\n\tif ((a\n}\n\nint g(void)\n{\n\tput(a);\n}\n"
    bad, good = parse_all(text, bundled())
    assert bad.errors > 0
    assert good.errors == 0
    assert len(nodes(good.root, "call_expression")) == 1


HEAD = b"int f(int a)\n{\n"


@pytest.mark.parametrize(
    ("body", "readable"),
    [
        (b"\tif (a)\n\t\tput(a);\n" * 10_000, True),
        (b"\tif (a) {\n\t\tb();\n\t}" + b" else if (a) {\n\t\tc();\n\t}" * 3_000, True),
        (b"\ta = " + b"(" * (DEPTH_LIMIT - 50) + b"b" + b")" * (DEPTH_LIMIT - 50) + b";", True),
        (b"\ta = " + b"(" * 10_000 + b"b" + b")" * 10_000 + b";", False),
        (b"\t{\n" * 10_000 + b"\t}\n" * 10_000, False),
        (b"\ta = " + b"!" * 10_000 + b"b;", True),
        (b"\tf(a" + b", a" * 10_000 + b");", True),
        (b"\t\0put(a);\0", False),
        (b"\ta = b!! c \xff\xfe;", False),
        (b"\tf(struct " + b" " * 20_000 + b"x, (unsigned " + b"\n" * 20_000 + b" long y);", False),
        (b"#ifdef A\n" * 2_000 + b"#endif\n" * 2_000, True),
    ],
    ids=["long", "else-if", "deep", "too deep", "braces", "not", "comma", "nul", "bytes", "blanks", "ifdefs"],
)
def test_bounded(body: bytes, readable: bool) -> None:
    began = time.perf_counter()
    parsed = parse(HEAD + body + b"\n}\n")
    assert time.perf_counter() - began < 5
    assert (parsed.errors == 0) == readable


def test_too_deep_is_skipped() -> None:
    parsed = parse(HEAD + b"{" * 10_000 + b"}" * 10_000 + b"\n}\n")
    assert parsed.errors == 1
    assert parsed.root.children == []
    assert (parsed.root.start, parsed.root.end) == (parsed.source.start, parsed.source.end)


def test_the_same_function_twice() -> None:
    text = b"int f(void)\n{\n\tput(a);\n}\n"
    (source,) = functions(text)
    assert parse_function(text, source, bundled()) == parse_function(text, source, bundled())


def test_lines() -> None:
    lines = LineMap(b"a\nbc\r\n\nd")
    assert [lines.position(at) for at in (0, 1, 2, 3, 6, 7, 8)] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
        (3, 1),
        (4, 1),
        (4, 2),
    ]
    assert [lines.line_text(n) for n in (1, 2, 3, 4, 5, 0)] == [b"a", b"bc", b"", b"d", b"", b""]
    assert lines.offset(2) == 2
    with pytest.raises(IndexError):
        lines.offset(9)
