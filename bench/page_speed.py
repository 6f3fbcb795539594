#!/usr/bin/env python3
"""How large a page of `--format html` is, and how long a Chromium takes to open it.

    getput scan --format html drivers > drivers.html
    python3 bench/page_speed.py drivers.html

Needs selenium, chromium and chromedriver.  Of several loads in fresh browsers, the median: until the document is loaded, and what of that the
page's thread was at work (the rest is the browser's, and other programs'); until its first picture stands on the screen; until a search for one
word has filtered the list; and until one finding is opened.  With --no-scripts, also without them.
"""

from __future__ import annotations

import argparse
import gzip
import pathlib
import statistics
import sys
import time

from chromium import started

PAINTED = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))"
FILTER = """
const done = arguments[0], box = document.querySelector('input[type=search]');
if (!box) return done(0);
const start = performance.now();
box.value = 'probe';
box.dispatchEvent(new Event('input', {bubbles: true}));
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
"""
OPEN = """
const done = arguments[0], start = performance.now();
[...document.querySelectorAll('.f:not([hidden]) > details:not([open]) > summary')].at(-1)?.click();
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
"""


def measured(page: pathlib.Path, scripts: bool) -> dict[str, float]:
    """Milliseconds, by what they are until."""
    driver = started("--window-size=1360,900", scripts=scripts)
    try:
        driver.get("about:blank")
        driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        start = time.perf_counter()
        driver.get(page.resolve().as_uri())
        out = {"opened, as seen from outside": (time.perf_counter() - start) * 1000}
        out["loaded"] = driver.execute_script(
            "return performance.timing.loadEventEnd - performance.timing.navigationStart"
        )
        used = {one["name"]: one["value"] for one in driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
        out["of the page's own processor time"] = used["TaskDuration"] * 1000
        if scripts:
            out["painted"] = driver.execute_async_script(PAINTED)
            out["filtered"] = driver.execute_async_script(FILTER)
            out["a finding opened"] = driver.execute_async_script(OPEN)
        out["elements"] = driver.execute_script("return document.querySelectorAll('*').length")
        return out
    finally:
        driver.quit()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-scripts", action="store_true")
    args = parser.parse_args()
    for page in args.pages:
        raw = page.read_bytes()
        found = raw.count(b'<li class="f"')
        print(f"{page}: {found} findings, {len(raw) / 1e6:.2f} MB, {len(gzip.compress(raw, 6)) / 1e6:.2f} MB packed")
        for scripts in (True, False) if args.no_scripts else (True,):
            rounds = [measured(page, scripts) for _ in range(args.rounds)]
            print("  with scripts" if scripts else "  without scripts")
            for name in rounds[0]:
                unit = "" if name == "elements" else " ms"
                print(f"    {name}: {statistics.median(one[name] for one in rounds):,.0f}{unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
