"""The text that people read, and that editors and CI find places in."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from getput.model import Anchor, Confidence, FileAnswer, PatchAnswer, Problem, Stats, Status, Step
from getput.report import FORMATS, Look


def render(*answers, **look):
    return "".join(FORMATS["text"].render(answers, Look(**look)))


def test_a_finding_as_gcc_would_print_it(an_answer, a_finding):
    assert render(an_answer(a_finding())) == (
        "drivers/demo/demo.c: In function 'demo_read':\n"
        "drivers/demo/demo.c:14:3: warning: 'np' is not put on this error exit (high confidence) [leak-on-error]\n"
        "   14 |                 return ret;\n"
        "      |                 ^\n"
        "drivers/demo/demo.c:8:7: note: of_get_parent() takes the reference\n"
        "    8 |         np = of_get_parent(dev->of_node);\n"
        "      |              ^\n"
        "drivers/demo/demo.c:14:3: note: this exit leaves it\n"
        "   14 |                 return ret;\n"
        "      |                 ^\n"
        "drivers/demo/demo.c:13: note: introduced by this line\n"
        "   13 |+        if (ret)\n"
        "0001-demo.patch: 1 introduced; 3 functions judged, applied: forward\n"
    )


def test_an_anchor_on_the_path_is_not_repeated(an_answer, a_finding):
    assert "introduced by" not in render(an_answer(a_finding(anchor=Anchor("drivers/demo/demo.c", 8, "after"))))


def test_a_removed_line_is_named_even_where_its_number_is_on_the_path(an_answer, a_finding):
    said = render(an_answer(a_finding(anchor=Anchor("drivers/demo/demo.c", 8, "before", "\tof_node_put(np);"))))
    assert "demo.c:8: note: introduced by the removal of this line\n    8 |-        of_node_put(np);\n" in said


@pytest.mark.parametrize(
    ("text", "column", "line", "caret"),
    [
        ("a\tb", 3, "a       b", 8),
        ("\tb", 1, "        b", 0),
        ("é = np;", 6, "é = np;", 4),  # columns count bytes, readers count letters
        ("x\x1b[2J np", 7, "x\\x1b[2J np", 9),
        ("np", 99, "np", 2),
    ],
)
def test_the_caret_stands_under_what_is_meant(an_answer, a_finding, text, column, line, caret):
    said = render(an_answer(a_finding(path=(Step("a.c", 1, column, "here", text),), anchor=None))).splitlines()
    at = said.index(f"a.c:1:{column}: note: here")
    assert said[at + 1 : at + 3] == [f"    1 | {line}", f"      | {' ' * caret}^"]


def test_what_a_patch_mends(an_answer, a_finding):
    said = render(an_answer(a_finding(status=Status.FIXED, anchor=None)))
    assert "demo.c:14:3: fixed: 'np' is not put" in said
    assert "1 fixed; " in said


def test_what_was_there_before(an_answer, a_finding):
    existing = a_finding(status=Status.EXISTING, anchor=None, confidence=Confidence.LOW)
    assert "warning: 'np' is not put on this error exit (existed before, low confidence)" in render(an_answer(existing))
    scan = an_answer(existing, patches=(PatchAnswer("", None, None, None, ()),))
    assert "warning: 'np' is not put on this error exit (low confidence)" in render(scan)


def test_which_patch_of_a_series(an_answer, a_finding):
    first = an_answer().patches[0]
    series = (first, replace(first, subject="demo: mend it"))
    said = render(an_answer(a_finding(mended_by=1), patches=series))
    assert "note: this is about patch 1 of 2: demo: read more\n" in said
    assert "note: mended again by patch 2 of 2: demo: mend it\n" in said
    assert "this is about" not in render(an_answer(a_finding()))


def test_a_fix_stands_below(an_answer, a_finding):
    said = render(an_answer(a_finding(fix="--- a/x.c\n+++ b/x.c\n@@ -1 +1,2 @@\n x\n+y\n")))
    assert "note: this mends it:\n    --- a/x.c\n    +++ b/x.c\n    @@ -1 +1,2 @@\n     x\n    +y\n" in said


def test_nothing_of_a_patch_controls_the_terminal(an_answer, a_finding):
    evil = "a\x1b[2J\n\r\x9b\udcff\u202e"
    step = Step(evil, 1, 1, evil, evil)
    patches = an_answer().patches * 2
    said = render(
        an_answer(
            a_finding(
                file=evil, function=evil, message=evil, path=(step,), anchor=Anchor(evil, 5, "before", evil), fix=evil
            ),
            input=evil,
            patches=tuple(replace(patch, subject=evil) for patch in patches),
        )
    )
    said.encode("utf-8")
    assert not set("\x1b\r\x9b\udcff\u202e") & set(said)
    assert r"a\x1b[2J\x0a\x0d\x9b\xff\u202e:14:3: warning: " in said


def test_colors(an_answer, a_finding):
    plain, colored = render(an_answer(a_finding())), render(an_answer(a_finding()), color=True)
    assert "\x1b[1;35mwarning:\x1b[0m" in colored
    for code in ("1", "1;31", "1;35", "1;36", "1;32", "0"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == plain


def test_quiet_leaves_the_findings(an_answer, a_finding):
    assert render(an_answer(), quiet=True) == ""
    assert (
        render(an_answer(a_finding()), quiet=True) + "0001"
        == render(an_answer(a_finding()))[: -len("-demo.patch: 1 introduced; 3 functions judged, applied: forward\n")]
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "nothing introduced; 3 functions judged, applied: forward"),
        (
            {"stats": Stats(1, 1, 1, 48)},
            "nothing introduced; 1 function judged, 1 could not be parsed, 1 only in part, applied: forward, 48 ms",
        ),
        ({"patches": (), "errors": (Problem("x", "not a patch"),), "stats": Stats()}, "not judged; 0 functions judged"),
        (
            {
                "patches": (
                    PatchAnswer(
                        "",
                        None,
                        None,
                        "blobs",
                        (FileAnswer("a.c", "analysed"), FileAnswer("b", "skipped"), FileAnswer("c.c", "failed")),
                    ),
                )
            },
            "nothing introduced; 3 functions judged, 1 file skipped, 1 file failed, applied: blobs",
        ),
    ],
)
def test_the_summary_says_how_much_was_judged(an_answer, changes, said):
    assert render(an_answer(**changes)) == f"0001-demo.patch: {said}\n"


def test_answers_come_one_by_one(an_answer, a_finding):
    """A reporter that waits for the last answer shows nothing for minutes."""

    def answers():
        yield an_answer(a_finding())
        raise AssertionError("the first piece was not given out before the second answer was asked for")

    assert "1 introduced" in next(iter(FORMATS["text"].render(answers(), Look())))
