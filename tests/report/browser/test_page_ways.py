"""Finding one's way on the page in a real browser: filters, keys, the tabulator, addresses."""

from __future__ import annotations

import pytest
from tests.report.page import SOURCE

from getput.report.page import LAZY

pytest.importorskip("selenium", reason="the driver library (selenium) is not installed")
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from tests.report.browser.driver import CHROMEDRIVER, CHROMIUM

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
    pytest.mark.skipif(CHROMEDRIVER is None, reason="no chromedriver is installed"),
]


def titles(browser):
    return [one.text for one in browser.all(".f .fn")]


def test_filters_and_their_counts(wide, many):
    wide.open(many)
    assert len(wide.all(".f")) == LAZY + 6
    assert wide.one("#tally").text == f"{LAZY + 6} of {LAZY + 6}"
    Select(wide.one("select[name=rule]")).select_by_value("put-too-many")
    wide.until(lambda: len(wide.all(".f")) == (LAZY + 6) // 3)
    assert {one.text for one in wide.all(".f .tag.id")} == {"put-too-many"}
    status = {one.text for one in wide.all("select[name=status] option", seen=False)}
    fixed = len(wide.all(".f .tag.fixed"))
    assert f"fixed ({fixed})" in status, "what the other filters leave is counted"
    wide.one("input[type=search]").send_keys("function_7")
    assert titles(wide) == ["function_7()"]
    wide.one("#clear").click()
    wide.until(lambda: len(wide.all(".f")) == LAZY + 6)
    wide.one("input[type=search]").send_keys("no such thing")
    assert not wide.all(".f")
    assert wide.one("#none").text


def test_a_body_is_there_once_it_is_opened(wide, many):
    wide.open(many)
    assert not wide.all(".l", seen=False)
    wide.all(".f summary")[2].click()
    wide.until(lambda: len(wide.all(".l[data-n]")) == 2 * len(SOURCE))


def test_keys(wide, many):
    wide.open(many)
    wide.press("j")
    assert "function_0()" in wide.focused.text
    wide.press("j", "j")
    assert "function_2()" in wide.focused.text
    wide.press("k")
    assert "function_1()" in wide.focused.text
    wide.press(Keys.ARROW_DOWN)
    assert "function_2()" in wide.focused.text
    wide.press(Keys.ENTER)
    assert len(wide.all(".f > details[open]")) == 1
    wide.press("/")
    wide.press("function_9")
    assert titles(wide) == ["function_9()"]
    wide.press(Keys.ESCAPE, Keys.ESCAPE)
    assert len(titles(wide)) == LAZY + 6
    wide.press("?")
    assert "search" in wide.one("#help").text


def test_the_way_of_the_tabulator(wide, many):
    wide.open(many)
    wide.press(Keys.TAB)
    assert wide.focused.text == "Skip to the findings"
    assert wide.focused.rect["x"] >= 0
    seen = []
    for _ in range(9):
        wide.press(Keys.TAB)
        seen.append(wide.focused.get_attribute("id") or wide.focused.get_attribute("name") or wide.focused.tag_name)
    assert seen[:3] == ["keys", "theme", "text"]
    assert seen[3:] == ["rule", "confidence", "status", "place", "all", "summary"]
    assert wide.focused.value_of_css_property("outline-style") == "solid"


def test_an_address_leads_to_its_finding(wide, many):
    wide.open(many, "#f-0000000000000011")
    assert [one.text for one in wide.all(".f > details[open] .fn")] == ["function_17()"]
    assert "function_17()" in wide.focused.text
