"""A loop whose iterator holds a reference on its cursor is left early without dropping it.

## What it does
Knows the block iterators that hold a count on the current element and drop it when they move on.  It reports a `break`, `return` or `goto` out of
such a loop after which nobody drops the element.

## Why it matters
The iterator only drops what it leaves by itself; the element at hand when the body jumps out stays counted for ever.

## Bad
    for_each_child_of_node(parent, child) {
            if (probe_one(child))
                    return -EINVAL;         /* child is still held */
    }

## Good
    for_each_child_of_node(parent, child) {
            if (probe_one(child)) {
                    of_node_put(child);
                    return -EINVAL;
            }
    }

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule leak-on-iterator-exit` switches the rule off.
The `_scoped` form of the iterator, where the tree has one, drops its cursor however the loop is left.

## References
include/linux/of.h, for_each_child_of_node() and its relatives.
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
        if leak.kind == "iterator":
            yield found_leak(leak)


RULE = Rule(id="leak-on-iterator-exit", severity=Severity.WARNING, doc=__doc__, check=check)
