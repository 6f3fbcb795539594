"""``getput suppress``: note that a finding is none, and why."""

from __future__ import annotations

import argparse
import datetime
import json
import re
from pathlib import Path
from typing import Any

from getput.cli import UsageError, options
from getput.cli.catalogue import known
from getput.cli.output import answer
from getput.verdict.suppress import DAY, BadSuppressionsError, Suppression, add, read

FINGERPRINT = re.compile(r"[0-9a-f]{16}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``suppress``."""
    parser.add_argument(
        "fingerprint",
        metavar="FINGERPRINT",
        help="of the finding, as `getput check --show-fingerprints` or JSON says it",
    )
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why it is none, or why it stays")
    parser.add_argument(
        "--expires", type=_day, metavar="DATE", help="the last day on which this holds, like 2027-01-31"
    )
    about = parser.add_argument_group(
        "which finding it is", "With these getput can say when the entry has become of no use."
    )
    about.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="an answer as JSON that has the finding"
    )
    about.add_argument("--rule", dest="of_rule", metavar="ID", help="its rule")
    about.add_argument("--file", metavar="PATH", help="its file, from the root of the tree")
    about.add_argument("--function", metavar="NAME", help="its function")
    parser.add_argument(
        "--tree", type=Path, metavar="DIR", help="the sources (default: the git work tree around the current folder)"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: .getput.toml at the top of the tree)"
    )
    options.add_suppressions(parser)
    parser.set_defaults(rule=[], no_rule=[], min_confidence=None)


def run(args: argparse.Namespace) -> int:
    """Append an entry, and say where; 0.  Raises UsageError where it would be of no use, or the file cannot be written."""
    if not FINGERPRINT.fullmatch(args.fingerprint):
        raise UsageError(f"{args.fingerprint}: a fingerprint is 16 hexadecimal digits")
    if not args.reason.strip():
        raise UsageError("--reason: say why")
    today = datetime.datetime.now(datetime.UTC).date()
    if args.expires is not None and args.expires < today:
        raise UsageError(f"--expires: {args.expires} is past")
    if args.of_rule is not None:
        known(args.of_rule)
    tree = options.tree_of(args)
    file = options.suppressions_file(args.suppressions, options.settings(args, tree), tree)
    if file is None:
        raise UsageError(f"{tree} is no git repository: name the file with --suppressions")
    about = _found(args.source, args.fingerprint) if args.source is not None else {}
    one = Suppression(
        args.fingerprint,
        args.reason.strip(),
        args.expires,
        args.of_rule or about.get("rule"),
        args.file or about.get("file"),
        args.function or about.get("function"),
    )
    try:
        if file.exists():
            for other in read(file):
                if other.fingerprint == one.fingerprint and other.holds(today):
                    raise UsageError(f"{file}: {one.fingerprint} is suppressed already: {other.reason}")
        add(file, one)
    except BadSuppressionsError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    answer([f"{file}: {one.title}\n"])
    return 0


def _day(text: str) -> datetime.date:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not {DAY}")
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not {DAY}: {error}") from error


def _found(source: Path, fingerprint: str) -> dict[str, Any]:
    """The finding with this *fingerprint* in the answer, or the lines of answers, in the file *source*."""
    try:
        text = source.read_text(encoding="utf-8")
        try:
            answers = [json.loads(text)]
        except ValueError:
            answers = [json.loads(line) for line in text.splitlines()]
        every = [finding for one in answers for key in ("findings", "suppressed") for finding in one.get(key, ())]
        found = [finding for finding in every if finding["fingerprint"] == fingerprint]
    except OSError as error:
        raise UsageError(f"--from: {source}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"--from: {source}: no answer of getput's in JSON") from error
    if not found:
        raise UsageError(f"--from: {source}: has no finding {fingerprint}")
    first: dict[str, Any] = found[0]
    return first
