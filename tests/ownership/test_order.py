"""What is known of a function does not depend on which one was asked about first."""

from __future__ import annotations

from itertools import permutations

import pytest

from getput.config import Settings
from getput.verdict.judge import Judge

CIRCLE = b"""\
static void demo_drop(void *np, int n)
{
	demo_next(np, n);
	of_node_put(np);
}

static void demo_next(void *np, int n)
{
	demo_again(np, n);
}

static void demo_again(void *np, int n)
{
	if (n)
		demo_drop(np, n - 1);
}
"""


@pytest.mark.parametrize("order", list(permutations(("demo_drop", "demo_next", "demo_again"))))
def test_what_functions_in_a_circle_count(order):
    unit = Judge(None, Settings()).unit(CIRCLE, "drivers/demo/demo.c")
    assert [unit.counters(unit.by_name[name]) for name in order] == [{"of_node"}] * 3


def test_calls_are_bounded():
    text = b"".join(b"void f%d(void *p)\n{\n\tf%d(p);\n}\n" % (number, number + 1) for number in range(9))
    unit = Judge(None, Settings()).unit(text + b"void f9(void *p)\n{\n\tof_node_put(p);\n}\n", "drivers/demo/demo.c")
    assert [number for number in range(10) if unit.counters(unit.by_name[f"f{number}"])] == [5, 6, 7, 8, 9]
