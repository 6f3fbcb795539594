"""The page in a real browser: what is seen, what the keys do, what is left without scripts and on paper."""

from __future__ import annotations

import base64
import itertools
import shutil

import pytest
from msgspec.structs import replace
from tests.report.page import DEMO, PATCH, getput
from tests.report.test_page import FILE, SOURCE, side

from getput.model import Confidence, Exhibit, Severity, Status
from getput.report import Look
from getput.report.page import LAZY, render

selenium = pytest.importorskip("selenium", reason="the driver library (selenium) is not installed")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
CHROMEDRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
    pytest.mark.skipif(CHROMEDRIVER is None, reason="no chromedriver is installed"),
]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-dev-shm-usage",
)
NARROW, WIDE = (360, 740), (1360, 900)
READABLE = 4.5  # contrast of text, WCAG AA
CONTRAST = """
const channel = (v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
const painted = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgb = (color) => {
  painted.clearRect(0, 0, 1, 1);
  painted.fillStyle = color;
  painted.fillRect(0, 0, 1, 1);
  return [...painted.getImageData(0, 0, 1, 1).data];
};
const light = (c) => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
const behind = (at) => {
  for (; at; at = at.parentElement) {
    const c = rgb(getComputedStyle(at).backgroundColor);
    if (c[3] === 255) return c;
  }
  return [255, 255, 255];
};
const out = [];
for (const at of document.querySelectorAll('h1, p, b, i, em, code, dt, dd, summary, span, .l, button, select, label, pre, li')) {
  const own = [...at.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
  if (!own || !at.checkVisibility()) continue;
  const [a, b] = [light(rgb(getComputedStyle(at).color)), light(behind(at))].sort((x, y) => y - x);
  out.push([Math.round((a + .05) / (b + .05) * 100) / 100, at.tagName + '.' + at.className, at.textContent.slice(0, 40)]);
}
return out;
"""


class Browser:
    """A browser with one page open."""

    def __init__(self, size=WIDE, *, scripts=True, dark=False) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in FLAGS:
            options.add_argument(flag)
        if not scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        self.driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
        self.resize(size)
        self.emulate(dark=dark)

    def emulate(self, *, dark=False, media="") -> None:
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})

    def resize(self, size) -> None:
        whole = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", whole)

    def open(self, path, place="") -> None:
        self.driver.get("about:blank")
        self.driver.get(path.as_uri() + place)

    def all(self, css, *, seen=True):
        return [one for one in self.driver.find_elements(By.CSS_SELECTOR, css) if not seen or one.is_displayed()]

    def one(self, css):
        (found,) = self.all(css)
        return found

    def press(self, *keys) -> None:
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def until(self, holds) -> None:
        """Wait until *holds*; what a click does may come a moment later."""
        WebDriverWait(self.driver, 10).until(lambda _: holds())

    def run(self, script):
        return self.driver.execute_script(script)

    @property
    def focused(self):
        return self.driver.switch_to.active_element

    @property
    def overflow(self):
        """How much wider the page is than the window."""
        return self.run("return document.documentElement.scrollWidth - innerWidth")


@pytest.fixture(scope="module")
def browser():
    made = Browser()
    yield made
    made.driver.quit()


@pytest.fixture(scope="module")
def plain():
    """One that runs no scripts."""
    made = Browser(scripts=False)
    yield made
    made.driver.quit()


@pytest.fixture
def wide(browser):
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


def titles(browser):
    return [one.text for one in browser.all(".f .fn")]


# --- reading ---------------------------------------------------------------------------------------------------------


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


# --- finding one's way ------------------------------------------------------------------------------------------------


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


# --- light and dark ---------------------------------------------------------------------------------------------------


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


# --- without scripts, and on paper ------------------------------------------------------------------------------------


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
