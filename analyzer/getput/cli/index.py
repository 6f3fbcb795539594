"""``getput index``: build or refresh the summaries of a tree, which ``check`` and ``scan`` then use."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from getput.cli import UsageError, options, output
from getput.index.place import place
from getput.index.scope import Scope
from getput.index.stamp import stamp_of
from getput.index.store import UNUSABLE, Store, locked, remove


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``index``."""
    options.add_tree(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="say what there is, and change nothing")
    what.add_argument("--drop", action="store_true", help="delete the index of this tree")


def run(args: argparse.Namespace) -> int:
    """Build, refresh, describe or delete; 0.  Raises UsageError where the index cannot be read or written."""
    tree = options.tree_of(args)
    settings = options.settings(args, tree)
    where = place(tree)
    if args.drop:
        return _drop(where)
    if args.status:
        output.answer(_status(where, stamp_of(settings, tree)))
        return 0
    from getput.cli.indexing import brought_up_to_date

    start = time.perf_counter()
    store, done = brought_up_to_date(tree, settings, args.jobs, show=not args.quiet, scope=Scope.ALL)
    seconds = f", {time.perf_counter() - start:.1f} s" if args.timing else ""
    if not args.quiet:
        files, names = store.sizes()
        looked = f"{done.fresh} files looked at, {done.again} of them again"
        output.answer([f"{files} files, {names} functions that count; {looked}{seconds}\n"])
    store.close()
    return 0


def _status(where: Path, stamp: str) -> list[str]:
    """What there is, in words."""
    if not where.is_file():
        return [f"no index ({where})\n"]
    try:
        store = Store(where, write=False)
        known, settled, tree = store.meta("stamp"), store.meta("settled"), store.meta("tree")
        files, names = store.sizes() if known else (0, 0)
        partial = known == stamp and store.scope is Scope.PROVEN
    except UNUSABLE as error:
        raise UsageError(f"the index cannot be read: {error}") from error
    state = (
        "outdated: made by another getput, or with other tables"
        if known != stamp
        else "complete"
        if settled == "1"
        else "unfinished"
    )
    return [
        f"{where}\n",
        f"  tree       {tree}\n",
        f"  state      {state}\n",
        f"  files      {files}\n",
        f"  functions  {names} that count\n",
        *(
            ["  knows      what a scan shows; `getput index` lets it know what counts of other families, too\n"]
            if partial
            else []
        ),
    ]


def _drop(where: Path) -> int:
    try:
        with locked(where, wait=False) as mine:
            if not mine:
                raise UsageError("another getput is at work on this index")
            remove(where)
    except OSError as error:
        raise UsageError(f"the index cannot be deleted: {error}") from error
    return 0
