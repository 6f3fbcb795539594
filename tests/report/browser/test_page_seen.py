"""The page in a real browser: what is seen, in light and dark, what is left without scripts and on paper."""

from __future__ import annotations

import base64

import pytest
from msgspec.structs import replace
from tests.report.page import SOURCE, side

from getput.model import Exhibit
from getput.report import Look
from getput.report.page import LAZY, render

pytest.importorskip("selenium", reason="the driver library (selenium) is not installed")
from selenium.webdriver.common.by import By
from tests.report.browser.driver import CHROMEDRIVER, CHROMIUM, CONTRAST, NARROW, READABLE, WIDE

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
    pytest.mark.skipif(CHROMEDRIVER is None, reason="no chromedriver is installed"),
]


# --- reading ------------------------------------------------------------------------------------------------------------


def test_one_finding_is_open_and_its_sides_stand_beside_each_other(wide, demo):
    wide.open(demo)
    assert len(wide.all(".f")) == 1
    before, after = (one.rect for one in wide.all(".heads .h"))
    assert before["y"] == after["y"]
    assert after["x"] >= before["x"] + before["width"] - 1
    for row in wide.all(".r")[1:]:
        left, right = (one.rect for one in row.find_elements(By.CSS_SELECTOR, ":scope > .l"))
        assert (left["y"], left["height"]) == (right["y"], right["height"])
    assert "lost here" in wide.one(".l.x").text


def test_numbers_and_source_stand_in_columns(wide, demo):
    wide.open(demo)
    counts = {round(one.rect["x"] + one.rect["width"]) for one in wide.all(".r > :last-child > b")}
    assert len(counts) == 1
    assert wide.overflow <= 0
    assert wide.run("return [...document.querySelectorAll('.l')].every((l) => l.scrollWidth <= l.clientWidth)")


def test_one_side_alone_by_choice(wide, demo):
    wide.open(demo)
    assert len(wide.all(".heads .h")) == 2
    wide.run("document.querySelector('.v-before').click()")
    assert [one.text.split()[0] for one in wide.all(".heads .h")] == ["Before"]
    assert "lost here" not in wide.one(".code").text
    wide.run("document.querySelector('.v-after').click()")
    assert [one.text.split()[0] for one in wide.all(".heads .h")] == ["After"]
    assert "lost here" in wide.one(".code").text


def test_a_narrow_window(browser, demo):
    browser.resize(NARROW)
    browser.emulate()
    browser.open(demo)
    assert browser.overflow <= 0
    assert [one.text.split()[0] for one in browser.all(".heads .h")] == ["After"], "the side that the finding is about"
    assert browser.one(".l.x").rect["width"] <= NARROW[0]
    browser.run("document.querySelector('.v-before').click()")
    assert [one.text.split()[0] for one in browser.all(".heads .h")] == ["Before"]


def test_a_long_function_and_long_lines_break_nothing(browser, tmp_path, a_finding, an_answer):
    lines = [f'\tstep_{number}("{"x" * (number % 300)}");' for number in range(500)]
    whole = replace(side(), first=1, lines=tuple(lines), way=(13, 14), notes=side().notes)
    answer = an_answer(
        a_finding(file="d/" + "long" * 60 + ".c", object="x" * 200, exhibit=Exhibit("after", whole, whole))
    )
    path = tmp_path / "long.html"
    path.write_text("".join(render([answer], Look())))
    for size in (NARROW, (700, 900), WIDE):
        browser.resize(size)
        browser.open(path)
        assert browser.overflow <= 0, size
        browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
        assert browser.overflow <= 0, size
        assert len(browser.all(".l[data-n]", seen=False)) == 1000


def test_the_graph_marks_the_way(wide, demo):
    wide.open(demo)
    marked = wide.all("svg .x rect")
    assert len(marked) == 1
    assert len(wide.all("svg .e.y")) == 2
    plain = wide.all("svg g:not([class]) rect")[0]
    assert marked[0].value_of_css_property("stroke") != plain.value_of_css_property("stroke")


# --- light and dark -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_every_text_can_be_read(browser, demo, many, dark, size):
    browser.resize(size)
    browser.emulate(dark=dark)
    for page in (demo, many):
        browser.open(page)
        measured = browser.run(CONTRAST)
        assert len(measured) > 40
        assert [one for one in measured if one[0] < READABLE and "disabled" not in one[1] and one[2] != "Clear"] == []


def test_the_theme_follows_the_system_and_the_button(wide, demo):
    def page():
        return wide.run("return getComputedStyle(document.body).backgroundColor")

    wide.open(demo)
    wide.run("localStorage.clear()")
    wide.open(demo)
    light = page()
    wide.emulate(dark=True)
    dark = page()
    assert light != dark
    wide.one("#theme").click()
    assert (wide.one("#theme").text, page()) == ("Theme: light", light)
    wide.one("#theme").click()
    wide.emulate()
    assert (wide.one("#theme").text, page()) == ("Theme: dark", dark)
    wide.run("localStorage.clear()")


# --- without scripts, and on paper --------------------------------------------------------------------------------------


def test_without_scripts_everything_can_be_read(plain, demo, many):
    plain.open(demo)
    assert not plain.all(".js")
    assert "lost here" in plain.one(".l.x").text
    assert len(plain.all("svg")) == 2
    plain.all(".v-before", seen=False)[0].find_element(By.XPATH, "..").click()
    assert [one.text.split()[0] for one in plain.all(".heads .h")] == ["Before"]
    plain.open(many)
    assert not plain.all("#filters")
    assert len(plain.all(".f")) == LAZY + 6
    plain.all(".f summary")[1].click()
    assert len(plain.all(".l[data-n]")) == 2 * len(SOURCE)


def test_on_paper(browser, demo):
    browser.resize(WIDE)
    browser.emulate(dark=True, media="print")
    browser.open(demo)
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not browser.all(".tools")
    assert not browser.all(".view")
    assert not browser.all("button")
    assert "lost here" in browser.one(".l.x").text
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
    assert base64.b64decode(printed).count(b"/Type /Page\n") <= 3


def test_nothing_is_asked_of_the_network_and_the_console_is_silent(wide, many):
    wide.open(many)
    assert wide.run("return performance.getEntriesByType('resource').length") == 0
    assert wide.driver.get_log("browser") == []


def test_on_paper_both_sides_stand_beside_each_other(browser, demo):
    browser.resize((700, 1000))
    browser.emulate(media="print")
    browser.open(demo)
    before, after = (one.rect for one in browser.all(".heads .h"))
    assert before["y"] == after["y"]
    assert browser.overflow <= 0


def test_copying_takes_the_fingerprint_alone(wide, demo):
    wide.open(demo)
    button = wide.one(".facts button")
    fingerprint = wide.one(".f").get_attribute("id").removeprefix("f-")
    button.click()
    wide.until(lambda: button.text in ("Copied", "Selected"))
    if button.text == "Copied":
        wide.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
        read = "const done = arguments[0]; navigator.clipboard.readText().then(done, (e) => done(String(e)))"
        copied = wide.driver.execute_async_script(read)
    else:
        copied = wide.run("return getSelection().toString()")
    assert copied == fingerprint


def test_selected_source_is_source_alone(wide, demo):
    """Numbers, counts and notes are not copied with it."""
    wide.open(demo)
    wide.run(
        "const from = document.querySelector('.l.x'), row = from.parentElement, to = row.nextElementSibling.lastElementChild;"
        "getSelection().setBaseAndExtent(from.childNodes[1], 0, to.lastChild, to.lastChild.length)"
    )
    assert wide.run("return getSelection().toString()").split() == ["return", "ret;", "}"]
