"""A reference is stored in a structure and nothing in the file ever drops it.

## What it does
Follows the functions that leave a counted reference in a member of a structure (`priv->np = of_parse_phandle(...)`), and asks every other function of the file:
does any of them name that member together with a put?  If none does, the reference is reported, in the teardown function that a patch
changed if there is one, else where it is taken.  It is said aloud only if a patch took the put away, or stores the
reference in a function that stood there before, in a structure that is the file's own.

## Why it matters
Binding and unbinding the driver leaks one reference each time.

## Bad
    static int foo_probe(struct platform_device *pdev)
    {
            struct foo *foo = devm_kzalloc(&pdev->dev, sizeof(*foo), GFP_KERNEL);

            foo->np = of_get_parent(pdev->dev.of_node);
            return 0;
    }
    static void foo_remove(struct platform_device *pdev)
    {
    }

## Good
    static void foo_remove(struct platform_device *pdev)
    {
            struct foo *foo = platform_get_drvdata(pdev);

            of_node_put(foo->np);
    }

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule leak-of-stored-reference` switches the rule off.

## References
Documentation/driver-api/driver-model/driver.rst, probe and remove.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport, Mark, Member
from getput_rules.rule import Rule

TEARDOWN = re.compile(
    r"(?:^|_)(?:remove|release|disconnect|unbind|detach|exit|free|destroy|fini|close|cleanup|teardown|uninit|deinit|put)(?:_|$)"
)


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one function alone."""
    yield from ()


def concerned(_member: Member) -> bool:
    """Any function may store a reference, or drop it."""
    return True


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every stored reference that nobody drops."""
    members = {member.name: member for member in report.members}
    for stored in report.stored:
        if stored.droppers:
            continue
        function, api, at = stored.takers[0]
        gone = [name for name in stored.before if name in members and name in report.touched]
        text = f"the reference taken by {api}() and kept in '->{stored.field}' is dropped by no function of this file"
        if gone:
            text += f"; {gone[0]}() did so before"
        sure = (
            Confidence.MEDIUM
            if gone or (stored.here and any(TEARDOWN.search(name) for name in members))
            else Confidence.LOW
        )
        where, place = function, at
        if gone:
            where, place = gone[0], members[gone[0]].start
        way = (Mark("take", at, api), Mark("here", place))
        yield (
            where,
            Found(
                f"->{stored.field}", stored.family, "stored", api, "lifetime", place, text, sure, way, accepted=not gone
            ),
        )


RULE = Rule(
    id="leak-of-stored-reference",
    severity=Severity.WARNING,
    doc=__doc__,
    check=check,
    check_file=check_file,
    concerned=concerned,
)
