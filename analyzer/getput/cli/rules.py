"""``getput rules``: every rule in one line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from getput.cli.output import answer
from getput_rules import RULES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``rules``."""
    parser.add_argument("--format", choices=["text", "json"], default="text", help="json: one array (default: text)")


def run(args: argparse.Namespace) -> int:
    """Print the rules in the order they run; always 0."""
    answer(_json() if args.format == "json" else _text())
    return 0


def _text() -> Iterator[str]:
    width = max((len(rule.id) for rule in RULES), default=0)
    for rule in RULES:
        yield f"{rule.id:{width}}  {rule.severity.value:7}  {rule.summary}\n"


def _json() -> Iterator[str]:
    rows = [{"id": rule.id, "severity": rule.severity.value, "summary": rule.summary} for rule in RULES]
    yield json.dumps(rows, indent=2) + "\n"
