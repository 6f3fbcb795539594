"""Where functions begin and end."""

from __future__ import annotations

import time
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getput.csource.split import functions


def found(text: str) -> list[tuple[str, str, str]]:
    """Name, first line and last line of each function of a text."""
    data = dedent(text).lstrip("\n").encode()
    pieces = [(source.name, data[source.start : source.end].decode().split("\n")) for source in functions(data)]
    return [(name, lines[0], lines[-1]) for name, lines in pieces]


def names(text: str) -> list[str]:
    """The names of the functions of a text."""
    return [name for name, _, _ in found(text)]


def test_the_comment_above_is_no_part() -> None:
    text = """
        #include <linux/of.h>
        /* about f */
        static int f(int a)
        {
        \treturn a;
        }
        EXPORT_SYMBOL(f);

        /*
         * about g(x) {
         */
        __must_check struct foo *
        g(void)
        {
        \tif (a) {
        \t}
        }
        """
    assert found(text) == [("f", "static int f(int a)", "}"), ("g", "__must_check struct foo *", "}")]


NO_FUNCTIONS = [
    "struct a {\n\tint (*f)(void);\n};\n",
    "struct a\n{\n\tint b;\n} __attribute__((packed));\n",
    "static const struct a b = {\n\t.f = g(1),\n};\n",
    "static int a[] =\n{\n\tB(1),\n};\n",
    "enum a { B, C };\n",
    "enum NAME(a) {\n\tB,\n};\n",
    "typedef struct __attribute__((packed)) {\n\tint a;\n} b;\n",
    "DECLARE_X(a, 1)\nenum b {\n\tC,\n};\n",
    "#define A(b) do { \\\n\tc(b); \\\n} while (0)\n",
    "#define A(b) \\\nstatic int f(void) \\\n{ \\\n\tc(b); \\\n}\n",
    "/*\nint f(void)\n{\n}\n*/\n",
    "// int f(void) {\n",
    "int f(void);\nextern int g(int a);\n",
    "#if 0\nint f(void)\n{\n}\n#endif\n",
    'const char *a = "int f(void) {";\n',
    'machine_is(a) {\n\t.name = "a",\n};\n',
    'extern "C" {\n',
]


@pytest.mark.parametrize("text", NO_FUNCTIONS)
def test_what_is_no_function(text: str) -> None:
    assert names(text) == []
    assert names(text + "int z(void)\n{\n}\n") == ([] if text.startswith("extern") else ["z"])


ONE = [
    ("static inline int f(void) { return 0; }\n", "f"),
    ("static inline int f(void)\n{ return 0; }\n", "f"),
    ("static inline void f(int a,\n\t\t     int b) { }\n", "f"),
    ("int f(int a) {\n\treturn a;\n}\n", "f"),
    ("int f(a, b)\n\tint a;\n\tchar *b;\n{\n}\n", "f"),
    ("int (*f(int a))(void)\n{\n}\n", "f"),
    ("static void f(int a)\n\t__releases(&b->lock)\n\t__acquires(c)\n{\n}\n", "f"),
    ("__printf(1, 2)\nvoid f(const char *a, ...)\n{\n}\n", "f"),
    ("int __attribute__((noinline)) f(void)\n{\n}\n", "f"),
    ("SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)\n{\n}\n", "sys_read"),
    ("COMPAT_SYSCALL_DEFINE1(foo, int, a)\n{\n}\n", "compat_sys_foo"),
    ("DEFINE_IDTENTRY(exc_a)\n{\n}\n", "exc_a"),
    ("static int BPF_PROG(f, int a)\n{\n}\n", "f"),
    ("static u32 HASH(const struct a *b)\n{\n}\n", "HASH"),
    ("#ifdef A\nint f(int a)\n#else\nint f(int a, int b)\n#endif\n{\n}\n", "f"),
    ("int f(void)\n#define B 1\n{\n}\n", "f"),
    ("#ifdef A\nint f(void)\n{\n}\n#endif\n", "f"),
    ("int f(void)\n{\n\treturn g(); }\n\nstatic const struct a b = {\n\t.c = 1,\n};\n", "f"),
    ('static const char *a[] = { "b",\n\t\t"c" };\nint f(void) {\n}\n', "f"),
    ("int f(void)\n{\n\tx = '{';\n\ty = \"{\";\n}\n", "f"),
    ("int f(void)\n{\n#ifdef A\n\tif (b) {\n#else\n\tif (c) {\n#endif\n\t}\n}\nstruct a {\n};\n", "f"),
    ("int f(/* a */ int b, // c {\n\tint d) /* e */\n{\n}\n", "f"),
    ("MODULE_A(b)\nint f(void)\n{\n}\n", "f"),
    ("int f(int a,\n\n      /* b */\n      int c)\n{\n}\n", "f"),
]


@pytest.mark.parametrize(("text", "name"), ONE)
def test_one_function(text: str, name: str) -> None:
    """Each text holds one function, which ends with its brace."""
    (source,) = functions(text.encode())
    assert source.name == name
    assert text[source.start].isalnum() or text[source.start] == "_"
    assert text[: source.end].endswith("}")
    behind = text + "int z(void)\n{\n}\n"
    assert [other.name for other in functions(behind.encode())] == [name, "z"]
    assert functions(behind.encode())[0] == source


def test_two_arms_of_a_condition() -> None:
    assert names("#ifdef A\nint f(void)\n{\n}\n#else\nint f(void)\n{\n}\n#endif\n") == ["f", "f"]


HOSTILE = {
    "comments": "/* x */ int a; " * 20_000 + "{",
    "strings": '"/*" ' * 20_000 + "{",
    "braces": "int f(void)\n{\n" + "{\n" * 20_000,
    "parentheses": "(" * 100_000 + "{}",
    "directives": "#if A\n#define B\n" * 10_000 + "{",
    "semicolons": ";\n" * 100_000 + "x (\n{\n}\n",
    "macro": "#define A { \\\n" * 20_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_bounded_time(text: str) -> None:
    began = time.perf_counter()
    functions(text.encode())
    assert time.perf_counter() - began < 5


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text("int f(){};\n#\\/*\"'= a", max_size=200).map(str.encode))
def test_any_bytes(text: bytes) -> None:
    end = 0
    for source in functions(text):
        assert end <= source.start < source.end <= len(text)
        end = source.end
