"""``getput show``: what the engine saw of a function."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from getput.cli import UsageError, options
from getput.cli.output import answer, message
from getput.csource.parse import parse_masked
from getput.csource.syntax import FunctionSource
from getput.flow.dot import dot
from getput.flow.graph import graph_of, show_graph
from getput.flow.ir import Function
from getput.flow.show import show
from getput.flow.svg import svg
from getput.ownership.unit import Unit
from getput.patch.series import default_tree
from getput.report.escape import printable
from getput.report.mask import masked_lines
from getput.report.states import states
from getput.verdict.judge import Judge
from getput.verdict.survey import name_in

WHAT = {
    "mask": "the text that the grammar was shown",
    "ir": "the function as instructions",
    "cfg": "its graph",
    "states": "how every counted object stands at every exit, and how the engine got there",
}
Readable = tuple[Function, FunctionSource, str]  # with its title
DRAWINGS = {"dot": dot, "svg": svg}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``show``."""
    parser.add_argument("what", choices=list(WHAT), help="; ".join(f"{name}: {said}" for name, said in WHAT.items()))
    parser.add_argument("place", metavar="FILE:FUNCTION", help="a function of a file, below --tree or as given")
    parser.add_argument(
        "--tree", type=Path, metavar="DIR", help="the sources (default: the git work tree around FILE, else its folder)"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: .getput.toml at the top of the tree)"
    )
    parser.add_argument("--counter", metavar="FAMILY", help="states: only of what the APIs of this family count")
    parser.add_argument("--format", choices=["text", *DRAWINGS], default="text", help="cfg: dot or svg (default: text)")
    parser.set_defaults(rule=[], no_rule=[], min_confidence=None)


def run(args: argparse.Namespace) -> int:
    """Print it, for every function of that name in the file; 0.  Raises UsageError where there is nothing to show."""
    if args.format != "text" and args.what != "cfg":
        raise UsageError(f"--format {args.format} is for cfg: {args.what} is text")
    if args.counter and args.what != "states":
        raise UsageError(f"--counter is for states: {args.what} has nothing counted in it")
    name, _, function = args.place.rpartition(":")
    if not name or not function:
        raise UsageError(f"{args.place}: name a file and a function: FILE:FUNCTION")
    path = _file(Path(name), args.tree)
    args.tree = args.tree or default_tree(path.resolve().parent)
    tree = options.tree_of(args)
    judge = Judge(tree, options.settings(args, tree))
    try:
        unit = judge.unit(path.read_bytes(), name_in(tree.resolve(), path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    answer(printable(line) + "\n" for line in _lines(unit, _named(unit, function), args))
    return 0


def _file(name: Path, tree: Path | None) -> Path:
    """The file called *name*: below *tree* where one is given, else as it stands, else below the current tree."""
    places = [tree / name, name] if tree is not None else [name, default_tree(Path.cwd()) / name]
    for place in places:
        if place.is_dir():
            raise UsageError(f"{place}: a folder, not a file")
        if place.exists():
            return place
    raise UsageError(f"no such file: {name}" + (f" (nor below {tree})" if tree is not None else ""))


def _named(unit: Unit, name: str) -> list[tuple[FunctionSource, str]]:
    """The functions of this name, each with a title that says where it is, and which of how many."""
    found = [source for source in unit.sources if source.name == name]
    if not found:
        from difflib import get_close_matches

        close = get_close_matches(name, sorted(unit.by_name), n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(close)}?" if close else f"it has {len(unit.by_name)} others"
        raise UsageError(f"no function {name} in {unit.path}: {hint}")
    out = []
    for number, source in enumerate(found, 1):
        which = f" ({number} of {len(found)} of this name)" if len(found) > 1 else ""
        out.append((source, f"{unit.path}:{unit.lines.position(source.start)[0]}: {name}{which}"))
    return out


def _lines(unit: Unit, named: Sequence[tuple[FunctionSource, str]], args: argparse.Namespace) -> Iterable[str]:
    """What was asked for, as lines."""
    if args.what == "mask":
        return _mask(unit, named)
    readable = _read(unit, named)
    if args.what == "ir":
        return _apart([title, *show(function).splitlines()] for function, _, title in readable)
    if args.what == "states":
        return _states(unit, readable, args.counter)
    graphs = [graph_of(function, title, lambda at: unit.lines.position(at)[0]) for function, _, title in readable]
    return DRAWINGS[args.format](graphs) if args.format in DRAWINGS else _apart(map(show_graph, graphs))


def _mask(unit: Unit, named: Sequence[tuple[FunctionSource, str]]) -> Iterable[str]:
    parsed = [(title, *parse_masked(unit.text, source, unit.macros)) for source, title in named]
    if not any(masked for _, _, masked in parsed):
        raise UsageError(f"{named[0][1]}: could not be read: too large")
    return _apart(masked_lines(title, unit.text, tree, masked) for title, tree, masked in parsed)


def _states(unit: Unit, readable: Sequence[Readable], family: str | None) -> Iterable[str]:
    counters = {unit.tables.counter_of(family)} if family else set()
    counted = sorted({report.counter for _, source, _ in readable for report in unit.reports(source)})
    if not counters <= set(counted):
        said = f"it counts {', '.join(counted)}" if counted else "nothing is counted in it"
        raise UsageError(f"{readable[0][2]}: no counter {family}: {said}")
    return _apart(list(states(unit, source, title, counters)) for _, source, title in readable)


def _read(unit: Unit, named: Sequence[tuple[FunctionSource, str]]) -> list[Readable]:
    """Those that could be read; what could not, or not all of it, is said.  Raises UsageError where none could be."""
    out: list[Readable] = []
    for source, title in named:
        function = unit.function(source)
        why = unit.failures.get(source.start, "")
        if function is not None:
            out.append((function, source, title))
        if why and (function is not None or len(named) > 1):
            message(f"show: {title}: {why}")
    if not out:
        raise UsageError(f"{named[0][1]}: could not be read: {unit.failures.get(named[0][0].start, '')}")
    return out


def _apart(parts: Iterable[list[str]]) -> Iterator[str]:
    """The lines of all parts, an empty one between two."""
    for number, part in enumerate(parts):
        yield from [""] * bool(number)
        yield from part
