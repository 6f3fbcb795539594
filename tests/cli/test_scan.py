"""``getput scan``: what it prints besides the findings, and what it refuses."""

from __future__ import annotations

import pytest

LEAK = "leak-on-error"


@pytest.fixture
def leaks(kernel, mending):
    """The small kernel with the same leak in three files of two subsystems; its top."""
    text = (kernel.top / "drivers/demo/demo.c").read_text()
    kernel.write(text, "fs/acme/super.c")
    kernel.write(text, "fs/acme/deep/inode.c")
    return kernel.top


TABLES = """\
by rule        high  medium  low  total
leak-on-error     0       3    0      3
total             0       3    0      3

by family  high  medium  low  total
of_node       0       3    0      3
total         0       3    0      3

by subsystem  high  medium  low  total
fs/acme          0       2    0      2
drivers/demo     0       1    0      1
total            0       3    0      3
"""


def test_a_table_of_the_findings(getput, leaks):
    done = getput("scan", "--format", "table", "drivers", "fs", cwd=leaks)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == TABLES + "\ndrivers fs: 3 existing; 3 functions judged\n"


def test_the_tables_below_the_findings(getput, leaks):
    text = getput("scan", cwd=leaks).stdout
    assert getput("scan", "--summary", cwd=leaks).stdout == f"{text}\n{TABLES}"


def test_paths_below_the_tree(getput, leaks, tmp_path):
    """What is not in the current folder may be named from the tree's top."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = getput("scan", "--tree", leaks, "fs/acme", "--format", "table", cwd=elsewhere)
    assert done.returncode == 0
    assert "fs/acme          0       2    0      2" in done.stdout
    assert getput("scan", "--tree", leaks, "nowhere", cwd=elsewhere).returncode == 2


def test_no_tables_of_nothing(getput, kernel):
    text = getput("scan", cwd=kernel.top).stdout
    assert getput("scan", "--summary", cwd=kernel.top).stdout == text
    assert getput("scan", "--format", "table", cwd=kernel.top).stdout == text


def test_a_table_counts_what_is_wanted(getput, leaks):
    out = getput("scan", "--format", "table", "-q", "--no-rule", LEAK, cwd=leaks).stdout
    assert out == ""


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["scan", "--summary", "--format", "json"], "--summary is for --format text, not json"),
        (["check", "--format", "table", "HEAD"], "invalid choice: 'table'"),
        (["check", "--summary", "HEAD"], "unrecognized arguments: --summary"),
    ],
)
def test_wrong_usage(getput, leaks, args, said):
    done = getput(*args, cwd=leaks)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
