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
    PatchAnswer,
    Problem,
    Severity,
    Stats,
    Status,
    Step,
)

FILE = "drivers/demo/demo.c"


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
def a_problem():
    return Problem
