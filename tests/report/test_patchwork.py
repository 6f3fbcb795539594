"""Checks of patchwork."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from getput.model import FileAnswer, PatchAnswer, Problem, Severity, Status
from getput.report import FORMATS, Look


def checks(*answers, **look):
    return [json.loads(line) for line in "".join(FORMATS["patchwork"].render(answers, Look(**look))).splitlines()]


def test_a_check(an_answer, a_finding):
    assert checks(an_answer(a_finding())) == [
        {
            "state": "warning",
            "context": "getput",
            "description": "1 introduced: leak-on-error in demo_read()",
            "target_url": None,
        }
    ]
    assert checks(an_answer(), url="https://example.org/1")[0]["target_url"] == "https://example.org/1"


@pytest.mark.parametrize(
    ("severity", "state"), [(Severity.ERROR, "fail"), (Severity.WARNING, "warning"), (Severity.NOTE, "success")]
)
def test_severities_are_states(an_answer, a_finding, severity, state):
    assert checks(an_answer(a_finding(severity=severity)))[0]["state"] == state


@pytest.mark.parametrize("status", [Status.EXISTING, Status.FIXED])
def test_only_what_is_introduced_counts(an_answer, a_finding, status):
    found = an_answer(a_finding(status=status, severity=Severity.ERROR))
    assert checks(found)[0]["state"] == "success"


def test_one_line_a_patch_each_with_its_own(an_answer, a_finding):
    first = an_answer().patches[0]
    series = (first, replace(first, subject="second"), replace(first, subject="third"))
    found = an_answer(a_finding(patch=1), a_finding(patch=1, function="other"), patches=series)
    said = checks(found)
    assert [one["state"] for one in said] == ["success", "warning", "success"]
    assert said[1]["description"] == "2 introduced: leak-on-error in demo_read(), leak-on-error in other()"


def test_what_could_not_be_judged_is_neither_good_nor_bad(an_answer):
    failed = PatchAnswer("x", None, None, None, (FileAnswer("a.c", "failed", "hunk 1 does not apply"),))
    said = checks(an_answer(patches=(failed,)))
    assert (said[0]["state"], said[0]["description"]) == ("warning", "not judged: hunk 1 does not apply")
    said = checks(an_answer(patches=(), errors=(Problem("x", "no patch in it"),)))
    assert (said[0]["state"], said[0]["description"]) == ("warning", "not judged: no patch in it")


def test_no_c_source(an_answer):
    nothing = PatchAnswer("x", None, None, None, (FileAnswer("a.rst", "skipped"),))
    assert checks(an_answer(patches=(nothing,)))[0]["description"] == "no C source is touched"


def test_a_description_is_short_and_one_line(an_answer, a_finding):
    many = [a_finding(function=f"function_{number}") for number in range(90)]
    (check,) = checks(an_answer(*many))
    assert len(check["description"]) <= 255
    assert check["description"].endswith("...")
