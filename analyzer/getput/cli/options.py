"""Options that several commands share, and what they settle."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from getput.cli import UsageError
from getput.cli.catalogue import catalogue, known
from getput.config import FILE_NAME, ConfigError, FailOn, Said, Settings, load, settled
from getput.model import Confidence, Status
from getput.report import CHECKPATCH, FORMATS, Look

if TYPE_CHECKING:
    from getput.cli.hidden import Hidden
    from getput.cli.statistics import Statistics


def add_tree(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Options of every command that works on a tree; the group they are in."""
    group = parser.add_argument_group("where and how")
    group.add_argument(
        "--tree",
        type=Path,
        metavar="DIR",
        help="the sources (default: the git work tree around the current folder, else the folder)",
    )
    group.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: .getput.toml at the top of the tree)"
    )
    group.add_argument("--jobs", type=_jobs, default=cores(), metavar="N", help="processes (default: the cores)")
    group.add_argument(
        "--timing",
        action="store_true",
        help="say how long it took; otherwise the same input gives the same bytes",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="no line that sums up, no progress")
    parser.set_defaults(rule=[], no_rule=[], min_confidence=None)
    return group


def add_judging(parser: argparse.ArgumentParser, *, standing: bool = False) -> None:
    """Options of every command that judges."""
    add_choosing(parser)
    add_hidden(parser)
    answer = parser.add_argument_group("the answer")
    forms = {name: form for name, form in FORMATS.items() if not (form.changing if standing else form.standing)}
    formats = "; ".join(f"{name}: {form.summary}" for name, form in forms.items())
    answer.add_argument(
        "--format", metavar="NAME", choices=list(forms), default="text", help=formats + " (default: text)"
    )
    answer.add_argument(
        "--no-color",
        action="store_true",
        help="no colors, even on a terminal; NO_COLOR in the environment does the same",
    )
    answer.add_argument(
        "--statistics",
        action="store_true",
        help="tell on standard error how much of each file was judged, and where the time went",
    )
    lines = parser.add_argument_group("of --format checkpatch, as checkpatch.pl has them")
    lines.add_argument("--terse", action="store_true", help="one line a finding; nothing where there is none")
    lines.add_argument("--showfile", action="store_true", help="places in the file instead of the patch")
    lines.add_argument("--show-types", action="store_true", help="name the type of each finding")
    lines.add_argument("--no-summary", action="store_true", help="no line that counts")
    if not standing:
        answer.add_argument("--url", default="", help="b4, patchwork: where the whole answer can be read")
    add_tree(parser).add_argument(
        "--no-index", dest="index", action="store_false", help="do not use an index of the tree, nor make one"
    )


def add_choosing(parser: argparse.ArgumentParser) -> None:
    """Options that choose among the findings."""
    which = parser.add_argument_group("which findings")
    which.add_argument("--rule", action="append", default=[], metavar="ID", help="run only this rule; may be repeated")
    which.add_argument(
        "--no-rule", action="append", default=[], metavar="ID", help="leave this rule out; may be repeated"
    )
    which.add_argument(
        "--min-confidence",
        choices=[level.value for level in Confidence],
        help="leave out what is less sure (default: medium)",
    )


def add_hidden(parser: argparse.ArgumentParser) -> None:
    """Options about findings that the user does not want to hear of."""
    group = parser.add_argument_group("what is known already")
    add_suppressions(group)
    group.add_argument(
        "--show-suppressed", action="store_true", help="text: list what is suppressed too, with the reason"
    )
    group.add_argument(
        "--show-fingerprints",
        action="store_true",
        help="text: the fingerprint of each finding, as `getput suppress` takes it",
    )
    group.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="leave out what FILE holds: an answer as JSON, or a written baseline",
    )
    group.add_argument(
        "--write-baseline",
        type=Path,
        metavar="FILE",
        help="make FILE a baseline of everything that is found in this run",
    )


def add_suppressions(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """The option that names the file of suppressions."""
    parser.add_argument(
        "--suppressions",
        type=Path,
        metavar="FILE",
        help="suppressed findings (default: as configured, else getput/suppressions.toml in the folder .git)",
    )


def suppressions_file(said: Path | None, settings: Settings, tree: Path) -> Path | None:
    """The file of suppressions: the one that was *said*, or is configured, or the repository's own; None where there is no repository.
    It need not exist."""
    if said is not None or settings.suppressions is not None:
        return said or settings.suppressions
    from getput.patch.gitdir import git_folders

    folders = git_folders(tree)
    return None if folders is None else folders.common / "getput" / "suppressions.toml"


def hidden(args: argparse.Namespace, tree: Path, settings: Settings, statuses: Collection[Status]) -> Hidden | None:
    """What of the answers is not to be said; None where that is nothing, and no baseline to be written either.

    Raises UsageError where a file of suppressions or a baseline cannot be read.
    """
    file = suppressions_file(args.suppressions, settings, tree)
    if file is not None and not file.exists():
        if args.suppressions is not None:
            raise UsageError(f"--suppressions: no file {file}")
        file = None
    if file is None and args.write_baseline is None and (args.baseline or settings.baseline) is None:
        return None
    from getput.cli.hidden import Hidden

    return Hidden(args, file, settings, statuses)


UNFIXED = frozenset(
    {"text", "table", "checkpatch", "b4", "github", "gitlab", "patchwork", "junit", "facts"}
)  # formats that show a fix only where one is asked for


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
        below = _of_git(tree)
        said = load(args.config, tree, below)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    catalogue()
    of_git = set() if not below else set(settled(below).named_rules)
    for ident in said.named_rules:
        try:
            known(ident)
        except UsageError as error:
            where = "git config: getput" if ident in of_git else f"{args.config or tree / FILE_NAME}: rules"
            raise UsageError(f"{where}: {error}") from error
    if said.tables:
        _read_once(said.tables)
    for ident in (*args.rule, *args.no_rule):
        known(ident)
    return _on_top(said, args)


def _on_top(said: Settings, args: argparse.Namespace) -> Settings:
    """What the command line says, which nothing that is *said* of some files or rules can take back."""
    only, without = frozenset(args.rule), frozenset(args.no_rule)
    parts = said.parts
    if only or without:
        parts = tuple(
            replace(part, enable=part.enable & only if only else part.enable - without, disable=part.disable - only)
            for part in parts
        )
    if args.min_confidence:
        parts = tuple(replace(part, least={}) for part in parts)
    return replace(
        said,
        enable=only or said.enable,
        disable=(said.disable - only) | without,
        least={} if args.min_confidence else said.least,
        min_confidence=Confidence(args.min_confidence) if args.min_confidence else said.min_confidence,
        fail_on=FailOn(args.fail_on) if getattr(args, "fail_on", None) else said.fail_on,
        parts=parts,
    )


def _of_git(tree: Path) -> list[Said]:
    """What git's configuration says in *tree*; git is asked only where it can say something.  Raises ConfigError."""
    from getput.patch.gitdir import may_say

    if not may_say(tree):
        return []
    from getput.config import git
    from getput.patch.git import Repository
    from getput.patch.gitprocess import GitError

    try:
        said = git.read(Repository(tree).config("getput"), tree)
    except GitError as error:
        raise ConfigError(f"git config: {error}") from error
    return [said]


def _read_once(tables: tuple[Path, ...]) -> None:
    """Say what is wrong with the user's own tables before any process needs them."""
    from getput.ownership.apis import BadTableError
    from getput.ownership.apis import load as load_tables

    try:
        load_tables(tables)
    except (BadTableError, OSError) as error:
        raise UsageError(str(error)) from error


def statistics(args: argparse.Namespace) -> Statistics | None:
    """Where the figures of this run are gathered, if they are asked for."""
    if not args.statistics:
        return None
    from getput.cli.statistics import Statistics

    return Statistics()


def look(args: argparse.Namespace) -> Look:
    """How the answer is to look on this standard output.  Raises UsageError where the format leaves no such choice."""
    from getput.cli.output import colored, width

    form = FORMATS[args.format]
    asked = {name: value for name in (*CHECKPATCH, "url") if (value := getattr(args, name, None))}
    for name in sorted(asked.keys() - form.looks):
        raise UsageError(f"--{name.replace('_', '-')} says nothing to --format {args.format}")
    return Look(
        color=colored(not args.no_color),
        width=width(),
        quiet=args.quiet,
        suppressed=args.show_suppressed,
        fingerprints=args.show_fingerprints,
        **asked,
    )


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
