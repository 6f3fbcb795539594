"""A get that raises the count even when it fails is not undone on its failure path.

## What it does
Some gets count in all cases: pm_runtime_get_sync() and its kind raise the usage count before they can fail, kobject_init_and_add() and
device_register() leave a counted object behind.  The rule reports the failure branch that returns without the matching put, and of a patch also a get that
counts in all cases in the place of one that did not.

## Why it matters
The failure looks like "nothing happened", so the put is forgotten: the device never suspends again, the object is never freed.

## Bad
    ret = pm_runtime_get_sync(dev);
    if (ret < 0)
            return ret;

## Good
    ret = pm_runtime_resume_and_get(dev);   /* does not count when it fails */
    if (ret < 0)
            return ret;

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule count-kept-by-failed-get` switches the rule off.

## References
include/linux/pm_runtime.h, pm_runtime_get_sync(); lib/kobject.c, kobject_init_and_add(); drivers/base/core.c, device_register().
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Severity
from getput.ownership.view import FileReport, Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_leak


def check(report: FunctionReport) -> Iterator[Found]:
    """Leaks of this kind in one function."""
    for leak in report.leaks:
        if leak.kind == "failed-get":
            yield found_leak(leak)


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every get that a patch puts in the place of one that counts nothing when it fails."""
    for function, leak in report.unput:
        if leak.kind == "failed-get":
            yield function, found_leak(leak)


RULE = Rule(
    id="count-kept-by-failed-get",
    severity=Severity.WARNING,
    doc=__doc__,
    check=check,
    check_file=check_file,
)
