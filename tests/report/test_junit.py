"""JUnit's XML, read again by a parser."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from getput.model import FileAnswer, PatchAnswer, Problem, Status
from getput.report import FORMATS, Look


def suites(*answers):
    return ET.fromstring("".join(FORMATS["junit"].render(answers, Look())))


def test_a_finding_is_a_failure(an_answer, a_finding):
    (suite,) = suites(an_answer(a_finding()))
    assert suite.attrib == {
        "name": "0001-demo.patch", "tests": "1", "failures": "1", "errors": "0", "skipped": "0", "time": "0.000",
    }  # fmt: skip
    (case,) = suite
    assert case.attrib == {"classname": "demo: read more", "name": "drivers/demo/demo.c: demo_read: leak-on-error"}
    (failure,) = case
    assert failure.attrib == {"message": "'np' is not put on this error exit", "type": "leak-on-error"}
    assert failure.text.splitlines() == [
        "drivers/demo/demo.c:14: 'np' is not put on this error exit",
        "drivers/demo/demo.c:8: of_get_parent() takes the reference",
        "drivers/demo/demo.c:14: this exit leaves it",
    ]


def test_a_clean_file_is_a_test_that_passed(an_answer):
    (suite,) = suites(an_answer())
    (case,) = suite
    assert (case.get("name"), len(case)) == ("drivers/demo/demo.c", 0)


def test_what_could_not_be_judged(an_answer):
    files = (FileAnswer("a.c", "failed", "does not apply"), FileAnswer("b.c", "skipped", "larger than 10 MB"))
    found = an_answer(
        patches=(PatchAnswer("x", None, None, None, files),),
        errors=(Problem("p", "does not apply"), Problem("p", "there twice")),
    )
    (suite,) = suites(found)
    assert [(case.get("name"), [inner.tag for inner in case]) for case in suite] == [
        ("a.c", ["error"]),
        ("b.c", ["skipped"]),
        ("p", ["error"]),
    ]
    assert (suite.get("errors"), suite.get("skipped")) == ("2", "1")


@pytest.mark.parametrize(("status", "failures"), [(Status.EXISTING, 0), (Status.FIXED, 0), (Status.INTRODUCED, 1)])
def test_of_a_patch_only_what_it_introduces_fails(an_answer, a_finding, status, failures):
    (suite,) = suites(an_answer(a_finding(status=status)))
    assert suite.get("failures") == str(failures)
    assert len(suite) == 1


def test_of_a_tree_what_stands_there_fails(an_answer, a_finding):
    tree = PatchAnswer("", None, None, None, (FileAnswer("drivers/demo/demo.c", "analysed"),))
    stands = a_finding(status=Status.EXISTING, anchor=None, patch=None)
    (suite,) = suites(an_answer(stands, patches=(tree,)))
    assert suite.get("failures") == "1"


def test_a_finding_in_another_file_is_not_lost(an_answer, a_finding):
    (suite,) = suites(an_answer(a_finding(file="other.c")))
    assert [case.get("name") for case in suite] == ["drivers/demo/demo.c", "other.c: demo_read: leak-on-error"]


def test_any_bytes_are_well_formed(an_answer, a_finding):
    odd = "\x00\x1b<&>\"'\udcff\ufffe]]>"
    suites(an_answer(a_finding(message=odd, function=odd, file=odd), input=odd))


def test_one_suite_an_answer(an_answer, a_finding):
    assert [suite.get("failures") for suite in suites(an_answer(), an_answer(a_finding()))] == ["0", "1"]
