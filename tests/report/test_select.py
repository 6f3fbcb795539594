"""What is shown, and what makes the command fail."""

from __future__ import annotations

import pytest

from getput.config import FailOn, Settings
from getput.model import Confidence, FileAnswer, PatchAnswer, Problem, Severity, Status
from getput.report.select import fails, shown, unjudged, wanted


def test_rules_and_confidence(an_answer, a_finding):
    high, low = a_finding(), a_finding(rule="use-after-put", confidence=Confidence.LOW)
    everything = an_answer(high, low)
    assert wanted(everything, Settings()).findings == (high,)
    assert wanted(everything, Settings(min_confidence=Confidence.LOW)).findings == (high, low)
    assert wanted(everything, Settings(enable=frozenset({"use-after-put"}))).findings == ()
    assert wanted(everything, Settings(disable=frozenset({"leak-on-error"}))).findings == ()


def test_findings_are_ordered_by_file_line_and_rule(an_answer, a_finding):
    ordered = (
        a_finding(file="a.c", line=9, rule="b"),
        a_finding(file="a.c", line=10, rule="a", patch=1),
        a_finding(file="a.c", line=10, rule="b", patch=0),
        a_finding(file="b.c", line=1, rule="a"),
    )
    assert wanted(an_answer(*reversed(ordered)), Settings()).findings == ordered


def test_the_settings_say_how_severe_a_rule_is(an_answer, a_finding):
    (finding,) = wanted(an_answer(a_finding()), Settings(severity={"leak-on-error": Severity.NOTE})).findings
    assert finding == a_finding(severity=Severity.NOTE)


def test_statuses(an_answer, a_finding):
    fixed, existing = a_finding(status=Status.FIXED), a_finding(status=Status.EXISTING)
    assert shown(an_answer(a_finding(), fixed, existing), {Status.FIXED, Status.EXISTING}).findings == (fixed, existing)


@pytest.mark.parametrize(
    ("severity", "failing"),
    [
        (Severity.ERROR, {FailOn.ERROR, FailOn.WARNING, FailOn.NOTE}),
        (Severity.WARNING, {FailOn.WARNING, FailOn.NOTE}),
        (Severity.NOTE, {FailOn.NOTE}),
    ],
)
def test_what_fails(an_answer, a_finding, severity, failing):
    answer = an_answer(a_finding(severity=severity))
    assert {what for what in FailOn if fails(answer, Settings(fail_on=what))} == failing


@pytest.mark.parametrize("status", [Status.FIXED, Status.EXISTING])
def test_only_what_is_introduced_fails(an_answer, a_finding, status):
    assert not fails(an_answer(a_finding(severity=Severity.ERROR, status=status)), Settings(fail_on=FailOn.NOTE))


@pytest.mark.parametrize(
    ("statuses", "errors", "bad"),
    [
        ([], 0, False),
        ([], 1, True),
        (["skipped"], 0, False),
        (["failed"], 0, True),
        (["failed"], 1, True),
        (["failed", "analysed"], 1, False),
        (["skipped", "analysed"], 0, False),
        (["skipped", "failed"], 1, True),
    ],
)
def test_when_nothing_could_be_judged(an_answer, statuses, errors, bad):
    files = tuple(FileAnswer(f"{number}.c", status) for number, status in enumerate(statuses))
    patch = PatchAnswer("", None, None, None, files)
    assert unjudged(an_answer(patches=(patch,), errors=(Problem("x", "y"),) * errors)) is bad
