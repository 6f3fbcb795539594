"""``getput rules``: every rule in one line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from getput.cli.catalogue import catalogue
from getput.cli.output import answer
from getput_rules.packs import OURS, packs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``rules``."""
    parser.add_argument("--format", choices=["text", "json"], default="text", help="json: one array (default: text)")


def run(args: argparse.Namespace) -> int:
    """Print the rules in the order they run, and which package those come from that are not getput's own; always 0."""
    rules = catalogue()
    origins = {rule.id: pack.origin for pack in packs() for rule in pack.rules}
    rows = [(rule.id, rule.severity.value, rule.summary, origins.get(rule.id, OURS)) for rule in rules]
    answer(_json(rows) if args.format == "json" else _text(rows))
    return 0


def _text(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    width = max((len(ident) for ident, *_ in rows), default=0)
    for ident, severity, summary, origin in rows:
        yield f"{ident:{width}}  {severity:7}  {summary}" + (f" (from {origin})" if origin != OURS else "") + "\n"


def _json(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    named = [dict(zip(("id", "severity", "summary", "from"), row, strict=True)) for row in rows]
    yield json.dumps(named, indent=2) + "\n"
