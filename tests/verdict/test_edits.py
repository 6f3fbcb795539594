"""Edits of C in the kernel's style, and diffs that git takes."""

from __future__ import annotations

import random
import subprocess

import pytest

from getput.csource import macros
from getput.csource.outline import GOTO, RETURN, Outline
from getput.csource.split import functions
from getput.verdict import edits
from getput.verdict.edits import Edit, ImpossibleError, applied, moves, unified

MACROS = macros.for_tree(None)


def outline(body: str) -> Outline:
    text = f"int f(struct x *x)\n{{\n{body}}}\n".encode()
    (source,) = functions(text)
    return Outline(text, source, MACROS)


def put_before(body: str, kind: str = RETURN) -> str:
    """*body* with ``put(x);`` before its first statement of *kind*."""
    one = outline(body)
    statement = next(each for each in one.statements if each.kind == kind)
    text = applied(one.text, edits.before(one, statement, ["put(x);"]))
    return text.decode().partition("{\n")[2].rpartition("}\n")[0]


@pytest.mark.parametrize(
    ("body", "with_put"),
    [
        ("\ta();\n\treturn 0;\n", "\ta();\n\tput(x);\n\treturn 0;\n"),
        ("\tif (a)\n\t\treturn 1;\n\tb();\n", "\tif (a) {\n\t\tput(x);\n\t\treturn 1;\n\t}\n\tb();\n"),
        ("\tif (a) return 1;\n\tb();\n", "\tif (a) {\n\t\tput(x);\n\t\treturn 1;\n\t}\n\tb();\n"),
        (
            "\tif (a)\n\t\treturn 1; /* no */\n\telse\n\t\tb();\n\tc();\n",
            "\tif (a) {\n\t\tput(x);\n\t\treturn 1; /* no */\n\t} else {\n\t\tb();\n\t}\n\tc();\n",
        ),
        (
            "\tif (a)\n\t\tb();\n\telse if (c)\n\t\treturn 1;\n\td();\n",
            "\tif (a) {\n\t\tb();\n\t} else if (c) {\n\t\tput(x);\n\t\treturn 1;\n\t}\n\td();\n",
        ),
        (
            "\tswitch (a) {\n\tcase 1:\n\t\treturn 1;\n\t}\n",
            "\tswitch (a) {\n\tcase 1:\n\t\tput(x);\n\t\treturn 1;\n\t}\n",
        ),
        (
            "\tfor_each_child_of_node(a, b)\n\t\tif (b)\n\t\t\treturn 1;\n",
            "\tfor_each_child_of_node(a, b)\n\t\tif (b) {\n\t\t\tput(x);\n\t\t\treturn 1;\n\t\t}\n",
        ),
        ("\tif (a)\n\t\tb();\nout:\n\treturn 1;\n", "\tif (a)\n\t\tb();\nout:\n\tput(x);\n\treturn 1;\n"),
    ],
)
def test_a_statement_more(body, with_put) -> None:
    """Braces where there were none, on every branch; tabs as they are."""
    assert put_before(body) == with_put


@pytest.mark.parametrize(
    "body",
    [
        "\tif (a)\n#ifdef B\n\t\treturn 1;\n#endif\n\tc();\n",
        "\tcase_of(a); return 1;\n",
        "\tif (a) { return 1; }\n",
    ],
)
def test_no_edit_where_the_text_stands_otherwise(body) -> None:
    """Rather none than a wrong one."""
    with pytest.raises(ImpossibleError):
        put_before(body)


def test_without_a_statement() -> None:
    """Its line goes, and the braces around the one that stays."""
    one = outline("\tif (a) {\n\t\tput(x);\n\t\tgoto out;\n\t}\n\tb();\nout:\n\treturn 0;\n")
    gone = next(each for each in one.statements if one.said(each.start, each.end) == "put(x);")
    text = applied(one.text, edits.without(one, gone)).decode()
    assert "{\n\tif (a)\n\t\tgoto out;\n\tb();\n" in text


def test_statements_that_are_found() -> None:
    """Labels and what stands behind them, names and where they mean something."""
    one = outline(
        "\tint a;\n\n\tif (x->a) {\n\t\tint b;\n\n\t\tgoto out;\n\t}\n\tc(x);\nout:\n\tput(x);\n\treturn a;\n"
    )
    jump = next(each for each in one.statements if each.kind == GOTO)
    assert jump.label == "out"
    assert [one.said(each.start, each.end) for each in one.after_label("out")] == ["put(x);", "return a;"]
    assert one.visible("b", jump.start)
    assert not one.visible("b", one.after_label("out")[0].start)
    assert one.visible("x", jump.start)
    assert len(one.uses("a", 0, len(one.text))) == 2  # the member is another


def test_edits_that_overlap() -> None:
    """Are not made."""
    with pytest.raises(ImpossibleError):
        applied(b"abcdef", [Edit(0, 3, b""), Edit(2, 4, b"")])


@pytest.mark.parametrize("seed", range(25))
def test_git_applies_the_diff(tmp_path, seed) -> None:
    """Of any two texts, also without a newline at the end; and the lines that stay are known."""
    chance = random.Random(seed)
    old = [b"line %d\n" % chance.randrange(9) for _ in range(chance.randrange(1, 60))]
    new = list(old)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(new) + 1)
        new[at : at + chance.randrange(3)] = [b"new %d\n" % chance.randrange(3)] * chance.randrange(3)
    before, after = b"".join(old), b"".join(new)
    before, after = (text[:-1] if chance.random() < 0.3 else text for text in (before, after))
    if before == after or not before or not after:
        return
    (tmp_path / "a.c").write_bytes(before)
    done = subprocess.run(
        ["git", "apply", "-"],
        cwd=tmp_path,
        input=unified("a.c", before, after).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.c").read_bytes() == after
    known = moves(before, after)
    first, second = before.splitlines(), after.splitlines()
    for line, text in enumerate(first, 1):
        there = known.at(line)
        assert there is None or second[there - 1] == text
    assert known.new == frozenset(range(1, known.count + 1)) - {known.at(line) for line in range(1, len(first) + 1)}
