"""What a finding can be seen by: the way that it is about, and the one of the other image that decides alike."""

from __future__ import annotations

import difflib

import pytest

from getput.config import Settings
from getput.model import Extra, Status
from getput.patch.series import read_submissions
from getput.verdict.judge import Judge

BEFORE = """\
#include <linux/of.h>

struct device_node *acme_find(struct acme *acme, bool wait)
{
	struct device_node *np = of_get_parent(acme->node);
	int ret;

	if (!np)
		return NULL;
	ret = acme_start(acme);
	if (ret) {
		of_node_put(np);
		return NULL;
	}
	if (wait)
		acme_wait(acme);
	return np;
}
"""
AFTER = BEFORE.replace("\t\tof_node_put(np);\n", "\t\tacme_stop(acme);\n")
LOOP = """\
void acme_all(struct acme *acme)
{
	struct device_node *child;

	for_each_child_of_node(acme->node, child) {
		if (acme_one(child))
			of_node_put(child);
	}
}
"""
FILE = "drivers/acme.c"


@pytest.fixture
def judged(tmp_path):
    """(before, after, settings) of a file to the findings of the patch between them."""

    def judge(before, after, needs=frozenset({Extra.EXHIBITS}), settings=None):
        (tmp_path / "drivers").mkdir(exist_ok=True)
        (tmp_path / FILE).write_text(before)
        names = (f"a/{FILE}" if before else "/dev/null", f"b/{FILE}")
        diff = difflib.unified_diff(before.splitlines(True), after.splitlines(True), *names)
        patch = tmp_path / "x.patch"
        patch.write_text(f"diff --git a/{FILE} b/{FILE}\n" + "".join(diff))
        (submission,) = read_submissions((str(patch),), tmp_path, each=False, staged=False, stdin=None)
        return Judge(tmp_path, settings or Settings(), needs=needs).check(submission).findings

    return judge


def notes(side):
    return [(note.line, note.kind, note.text) for note in side.notes]


def test_the_two_sides_of_a_leak(judged):
    (found,) = judged(BEFORE, AFTER)
    shown = found.exhibit
    assert shown.side == "after"
    assert notes(shown.after) == [
        (5, "take", "of_get_parent() takes a reference"),
        (8, "false", "not taken"),
        (11, "true", "taken"),
        (13, "lost", "lost here: left with a count of 1"),
    ]
    assert notes(shown.before) == [
        (5, "take", "of_get_parent() takes a reference"),
        (8, "false", "not taken"),
        (11, "true", "taken"),
        (12, "drop", "of_node_put() drops a reference"),
        (13, "exit", "left here with a count of 0"),
    ]
    assert dict(shown.after.counts) == {5: "0/1", 6: "0/1", 8: "1", 10: "1", 11: "1", 12: "1", 13: "1"}
    assert dict(shown.before.counts) == {5: "0/1", 6: "0/1", 8: "1", 10: "1", 11: "1", 12: "0", 13: "0"}
    assert shown.before.held == (5, 6, 8, 10, 11)
    assert (shown.before.changed, shown.after.changed) == ((12,), (12,))
    assert (shown.before.first, len(shown.before.lines)) == (3, 16)
    assert shown.after.way == (5, 6, 7, 8, 10, 11, 12, 13), "line 9 is jumped over, line 7 is blank"


def test_what_is_fixed_stands_before(judged):
    (found,) = judged(AFTER, BEFORE)
    assert found.status is Status.FIXED
    assert found.exhibit.side == "before"
    assert found.exhibit.shown is found.exhibit.before
    assert notes(found.exhibit.before)[-1] == (13, "lost", "lost here: left with a count of 1")
    assert notes(found.exhibit.after)[-1] == (13, "exit", "left here with a count of 0")


def test_who_owes_what_is_left_on_the_other_side_is_said(judged):
    after = BEFORE.replace("\treturn np;", "\tif (acme->off)\n\t\treturn NULL;\n\treturn np;")
    (found,) = judged(BEFORE, after)
    assert notes(found.exhibit.before)[-1] == (17, "exit", "left here with a count of 1 (returned)")


def test_a_new_function_has_one_side(judged):
    (found,) = judged("", AFTER)
    assert found.exhibit.before is None
    assert notes(found.exhibit.after)[-1][1] == "lost"


def test_a_turn_of_a_loop_that_shows_what_was_wrong_before(judged):
    (found,) = judged(LOOP.replace("\t\t\tof_node_put(child);\n", "\t\t\tacme_two(child);\n"), LOOP)
    assert found.rule == "put-repeated-by-iterator"
    shown = found.exhibit.after
    assert shown.way
    assert notes(shown)[-1] == (7, "lost", found.message)
    assert dict(shown.counts)[7] == "0"


def test_the_picture_marks_where_it_is_lost(judged):
    (found,) = judged(BEFORE, AFTER)
    assert '<g class="x">' in found.exhibit.after.graph
    assert '<g class="x">' not in found.exhibit.before.graph
    assert '<g class="y">' in found.exhibit.before.graph


def test_nothing_is_made_that_nobody_asked_for(judged):
    (found,) = judged(BEFORE, AFTER, needs=frozenset())
    assert found.exhibit is None


def test_the_same_each_time(judged):
    assert judged(BEFORE, AFTER) == judged(BEFORE, AFTER)


def test_the_way_of_the_other_side_decides_alike_at_last(judged):
    """Even where another is the same for longer, and ends on the same line."""
    checks = "".join(f"\tif (acme_check(acme, {number}))\n\t\tacme_note(acme, {number});\n" for number in range(4))
    before = (
        "int acme_init(struct acme *acme)\n{\n\tstruct device_node *np = of_find_node_by_path(\"/acme\");\n\tint ret;\n\n"
        f"\tif (!np)\n\t\treturn -ENODEV;\n{checks}\tret = acme_map(acme, np);\n\tif (ret)\n\t\tgoto out;\n\tacme->np = np;\nout:\n"
        "\treturn ret;\n}\n"
    )  # fmt: skip
    undo = "".join(f"\t\tif (acme_undo(acme, {number}))\n\t\t\tacme_note(acme, {number});\n" for number in range(4))
    after = before.replace(
        "\tif (ret)\n\t\tgoto out;\n", f"\tif (ret) {{\n{undo}\t\tof_node_put(np);\n\t\treturn ret;\n\t}}\n"
    )
    found = next(one for one in judged(before, after) if one.status is Status.FIXED)
    assert notes(found.exhibit.before)[-1][1] == "lost"
    assert notes(found.exhibit.after)[-1][2] == "left here with a count of 0"
