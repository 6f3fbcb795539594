"""The rules' own documentation as HTML: prose in paragraphs, code as it stands."""

from __future__ import annotations

import re
from textwrap import dedent

from getput.report.page.listing import text
from getput_rules import RULES
from getput_rules.rule import Rule

CODE = re.compile(r"`([^`]+)`")
NAMED = re.compile(r"'([^'\s](?:[^']*[^'\s])?)'|(\b[A-Za-z_]\w*\(\))")  # 'np', of_node_put()
SILENCE = "How to silence it"
BY_ID = {rule.id: rule for rule in RULES}


def sentence(raw: str) -> str:
    """A message, with the names of objects and functions in it set as code."""
    return _marked(raw, NAMED)


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


def prose(raw: str) -> str:
    """Text in which what stands in backticks is code."""
    return _marked(raw, CODE)


def _marked(raw: str, pattern: re.Pattern[str]) -> str:
    out, at = [], 0
    for found in pattern.finditer(raw):
        named = next(group for group in found.groups() if group)
        out += [text(raw[at : found.start()]), f"<code>{text(named)}</code>"]
        at = found.end()
    return "".join([*out, text(raw[at:])])
