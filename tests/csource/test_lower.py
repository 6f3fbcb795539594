"""Lowering a function as a whole: its heading, positions, damage, and bounds."""

from __future__ import annotations

import pytest

from getput.csource.lower import NESTING_LIMIT, Unlowerable, lower_function
from getput.csource.lower_table import bundled_macros, read_macros
from getput.csource.macros import bundled
from getput.csource.parse import parse_all
from getput.flow import cfg, ir
from getput.flow.show import show


def lower(text: str) -> ir.Function:
    """The only function of *text*."""
    (parsed,) = parse_all(text.encode(), bundled())
    return lower_function(text.encode(), parsed, bundled())


def test_heading() -> None:
    function = lower(
        "static __init const struct foo *f(const struct device *dev, char b[4], void (*cb)(int), ...)\n"
        "{\n\treturn dev;\n}\n"
    )
    assert function.name == "f"
    assert function.static
    assert function.returns == "struct foo *"
    assert [(param.name, param.type) for param in function.params] == [
        ("dev", "struct device *"),
        ("b", "char [4]"),
        ("cb", "void (*)()"),
        ("", "..."),
    ]
    assert lower("void f(void)\n{\n}\n").params == ()


def test_positions_are_those_of_the_text() -> None:
    text = (
        "int f(int n)\n{\n\tint a = g( n );\n\tif (!h(a))\n\t\tgoto out;\n"
        "\tfor (;;)\n\t\tif (a)\n\t\t\tbreak;\nout:\n\tn++;\n}\n"
    )
    function = lower(text)
    found: dict[str, list[str]] = {}
    for block in function.blocks:
        for item in (*block.instrs, block.end):
            name = type(item).__name__ + (f" {item.callee}" if isinstance(item, ir.Call) else "")
            found.setdefault(name, []).append(text[item.at :].split("\n", maxsplit=1)[0] if item.at >= 0 else "")
            if isinstance(item, ir.Call):
                assert text[item.at : item.end] in ("g( n )", "h(a)")
    assert found["Declare"] == ["a = g( n );"]
    assert found["Call g"] == ["g( n );"]
    assert found["Branch"] == ["h(a))", "a)"]
    assert [text for text in found["Jump"] if text] == ["break;", "goto out;"]
    assert found["Return"] == ["}"]
    assert (text[function.start :][:3], text[: function.end][-1]) == ("int", "}")


def test_what_could_not_be_read_is_left_out_and_said() -> None:
    function = lower("int f(int n)\n{\n\tg(n);\n\tn = = 3 +;\n\tif (n @ 3)\n\t\th(n);\n\treturn n;\n}\n")
    assert function.damaged
    text = show(function)
    assert "g(n)" in text
    assert "h(n)" in text
    assert "return n" in text
    assert lower("int f(int n)\n{\n\tgoto nowhere;\n}\n").damaged


@pytest.mark.parametrize(
    "statement",
    [
        "if (n == 0) {} " + "".join(f"else if (n == {i}) {{ g({i}); }}\n" for i in range(2000)),
        "n = " + " + ".join(["n"] * 2000) + ";",
        "if (" + " && ".join(["n"] * 2000) + ") g();",
        "n = " + " || ".join(["n && p"] * 2000) + ";",
        "n = " + " : ".join(["n ? g()"] * 2000) + ": h();",
        "return " + " : ".join(["n ? 1"] * 2000) + ": 2;",
        " : ".join(["n ? g()"] * 2000) + ": h();",
        "if (" + " : ".join(["n ? 1"] * 2000) + ": p) g();",
        ", ".join(["n++"] * 2000) + ";",
        "switch (n) {" + "".join(f"case {i}: g({i}); break;\n" for i in range(2000)) + "}",
        "switch (n) {" + "".join(f"case {i}:\n" for i in range(2000)) + "g(); }",
        "".join(f"l{i}:\n" for i in range(2000)) + "g();",
        "#if A\ng();\n" + "".join(f"#elif B{i}\ng();\n" for i in range(2000)) + "#endif",
        "".join(f"if (n == {i})\ng({i});\n" for i in range(5000)),
    ],
    ids=lambda statement: statement[:14].split("\n")[0],
)
def test_long_chains_are_lowered(statement: str) -> None:
    function = lower("int f(int n)\n{\n" + statement + "\n}\n")
    assert not function.damaged
    cfg.live(function, str)
    show(function)


@pytest.mark.parametrize(
    "statement",
    [
        "if (n) {" * 10000 + "g();" + "}" * 10000,
        "if (n)\n" * 2000 + "g();",
        "n = " + "!" * 2000 + "n;",
        "n = n" + "->n" * 2000 + ";",
        "n = " * 2000 + "1;",
        "n = " + "(" * 300 + "n" + ")" * 300 + ";",
        "{" * (NESTING_LIMIT + 1) + "}" * (NESTING_LIMIT + 1),
    ],
    ids=lambda statement: statement[:8].split("\n")[0],
)
def test_what_nests_too_deep_is_refused(statement: str) -> None:
    with pytest.raises(Unlowerable):
        lower("int f(int n)\n{\n" + statement + "\n}\n")


def test_macros_are_data() -> None:
    bundled_toml = bundled_macros()
    assert bundled_toml.errno[b"EPROBE_DEFER"] == 517
    with pytest.raises(ValueError, match="transparent"):
        read_macros("[once]\n")
