"""The quick look at a text: what it calls, what it defines."""

from __future__ import annotations

import hashlib

import pytest

from getput.index.facts import blob_of, calls_of, facts_of
from getput.index.store import Store

TEXT = b"""\
#define each(x) begin(x) /* (a) */
static struct ops ops = {
\t.open = foo_open,
};

/*
 * a static remark
 */
int foo_open(struct foo *foo)
{
\tstruct node *node __free(foo_node) = get (foo);

\treturn (*foo->run)(foo) ? put  (node) : a.b(1) + ((c));
}

  static void
foo_close(void)
{
}

static int foo_last(void)
{
}
"""


def test_a_name_in_front_of_a_parenthesis_is_called() -> None:
    called = {b"each", b"begin", b"foo_open", b"__free", b"get", b"return", b"b", b"foo_close", b"foo_last"}
    scopes = {b"__free_foo_node", b"class_foo_node_constructor", b"class_foo_node_destructor"}
    assert calls_of(TEXT) == called | scopes
    assert calls_of(b"a b, c; d") == set()


def test_facts() -> None:
    facts = facts_of(TEXT, {b"put", b"get"})
    assert facts.calls == b" get put "
    assert facts.defines == b" foo_open -foo_close -foo_last "
    assert facts.pointers == b" open=foo_open "
    assert facts.blob == blob_of(TEXT) == hashlib.sha1(b"blob %d\0" % len(TEXT) + TEXT).digest()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("acme_put", ["a/call.c", "a/hand.c"]),
        ("sys_acme", ["a/syscall.c"]),
        ("acme_pu", []),
    ],
)
def test_where_a_name_stands(indexed, name, files):
    """It is called, handed out, or defined in a way that does not show it."""
    indexed.fill(
        {
            "a/call.c": "int f(void)\n{\n\treturn acme_put(1);\n}\n",
            "a/hand.c": "struct ops ops = {\n\t.put = acme_put,\n};\n",
            "a/syscall.c": "SYSCALL_DEFINE1(acme, int, a)\n{\n\treturn a;\n}\n",
        }
    )
    indexed.refresh()
    store = Store(indexed.place, write=False)
    assert store.files_with(name) == files
    store.close()
