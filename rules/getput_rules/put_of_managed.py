"""A member that devres manages is put by hand, too.

## What it does
Reports a put of a member in which the file stores nothing but what `devm_` functions return, of the same kind of object.

## Why it matters
Devres drops the reference when the driver is unbound: the object is put once too often, and freed while others use it.

## Bad
    static int foo_probe(struct foo *foo, struct device *dev)
    {
            foo->phy = devm_phy_get(dev, "usb");
            return PTR_ERR_OR_ZERO(foo->phy);
    }
    static void foo_remove(struct foo *foo)
    {
            phy_put(foo->dev, foo->phy);
    }

## Good
    static int foo_probe(struct foo *foo, struct device *dev)
    {
            foo->phy = devm_phy_get(dev, "usb");
            return PTR_ERR_OR_ZERO(foo->phy);
    }
    static void foo_remove(struct foo *foo)
    {
            foo_stop(foo);
    }

## How to silence it
Take the put out, or take the reference without `devm_`.  `--no-rule put-of-managed-reference` switches the rule off.

## References
Documentation/driver-api/driver-model/devres.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport, Mark
from getput_rules.rule import Rule


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one function alone."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every put of a managed member."""
    for one in report.managed:
        asked = f"Is {one.place} put twice, by {one.put}() here and by devres, as it comes from {one.api}()?"
        text = f"'{one.place}' is put by {one.put}() although {one.api}(), which it comes from, lets devres drop it"
        way = (Mark("drop", one.at, one.put),)
        yield (
            one.function,
            Found(
                one.place, one.family, "stored", one.api, "managed", one.at, text, Confidence.HIGH, way, question=asked
            ),
        )


RULE = Rule(
    id="put-of-managed-reference",
    severity=Severity.ERROR,
    doc=__doc__,
    check=check,
    check_file=check_file,
    alone=False,
    mark=b"devm_",
)
