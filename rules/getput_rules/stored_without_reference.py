"""A pointer is stored for later, and the only reference on what it points to is dropped.

## What it does
Reports a put (also the one that an iterator makes when it moves on) after which a structure or a global variable that outlives the function still points
to the object, where the function holds no other reference on it.  So does a borrowed pointer in a member that its object drops when it goes:
the release of a platform device puts `dev.of_node`; and so does one that a patch stores without the reference it took before, where another function of
the file puts what the member holds, or did so before the patch.

## Why it matters
Whoever follows the stored pointer later may find freed memory.

## Bad
    for_each_child_of_node(np, child)
            priv->nodes[n++] = child;               /* dropped when the loop moves on */

## Good
    for_each_child_of_node(np, child)
            priv->nodes[n++] = of_node_get(child);

## How to silence it
Give the reference an owner that getput can see: put it, return it, or store it where a teardown path puts it.  A wrong report on an API
is mended by an entry in your own API table (`[apis] tables` in `.getput.toml`); `--no-rule stored-without-reference` switches the rule off.

## References
Documentation/core-api/kref.rst, rule 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport, Mark
from getput_rules.rule import Rule
from getput_rules.wording import found_incident

BOUND = ("usb",)  # what a driver is bound to stays as long as it is
KINDS = ("stored-without-reference", "owned-without-reference")


def check(report: FunctionReport) -> Iterator[Found]:
    """Incidents of this kind in one function."""
    for incident in report.incidents:
        if incident.kind in KINDS:
            yield found_incident(report, incident)


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every member that is put elsewhere and no longer gets a reference here."""
    for stored in report.stored:
        for one in stored.uncounted:
            others = [name for name in stored.before if name != one.function]
            lost = [name for name in others if name in stored.lost or name not in stored.droppers]
            still = [name for name in others if name in stored.droppers and name not in lost]
            if one.function not in report.touched or not others or (stored.family in BOUND and not still):
                continue
            which = f"{lost[0]}() dropped it: it may go while the pointer stays" if lost else f"{still[0]}() drops one"
            text = f"'->{stored.field}' is set without a reference ({one.api}() took one), and {which}"
            way = (Mark("here", one.at),)
            yield (
                one.function,
                Found(
                    f"->{stored.field}",
                    stored.family,
                    "stored",
                    one.api,
                    "uncounted",
                    one.at,
                    text,
                    Confidence.MEDIUM,
                    way,
                    question=f"Does ->{stored.field} need a reference here, such as {one.api}() took?  ({which})",
                ),
            )


RULE = Rule(
    id="stored-without-reference",
    severity=Severity.WARNING,
    doc=__doc__,
    check=check,
    check_file=check_file,
)
