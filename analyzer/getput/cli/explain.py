"""``getput explain``: a rule's own documentation, laid out for a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from textwrap import fill, indent

from getput.cli.catalogue import known
from getput.cli.output import answer, colored
from getput_rules.rule import Rule

WIDTH = 80
SILENCE = "How to silence it"
ONE = (
    "`getput suppress FINGERPRINT --reason TEXT` silences a single finding and leaves the rule as it is; "
    "`getput check --show-fingerprints` says its fingerprint."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``explain``."""
    parser.add_argument("rule", metavar="RULE", help="a rule's id; `getput rules` lists them")
    parser.add_argument("--no-color", action="store_true", help="no colors, even on a terminal")


def run(args: argparse.Namespace) -> int:
    """Print what the rule means; raises UsageError where there is no such rule."""
    answer(_page(known(args.rule), colored(not args.no_color)))
    return 0


def _page(rule: Rule, color: bool) -> Iterator[str]:
    bold, plain = ("\x1b[1m", "\x1b[0m") if color else ("", "")
    yield f"{bold}{rule.id}{plain} ({rule.severity.value})\n{rule.summary}.\n"
    for heading, text in told(rule):
        body = "\n\n".join(map(_paragraph, text.split("\n\n")))
        yield f"\n{bold}{heading}{plain}\n{body}\n"


def told(rule: Rule) -> Iterator[tuple[str, str]]:
    """The sections of a rule's documentation, with what holds for every rule."""
    for heading, text in rule.sections.items():
        yield heading, f"{text}\n\n{ONE}" if heading == SILENCE else text


def _paragraph(text: str) -> str:
    """Prose filled to the width of a terminal; code, which is indented, as it stands."""
    if text.startswith(" "):
        return indent(text, "  ")
    return fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
