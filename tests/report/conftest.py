"""Answers to render."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from getput.model import (
    Anchor,
    Answer,
    Confidence,
    FileAnswer,
    Finding,
    Hunk,
    Letter,
    PatchAnswer,
    Problem,
    Section,
    Severity,
    Stats,
    Status,
    Step,
)

FILE = "drivers/demo/demo.c"


LINES = [
    "Read more.",
    "---",
    " drivers/demo/demo.c | 3 ++-",
    "",
    "diff --git a/drivers/demo/demo.c b/drivers/demo/demo.c",
    "index 1111111..2222222 100644",
    "--- a/drivers/demo/demo.c",
    "+++ b/drivers/demo/demo.c",
    "@@ -10,7 +10,8 @@ int demo_read(struct device *dev, u32 *value)",
    " \t\treturn -ENODEV;",
    " ",
    ' \tret = of_property_read_u32(np, "value", value);',
    "+\tif (ret)",
    "+\t\treturn ret;",
    "-\tof_node_put(np);",
    " ",
    " \treturn ret;",
    " }",
    "--",
    "2.40",
]
HEADERS = {
    "from": "A. Developer <dev@example.org>",
    "to": "list@example.org",
    "cc": "B <b@example.org>, list@example.org",
    "date": "Mon, 5 Jan 2026 10:00:00 +0000",
    "subject": "demo: read more",
}


def letter(**changes: object) -> Letter:
    """The mail of the patch that brings the leak: its body begins in line 9 of the file."""
    section = Section(4, FILE, FILE, (Hunk(8, 18, 10, 10),))
    mail = Letter("0001-demo.patch", 9, HEADERS, tuple(LINES), (section,), 4, 18)
    return replace(mail, **changes)


def finding(**changes: object) -> Finding:
    """A leak, with some of its fields changed."""
    path = (
        Step(FILE, 8, 7, "of_get_parent() takes the reference", "\tnp = of_get_parent(dev->of_node);"),
        Step(FILE, 14, 3, "this exit leaves it", "\t\treturn ret;"),
    )
    leak = Finding(
        rule="leak-on-error",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        status=Status.INTRODUCED,
        file=FILE,
        line=14,
        column=3,
        function="demo_read",
        object="np",
        family="of_node",
        message="'np' is not put on this error exit",
        path=path,
        anchor=Anchor(FILE, 13, "after", "\tif (ret)"),
        patch=0,
        fingerprint="0123456789abcdef",
    )
    return replace(leak, **changes)


def answer(*findings: Finding, **changes: object) -> Answer:
    """The answer to one patch."""
    patch = PatchAnswer("demo: read more", "<1@example.org>", None, "forward", (FileAnswer(FILE, "analysed"),))
    whole = Answer("0001-demo.patch", (patch,), findings, (), Stats(functions=3))
    return replace(whole, **changes)


@pytest.fixture
def a_finding():
    return finding


@pytest.fixture
def an_answer():
    return answer


@pytest.fixture
def a_letter():
    return letter


@pytest.fixture
def mailed(an_answer):
    """An answer whose patch is there as it was sent."""

    def make(*findings: Finding, **changes: object) -> Answer:
        patch = replace(an_answer().patches[0], message_id="1@example.org", letter=letter(**changes))
        return an_answer(*findings, patches=(patch,))

    return make


@pytest.fixture
def a_problem():
    return Problem
