"""Fixes, taken apart."""

from __future__ import annotations

import subprocess

import pytest

from getput.report.edits import Edit, edits

OLD = [f"line {number}" for number in range(1, 30)]


def changed(*cuts: tuple[int, int, list[str]]) -> list[str]:
    out = list(OLD)
    for first, gone, lines in sorted(cuts, reverse=True):
        out[first - 1 : first - 1 + gone] = lines
    return out


def applied(old: list[str], fix: str) -> list[str]:
    out = list(old)
    for one in reversed(list(edits(fix))):
        out[one.first - 1 : one.first - 1 + one.gone] = one.lines
    return out


@pytest.mark.parametrize("context", ["-U3", "-U0", "-U1"])
@pytest.mark.parametrize(
    "cuts",
    [
        [(5, 1, ["new 5"])],
        [(5, 0, ["new", "lines"])],
        [(5, 3, [])],
        [(1, 0, ["first"])],
        [(1, 1, [])],
        [(29, 1, ["last"])],
        [(30, 0, ["behind"])],
        [(5, 1, ["a"]), (7, 0, ["b"]), (9, 2, []), (20, 1, ["c", "d"])],
    ],
)
def test_what_git_writes_is_read(tmp_path, context, cuts):
    new = changed(*cuts)
    for name, lines in (("old.c", OLD), ("new.c", new)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    command = ["git", "diff", "--no-index", context, "old.c", "new.c"]
    fix = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert applied(OLD, fix) == new


def test_the_lines_around(tmp_path):
    fix = "--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,3 @@\n one\n+and\n two\n"
    assert list(edits(fix)) == [Edit("x.c", 2, 0, ("and",), "one", "two")]
    assert list(edits("--- a/x.c\n+++ b/x.c\n@@ -1 +1,2 @@\n one\n+and\n")) == [
        Edit("x.c", 2, 0, ("and",), "one", None)
    ]


def test_several_files_and_none():
    one = "@@ -1 +1 @@\n-a\n+b\n"
    both = f"--- a/x.c\n+++ b/x.c\n{one}--- a/y.c\n+++ b/y.c\n{one}"
    assert [edit.file for edit in edits(both)] == ["x.c", "y.c"]
    assert list(edits("")) == []


def test_a_missing_newline_is_no_line():
    fix = "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"
    assert [(one.first, one.gone, one.lines) for one in edits(fix)][-1][2] == ("b",)
    assert applied(["a"], fix) == ["b"]
