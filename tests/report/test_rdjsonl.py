"""reviewdog's diagnostics."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from getput.model import Anchor, Severity, Status
from getput.report import FORMATS, Look

FIX = """\
--- a/drivers/demo/demo.c
+++ b/drivers/demo/demo.c
@@ -12,4 +12,6 @@
 \tret = of_property_read_u32(np, "value", value);
-\tif (ret)
+\tif (ret) {
+\t\tof_node_put(np);
 \t\treturn ret;
+\t}
 \tof_node_put(np);
"""


def diagnostics(*answers):
    return [json.loads(line) for line in "".join(FORMATS["rdjsonl"].render(answers, Look())).splitlines()]


def test_a_finding_stands_on_a_changed_line(mailed, a_finding):
    (one,) = diagnostics(mailed(a_finding()))
    assert one == {
        "message": "demo_read(): 'np' is not put on this error exit (line 14)",
        "location": {"path": "drivers/demo/demo.c", "range": {"start": {"line": 13}}},
        "severity": "WARNING",
        "source": {"name": "getput"},
        "code": {"value": "leak-on-error"},
        "related_locations": [
            {
                "message": "of_get_parent() takes the reference",
                "location": {"path": "drivers/demo/demo.c", "range": {"start": {"line": 8, "column": 7}}},
            },
            {
                "message": "this exit leaves it",
                "location": {"path": "drivers/demo/demo.c", "range": {"start": {"line": 14, "column": 3}}},
            },
        ],
    }


def test_an_anchor_at_the_finding_keeps_the_column(mailed, a_finding):
    (one,) = diagnostics(mailed(a_finding(anchor=Anchor("drivers/demo/demo.c", 14, "after"))))
    assert one["location"]["range"]["start"] == {"line": 14, "column": 3}
    assert "(line" not in one["message"]


def test_for_a_removed_line_stands_the_nearest_added_one(mailed, a_finding):
    removed = a_finding(anchor=Anchor("drivers/demo/demo.c", 13, "before"))
    (one,) = diagnostics(mailed(removed))
    assert one["location"]["range"]["start"] == {"line": 14}


def test_for_a_removed_line_where_nothing_is_added_stands_what_took_its_place(mailed, a_letter, a_finding):
    lines = [line for line in a_letter().lines if not line.startswith(("+\t",))]
    section = a_letter().sections[0]
    section = replace(section, hunks=(replace(section.hunks[0], end=16),))
    removed = a_finding(anchor=Anchor("drivers/demo/demo.c", 13, "before"))
    (one,) = diagnostics(mailed(removed, lines=tuple(lines), sections=(section,)))
    assert one["location"]["range"]["start"] == {"line": 13}


@pytest.mark.parametrize(
    ("severity", "word"), [(Severity.ERROR, "ERROR"), (Severity.WARNING, "WARNING"), (Severity.NOTE, "INFO")]
)
def test_severities(mailed, a_finding, severity, word):
    assert diagnostics(mailed(a_finding(severity=severity)))[0]["severity"] == word


def test_a_fix_is_suggested_as_whole_lines(mailed, a_finding):
    (one,) = diagnostics(mailed(a_finding(fix=FIX)))
    assert one["suggestions"] == [
        {"range": {"start": {"line": 13}, "end": {"line": 13}}, "text": "\tif (ret) {\n\t\tof_node_put(np);"},
        {"range": {"start": {"line": 15}, "end": {"line": 15}}, "text": "\t}\n\tof_node_put(np);"},
    ]


def test_what_is_mended_is_left_out_and_what_stood_there_is_not(mailed, a_finding):
    found = mailed(a_finding(status=Status.FIXED), a_finding(status=Status.EXISTING, anchor=None))
    (one,) = diagnostics(found)
    assert one["location"]["range"]["start"] == {"line": 14, "column": 3}


def test_odd_bytes_are_written_out(mailed, a_finding):
    (one,) = diagnostics(mailed(a_finding(message="\udcff\x1b")))
    assert one["message"].startswith("demo_read(): \\xff\\x1b")
