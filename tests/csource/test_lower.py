"""The shape of what lowering makes: small functions in, the graph as text out."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from getput.csource.lower import NESTING_LIMIT, Unlowerable, lower_function
from getput.csource.lower_table import bundled_macros, read_macros
from getput.csource.macros import bundled
from getput.csource.parse import parse_all
from getput.flow import cfg, ir
from getput.flow.show import show

HEAD = "static int f(struct foo *p, int n)"


def lower(text: str) -> ir.Function:
    """The only function of *text*."""
    (parsed,) = parse_all(text.encode(), bundled())
    return lower_function(text.encode(), parsed, bundled())


def lines(body: str) -> str:
    """The graph of a function with this body, without its heading, the last ``return`` and the indentation."""
    function = lower(HEAD + "\n{\n" + indent(dedent(body).strip("\n"), "\t") + "\n}\n")
    assert not function.damaged
    return dedent(show(function).split("\n", 1)[1]).strip()


def check(body: str, expected: str) -> None:
    assert lines(body) == dedent(expected).strip()


# --- expressions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("g(p, &p->dev, *p->q, p->a[n], \"text\", 'a', 0x10, (void *)p);", 'g(p, &p->dev, *p->q, p->a[n], "text", 97, 16, p)'),
        ("n = g();", "%0 = g(); n = %0"),
        ("n = g(h(n), k());", "%0 = h(n); %1 = k(); %2 = g(%0, %1); n = %2"),
        ("p->ops->get(p);", "(p->ops->get)(p)"),
        ("(*p->fn)(n);", "(p->fn)(n)"),
        ("p(n);", "(p)(n)"),
        ("n++;", "n = n + 1"),
        ("g(n++, --p->count);", "%0 = n; n = %0 + 1; p->count = p->count - 1; g(%0, p->count)"),
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
        ("asm volatile(\"x\" : \"=r\" (n) : \"r\" (p->x));", "read ?asm[p->x]; n = ?asm"),
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
        ("WARN(g(n), \"%d\", h(n));", "%0 = h(n); %1 = g(n)"),
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


# --- conditions ----------------------------------------------------------------------------------------------------------


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
            if n < 0 -> 3 else 2
        2:
            if p->x -> 4 else 3
        3:
            return n
        4:
            if IS_ERR(p) -> 5 else 7
        5:
            if n -> 6 else 7
        6:
            return PTR_ERR(p)
        7:
            return
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
        "BUG_ON(p->x);\nif (n)\n\tpanic(\"no %d\", n);\nif (p->y)\n\tBUG();\n",
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


# --- loops and jumps -----------------------------------------------------------------------------------------------------


def test_loops() -> None:
    check(
        """
        for (int i = 0; i < n; i++) {
            if (i == 3)
                continue;
            if (i == 4)
                break;
            g(i);
        }
        while ((p = next(p)))
            g(p);
        do {
            if (n)
                break;
            g();
        } while (0);
        """,
        """
        0:
            declare int i
            i = 0
            -> 1
        1:
            if i < n -> 2 else 8
        2:
            if i == 3 -> 3 else 4
        3:
            goto 7
        4:
            if i == 4 -> 5 else 6
        5:
            goto 8
        6:
            g(i)
            -> 7
        7:
            i = i + 1
            -> 1
        8:
            %0 = next(p)
            p = %0
            if p -> 9 else 10
        9:
            g(p)
            -> 8
        10:
            if n -> 11 else 12
        11:
            goto 13
        12:
            g()
            -> 13
        13:
            return
        """,
    )


def test_block_iterators() -> None:
    check(
        """
        struct device_node *child;

        for_each_child_of_node(parent(p), child) {
            if (child->skip)
                continue;
            if (child->stop)
                break;
            use(child);
        }
        list_for_each_entry(p, &head, node)
            use(p);
        """,
        """
        0:
            declare struct device_node *child
            %0 = parent(p)
            start for_each_child_of_node(%0, child)
            -> 1
        1:
            advance for_each_child_of_node(%0, child) -> 2 done 7
        2:
            if child->skip -> 3 else 4
        3:
            goto 1
        4:
            if child->stop -> 5 else 6
        5:
            goto 7
        6:
            use(child)
            -> 1
        7:
            start list_for_each_entry(p, &head, node)
            -> 8
        8:
            advance list_for_each_entry(p, &head, node) -> 9 done 10
        9:
            use(p)
            -> 8
        10:
            return
        """,
    )


def test_scoped_iterator_declares_its_cursor_and_ends_it_where_the_loop_is_left() -> None:
    check(
        """
        for_each_child_of_node_scoped(p, child) {
            if (child->stop)
                break;
            if (child->ret)
                return 1;
        }
        """,
        """
        0:
            declare child cleanup(for_each_child_of_node_scoped)
            start for_each_child_of_node_scoped(p, child)
            -> 1
        1:
            advance for_each_child_of_node_scoped(p, child) -> 2 done 6
        2:
            if child->stop -> 3 else 4
        3:
            scope end child cleanup(for_each_child_of_node_scoped)
            goto 6
        4:
            if child->ret -> 5 else 1
        5:
            scope end child cleanup(for_each_child_of_node_scoped)
            return 1
        6:
            return
        """,
    )


def test_switch() -> None:
    check(
        """
        switch (g(n)) {
        case 1:
            a();
            fallthrough;
        case 2:
        case 'x':
            b();
            break;
        case 4 ... 6:
            return 1;
        case UNKNOWN:
            goto out;
        #ifdef CONFIG_X
        case 7:
            c();
        #endif
        }
        d();
        out:
        return 0;
        """,
        """
        0:
            %0 = g(n)
            switch %0 {1 -> 1, 2|120 -> 2, 4..6 -> 3, ? -> 4, 7 -> 5} else 7
        1:
            a()
            -> 2
        2:
            b()
            goto 7
        3:
            return 1
        4:
            goto 8
        5:
            if #CONFIG_X -> 6 else 7
        6:
            c()
            -> 7
        7:
            d()
            -> 8
        8:
            return 0
        """,
    )


def test_goto() -> None:
    check(
        """
        again:
        if (g())
            goto again;
        if (n)
            goto out;
        h();
        out:
        return n;
        """,
        """
        0:
            -> 1
        1:
            %0 = g()
            if %0 -> 2 else 3
        2:
            goto 1
        3:
            if n -> 4 else 5
        4:
            goto 6
        5:
            h()
            -> 6
        6:
            return n
        """,
    )


def test_goto_through_a_pointer_leads_to_every_label() -> None:
    check(
        "goto *table[n];\none:\ng();\ntwo:\nh();",
        """
        0:
            switch ?goto *table[n] {? -> 1} else 2
        1:
            g()
            -> 2
        2:
            h()
            return
        """,
    )


def test_code_that_cannot_be_reached_goes() -> None:
    check("return n;\ng();\nwhile (h())\n\tk();", "0:\n    return n")
    check("while (1)\n\tg();\nh();", "0:\n    -> 1\n1:\n    g()\n    -> 1")
    check("if (0)\n\tg();\nelse\n\th();", "0:\n    h()\n    return")


# --- the preprocessor ----------------------------------------------------------------------------------------------------


def test_both_sides_of_a_condition_of_the_preprocessor_are_paths() -> None:
    check(
        """
        #ifdef CONFIG_A
        a();
        #elif defined(CONFIG_B) && !IS_ENABLED(CONFIG_C)
        b();
        #else
        c();
        #endif
        #ifndef CONFIG_A
        d();
        #endif
        #if 0
        e();
        #else
        f();
        #endif
        if (IS_ENABLED( CONFIG_C ))
            g();
        """,
        """
        0:
            if #CONFIG_A -> 1 else 2
        1:
            a()
            -> 6
        2:
            if #CONFIG_B -> 3 else 5
        3:
            if #IS_ENABLED(CONFIG_C) -> 5 else 4
        4:
            b()
            -> 6
        5:
            c()
            -> 6
        6:
            if #CONFIG_A -> 8 else 7
        7:
            d()
            -> 8
        8:
            f()
            if #IS_ENABLED(CONFIG_C) -> 9 else 10
        9:
            g()
            -> 10
        10:
            return
        """,
    )


# --- scopes --------------------------------------------------------------------------------------------------------------


def test_cleanups_run_on_every_way_out() -> None:
    check(
        """
        struct device_node *np __free(device_node) = get(p);

        while (n--) {
            void *a __free(kfree) = one(), *b __free(kvfree) = NULL;

            if (n == 1)
                continue;
            if (n == 2)
                break;
            if (n == 3)
                goto out;
            if (n == 4)
                return np->count;
            if (n == 5)
                return_ptr(np);
        }
        out:
        return n;
        """,
        """
        0:
            declare struct device_node *np cleanup(device_node)
            %0 = get(p)
            np = %0
            -> 1
        1:
            %1 = n
            n = %1 - 1
            if %1 -> 2 else 13
        2:
            declare void *a cleanup(kfree)
            %2 = one()
            a = %2
            declare void *b cleanup(kvfree)
            b = 0
            if n == 1 -> 3 else 4
        3:
            scope end b cleanup(kvfree)
            scope end a cleanup(kfree)
            goto 1
        4:
            if n == 2 -> 5 else 6
        5:
            scope end b cleanup(kvfree)
            scope end a cleanup(kfree)
            goto 13
        6:
            if n == 3 -> 7 else 8
        7:
            scope end b cleanup(kvfree)
            scope end a cleanup(kfree)
            goto 13
        8:
            if n == 4 -> 9 else 10
        9:
            %3 = np->count
            scope end b cleanup(kvfree)
            scope end a cleanup(kfree)
            scope end np cleanup(device_node)
            return %3
        10:
            if n == 5 -> 11 else 12
        11:
            %4 = no_free_ptr(np)
            scope end b cleanup(kvfree)
            scope end a cleanup(kfree)
            scope end np cleanup(device_node)
            return %4
        12:
            scope end b cleanup(kvfree)
            scope end a cleanup(kfree)
            -> 1
        13:
            scope end np cleanup(device_node)
            return n
        """,
    )


def test_guards_and_classes() -> None:
    check(
        """
        guard(mutex)(&p->lock);
        CLASS(fd, file)(n);
        scoped_guard(spinlock, &p->spin) {
            if (p->x)
                return n;
        }
        return p->y;
        """,
        """
        0:
            declare class_mutex_t guard(mutex) cleanup(mutex)
            %0 = class_mutex_constructor(&p->lock)
            guard(mutex) = %0
            declare class_fd_t file cleanup(fd)
            %1 = class_fd_constructor(n)
            file = %1
            declare class_spinlock_t guard(spinlock) cleanup(spinlock)
            %2 = class_spinlock_constructor(&p->spin)
            guard(spinlock) = %2
            if p->x -> 1 else 2
        1:
            scope end guard(spinlock) cleanup(spinlock)
            scope end file cleanup(fd)
            scope end guard(mutex) cleanup(mutex)
            return n
        2:
            scope end guard(spinlock) cleanup(spinlock)
            %3 = p->y
            scope end file cleanup(fd)
            scope end guard(mutex) cleanup(mutex)
            return %3
        """,
    )


def test_a_returned_variable_stays_a_variable() -> None:
    check(
        "void *a __free(kfree) = get();\n\nreturn a;",
        "0:\n    declare void *a cleanup(kfree)\n    %0 = get()\n    a = %0\n    scope end a cleanup(kfree)\n    return a",
    )


def test_a_local_that_hides_another_has_a_name_of_its_own() -> None:
    check(
        """
        int ret = 1;
        {
            int ret = 2;
            g(ret);
        }
        {
            int n = 3;
            g(n, ret);
        }
        return ret + n;
        """,
        """
        0:
            declare int ret
            ret = 1
            declare int ret@2
            ret@2 = 2
            g(ret@2)
            declare int n@2
            n@2 = 3
            g(n@2, ret)
            return ret + n
        """,
    )


# --- the function --------------------------------------------------------------------------------------------------------


def test_heading() -> None:
    function = lower(
        "static __init const struct foo *f(const struct device *dev, char b[4], void (*cb)(int), ...)\n{\n\treturn dev;\n}\n"
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
    text = "int f(int n)\n{\n\tint a = g( n );\n\tif (!h(a))\n\t\tgoto out;\n\tfor (;;)\n\t\tif (a)\n\t\t\tbreak;\nout:\n\tn++;\n}\n"
    function = lower(text)
    found = {}
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
    cfg.live(function)
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
        read_macros("once = []")
