"""A real browser to open pages in, where there is one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

spec = importlib.util.spec_from_file_location("chromium", Path(__file__).parents[3] / "bench" / "chromium.py")
chromium = importlib.util.module_from_spec(spec)
spec.loader.exec_module(chromium)

CHROMIUM, CHROMEDRIVER = chromium.CHROMIUM, chromium.CHROMEDRIVER
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
        self.driver = chromium.started(scripts=scripts)
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
