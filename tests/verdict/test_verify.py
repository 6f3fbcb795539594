"""What is said of a patch that claims to mend a count."""

from __future__ import annotations

import pytest

from getput.model import (
    Answer,
    Confidence,
    FileAnswer,
    Finding,
    PatchAnswer,
    Severity,
    Stats,
    Status,
    Verdict,
)
from getput.verdict.verify import claims, verified

FILE = "drivers/acme/acme.c"


def finding(status: Status, function: str = "acme_probe", family: str = "of_node", patch: int = 0) -> Finding:
    """One bug."""
    return Finding(
        "leak-on-error",
        Severity.WARNING,
        Confidence.HIGH,
        status,
        FILE,
        3,
        1,
        function,
        "np",
        family,
        "",
        (),
        patch=patch,
    )


def answer(*findings: Finding, mends: bool = True) -> Answer:
    """The answer to one patch."""
    files = (FileAnswer(FILE, "analysed"),)
    return Answer(
        "x", (PatchAnswer("fix a leak" if mends else "s", None, None, "forward", files),), findings, (), Stats()
    )


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("[PATCH] acme: fix refcount leak in acme_probe()", ""),
        ("[PATCH v2 1/3] acme: add missing of_node_put()", ""),
        ("acme: add missing put_device call in acme_probe", ""),
        ("acme: Fix double fput", ""),
        ("acme: fix use-after-free on unbind", ""),
        ("acme: keep the domain reference while it works", ""),
        ("acme: fix memory leak when probe fails", "The device's reference is never dropped.\n"),
        ("acme: fix error handling in probe", 'It leaks the node\'s reference.\n\nFixes: 0123456789ab ("acme: new")\n'),
    ],
)
def test_a_patch_that_mends_a_count(subject, message):
    assert claims(subject, message)


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("acme: read the output register", "The input was read before.\n"),
        ("acme: fix memory leak when probe fails", 'The buffer is never freed.\n\nFixes: 0123456789ab ("acme: new")\n'),
        ("acme: support version 2", "It keeps a reference to the clock.\n"),
        ("acme: fix the interrupt's number", 'Fixes: 0123456789ab ("acme: new")\n'),
    ],
)
def test_a_patch_about_something_else(subject, message):
    assert not claims(subject, message)


def test_no_verdict_without_a_claim():
    assert verified(answer(finding(Status.FIXED), mends=False)) == ()


def test_complete():
    fixed = finding(Status.FIXED)
    (one,) = verified(answer(fixed, finding(Status.EXISTING, family="device"), finding(Status.EXISTING, "acme_remove")))
    assert (one.verdict, one.fixed, one.left, one.brought) == (Verdict.COMPLETE, (fixed,), (), ())


def test_a_path_is_left():
    left = finding(Status.EXISTING)
    (one,) = verified(answer(finding(Status.FIXED), left))
    assert (one.verdict, one.left) == (Verdict.PARTLY, (left,))


def test_put_too_often_now():
    brought = finding(Status.INTRODUCED, "acme_remove")
    (one,) = verified(answer(finding(Status.FIXED), brought))
    assert (one.verdict, one.brought) == (Verdict.OVERDONE, (brought,))


def test_what_another_patch_of_the_series_does_is_not_this_one_s():
    (one,) = verified(answer(finding(Status.FIXED), finding(Status.EXISTING, patch=1)))
    assert one.verdict is Verdict.COMPLETE


def test_nothing_is_said_of_what_is_not_seen():
    (one,) = verified(answer(finding(Status.EXISTING)))
    assert one.verdict is Verdict.UNSEEN
