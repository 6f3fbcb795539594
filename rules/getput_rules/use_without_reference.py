"""An object is used after an unlock without the reference that was held on it before.

## What it does
Compares a function before and after a patch.  Where it took a reference on an object that it had found (in a list, a tree, a member) and dropped it when
it was done, and now does neither, but still names the object after it let go of a lock or of the RCU read side, that is reported.  So is a module
that no longer pins itself over an unlock; and an exit that returns a pointer without the reference which every exit gave the caller before.

## Why it matters
As long as the lock is held nobody takes the object away; afterwards only a reference keeps it.  Without one the last put can come from
somewhere else at any moment.

## Bad
    spin_lock(&table->lock);
    foo = foo_lookup(table, id);
    spin_unlock(&table->lock);

    foo_run(foo);                                   /* may be freed by now */

## Good
    spin_lock(&table->lock);
    foo = foo_lookup(table, id);
    if (foo)
            kref_get(&foo->ref);
    spin_unlock(&table->lock);

    if (foo) {
            foo_run(foo);
            kref_put(&foo->ref, foo_release);
    }

## How to silence it
Keep the lock until the object is no longer used, or let the look-up return a reference.  `--no-rule use-without-reference` switches the rule off.

## References
Documentation/core-api/kref.rst, rule 3; Documentation/RCU/rcuref.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from getput.model import Confidence, Severity
from getput.ownership.view import FileReport, Found, FunctionReport, Mark
from getput_rules.rule import Rule


def check(_report: FunctionReport) -> Iterator[Found]:
    """Nothing can be said of one image alone."""
    yield from ()


def check_file(report: FileReport) -> Iterator[tuple[str, Found]]:
    """(function, finding) for every object that is used without the reference that was held on it."""
    for one in report.unheld:
        put = one.put if one.put.endswith(")") else f"{one.put}()"
        text = f"'{one.label}' is used after an unlock without the reference that {one.get}() took and {put} dropped"
        yield (
            one.function,
            Found(
                one.label,
                one.family,
                "borrowed",
                one.get,
                "missing",
                one.at,
                text,
                Confidence.MEDIUM,
                (Mark("here", one.at),),
                question=f"What keeps {one.label} after the unlock, now that {one.get}() does not take a reference on it?",
            ),
        )
    told = {one.function for one in report.page_faults if one.kind in ("not-initialised", "counted-by-hand")}
    for bare in report.ungiven:
        if bare.function in told:
            continue  # a page that lacks more than its count
        yield (
            bare.function,
            Found(
                f"{bare.function}()",
                bare.family,
                "returned",
                bare.get,
                "missing",
                bare.at,
                f"what {bare.function}() returns here carries no reference; {bare.get}() took one for the caller before",
                Confidence.MEDIUM,
                (Mark("exit", bare.at, ""),),
                question=f"Do the callers of {bare.function}() still get a reference?  {bare.get}() took one for them before.",
            ),
        )


RULE = Rule(
    id="use-without-reference",
    severity=Severity.WARNING,
    doc=__doc__,
    check=check,
    check_file=check_file,
    alone=False,
)
