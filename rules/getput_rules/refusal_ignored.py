"""A get that refuses objects whose count is zero already is called, and its answer is not looked at.

## What it does
`kref_get_unless_zero()`, `refcount_inc_not_zero()`, `get_page_unless_zero()`, `percpu_ref_tryget()` and their likes take a reference only if there still is
one to share, and say whether they did.  The rule reports a call whose answer goes nowhere, where the function's name says that it may refuse: of
a plain `foo_hold()` that happens to return something, callers may know that it does not.  Modules are left out: one that runs can pin itself.

## Why it matters
Where the get refused, the object is on its way out: it is used after it is freed, and the put that follows drops a reference that nobody took.

## Bad
    kref_get_unless_zero(&foo->ref);
    rcu_read_unlock();
    foo_run(foo);

## Good
    if (!kref_get_unless_zero(&foo->ref))
            foo = NULL;
    rcu_read_unlock();

## How to silence it
Look at the answer; where a reference is certain to be there, `kref_get()` says so, and warns if it is not.  `--no-rule refusal-ignored` switches the
rule off.

## References
Documentation/core-api/kref.rst, on lookups under RCU; include/linux/kref.h.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from getput.model import Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

PINNED_BY_ITSELF = "module"
REFUSES = re.compile(r"(?:unless|not)_zero|(?:^|_)try")


def check(report: FunctionReport) -> Iterator[Found]:
    """Refusals that nobody hears of, in one function."""
    for incident in report.incidents:
        if incident.kind != "refused" or incident.count.family == PINNED_BY_ITSELF:
            continue
        if incident.site is not None and REFUSES.search(incident.site.callee):
            yield found_incident(report, incident)


RULE = Rule(id="refusal-ignored", severity=Severity.WARNING, doc=__doc__, check=check)
