"""What is left for ``b4 review``: as b4 documents it for review agents."""

from __future__ import annotations

from msgspec.structs import replace

from getput.model import Anchor, Status
from getput.report.review import files


def quoted(text: str) -> list[str]:
    return [line[2:] for line in text.split("\n") if line.startswith("> ")]


def test_the_files_and_their_order(mailed, a_finding):
    assert list(files(mailed(a_finding()))) == ["0001.txt", "series.txt", "identity.txt"]
    assert files(mailed(a_finding()))["identity.txt"] == "getput <getput@localhost>\n"


def test_the_whole_diff_is_there_and_nothing_else_is_quoted(mailed, a_finding, a_letter):
    text = files(mailed(a_finding()))["0001.txt"]
    assert quoted(text) == list(a_letter().lines[4:18])


def test_a_summary_then_the_diff_with_remarks_below_their_lines(mailed, a_finding):
    lines = files(mailed(a_finding(question="Is np lost?")))["0001.txt"].split("\n")
    assert lines[:2] == ["1 question about reference counts, in demo_read().", ""]
    assert lines[lines.index("Is np lost?") - 2] == "> +\tif (ret)"
    assert all(line.startswith("> ") or len(line) <= 78 for line in lines)


def test_a_patch_has_its_number_in_the_series(mailed, a_finding):
    found = mailed(a_finding(patch=2))
    found = replace(found, patches=found.patches * 3)
    assert list(files(found)) == ["0003.txt", "series.txt", "identity.txt"]
    assert "3 functions in 3 patches: 1 question on 1 patch." in files(found)["series.txt"].replace("\n", " ")


def test_nothing_where_nothing_is_introduced(mailed, a_finding):
    assert files(mailed()) == {}
    assert files(mailed(a_finding(status=Status.EXISTING, anchor=None))) == {}


def test_a_remark_on_no_line_stands_above_the_diff(mailed, a_finding):
    lost = a_finding(question="Is np lost?", file="x.c", anchor=Anchor("x.c", 1, "after"), path=())
    lines = files(mailed(lost))["0001.txt"].split("\n")
    assert lines.index("Is np lost?") < next(at for at, line in enumerate(lines) if line.startswith("> "))
