"""Macros and cleanup classes as functions."""

from __future__ import annotations

import pytest

from getput.csource.expand import expansions, mention, scope_calls
from getput.csource.split import functions


def names(text: bytes) -> list[str]:
    """The names of what *text* spells out and can be written as a function, each of which reads as one."""
    out = []
    for one in expansions(text):
        written = one.written()
        if written:
            (source,) = functions(written)
            assert source.name == one.name
            out.append(one.name)
    return out


@pytest.mark.parametrize(
    ("macro", "said"),
    [
        (b"#define foo_put(x) kref_put(&(x)->ref, foo_free)", b"long foo_put(long x)\n{\nreturn kref_put(&(x)->ref"),
        (
            b"#define foo_put(x) \\\n\tdo { put_device(x); } while (0)",
            b"void foo_put(long x)\n{\ndo { put_device(x); }",
        ),
        (b"#define foo_get(x) ({ get_device(&(x)->dev); x; })", b"{\nreturn ({ get_device(&(x)->dev); x; });\n}"),
        (b"#define foo_put(x) { put_device(x); }", b"void foo_put(long x)\n{\n{ put_device(x); };"),
        (b"#define foo_put(x) put_device(x); put_device((x)->up);", b"{\nput_device(x); put_device((x)->up);\n}"),
        (b"#define foo_put(x, fmt, ...) (pr_debug(fmt, ##__VA_ARGS__), put_device(x))", b"(long x, long fmt, ...)"),
        (b"#define foo_put(x, more...) put_device(x)", b"(long x, ...)"),
        (b'#define foo_put(x) (trace("%s", #x), put_device(x))', b'(trace("%s", ""), put_device(x))'),
        (b"#define foo_put() of_node_put(root)", b"foo_put(void)"),
        (b"#define foo_get(x, y) ((y) && get_device(x) == (x))", b"return ((y) && get_device(x) == (x));"),
        (b"#define foo_put(x) do { while (put(x)) { if (done) break; } } while (0)", b"break; } } while (0);"),
        (
            b"DEFINE_FREE(foo, struct foo *, if (_T) put(_T))",
            b"void __free_foo(struct foo * _T)\n{\nif (_T) put(_T);\n}",
        ),
    ],
)
def test_what_it_is_as_a_function(macro, said):
    (one,) = expansions(b"int x;\n" + macro + b"\n\nint y;\n")
    assert said in one.written()
    assert one.at == 7


@pytest.mark.parametrize(
    "macro",
    [
        b"#define foo(x) do { of_node_put(x); (x) = NULL; } while (0)",
        b"#define foo(x) kref_get(&x)",
        b"#define foo(x) kref_get(&(x))",
        b"#define foo(x) kref_get(&(x).ref)",
        b"#define foo(x, member) kref_get(&(x)->member)",
        b"#define foo(x) of_node_put(table[x++])",
        b"#define foo(x) if (!get_device(x)) return -ENODEV",
        b"#define foo(x) do { if (!get(x)) goto out; } while (0)",
        b"#define foo(x) for (x = get(); x; x = next(x))",
        b"#define foo(x) if (get(x))",
        b"#define foo(x) { if (!get(x)) continue; }",
        b"#define foo(x) x##_put(x)",
        b"#define foo(f, x) f(x)",
        b"#define foo(x) static int bar(void) { return put(x); }",
        b"#define foo(x) get(x",
    ],
)
def test_what_is_no_function(macro):
    assert names(macro + b"\n") == []


def test_classes_have_constructors_and_destructors():
    text = b"""\
DEFINE_CLASS(foo, struct foo *, if (_T) foo_put(_T),
foo_get(id, "a,b"), struct bus *bus, int id)
DEFINE_GUARD(bar, struct bar *, bar_get(_T), bar_put(_T))
EXTEND_CLASS(foo, _try, foo_tryget(id), int id)
"""
    assert names(text) == [
        "class_foo_destructor",
        "class_foo_constructor",
        "class_bar_destructor",
        "class_bar_constructor",
        "class_foo_try_destructor",
        "class_foo_try_constructor",
    ]
    assert (
        b'(struct bus *bus, int id)\n{\nstruct foo * t = foo_get(id, "   "); return t;' in expansions(text)[1].written()
    )


def test_a_list_that_does_not_end_is_none():
    assert expansions(b"DEFINE_FREE(foo, struct foo *, put(_T)") == []


def test_how_texts_name_classes():
    found = scope_calls(b"struct x *p __free(foo) = NULL; guard(bar)(p); CLASS(baz, q)(p);")
    assert b"__free_foo" in found
    assert {b"class_bar_constructor", b"class_bar_destructor", b"class_baz_constructor"} <= found
    assert [mention(name) for name in ("__free_foo", "class_bar_destructor", "foo_put")] == ["foo", "bar", "foo_put"]
