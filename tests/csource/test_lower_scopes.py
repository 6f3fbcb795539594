"""Scopes: cleanups on every way out, guards, names that hide others."""

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


def test_conditional_guard() -> None:
    check(
        """
        scoped_cond_guard(mutex_intr, return -EINTR, &p->lock) {
            g();
        }
        scoped_cond_guard(mutex_try, goto out, &p->lock)
            h();
        out:
        return_ACPI_STATUS(n);
        """,
        """
        0:
            declare class_mutex_intr_t guard(mutex_intr) cleanup(mutex_intr)
            %0 = class_mutex_intr_constructor(&p->lock)
            guard(mutex_intr) = %0
            if guard(mutex_intr) -> 1 else 5
        1:
            g()
            scope end guard(mutex_intr) cleanup(mutex_intr)
            declare class_mutex_try_t guard(mutex_try) cleanup(mutex_try)
            %1 = class_mutex_try_constructor(&p->lock)
            guard(mutex_try) = %1
            if guard(mutex_try) -> 2 else 3
        2:
            h()
            scope end guard(mutex_try) cleanup(mutex_try)
            -> 4
        3:
            scope end guard(mutex_try) cleanup(mutex_try)
            goto 4
        4:
            return n
        5:
            scope end guard(mutex_intr) cleanup(mutex_intr)
            return -4
        """,
    )


def test_a_returned_variable_stays_a_variable() -> None:
    check(
        "void *a __free(kfree) = get();\n\nreturn a;",
        """
        0:
            declare void *a cleanup(kfree)
            %0 = get()
            a = %0
            scope end a cleanup(kfree)
            return a
        """,
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
