"""A put follows a get that failed and did not count.

## What it does
Reports a put on the failure branch of a get that raises the count only when it succeeds (`pm_runtime_resume_and_get()`, `try_module_get()`,
`kref_get_unless_zero()`).

## Why it matters
There is no count to drop: the put takes away a reference that somebody else holds.

## Bad
    ret = pm_runtime_resume_and_get(dev);
    if (ret < 0)
            goto out_put;                   /* drops a count that was never taken */

## Good
    ret = pm_runtime_resume_and_get(dev);
    if (ret < 0)
            return ret;

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule put-after-failed-get` switches the rule off.

## References
include/linux/pm_runtime.h, pm_runtime_resume_and_get().
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

KINDS = ("put-after-failed-get",)


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


RULE = Rule(id="put-after-failed-get", severity=Severity.ERROR, doc=__doc__, check=check)
