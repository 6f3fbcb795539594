"""GitLab's code quality report."""

from __future__ import annotations

import json

import pytest

from getput.model import Severity, Status
from getput.report import FORMATS, Look


def report(*answers):
    return json.loads("".join(FORMATS["gitlab"].render(answers, Look())))


def test_an_entry(mailed, a_finding):
    assert report(mailed(a_finding())) == [
        {
            "description": "demo_read(): 'np' is not put on this error exit (line 14)",
            "check_name": "leak-on-error",
            "fingerprint": "0123456789abcdef",
            "severity": "major",
            "location": {"path": "drivers/demo/demo.c", "lines": {"begin": 13}},
        }
    ]


def test_no_two_entries_have_one_fingerprint(mailed, a_finding):
    marks = [one["fingerprint"] for one in report(mailed(a_finding()), mailed(a_finding()), mailed(a_finding()))]
    assert len(set(marks)) == 3
    assert marks[0] == "0123456789abcdef"


@pytest.mark.parametrize(
    ("severity", "word"), [(Severity.ERROR, "critical"), (Severity.WARNING, "major"), (Severity.NOTE, "minor")]
)
def test_severities(mailed, a_finding, severity, word):
    assert report(mailed(a_finding(severity=severity)))[0]["severity"] == word


def test_an_array_even_of_nothing(mailed, a_finding):
    assert report() == report(mailed()) == report(mailed(a_finding(status=Status.FIXED))) == []
