"""A reference is taken and no path ever drops it.

## What it does
Reports a reference that came back from a call, was used only inside the function, and is neither dropped, returned nor stored on any exit.

## Why it matters
Every call of the function leaks one count: the object can never be freed, and a counter that wraps ends in a use after free.

## Bad
    np = of_find_compatible_node(NULL, NULL, "acme,board");
    return np && of_property_present(np, "acme,fast");

## Good
    np = of_find_compatible_node(NULL, NULL, "acme,board");
    fast = np && of_property_present(np, "acme,fast");
    of_node_put(np);
    return fast;

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule leak-always` switches the rule off.

## References
The kernel-doc of the get function names its put ("call of_node_put() on it when done").
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Severity
from getput.ownership.view import Found, FunctionReport
from getput_rules.rule import Rule
from getput_rules.wording import found_leak


def check(report: FunctionReport) -> Iterator[Found]:
    """Leaks of this kind in one function."""
    for leak in report.leaks:
        if leak.kind == "always" and leak.standing.count.label:
            yield found_leak(leak)


RULE = Rule(id="leak-always", severity=Severity.WARNING, doc=__doc__, check=check)
