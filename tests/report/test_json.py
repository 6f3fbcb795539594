"""The objects that scripts and bots read: keys, order and bytes are a promise."""

from __future__ import annotations

import json

import pytest

from getput import __version__
from getput.model import Anchor, Problem, Stats, Step
from getput.report import FORMATS, Look

ANSWER = ["schema", "getput", "input", "patches", "findings", "errors", "stats"]
PATCH = ["subject", "message_id", "commit", "applied", "files"]
FINDING = [
    "rule", "severity", "confidence", "status", "file", "line", "column", "function", "anchor", "object", "family",
    "message", "path", "fix", "patch", "mended_by", "fingerprint",
]  # fmt: skip


def render(form, *answers):
    return "".join(FORMATS[form].render(answers, Look()))


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_the_keys_and_their_order(an_answer, a_finding, form):
    said = json.loads(render(form, an_answer(a_finding(), errors=(Problem("x", "y"),), stats=Stats(4, 3, 2, 1))))
    assert list(said) == ANSWER
    assert (said["schema"], said["getput"], said["input"]) == (1, __version__, "0001-demo.patch")
    assert list(said["patches"][0]) == PATCH
    assert said["patches"][0]["files"] == [{"path": "drivers/demo/demo.c", "status": "analysed", "reason": None}]
    (finding,) = said["findings"]
    assert list(finding) == FINDING
    assert finding["anchor"] == {"file": "drivers/demo/demo.c", "line": 13, "side": "after"}
    assert list(finding["path"][0]) == ["file", "line", "column", "note"]
    assert said["errors"] == [{"where": "x", "message": "y"}]
    known = {"functions": 4, "unparsed": 3, "bounded": 2, "elapsed_ms": 1, "index": "none"}
    assert said["stats"] == {**known, "suppressed": 0, "baseline": 0}


def test_an_anchor_can_be_a_removed_line(an_answer, a_finding):
    removed = a_finding(anchor=Anchor("old.c", 7, "before", "\tof_node_put(np);"))
    (finding,) = json.loads(render("json", an_answer(removed)))["findings"]
    assert finding["anchor"] == {"file": "old.c", "line": 7, "side": "before"}


def test_what_is_not_there_is_null(an_answer, a_finding):
    (finding,) = json.loads(render("json", an_answer(a_finding(anchor=None, fix=None, patch=None))))["findings"]
    assert (finding["anchor"], finding["fix"], finding["patch"]) == (None, None, None)


def test_one_line_an_answer(an_answer, a_finding):
    text = render("jsonl", an_answer(a_finding(message="two\nlines\u2028or three")), an_answer(), an_answer())
    assert [len(json.loads(line)["findings"]) for line in text.splitlines()] == [1, 0, 0]
    assert text.endswith("}\n")


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_bytes_that_are_no_utf8_come_through(an_answer, a_finding, form):
    odd = "a\udcff\x1b\u202eé"
    text = render(
        form,
        an_answer(
            a_finding(file=odd, path=(Step(odd, 1, 1, odd, odd),), anchor=Anchor(odd, 1, "after", odd)), input=odd
        ),
    )
    text.encode("ascii")
    assert json.loads(text)["findings"][0]["file"] == odd
