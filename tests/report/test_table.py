"""``--format table``: counts by rule, family and subsystem."""

from __future__ import annotations

import pytest

from getput.model import Confidence
from getput.report import Look
from getput.report.table import render, subsystem


@pytest.fixture
def found(a_finding, an_answer):
    """An answer with findings of several kinds, in no order."""
    return an_answer(
        a_finding(file="net/core/sock.c", rule="put-too-many", family="sock"),
        *[a_finding(file=f"drivers/net/{name}.c", confidence=Confidence.MEDIUM) for name in "abc"],
        a_finding(file="kernel/fork.c", family="task"),
        a_finding(file="drivers/net/ethernet/acme/main.c", family="device", confidence=Confidence.LOW),
        patches=(),
    )


def tables(answer, **look):
    return "".join(render([answer], Look(**look)))


def test_rows_by_count_then_name_columns_to_the_right(found):
    assert tables(found, quiet=True) == (
        "by rule        high  medium  low  total\n"
        "leak-on-error     1       3    1      5\n"
        "put-too-many      1       0    0      1\n"
        "total             2       3    1      6\n"
        "\n"
        "by family  high  medium  low  total\n"
        "of_node       0       3    0      3\n"
        "device        0       0    1      1\n"
        "sock          1       0    0      1\n"
        "task          1       0    0      1\n"
        "total         2       3    1      6\n"
        "\n"
        "by subsystem  high  medium  low  total\n"
        "drivers/net      0       3    1      4\n"
        "kernel           1       0    0      1\n"
        "net/core         1       0    0      1\n"
        "total            2       3    1      6\n"
    )


def test_large_numbers_can_be_read(a_finding, an_answer):
    out = tables(an_answer(*[a_finding()] * 1234))
    assert "leak-on-error  1,234       0    0  1,234\n" in out


def test_the_last_line_sums_up(found, an_answer):
    assert tables(found).splitlines()[-1].startswith("0001-demo.patch: 6 introduced; 3 functions judged")
    assert tables(an_answer()).startswith("0001-demo.patch: nothing introduced")
    assert tables(an_answer(), quiet=True) == ""


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("drivers/net/a.c", "drivers/net"),
        ("arch/arm/mach-acme/a.c", "arch/arm"),
        ("kernel/fork.c", "kernel"),
        ("a.c", "."),
        ("/home/a/b/c.c", "/home"),
    ],
)
def test_subsystem(a_finding, file, name):
    assert subsystem(a_finding(file=file)) == name


def test_a_name_cannot_control_the_terminal(a_finding, an_answer):
    assert "\x1b" not in tables(an_answer(a_finding(file="a\x1b[2J/b.c")))
