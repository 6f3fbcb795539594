"""For what a function is followed: names that can move a count, and nothing that only looks so."""

from __future__ import annotations

import pytest

from getput.config import Settings
from getput.ownership.unit import MAX_DEPTH, Unit
from getput.verdict.judge import Judge, touched_in


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(None, Settings())


def unit(judge: Judge, text: str) -> Unit:
    return judge.unit(text.encode(), "acme.c", guesses=False)


def test_the_name_of_a_type_that_is_a_cleanup_class_too_counts_nothing(judge: Judge) -> None:
    one = unit(judge, "static int acme_id(struct device_node *np)\n{\n\treturn np->id;\n}\n")
    assert one.counters(one.sources[0]) == frozenset()


def test_a_cleanup_attribute_counts(judge: Judge) -> None:
    body = "struct device_node *np __free(device_node) = acme_node(id);\n\treturn np ? 0 : -ENODEV;"
    one = unit(judge, f"static int acme_id(int id)\n{{\n\t{body}\n}}\n")
    assert "of_node" in one.counters(one.sources[0])


def test_what_only_makes_a_count_unsure_is_followed_where_something_else_counts(judge: Judge) -> None:
    off = "clk_disable_unprepare(acme->clk);"
    alone = unit(judge, f"static void acme_off(struct acme *acme)\n{{\n\t{off}\n}}\n")
    assert alone.counters(alone.sources[0]) == {"clk_enable"}
    both = unit(judge, f"static void acme_off(struct acme *acme)\n{{\n\t{off}\n\tclk_unprepare(acme->bus);\n}}\n")
    assert both.counters(both.sources[0]) == {"clk_enable", "clk_prepare"}


def test_a_long_chain_of_calls_moves_nothing_for_its_length(judge: Judge) -> None:
    calls = "".join(
        f"static void acme_{number}(struct device_node *np)\n{{\n\tacme_{number - 1}(np);\n}}\n\n"
        for number in range(1, 2 * MAX_DEPTH)
    )
    end = "static void acme_0(struct device_node *np)\n{\n\tof_node_get(np);\n\tof_node_put(np);\n}\n\n"
    one = unit(judge, end + calls)
    followed = [source.name for source in one.sources if one.reports(source)]
    assert followed == ["acme_0"]


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({1}, ["one"]),
        ({4}, ["one"]),
        ({5}, []),
        ({6}, ["two", "three"]),
        ({7}, ["three"]),
        ({5, 9}, ["three"]),
        ({10}, []),
        ({0, 99}, []),
        ({1, 6, 8}, ["one", "two", "three"]),
    ],
)
def test_touched_are_the_functions_that_hold_a_changed_line(judge: Judge, changed: set[int], names: list[str]) -> None:
    text = "int one(void)\n{\n\treturn 1;\n}\n\nint two(void) { return 2; } int three(void)\n{\n\treturn 3;\n}\n"
    assert [source.name for source in touched_in(unit(judge, text), frozenset(changed))] == names
