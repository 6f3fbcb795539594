"""The quick look at a text: what it calls, what it defines."""

from __future__ import annotations

import hashlib

from getput.index.facts import blob_of, calls_of, facts_of

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
