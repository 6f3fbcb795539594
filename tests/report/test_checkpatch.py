"""The lines of checkpatch.pl, which other programs take apart."""

from __future__ import annotations

import pytest

from getput.model import Anchor, FileAnswer, PatchAnswer, Severity, Stats, Status
from getput.report import FORMATS, Look

SAID = "demo_read(): 'np' is not put on this error exit (line 14)"


def lines(*answers, **look):
    return "".join(FORMATS["checkpatch"].render(answers, Look(**look))).split("\n")[:-1]


def test_a_finding_with_its_place_in_patch_and_file(mailed, a_finding):
    assert lines(mailed(a_finding())) == [
        f"WARNING: {SAID}",
        "#21: FILE: drivers/demo/demo.c:13:",
        "+\tif (ret)",
        "",
        "total: 0 errors, 1 warnings, 9 lines checked",
        "",
        "0001-demo.patch has reference counts to look at, please review.",
    ]


def test_terse_is_one_line_a_finding(mailed, a_finding):
    found = mailed(a_finding())
    assert lines(found, terse=True, no_summary=True) == [f"0001-demo.patch:21: WARNING: {SAID}"]
    assert lines(found, terse=True, showfile=True, no_summary=True) == [f"drivers/demo/demo.c:13: WARNING: {SAID}"]
    assert lines(found, terse=True)[1:] == ["total: 0 errors, 1 warnings, 9 lines checked"]


def test_showfile_has_the_place_in_front(mailed, a_finding):
    said = lines(mailed(a_finding()), showfile=True, no_summary=True, quiet=True)
    assert said == [f"drivers/demo/demo.c:13: WARNING: {SAID}", "+\tif (ret)", ""]


def test_types_are_the_rules_in_capitals(mailed, a_finding):
    assert lines(mailed(a_finding()), show_types=True)[0] == f"WARNING:LEAK_ON_ERROR: {SAID}"


@pytest.mark.parametrize(
    ("severity", "level", "total"),
    [
        (Severity.ERROR, "ERROR", "total: 1 errors, 0 warnings, 9 lines checked"),
        (Severity.WARNING, "WARNING", "total: 0 errors, 1 warnings, 9 lines checked"),
        (Severity.NOTE, "CHECK", "total: 0 errors, 0 warnings, 1 checks, 9 lines checked"),
    ],
)
def test_severities_are_levels(mailed, a_finding, severity, level, total):
    said = lines(mailed(a_finding(severity=severity)), terse=True)
    assert f": {level}: " in said[0]
    assert said[1] == total


@pytest.mark.parametrize("look", [{"terse": True}, {"quiet": True}, {"terse": True, "showfile": True}])
def test_nothing_at_all_is_said_of_a_clean_patch(mailed, look):
    assert lines(mailed(), **look) == []


def test_a_clean_patch_is_told_of_where_that_is_not_unwelcome(mailed):
    assert lines(mailed())[0] == "total: 0 errors, 0 warnings, 9 lines checked"
    assert lines(mailed())[-1] == "0001-demo.patch has no obvious reference-count problems."


def test_a_removed_line_stands_where_the_patch_has_it(mailed, a_finding):
    removed = a_finding(anchor=Anchor("drivers/demo/demo.c", 13, "before", "\tof_node_put(np);"))
    said = lines(mailed(removed))
    assert said[1:3] == ["#23: FILE: drivers/demo/demo.c:14:", "-\tof_node_put(np);"]


def test_what_a_patch_mends_is_no_complaint(mailed, a_finding):
    assert lines(mailed(a_finding(status=Status.FIXED)), terse=True) == []


def test_standing_code_has_places_in_files_only(an_answer, a_finding):
    tree = PatchAnswer("", None, None, None, (FileAnswer("drivers/demo/demo.c", "analysed"),))
    stands = a_finding(status=Status.EXISTING, anchor=None, patch=None)
    found = an_answer(stands, patches=(tree,), stats=Stats(functions=7))
    assert lines(found)[:3] == [
        "WARNING: demo_read(): 'np' is not put on this error exit",
        "#14: FILE: drivers/demo/demo.c:14:",
        "+\t\treturn ret;",
    ]
    assert lines(found, terse=True) == [
        "drivers/demo/demo.c:14: WARNING: demo_read(): 'np' is not put on this error exit",
        "total: 0 errors, 1 warnings, 7 functions checked",
    ]


def test_one_line_stays_one_line(mailed, a_finding):
    (said,) = lines(mailed(a_finding(message="a\nERROR:\x1b[2J b")), terse=True, no_summary=True)
    assert "\x1b" not in said


def test_colors_are_asked_for(mailed, a_finding):
    found = mailed(a_finding())
    assert "\x1b[33mWARNING" in lines(found, color=True)[0]
    assert "\x1b" not in "".join(lines(found))
