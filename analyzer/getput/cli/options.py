"""Options that several commands share, and what they settle."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from msgspec.structs import replace

from getput.cli import UsageError
from getput.cli.catalogue import known
from getput.config import FILE_NAME, ConfigError, FailOn, Settings, load
from getput.model import Confidence
from getput.report import FORMATS, Look


def add_tree(parser: argparse.ArgumentParser) -> None:
    """Options of every command that works on a tree."""
    parser.add_argument(
        "--tree",
        type=Path,
        metavar="DIR",
        help="the sources (default: the git work tree around the current folder, else the folder)",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: .getput.toml at the top of the tree)"
    )
    parser.add_argument("--jobs", type=_jobs, default=cores(), metavar="N", help="processes (default: the cores)")
    parser.add_argument(
        "--timing",
        action="store_true",
        help="say how long it took; otherwise the same input gives the same bytes",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no line that sums up, no progress")
    parser.set_defaults(rule=[], no_rule=[], min_confidence=None)


def add_judging(parser: argparse.ArgumentParser, *, standing: bool = False) -> None:
    """Options of every command that judges."""
    add_tree(parser)
    parser.add_argument("--rule", action="append", default=[], metavar="ID", help="run only this rule; may be repeated")
    parser.add_argument(
        "--no-rule", action="append", default=[], metavar="ID", help="leave this rule out; may be repeated"
    )
    parser.add_argument(
        "--min-confidence",
        choices=[level.value for level in Confidence],
        help="leave out what is less sure (default: medium)",
    )
    parser.add_argument(
        "--no-index", dest="index", action="store_false", help="do not use an index of the tree, nor make one"
    )
    forms = {name: form for name, form in FORMATS.items() if standing or not form.standing}
    formats = "; ".join(f"{name}: {form.summary}" for name, form in forms.items())
    parser.add_argument("--format", choices=list(forms), default="text", help=formats + " (default: text)")
    parser.add_argument(
        "--no-color",
        action="store_true",
        help="no colors, even on a terminal; NO_COLOR in the environment does the same",
    )


UNFIXED = frozenset({"text", "table"})  # formats that show a fix only where one is asked for


def add_fixing(parser: argparse.ArgumentParser, default: str) -> None:
    """``--fix`` and ``--no-fix``."""
    parser.add_argument(
        "--fix",
        action=argparse.BooleanOptionalAction,
        default=None,
        help=f"suggest a diff that mends each finding, as far as one holds when it is tried (default: {default})",
    )


def settings(args: argparse.Namespace, tree: Path) -> Settings:
    """The settings of the configuration, with what the command line says on top.

    Raises UsageError where the configuration is broken or a rule is named that does not exist.
    """
    try:
        said = load(args.config, tree)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    for ident in said.named_rules:
        try:
            known(ident)
        except UsageError as error:
            raise UsageError(f"{args.config or tree / FILE_NAME}: rules: {error}") from error
    if said.tables:
        _read_once(said.tables)
    for ident in (*args.rule, *args.no_rule):
        known(ident)
    return replace(
        said,
        enable=frozenset(args.rule) or said.enable,
        disable=(said.disable - frozenset(args.rule)) | frozenset(args.no_rule),
        min_confidence=Confidence(args.min_confidence) if args.min_confidence else said.min_confidence,
        fail_on=FailOn(args.fail_on) if getattr(args, "fail_on", None) else said.fail_on,
    )


def _read_once(tables: tuple[Path, ...]) -> None:
    """Say what is wrong with the user's own tables before any process needs them."""
    from getput.ownership.apis import BadTableError
    from getput.ownership.apis import load as load_tables

    try:
        load_tables(tables)
    except (BadTableError, OSError) as error:
        raise UsageError(str(error)) from error


def look(args: argparse.Namespace) -> Look:
    """How the answer is to look on this standard output."""
    from getput.cli.output import colored

    return Look(color=colored(not args.no_color), quiet=args.quiet)


def tree_of(args: argparse.Namespace) -> Path:
    """The folder that ``--tree`` names, or the default.  Raises UsageError where it cannot be read."""
    from getput.patch.series import default_tree

    tree: Path = args.tree or default_tree(Path.cwd())
    if not tree.is_dir() or not os.access(tree, os.R_OK | os.X_OK):
        raise UsageError(f"--tree: no folder that can be read: {tree}")
    return tree


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _jobs(text: str) -> int:
    jobs = int(text)
    if jobs < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return jobs
