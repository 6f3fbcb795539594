"""Loops, jumps and conditions of the preprocessor: the graph that lowering makes of them, as text."""

from __future__ import annotations

from textwrap import dedent, indent

from getput.csource.lower import lower_function
from getput.csource.macros import bundled
from getput.csource.parse import parse_all
from getput.flow.show import show

HEAD = "static int f(struct foo *p, int n)"


def lines(body: str) -> str:
    """The graph of a function with this body, without its heading and the indentation."""
    text = (HEAD + "\n{\n" + indent(dedent(body).strip("\n"), "\t") + "\n}\n").encode()
    (parsed,) = parse_all(text, bundled())
    function = lower_function(text, parsed, bundled())
    assert not function.damaged
    return dedent(show(function).split("\n", 1)[1]).strip()


def check(body: str, expected: str) -> None:
    """The body's graph reads like the expected text."""
    assert lines(body) == dedent(expected).strip()


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
