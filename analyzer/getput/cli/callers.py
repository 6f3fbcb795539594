"""``getput callers``: who calls a function or a macro, as the index of the tree knows."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from getput import __version__
from getput.cli import UsageError, options
from getput.cli.output import answer
from getput.config import Settings
from getput.index.callers import Caller, Defined, Group, callers, how_many
from getput.report.escape import printable
from getput.spelling import meant
from getput.verdict.current import NONE, OUTDATED, Current

SCHEMA = 1
SAID = {"call": "{}", "macro": "#define {}", "pointer": ".{}"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``callers``."""
    parser.add_argument("name", metavar="NAME", help="a function or a macro")
    options.add_tree(parser)
    parser.add_argument("--format", choices=["text", "json"], default="text", help="json: one object (default: text)")


def run(args: argparse.Namespace) -> int:
    """Print the callers; 0.  Raises UsageError where the tree has no index, or knows nothing of the name."""
    from getput.cli.indexing import brought_up_to_date

    tree = options.tree_of(args)
    settings = options.settings(args, tree)
    demand_index(tree, settings)
    store, _ = brought_up_to_date(tree, settings, args.jobs, show=not args.quiet)
    groups = callers(store, tree, args.name)
    store.close()
    if not groups:
        from getput.ownership.apis import load

        hint = meant(args.name, load(settings.tables).proofs, cutoff=0.7)
        raise UsageError(f"no file of {tree} defines or calls {args.name}{hint}")
    answer(_json(args.name, groups) if args.format == "json" else _text(args.name, groups, args.quiet))
    return 0


def demand_index(tree: Path, settings: Settings) -> Current:
    """The index of *tree*.  Raises UsageError, which says how to make one, where there is none that fits."""
    current = Current(tree, settings)
    how = f"getput index --tree {tree}"
    if current.state == NONE:
        raise UsageError(f"{tree} has no index; make one with `{how}`")
    if current.state == OUTDATED:
        raise UsageError(
            f"the index of {tree} was made by another getput or with other tables, or is not finished; renew it with `{how}`"
        )
    return current


def _text(name: str, groups: Sequence[Group], quiet: bool) -> Iterator[str]:
    """A paragraph for each meaning of the name."""
    for number, group in enumerate(groups):
        meant = " or ".join(_meaning(one) for one in group.defined) or "not defined in this tree"
        yield "\n" * bool(number) + printable(f"{name}: {meant}") + "\n"
        for caller in group.callers:
            yield printable(f"  {caller.path}:{caller.line} {SAID[caller.how].format(caller.name)}") + "\n"
        if not group.callers:
            yield "  nobody\n"
    if not quiet:
        count = how_many(groups)
        yield f"{count} place{'s' * (count != 1)}\n"


def _meaning(one: Defined) -> str:
    """A definition in words."""
    what = one.kind if one.kind == "macro" else f"{'static' if one.static else 'global'} {one.kind}"
    return f"{what}, {one.path}:{one.line}"


def _json(name: str, groups: Sequence[Group]) -> Iterator[str]:
    """The same as one object."""
    rows = [
        {"definitions": [_definition(one) for one in group.defined], "callers": [_caller(one) for one in group.callers]}
        for group in groups
    ]
    yield json.dumps({"schema": SCHEMA, "getput": __version__, "name": name, "groups": rows}, indent=2) + "\n"


def _definition(one: Defined) -> dict[str, Any]:
    return {"file": one.path, "line": one.line, "kind": one.kind, "static": one.static}


def _caller(one: Caller) -> dict[str, Any]:
    return {"file": one.path, "line": one.line, "name": one.name, "how": one.how}
