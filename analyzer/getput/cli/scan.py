"""``getput scan``: judge source as it stands."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from getput.cli import INTERRUPTED, UsageError, options, output
from getput.cli.check import OK, UNJUDGED
from getput.cli.guard import failed, guarded
from getput.cli.interrupt import until_interrupted
from getput.cli.jobs import ProcessDiedError, in_order
from getput.cli.progress import counted
from getput.config import Settings
from getput.model import Answer, PatchAnswer, Problem, Stats
from getput.patch.series import default_tree
from getput.report import FORMATS
from getput.report.select import unjudged, wanted
from getput.verdict.judge import Judge

BATCH = 8  # files that go to a process at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``scan``."""
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a C file or a folder (default: the tree)")
    parser.add_argument("--summary", action="store_true", help="text: what --format table says, below the findings")
    options.add_judging(parser, standing=True)


def run(args: argparse.Namespace) -> int:
    """Judge, print; 0, or 2 where nothing could be judged.  What stands in a tree is never *introduced*."""
    start = time.perf_counter()
    form = FORMATS[args.format]
    if args.summary and args.format != "text":
        raise UsageError(f"--summary is for --format text, not {args.format}")
    args.tree = args.tree or _tree_around(args.paths)
    tree = options.tree_of(args)
    settings = options.settings(args, tree)
    errors: list[Problem] = []
    files: list[Path] = []
    parts: list[Answer] = []
    name = _name(args.paths or [tree])
    interrupted = until_interrupted(_parts(args, tree, settings, files, errors), parts)
    answer = merged(name, parts, errors)
    if interrupted:
        so_far = f"{len(answer.patches[0].files):,} of {len(files):,} files judged" if files else "no file judged yet"
        answer = replace(answer, errors=(*answer.errors, Problem(name, f"interrupted: {so_far}")))
    answer = wanted(answer, settings)
    elapsed = round((time.perf_counter() - start) * 1000) if args.timing else 0
    answer = replace(answer, stats=replace(answer.stats, elapsed_ms=elapsed))
    for error in answer.errors if not form.carries_errors else answer.errors[-1:] * interrupted:
        output.message(f"{error.where}: {error.message}")
    output.answer(_pieces(answer, args))
    return INTERRUPTED if interrupted else UNJUDGED if unjudged(answer) else OK


def _parts(
    args: argparse.Namespace, tree: Path, settings: Settings, files: list[Path], errors: list[Problem]
) -> Generator[Answer, None, None]:
    """The answers to batches of the files, which are entered in *files* first."""
    files += Judge.sources(args.paths or [tree], errors)
    batches = [tuple(files[start : start + BATCH]) for start in range(0, len(files), BATCH)]
    parts = in_order(_start, (tree, settings), _scan, batches, args.jobs, _died)
    yield from counted(parts, len(batches), f"batches of {BATCH} files", not args.quiet)


def _pieces(answer: Answer, args: argparse.Namespace) -> Iterator[str]:
    """The answer as it was asked for."""
    look = options.look(args)
    yield from FORMATS[args.format].render([answer], look)
    if args.summary:
        yield from ("\n", *FORMATS["table"].render([answer], look._replace(quiet=True))) if answer.findings else ()


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
