"""``getput scan``: judge source as it stands."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from getput.cli import options, output
from getput.cli.check import OK, UNJUDGED
from getput.cli.guard import failed, guarded
from getput.cli.jobs import ProcessDiedError, in_order
from getput.cli.progress import counted
from getput.config import Settings
from getput.index.records import decode
from getput.model import Answer, FileAnswer, Finding, PatchAnswer, Problem, Stats
from getput.patch.series import default_tree
from getput.report import FORMATS
from getput.report.select import unjudged, wanted
from getput.verdict.current import USED, Current
from getput.verdict.judge import Judge
from getput.verdict.survey import TOO_LARGE

BATCH = 8  # files that go to a process at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``scan``."""
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a C file or a folder (default: the tree)")
    options.add_judging(parser)


def run(args: argparse.Namespace) -> int:
    """Judge, print; 0, or 2 where nothing could be judged.  What stands in a tree is never *introduced*."""
    start = time.perf_counter()
    form = FORMATS[args.format]
    args.tree = args.tree or _tree_around(args.paths)
    tree = options.tree_of(args)
    settings = options.settings(args, tree)
    errors: list[Problem] = []
    indexed = _below(args.paths, tree) if args.index else None
    if indexed is not None and (not args.paths or "" in indexed or Current(tree, settings).state == USED):
        answer = _from_index(tree, settings, indexed, args)
    else:
        files = Judge.sources(args.paths or [tree], errors)
        batches = [tuple(files[start : start + BATCH]) for start in range(0, len(files), BATCH)]
        parts = in_order(_start, (tree, settings), _scan, batches, args.jobs, _died)
        parts = counted(parts, len(batches), f"batches of {BATCH} files", not args.quiet)
        answer = merged(_name(args.paths or [tree]), parts, errors)
    answer = wanted(answer, settings)
    elapsed = round((time.perf_counter() - start) * 1000) if args.timing else 0
    answer = replace(answer, stats=replace(answer.stats, elapsed_ms=elapsed))
    if not form.carries_errors:
        for error in answer.errors:
            output.message(f"{error.where}: {error.message}")
    output.answer(form.render([answer], options.look(args)))
    return UNJUDGED if unjudged(answer) else OK


class _Worker:
    """What one process keeps between batches."""

    judge: Judge


def _start(tree: Path, settings: Settings) -> None:
    _Worker.judge = Judge(tree, settings)


def _scan(batch: Sequence[Path]) -> Answer:
    return merged("", [guarded(str(file), partial(_Worker.judge.scan, [file])) for file in batch])


def _died(batch: Sequence[Path], error: ProcessDiedError) -> Answer:
    return merged("", [failed(str(file), str(error)) for file in batch])


def merged(name: str, parts: Iterable[Answer], errors: Sequence[Problem] = ()) -> Answer:
    """One answer out of those to parts of a tree; *errors* are those met before there were parts."""
    answers = list(parts)
    stats = [part.stats for part in answers]
    files = tuple(file for part in answers for patch in part.patches for file in patch.files)
    return Answer(
        input=name,
        patches=(PatchAnswer(subject="", message_id=None, commit=None, applied=None, files=files),),
        findings=tuple(finding for part in answers for finding in part.findings),
        errors=(*errors, *(error for part in answers for error in part.errors)),
        stats=Stats(
            functions=sum(part.functions for part in stats),
            unparsed=sum(part.unparsed for part in stats),
            bounded=sum(part.bounded for part in stats),
        ),
    )


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


def _from_index(tree: Path, settings: Settings, paths: Sequence[str], args: argparse.Namespace) -> Answer:
    """What stands in *paths*, as the index knows it once it was brought up to date."""
    from getput.cli.indexing import brought_up_to_date

    store, _ = brought_up_to_date(tree, settings, args.jobs, show=not args.quiet)
    files: list[FileAnswer] = []
    findings: list[Finding] = []
    errors: list[Problem] = []
    folders = tuple(f"{path}/" for path in paths)
    functions = unparsed = bounded = 0
    for path, raw in store.records():
        if paths and "" not in paths and path not in paths and not path.startswith(folders):
            continue
        record = decode(raw)
        functions += record.functions
        files.append(FileAnswer(path, "analysed"))
        if record.problem:
            files[-1] = FileAnswer(path, "skipped" if record.problem == TOO_LARGE else "failed", record.problem)
            if record.problem != TOO_LARGE:
                errors.append(Problem(path, record.problem))
        findings += record.findings
        for one in record.told:
            findings += one.findings
            unparsed += one.unparsed
            bounded += one.bounded
    store.close()
    patch = PatchAnswer(subject="", message_id=None, commit=None, applied=None, files=tuple(files))
    stats = Stats(functions, unparsed, bounded, index=USED)
    return Answer(_name(args.paths or [tree]), (patch,), tuple(findings), tuple(errors), stats)


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
