"""``getput hook``: run getput before every commit, or before every push."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from getput.cli import UsageError, hooking
from getput.cli.output import answer, message

EPILOG = """\
examples:
  getput hook install                    judge what is staged before each commit
  getput hook install --type pre-push    judge the commits that a push brings
  getput hook status
  getput hook uninstall                  what was there before comes back
  git commit --no-verify                 commit without the hook, once
"""
JUDGING = ("--quiet", "--show-fingerprints")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``hook``."""
    parser.epilog = EPILOG
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, summary in (
        ("install", "put the hook where git looks for it; a hook that is there keeps running, before getput"),
        ("uninstall", "take it out, and put back what was there"),
        ("status", "which hooks there are"),
    ):
        one = what.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        one.add_argument("--tree", type=Path, metavar="DIR", help="the work tree (default: that of the current folder)")
        one.add_argument(
            "--type",
            dest="kind",
            choices=hooking.KINDS,
            help=f"which hook (default: {'both' if name == 'status' else 'pre-commit'})",
        )
        if name == "uninstall":
            one.add_argument("--force", action="store_true", help="even if somebody has edited it")
    one = what.add_parser("run", help="what the hook itself calls")
    one.add_argument("kind", choices=hooking.KINDS)
    one.add_argument("words", nargs="*", metavar="WORD", help="what git told the hook: the remote and its URL")


def run(args: argparse.Namespace) -> int:
    """Install, uninstall, describe or run; the exit status.  Raises UsageError where there is no repository."""
    if args.what == "run":
        return _commit() if args.kind == "pre-commit" else _push(args.words)
    tree = args.tree or Path.cwd()
    if not tree.is_dir():
        raise UsageError(f"--tree: no folder {tree}")
    if args.what == "status":
        kinds = [args.kind] if args.kind else hooking.KINDS
        answer(hooking.status(hooking.hook_of(tree, kind)) + "\n" for kind in kinds)
        return 0
    hook = hooking.hook_of(tree, args.kind or "pre-commit")
    said = hooking.install(hook) if args.what == "install" else hooking.uninstall(hook, args.force)
    answer(line + "\n" for line in said)
    return 0


def _commit() -> int:
    """Judge what is staged; a merge is not the work of whoever commits it."""
    from getput.cli.main import main
    from getput.patch.gitdir import git_folders

    folders = git_folders(Path.cwd())
    if folders is not None and (folders.own / "MERGE_HEAD").exists():
        return 0
    return _advised(main(["check", "--staged", *JUDGING]), "git commit --no-verify")


def _push(words: list[str]) -> int:
    """Judge what is new to the remote; the worst status of all that is pushed."""
    from getput.cli.main import main

    remote = words[0] if words else ""
    worst = 0
    for inputs, count in hooking.pushed(Path.cwd(), remote, sys.stdin.read().splitlines()):
        if count > hooking.MANY:
            message(f"hook: {count} commits are new to {remote}: too many, so they are not judged")
            continue
        worst = max(worst, main(["check", *JUDGING, *inputs]))
    return _advised(worst, "git push --no-verify")


def _advised(status: int, without: str) -> int:
    """*status*; where something was found, what can be done about it is said."""
    if status == 1:
        message(
            f"hook: `getput suppress FINGERPRINT --reason TEXT` silences a finding, `{without}` goes on without this"
        )
    return status
