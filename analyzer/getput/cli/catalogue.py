"""Finding a rule by its name."""

from __future__ import annotations

from getput.cli import UsageError
from getput.spelling import meant
from getput_rules.packs import BadPackError, every_rule
from getput_rules.rule import Rule


def catalogue() -> tuple[Rule, ...]:
    """Every rule, those of other packages too.  Raises UsageError where such a package is broken."""
    try:
        return every_rule()
    except BadPackError as error:
        raise UsageError(str(error)) from error


def known(ident: str) -> Rule:
    """The rule with this id.  Raises UsageError, with the names that come close, where there is none."""
    for rule in catalogue():
        if rule.id == ident:
            return rule
    hint = meant(ident, [rule.id for rule in catalogue()], "`getput rules` lists them", cutoff=0.4)
    raise UsageError(f"no rule {ident}{hint}")
