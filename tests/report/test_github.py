"""Annotations of a GitHub workflow."""

from __future__ import annotations

import re

import pytest

from getput.model import Severity, Status
from getput.report import FORMATS, Look


def commands(*answers, **look):
    return "".join(FORMATS["github"].render(answers, Look(quiet=True, **look))).splitlines()


def unescaped(text: str) -> str:
    return re.sub("%(25|0D|0A|3A|2C)", lambda found: chr(int(found[1], 16)), text)


def test_an_annotation_stands_on_the_changed_line(mailed, a_finding):
    (one,) = commands(mailed(a_finding()))
    assert one == (
        "::warning file=drivers/demo/demo.c,line=13,title=leak-on-error (high confidence)"
        "::demo_read(): 'np' is not put on this error exit (line 14)"
        "%0Adrivers/demo/demo.c:8: of_get_parent() takes the reference%0Adrivers/demo/demo.c:14: this exit leaves it"
    )


@pytest.mark.parametrize(
    ("severity", "word"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.NOTE, "notice")]
)
def test_severities_are_commands(mailed, a_finding, severity, word):
    assert commands(mailed(a_finding(severity=severity)))[0].startswith(f"::{word} ")


def test_nothing_of_a_patch_ends_a_property_or_a_line(mailed, a_finding):
    odd = "a,b:c%0A::error::x\ny.c"
    (one,) = commands(mailed(a_finding(file=odd, message=odd, anchor=None, path=())))
    properties, _, message = one.removeprefix("::warning ").partition("::")
    file = dict(part.split("=", 1) for part in properties.split(","))["file"]
    assert unescaped(file) == odd.replace("\n", "\\x0a")
    assert unescaped(message) == "demo_read(): " + odd.replace("\n", "\\x0a")


def test_what_is_mended_is_left_out(mailed, a_finding):
    assert commands(mailed(a_finding(status=Status.FIXED))) == []


def test_the_log_has_a_line_that_sums_up(mailed, a_finding):
    said = "".join(FORMATS["github"].render([mailed()], Look()))
    assert said == "0001-demo.patch: nothing introduced; 3 functions judged, applied: forward\n"
