"""Expressions and conditions: what lowering makes of them, as text."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from getput.csource.lower import lower_function
from getput.csource.macros import bundled
from getput.csource.parse import parse_all
from getput.flow import ir
from getput.flow.show import show

HEAD = "static int f(struct foo *p, int n)"


def lower(text: str) -> ir.Function:
    """The only function of *text*."""
    (parsed,) = parse_all(text.encode(), bundled())
    return lower_function(text.encode(), parsed, bundled())


def lines(body: str) -> str:
    """The graph of a function with this body, without its heading and the indentation."""
    function = lower(HEAD + "\n{\n" + indent(dedent(body).strip("\n"), "\t") + "\n}\n")
    assert not function.damaged
    return dedent(show(function).split("\n", 1)[1]).strip()


def check(body: str, expected: str) -> None:
    """The body's graph reads like the expected text."""
    assert lines(body) == dedent(expected).strip()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("g(p, &p->dev, *p->q, p->a[n]);", "g(p, &p->dev, *p->q, p->a[n])"),
        ("g(\"text\", 'a', 0x10, 010, (void *)p);", 'g("text", 97, 16, 8, p)'),
        ("n = g();", "%0 = g(); n = %0"),
        ("n = g(h(n), k());", "%0 = h(n); %1 = k(); %2 = g(%0, %1); n = %2"),
        ("p->ops->get(p);", "(p->ops->get)(p)"),
        ("(*p->fn)(n);", "(p->fn)(n)"),
        ("p(n);", "(p)(n)"),
        ("n++;", "n = n + 1"),
        ("g(n++, --p->count);", "%0 = n; n = %0 + 1; p->count = p->count - 1; g(%0, p->count)"),
        ("g(!n--, -(n++), !!n++);", "%0 = n; n = %0 - 1; %1 = n; n = %1 + 1; %2 = n; n = %2 + 1; g(!%0, -%1, !(!%2))"),
        ("!n--;", "%0 = n; n = %0 - 1"),
        ("n |= p->flags;", "n = n | p->flags"),
        ("p->a = p->b = n;", "p->b = n; p->a = n"),
        ("g((n = 3, n));", "n = 3; g(n)"),
        ("n = -EINVAL;", "n = -22"),
        ("n = -ENOSUCHERROR;", "n = -1"),
        ("n = -n + ~n;", "n = (-n) + (~n)"),
        ("n = 2 + 3 * 4;", "n = 14"),
        ("p = NULL; n = true; n = false;", "p = 0; n = 1; n = 0"),
        ("g(*&n, &*p, (*p).x, (&p->in)->x);", "g(n, p, p->x, p->in.x)"),
        ("n = sizeof(*p) + sizeof(struct foo);", "n = (?sizeof(*p)) + (?sizeof(struct foo))"),
        ("n = (u64)-1;", "n = -1"),
        ("n = (u32)(p->x);", "n = p->x"),
        ("(void)p;", "read p"),
        ("p->x;", "read p->x"),
        ("per_cpu(area, n) = p;", "%0 = per_cpu(area, n); *%0 = p"),
        ("g(&per_cpu(area, n));", "%0 = per_cpu(area, n); g(%0)"),
        ("g((struct foo){ .a = n });", "g(?(struct foo){ .a = n }[n])"),
        ("*p = (struct foo){ .a = n, .b.c = 1 };", "*p = ?{}; p->a = n; p->b.c = 1"),
        ("n = ({ int t = g(); t + 1; });", "declare int t; %0 = g(); t = %0; %1 = t + 1; n = %1"),
        ("fallthrough;", ""),
        ('asm volatile("x" : "=r" (n) : "r" (p->x));', "read ?asm[p->x]; n = ?asm"),
        # macros
        ("n = READ_ONCE(p->x);", "n = p->x"),
        ("WRITE_ONCE(p->x, n);", "p->x = n"),
        ("rcu_assign_pointer(p->q, rcu_dereference_protected(p->r, held()));", "p->q = p->r"),
        ("smp_store_release(&p->x, n);", "p->x = n"),
        ("n = smp_load_acquire(&p->x);", "n = p->x"),
        ("p = rcu_replace_pointer(p->q, NULL, true);", "%0 = p->q; p->q = 0; p = %0"),
        ("p = xchg(&p->q, NULL);", "%0 = xchg(&p->q, 0); p = %0"),
        ("swap(p, q);", "%0 = p; p = q; q = %0"),
        ("g(container_of(p, struct bar, member));", "g(container_of(p, struct bar, member))"),
        ("g(list_first_entry(&p->list, struct bar, node));", "g(container_of(p->list.next, struct bar, node))"),
        ("WARN_ON(g(n));", "%0 = g(n)"),
        ("WARN_ON(p->bad);", "read p->bad"),
        ("n = WARN_ON(p->bad);", "n = p->bad"),
        ("n = PTR_ERR_OR_ZERO(p);", "n = PTR_ERR_OR_ZERO(p)"),
        ("p = ERR_PTR(-ENOMEM);", "p = ERR_PTR(-12)"),
        ("might_sleep(); lockdep_assert_held(&p->lock);", ""),
        ("n = min_t(unsigned int, n, 4);", "n = ?min_t(unsigned int, n, 4)[?unsigned int, n]"),
        ("LIST_HEAD(list); g(&list);", "declare LIST_HEAD list; g(&list)"),
        ('WARN(g(n), "%d", h(n));', "%0 = h(n); %1 = g(n)"),
    ],
)
def test_expressions(statement: str, expected: str) -> None:
    body = lines(statement)
    assert body == "0:\n" + "".join(f"    {line}\n" for line in filter(None, expected.split("; "))) + "    return"


def test_a_parameter_that_is_called_is_a_pointer_and_a_global_is_a_name() -> None:
    function = lower("void f(int (*cb)(int))\n{\n\tcb(1);\n\tother(2);\n}\n")
    first, second = function.blocks[0].instrs
    assert isinstance(first, ir.Call)
    assert isinstance(second, ir.Call)
    assert (first.callee, first.pointer) == (None, ir.Var("cb"))
    assert (second.callee, second.pointer) == ("other", None)


def test_conditional_assigns_in_each_arm() -> None:
    check(
        "p->x = n ? g() : -EIO;",
        """
        0:
            if n -> 1 else 2
        1:
            %0 = g()
            p->x = %0
            -> 3
        2:
            p->x = -5
            -> 3
        3:
            return
        """,
    )


def test_short_circuits_as_values_and_statements() -> None:
    check(
        "n = p && p->x;\nn || g();",
        """
        0:
            if p -> 1 else 3
        1:
            if p->x -> 2 else 3
        2:
            %0 = 1
            -> 4
        3:
            %0 = 0
            -> 4
        4:
            n = %0
            if n -> 6 else 5
        5:
            g()
            -> 6
        6:
            return
        """,
    )


def test_initialisers() -> None:
    check(
        """
        struct foo foo = { .a = g(), .b = { .c = n }, };
        int arr[] = { 1, n, [4] = g() };
        static struct foo kept = { .a = 1 };
        g(kept.a);
        """,
        """
        0:
            declare struct foo foo
            foo = ?{}
            %0 = g()
            foo.a = %0
            foo.b = ?{}
            foo.b.c = n
            declare int [] arr
            arr = ?{}
            arr[1] = n
            %1 = g()
            arr[4] = %1
            g(kept.a)
            return
        """,
    )
    function = lower(HEAD + "\n{\n\tstatic int kept;\n\tint (*fn)(int), *q, a[3][4];\n\tint proto(int);\n}\n")
    assert function.locals == {"fn": "int (*)()", "q": "int *", "a": "int [4][3]"}


def test_conditions_become_branches() -> None:
    check(
        """
        if (!(p = get(n)))
            return -ENOENT;
        if ((n = g(p)) < 0 || unlikely(!p->x))
            return n;
        if (WARN_ON_ONCE(IS_ERR(p)) && !!n)
            return PTR_ERR(p);
        """,
        """
        0:
            %0 = get(n)
            p = %0
            if p -> 1 else 8
        1:
            %1 = g(p)
            n = %1
            if n < 0 -> 7 else 2
        2:
            if p->x -> 3 else 7
        3:
            if IS_ERR(p) -> 4 else 6
        4:
            if n -> 5 else 6
        5:
            return PTR_ERR(p)
        6:
            return
        7:
            return n
        8:
            return -2
        """,
    )


def test_conditional_as_condition_and_as_result() -> None:
    check(
        "if (n ? p->a : p->b)\n\tg();\nreturn p->c ? n : -EIO;",
        """
        0:
            if n -> 1 else 2
        1:
            if p->a -> 3 else 4
        2:
            if p->b -> 3 else 4
        3:
            g()
            -> 4
        4:
            if p->c -> 5 else 6
        5:
            return n
        6:
            return -5
        """,
    )


def test_no_way_on() -> None:
    check(
        'BUG_ON(p->x);\nif (n)\n\tpanic("no %d", n);\nif (p->y)\n\tBUG();\n',
        """
        0:
            if p->x -> 1 else 2
        1:
            stop
        2:
            if n -> 3 else 4
        3:
            panic("no %d", n)
            stop
        4:
            if p->y -> 5 else 6
        5:
            stop
        6:
            return
        """,
    )
