"""``getput scan``: judge source as it stands."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from getput.cli import INTERRUPTED, UsageError, options, output
from getput.cli.check import OK, UNJUDGED
from getput.cli.interrupt import until_interrupted
from getput.cli.jobs import ProcessDiedError, in_order
from getput.cli.progress import counted
from getput.config import Settings
from getput.index.records import FileRecord, answer_of, decode
from getput.index.scope import Scope, scope_of
from getput.index.tree import sources
from getput.model import Answer, Extra, Problem, Status
from getput.ownership import apis
from getput.ownership.vocabulary import Vocabulary
from getput.patch.series import default_tree
from getput.report import FORMATS, Look
from getput.report.select import unjudged, wanted
from getput.verdict.current import NONE, PARTIAL, USED, Current
from getput.verdict.folder import Folders
from getput.verdict.survey import Alone

EPILOG = """\
examples:
  getput scan drivers/of                     a folder, or a file
  getput scan --format table                 the whole tree, counted
  getput scan --write-baseline known.json    only what is new is to be said from now on:
  getput scan --baseline known.json

exit status: 0, or 2 where nothing could be judged: what stands in a tree is not introduced
"""
BATCH = 8  # files that go to a process at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``scan``."""
    parser.usage, parser.epilog = "getput scan [OPTION]... [PATH]...", EPILOG
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a C file or a folder, as given or below --tree (default: the tree)",
    )
    parser.add_argument("--summary", action="store_true", help="text: what --format table says, below the findings")
    options.add_fixing(parser, "no")
    options.add_judging(parser, standing=True)


def run(args: argparse.Namespace) -> int:
    """Judge, print; 0, or 2 where nothing could be judged.  What stands in a tree is never *introduced*."""
    start = time.perf_counter()
    form = FORMATS[args.format]
    if args.summary and args.format != "text":
        raise UsageError(f"--summary is for --format text, not {args.format}")
    look = options.look(args)
    if args.tree is not None:
        args.paths = [_found(path, args.tree) for path in args.paths]
    args.tree = args.tree or _tree_around(args.paths)
    tree = options.tree_of(args)
    settings = options.settings(args, tree)
    hidden = options.hidden(args, tree, settings, frozenset(Status))
    # What is suppressed may be of any family: that it is gone can be said where all are followed.
    scope = Scope.ALL if hidden is not None and hidden.suppressions.entries else scope_of(settings)
    indexed = _below(args.paths, tree) if args.index else None
    if indexed is not None and (not args.paths or "" in indexed or _knows(tree, settings, scope)):
        try:
            full, interrupted = _from_index(tree, settings, scope, indexed, args)
        except UsageError as unusable:
            output.message(f"{unusable}; each file is judged alone")
            full, interrupted = _alone(tree, settings, scope, args)
    else:
        full, interrupted = _alone(tree, settings, scope, args)
    judged = time.perf_counter()
    answer = wanted(full, settings) if hidden is None else hidden.over(full, wanted(full, settings))
    if args.fix:
        from getput.verdict.standing import with_fixes

        answer = with_fixes(tree, settings, answer)
    if Extra.EXHIBITS in form.needs:
        from getput.cli.exhibits import exhibited

        answer = exhibited(answer, tree, settings, args.jobs, show=not args.quiet)
    elapsed = round((time.perf_counter() - start) * 1000) if args.timing else 0
    spent = (("judge", judged - start), ("select", time.perf_counter() - judged))
    answer = replace(answer, stats=replace(answer.stats, elapsed_ms=elapsed), spent=spent)
    for error in answer.errors if not form.carries_errors else answer.errors[-1:] * interrupted:
        output.message(f"{error.where}: {error.message}")
    output.answer(_pieces(answer, args, look), raw=form.raw)
    statistics = options.statistics(args)
    if statistics is not None:
        statistics.add(answer)
        output.aside(statistics.lines(args.started))
    if hidden is not None and not interrupted:
        for note in () if args.quiet else hidden.notes():
            output.message(note)
        hidden.finish()
    return INTERRUPTED if interrupted else UNJUDGED if unjudged(answer) else OK


# --- with an index ---------------------------------------------------------------------------------------------------


def _below(paths: Sequence[Path], tree: Path) -> tuple[str, ...] | None:
    """*paths* as the index names them ("" is the tree itself); None where one does not exist or lies elsewhere."""
    root = tree.resolve()
    out = []
    for path in paths:
        real = path.resolve()
        if not real.exists() or not real.is_relative_to(root):
            return None
        name = real.relative_to(root).as_posix()
        out.append("" if name == "." else name)
    return tuple(out)


def _knows(tree: Path, settings: Settings, scope: Scope) -> bool:
    """Whether there is an index that knows what is in *scope*: it would not be made for a few files."""
    state = Current(tree, settings).state
    return state == USED or (state == PARTIAL and scope is Scope.PROVEN)


def _from_index(
    tree: Path, settings: Settings, scope: Scope, paths: Sequence[str], args: argparse.Namespace
) -> tuple[Answer, bool]:
    """What of *scope* stands in *paths*, as the index knows it once it was brought up to date; and whether that was interrupted."""
    from getput.cli.indexing import brought_up_to_date

    store, done = brought_up_to_date(tree, settings, args.jobs, show=not args.quiet, scope=scope)
    folders = tuple(f"{path}/" for path in paths)
    records = (
        (path, decode(raw))
        for path, raw in store.records()
        if not paths or "" in paths or path in paths or path.startswith(folders)
    )
    name = _name(args.paths or [tree])
    errors = []
    if done.interrupted:
        judged, known = store.judged()
        left = f", {done.left}" if done.left else ""
        errors.append(Problem(name, f"interrupted: {judged:,} of {known:,} files judged{left}"))
    answer = answer_of(name, _settled(records, tree, settings), errors, USED, scope)
    store.close()
    return answer, done.interrupted


# --- without -----------------------------------------------------------------------------------------------------------


def _alone(tree: Path, settings: Settings, scope: Scope, args: argparse.Namespace) -> tuple[Answer, bool]:
    """What of *scope* stands in the paths that are asked for, as each file tells by itself; and whether that was interrupted."""
    name = _name(args.paths or [tree])
    errors: list[Problem] = []
    files: list[Path] = []
    parts: list[list[tuple[str, FileRecord]]] = []
    interrupted = until_interrupted(_parts(tree, settings, scope, files, errors, args), parts)
    records = [record for part in parts for record in part]
    if interrupted:
        so_far = f"{len(records):,} of {len(files):,} files judged" if files else "no file judged yet"
        errors.append(Problem(name, f"interrupted: {so_far}"))
    return answer_of(name, _settled(records, tree, settings), errors, NONE, scope), interrupted


def _parts(
    tree: Path, settings: Settings, scope: Scope, files: list[Path], errors: list[Problem], args: argparse.Namespace
) -> Generator[list[tuple[str, FileRecord]], None, None]:
    """The records of batches of the files, which are entered in *files* first."""
    files += _sources(args.paths or [tree], errors)
    batches = [tuple(files[start : start + BATCH]) for start in range(0, len(files), BATCH)]
    parts = in_order(_start, (tree, settings, scope), _scan, batches, args.jobs, _died)
    yield from counted(parts, len(batches), f"batches of {BATCH} files", not args.quiet)


def _sources(paths: Sequence[Path], errors: list[Problem]) -> list[Path]:
    """Every C source in *paths*, sorted below each folder."""
    out: list[Path] = []
    for path in paths:
        if path.is_dir():
            out += [path / name for name in sorted(sources(path))]
        elif path.exists():
            out.append(path)
        else:
            errors.append(Problem(str(path), "no such file or folder"))
    return out


class _Worker:
    """What one process keeps between batches."""

    alone: Alone


def _start(tree: Path, settings: Settings, scope: Scope) -> None:
    _Worker.alone = Alone(tree, settings, scope)


def _scan(batch: Sequence[Path]) -> list[tuple[str, FileRecord]]:
    return [_Worker.alone.look(file) for file in batch]


def _died(batch: Sequence[Path], error: ProcessDiedError) -> list[tuple[str, FileRecord]]:
    return [(str(file), FileRecord(problem=str(error))) for file in batch]


# --- both --------------------------------------------------------------------------------------------------------------


def _settled(
    records: Iterable[tuple[str, FileRecord]], tree: Path, settings: Settings
) -> Iterator[tuple[str, FileRecord]]:
    """*records* once the other files of their folders were asked about what is open."""
    folders = None
    for path, record in records:
        if not record.open:
            yield path, record
            continue
        folders = folders or Folders(tree.resolve(), Vocabulary(apis.load(settings.tables)))
        yield path, folders.answered(path, record, settings.least_anywhere)


def _pieces(answer: Answer, args: argparse.Namespace, look: Look) -> Iterator[str]:
    """The answer as it was asked for."""
    yield from FORMATS[args.format].render([answer], look)
    if args.summary:
        yield from ("\n", *FORMATS["table"].render([answer], look._replace(quiet=True))) if answer.findings else ()


def _found(path: Path, tree: Path) -> Path:
    """*path* as it stands, or below *tree* where it is only there."""
    return tree / path if not path.exists() and (tree / path).exists() else path


def _name(paths: Sequence[Path]) -> str:
    return " ".join(map(str, paths))


def _tree_around(paths: Sequence[Path]) -> Path:
    """The tree that holds all of *paths*, by default the current folder's: its git work tree, else a kernel's top."""
    place = Path(os.path.commonpath([path.resolve() for path in paths])) if paths else Path.cwd()
    folder = place if place.is_dir() else place.parent
    tree = default_tree(folder)
    if tree != folder:
        return tree
    return next((above for above in (folder, *folder.parents) if (above / "MAINTAINERS").is_file()), folder)
