"""Where a finding stands in the diff of its patch, and on which line of the file those are told who look at changed lines only."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from getput.model import Anchor, Hunk, Section, Status, Step
from getput.report.place import Row, Spot, quoted, row_of, rows, spot, told

FILE = "drivers/demo/demo.c"


def test_lines_of_a_hunk_have_numbers_in_both_images(a_letter):
    numbers = [(row.at, row.tag, row.before, row.after) for row in rows(a_letter(), a_letter().sections[0].hunks[0])]
    assert numbers == [
        (9, " ", 10, 10),
        (10, " ", 11, 11),
        (11, " ", 12, 12),
        (12, "+", 13, 13),
        (13, "+", 13, 14),
        (14, "-", 13, 15),
        (15, " ", 14, 15),
        (16, " ", 15, 16),
        (17, " ", 16, 17),
    ]


def test_that_a_newline_is_missing_is_no_line_and_a_blank_line_is_one(a_letter):
    lines = ("@@ -1,3 +1,3 @@", " a", "-b", "\\ No newline at end of file", "+c", "", "")
    said = rows(a_letter(lines=lines), Hunk(0, 6, 1, 1))
    assert list(said) == [Row(1, " ", 1, 1), Row(2, "-", 2, 2), Row(4, "+", 3, 2), Row(5, " ", 3, 3)]


@pytest.mark.parametrize(
    ("line", "side", "at"),
    [(13, "after", 12), (13, "before", 14), (15, "after", 15), (9, "after", None), (18, "after", None)],
)
def test_a_line_is_looked_for_in_its_image(a_letter, line, side, at):
    found = row_of(a_letter(), FILE, line, side)
    assert (found[2].at if found else None) == at


def test_a_renamed_file_has_its_old_name_before_and_its_new_one_after(mailed, a_letter, a_finding):
    section = replace(a_letter().sections[0], old="old.c", new="new.c")
    said = a_letter(sections=(section,))
    assert row_of(said, "old.c", 13, "before") is not None
    assert row_of(said, "new.c", 13, "before") is None
    assert row_of(said, "old.c", 13, "after") is None
    removed = a_finding(file="new.c", anchor=Anchor("old.c", 13, "before"))
    assert spot(removed, mailed(sections=(section,))) == Spot("new.c", 14, text="\t\treturn ret;")


def test_the_line_that_brings_it_about_comes_first_then_the_bug_then_the_way(mailed, a_finding):
    def at(finding):
        found = quoted(finding, mailed())
        return found and found[3].at

    assert at(a_finding()) == 12
    assert at(a_finding(anchor=None)) == 13
    assert at(a_finding(anchor=None, line=99, path=(Step(FILE, 10, 1, ""), Step(FILE, 11, 1, "")))) == 10
    assert at(a_finding(anchor=None, line=99, path=())) is None
    assert at(a_finding(patch=None)) is None
    assert at(a_finding(patch=7)) is None


def test_what_is_fixed_stands_in_the_old_image(mailed, a_finding):
    fixed = a_finding(status=Status.FIXED, anchor=None, line=13, path=())
    assert quoted(fixed, mailed())[3].tag == "-"
    assert spot(fixed, mailed()) == Spot(FILE, 13, 3)


def test_a_file_that_went_has_no_line_to_be_told_of(mailed, a_letter, a_finding):
    section = replace(a_letter().sections[0], new=None)
    removed = a_finding(anchor=Anchor(FILE, 13, "before"))
    assert spot(removed, mailed(sections=(section,))).line == 14  # where the finding is


def test_a_line_behind_the_last_is_none(mailed, a_letter, a_finding):
    lines = ("@@ -1,3 +1,1 @@", " a", "-b", "-c")
    section = Section(0, FILE, FILE, (Hunk(0, 4, 1, 1),))
    removed = a_finding(anchor=Anchor(FILE, 3, "before"))
    assert spot(removed, mailed(lines=lines, sections=(section,))) == Spot(FILE, 1, text="a")


def test_the_message_says_where_the_bug_is_if_that_is_elsewhere(a_finding):
    assert told(a_finding()).endswith(" (line 14)")
    assert told(a_finding(anchor=Anchor("other.c", 14, "after"))).endswith(f" ({FILE}:14)")
    assert told(a_finding(anchor=Anchor(FILE, 14, "after"))) == "demo_read(): 'np' is not put on this error exit"
    assert told(a_finding(status=Status.EXISTING)) == "demo_read(): 'np' is not put on this error exit"
    assert told(a_finding(message="demo_read() goes")).startswith("demo_read() goes")
