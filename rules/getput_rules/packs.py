"""Rules that other packages bring, through the entry point group ``getput.rules``.

An entry point's object is a tuple of :class:`~getput_rules.rule.Rule`; a package declares it as::

    [project.entry-points."getput.rules"]
    acme = "acme_rules:RULES"
"""

from __future__ import annotations

import functools
import os
import sys

import msgspec

from getput_rules import RULES
from getput_rules.rule import Rule

GROUP = "getput.rules"
OURS = "getput"
ENDINGS = (".dist-info", ".egg-info")


class BadPackError(Exception):
    """A package whose rules cannot be used; the message names it."""


class Pack(msgspec.Struct, frozen=True):
    """The rules of one entry point: ``origin`` is its package and the version, ``module`` the top of what is imported."""

    origin: str
    module: str
    rules: tuple[Rule, ...]


@functools.cache
def packs() -> tuple[Pack, ...]:
    """The packs that are installed, by package and name of the entry point.  Raises BadPackError."""
    if not any(_may_have_some(place) for place in sys.path):
        return ()
    from importlib.metadata import entry_points

    found: list[Pack] = []
    origins = {rule.id: OURS for rule in RULES}
    points = [(point.dist.name if point.dist else "", point.name, point) for point in entry_points(group=GROUP)]
    for package, name, point in sorted(points, key=lambda one: one[:2]):
        origin = f"{package} {point.dist.version}" if point.dist else name
        try:
            rules = point.load()
        except Exception as error:
            raise BadPackError(f"rules of {origin}: {point.value}: {type(error).__name__}: {error}") from error
        if not isinstance(rules, tuple) or not all(isinstance(rule, Rule) for rule in rules):
            raise BadPackError(f"rules of {origin}: {point.value} is no tuple of getput_rules.rule.Rule")
        for rule in rules:
            if rule.id in origins:
                raise BadPackError(f"rules of {origin}: {rule.id}: {origins[rule.id]} has a rule of this name")
            origins[rule.id] = origin
        found.append(Pack(origin, point.module.partition(".")[0], rules))
    return tuple(found)


@functools.cache
def every_rule() -> tuple[Rule, ...]:
    """The rules of getput, then those of the packs.  Raises BadPackError."""
    return (*RULES, *[rule for pack in packs() for rule in pack.rules])


def _may_have_some(place: str) -> bool:
    """Whether a package in *place*, of the module search path, can have rules: looked up by hand, for the library that knows
    takes longer to be imported than this takes for a hundred packages."""
    try:
        names = os.listdir(place or ".")  # noqa: PTH208 -- paths as objects take twice the time
    except NotADirectoryError:
        return True  # an archive
    except OSError:
        return False
    return any(_has_some(f"{place}/{name}/entry_points.txt") for name in names if name.endswith(ENDINGS))


def _has_some(file: str) -> bool:
    try:
        with open(file, "rb") as text:  # noqa: PTH123 -- as above
            return GROUP.encode() in text.read()
    except OSError:
        return False
