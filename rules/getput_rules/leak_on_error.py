"""A reference is not dropped on some exits, though it is on others.

## What it does
Follows every path from a call that takes a reference to the exits of the function.  It reports an exit on which the reference is neither
dropped nor handed on while another exit of the same function does so, or, for an object that belongs to somebody else, an error exit that
leaves the count raised where its likes do not.  Of a patch it also reports a failing exit that keeps an argument's reference, which every exit dropped
before; an exit that loses what all exits of its kind dropped before, where a put is gone and nobody else is called instead; and what a callee leaves in a
structure on the function's own stack, where the function stops to put it.

## Why it matters
Error paths are seldom run, so the leak stays unseen: the object, its module and its memory can never go away again.

## Bad
    np = of_find_node_by_path("/soc");
    if (!np)
            return -ENODEV;
    ret = of_property_read_u32(np, "clock", &hz);
    if (ret)
            return ret;             /* np is still held */
    of_node_put(np);

## Good
    ret = of_property_read_u32(np, "clock", &hz);
    of_node_put(np);
    if (ret)
            return ret;

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule leak-on-error` switches the rule off.

## References
Documentation/core-api/kref.rst; Documentation/process/coding-style.rst, "Centralized exiting of functions".
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport, Mark, Stranded
from getput_rules.rule import Rule
from getput_rules.wording import found_handed, found_leak


def check(report: FunctionReport) -> Iterator[Found]:
    """Leaks of this kind in one function."""
    for leak in report.leaks:
        if leak.kind in ("error", "path"):
            yield found_leak(leak)


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every exit that a patch makes keep what callers hand over."""
    for function, start, leak in report.handed:
        yield function, found_handed(leak, start)
    for function, leak in report.unput:
        if leak.kind != "failed-get":
            yield function, found_leak(leak)
    for one in report.stranded:
        yield one.function, found_stranded(one)


def found_stranded(one: Stranded) -> Found:
    """A reference that is left on the stack."""
    text = f"the reference that {one.filler}() may leave in '{one.label}' is not dropped any more, and nobody else knows of it"
    asked = f"Who drops the reference that {one.filler}() may leave in {one.label}, now that this does not?"
    way, sure = (Mark("take", one.at, one.filler),), Confidence.MEDIUM
    return Found(one.label, one.family, "local", one.filler, "path", one.at, text, sure, way, question=asked)


RULE = Rule(
    id="leak-on-error",
    severity=Severity.WARNING,
    doc=__doc__,
    check=check,
    check_file=check_file,
    standing=Confidence.MEDIUM,
)
