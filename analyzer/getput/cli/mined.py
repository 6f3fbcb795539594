"""``getput apis --mined``: pairs that no table knows, as the callers in an indexed tree show them."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from getput.cli import UsageError, options
from getput.cli.callers import demand_index
from getput.index.build import LAST
from getput.index.mining import Pair, mined
from getput.report.escape import printable


def mined_of(args: argparse.Namespace, names: Sequence[str], known: Collection[str]) -> Iterator[str]:
    """A line for each pair, or for those with one of *names*.  Raises UsageError where the tree has no index, or none of them stands in a pair."""
    tree: Path = options.tree_of(args)
    pairs = mined(demand_index(tree, options.settings(args, tree)).store, known, LAST)
    wanted = [pair for pair in pairs if not names or {pair.get, pair.put}.intersection(names)]
    if names and not wanted:
        raise UsageError(f"no pair with {names[0]} in the index of {tree}")
    return map(line, wanted)


def line(pair: Pair) -> str:
    """One pair: its names, the counter, the support, where the get stands."""
    support = f"{pair.both} of {pair.callers} files"
    counter = pair.counter or "?"
    return f"{printable(pair.get):36} {printable(pair.put):36} {counter:12} {support:18} {pair.known:4} {printable(pair.place)}\n"
