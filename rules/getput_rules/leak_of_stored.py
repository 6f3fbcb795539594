"""A reference is stored in a structure and nothing in the driver ever drops it.

## What it does
Follows the functions that leave a counted reference in a member of a structure (`priv->np = of_parse_phandle(...)`), and asks every other function of the
file, then the other files of its folder: does any of them name that member together with a put?  If none does, the reference is reported, in the teardown
function that a patch changed if there is one, else where it is taken.  It is said aloud if a patch took the put away, or if the
driver has operations that take things down and the structure is its own.  Of a patch it also reports a cancellation of work or of a timer whose answer
decided over a put before, and does so no longer: what was pending held a reference.

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
from getput.ownership.view import Accepted, Cancelled, FileReport, Found, FunctionReport, Kept, Mark, Stored
from getput_rules.rule import Rule

# What a driver looks up for itself, and nobody puts for it.
OWN = frozenset(
    {"of_node", "fwnode", "device", "clk", "regulator", "phy", "gpio_desc", "reset_control", "usb_role_switch"}
)


LOOKED_UP = frozenset({"of_node", "fwnode", "device"})  # of those, what nobody else takes over
NODES = frozenset({"of_node", "fwnode"})  # members of a device, which others look at, too
FINDS = re.compile(r"(?:^|_)(?:get|find|parse|lookup)(?:_|$)")


# Operations that bring something up, and those that take it down again.
TWINS = tuple(
    (re.compile(rf"(?:^|_)(?:{brings})(?:_|$)"), re.compile(rf"(?:^|_)(?:{ends})(?:_|$)"))
    for brings, ends in (
        ("probe|bind|attach|connect", "remove|disconnect|unbind|detach|exit"),
        ("open", "close|release"),
        ("init|setup|create|ctr", "exit|fini|free|destroy|release|remove|dtr"),
    )
)


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one function alone."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every stored reference that nobody drops."""
    for one in report.cancelled:
        yield one.function, found_cancelled(one)
    for stored in report.stored:
        if stored.droppers or not stored.takers:
            continue
        taker = stored.takers[0]
        gone = [name for name in stored.lost if name in report.touched]
        text = f"the reference taken by {taker.api}() and kept in '->{stored.field}' is dropped by no function of this driver"
        where, place = taker.function, taker.at
        if gone:
            text += f"; {gone[0]}() did so before"
            where = gone[0]
            place = next(member.start for member in report.members if member.name == where)
        way = (Mark("take", taker.at, taker.api), Mark("here", place))
        yield (
            where,
            Found(
                f"->{stored.field}",
                stored.family,
                "stored",
                taker.api,
                "lifetime",
                place,
                text,
                Confidence.MEDIUM,
                way,
                question=f"Who drops the reference that {taker.api}() took for ->{stored.field}{', now that ' + gone[0] + '() does not' if gone else ''}?",
                accepted=Accepted.NO if gone or lasting(report, stored) else helped(report, stored),
                kept=Kept(stored.field, stored.counter, "file" if stored.declared else "once" if gone else "folder"),
            ),
        )


def found_cancelled(one: Cancelled) -> Found:
    """A cancellation after which nobody drops what the work held."""
    text = f"where {one.cancel}() stops what was pending, nobody drops the reference on '{one.label}' that was taken for it; {one.put}() did so before"
    way = (Mark("here", one.at),)
    asked = f"Who drops the reference on {one.label} that was taken for what {one.cancel}() stops here?  {one.put}() did so before."
    sure = Confidence.MEDIUM
    return Found(one.label, one.family, "stored", one.cancel, "lifetime", one.at, text, sure, way, question=asked)


def lasting(report: FileReport, stored: Stored) -> bool:
    """Whether the driver takes down what it brought up, and this is left out."""
    return stored.family in OWN and any(
        taker.entry and brings.search(taker.function) and any(map(ends.search, report.teardowns))
        for taker in stored.takers
        for brings, ends in TWINS
    )


def helped(report: FileReport, stored: Stored) -> Accepted:
    """How far it may be meant: not in a new driver whose probe has a helper look up a node or a device, and whose remove leaves it out."""
    if stored.family not in LOOKED_UP or stored.field in NODES:
        return Accepted.ANYWHERE
    removed = any(map(TWINS[0][1].search, report.teardowns))
    helps = removed and any(
        taker.function in report.setups and FINDS.search(taker.api) is not None for taker in stored.takers
    )
    return Accepted.STANDING if helps else Accepted.ANYWHERE


RULE = Rule(
    id="leak-of-stored-reference",
    severity=Severity.WARNING,
    doc=__doc__,
    check=check,
    check_file=check_file,
    alone=False,
)
