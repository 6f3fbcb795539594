"""What b4 reads of a check command: https://b4.docs.kernel.org, review-perpatch-check-cmd."""

from __future__ import annotations

import json

import pytest

from getput.model import Problem, Severity, Status
from getput.report import FORMATS, Look


def said(*answers, **look):
    return json.loads("".join(FORMATS["b4"].render(answers, Look(**look))))


def test_nothing_to_say(an_answer):
    assert said(an_answer()) == []
    assert said() == []


def test_one_entry_a_patch_for_b4_keeps_one_a_tool(an_answer, a_finding):
    (entry,) = said(an_answer(a_finding(), a_finding(rule="use-after-put", line=20)), url="https://example.org/1")
    details = json.loads(entry.pop("details"))
    assert entry == {"tool": "getput", "status": "warn", "summary": "2 introduced", "url": "https://example.org/1"}
    assert details[0] == {
        "status": "warn",
        "description": "drivers/demo/demo.c:14: demo_read(): 'np' is not put on this error exit (line 14) [leak-on-error]",
    }
    assert details[1]["description"].endswith("[use-after-put]")


@pytest.mark.parametrize(
    ("severity", "status"), [(Severity.ERROR, "fail"), (Severity.WARNING, "warn"), (Severity.NOTE, "pass")]
)
def test_severities_are_states(an_answer, a_finding, severity, status):
    assert said(an_answer(a_finding(severity=severity)))[0]["status"] == status


def test_the_worst_is_the_status(an_answer, a_finding):
    found = an_answer(a_finding(), a_finding(severity=Severity.ERROR), a_finding(severity=Severity.NOTE))
    assert said(found)[0]["status"] == "fail"


@pytest.mark.parametrize(("status", "word"), [(Status.EXISTING, "(pre-existing) "), (Status.FIXED, "(fixed) ")])
def test_what_a_patch_does_not_bring_is_no_reason_to_refuse_it(an_answer, a_finding, status, word):
    (entry,) = said(an_answer(a_finding(severity=Severity.ERROR, status=status)))
    assert entry["status"] == "pass"
    assert json.loads(entry["details"])[0]["description"].startswith(word)


def test_what_could_not_be_judged_is_said(an_answer):
    (entry,) = said(an_answer(errors=(Problem("x", "does not apply\x1b"),)))
    assert (entry["status"], entry["summary"]) == ("warn", "1 not judged")
    assert json.loads(entry["details"]) == [{"status": "warn", "description": "not judged: does not apply\\x1b"}]
