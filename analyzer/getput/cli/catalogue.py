"""Finding a rule by its name."""

from __future__ import annotations

from getput.cli import UsageError
from getput_rules import RULES
from getput_rules.rule import Rule


def known(ident: str) -> Rule:
    """The rule with this id.  Raises UsageError, with the names that come close, where there is none."""
    for rule in RULES:
        if rule.id == ident:
            return rule
    from difflib import get_close_matches

    close = get_close_matches(ident, [rule.id for rule in RULES], n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(close)}?" if close else "`getput rules` lists them"
    raise UsageError(f"no rule {ident}: {hint}")
