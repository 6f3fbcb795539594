"""A browser for the tests of this folder, and pages to open in it.  What drives it is imported late: it may not be installed."""

from __future__ import annotations

import itertools

import pytest
from tests.report.page import DEMO, FILE, PATCH, getput, side

from getput.model import Confidence, Exhibit, Severity, Status
from getput.report import Look
from getput.report.page import LAZY, render


@pytest.fixture(scope="module")
def browser():

    from tests.report.browser.driver import Browser

    made = Browser()
    yield made
    made.driver.quit()


@pytest.fixture(scope="module")
def plain():
    """One that runs no scripts."""

    from tests.report.browser.driver import Browser

    made = Browser(scripts=False)
    yield made
    made.driver.quit()


@pytest.fixture
def wide(browser):

    from tests.report.browser.driver import WIDE

    browser.resize(WIDE)
    browser.emulate()
    return browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "demo.html"
    path.write_text(getput("check", "--tree", DEMO, "--format", "html", PATCH))
    return path


@pytest.fixture
def many(tmp_path, a_finding, an_answer):
    """A page of more findings than are read at once, of three rules, two statuses and two folders."""
    rules = itertools.cycle(["leak-on-error", "put-too-many", "use-after-put"])
    found = []
    for number in range(LAZY + 6):
        shown = Exhibit("after", side(notes=(), changed=(14,)), side(changed=(13, 14)))
        found.append(
            a_finding(
                rule=next(rules),
                status=Status.FIXED if number % 4 == 0 else Status.INTRODUCED,
                severity=list(Severity)[number % 3],
                confidence=Confidence.HIGH if number % 2 else Confidence.MEDIUM,
                file=FILE if number % 3 else "fs/ext4/inode.c",
                function=f"function_{number}",
                fingerprint=f"{number:016x}",
                exhibit=shown,
            )
        )
    path = tmp_path / "many.html"
    path.write_text("".join(render([an_answer(*found)], Look())))
    return path
