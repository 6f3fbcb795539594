"""The rules' own documentation as HTML: prose in paragraphs, code as it stands."""

from __future__ import annotations

from textwrap import dedent

from getput.report.page.markup import prose, text
from getput_rules import RULES
from getput_rules.rule import Rule

SILENCE = "How to silence it"
BY_ID = {rule.id: rule for rule in RULES}


def manual(ident: str) -> str:
    """All that the rule of this id says of itself; empty where there is none."""
    rule = BY_ID.get(ident)
    if rule is None:
        return ""
    sections = "".join(f"<h4>{text(heading)}</h4>{_body(said)}" for heading, said in rule.sections.items())
    return (
        f'<details class="rule"><summary><code>{text(ident)}</code> {prose(rule.summary)}.</summary>'
        f'<div class="doc" id="rule-{text(ident)}">{sections}</div></details>'
    )


def silencing(ident: str) -> str:
    """How the rule of this id is silenced; empty where there is no such rule."""
    rule: Rule | None = BY_ID.get(ident)
    return "" if rule is None else _body(rule.sections.get(SILENCE, ""))


def _body(said: str) -> str:
    return "".join(
        f"<pre>{text(dedent(part))}</pre>" if part.startswith(" ") else f"<p>{prose(' '.join(part.split()))}</p>"
        for part in said.strip("\n").split("\n\n")
        if part.strip()
    )
