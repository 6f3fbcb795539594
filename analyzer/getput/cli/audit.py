"""``getput audit``: judge many patches in one go, and keep the answers."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from getput.cli import INTERRUPTED, UsageError, options, output
from getput.cli.check import OK, UNJUDGED, statuses
from getput.cli.jobs import in_order
from getput.cli.progress import paced
from getput.model import Status

if TYPE_CHECKING:
    from getput.fleet.local import Batches
    from getput.fleet.sources import Source
    from getput.fleet.store import Results
    from getput.fleet.tasks import Judged
    from getput.fleet.world import World

EPILOG = """\
examples:
  getput audit netdev.mbox maildir/ --out year.sqlite     patches of mboxes, maildirs, folders of mails
  getput audit lkml/git/*.git --out lkml.sqlite           an archive of public-inbox
  getput audit v6.12..v6.13 --tree linux --out r.sqlite   every commit against its parent; nothing is checked out
  getput audit --out r.sqlite --format html > r.html      the report once more
  getput audit all/ --cluster tcp://10.0.0.1:8786 --out r.sqlite

Stopped at any moment, the same command goes on where it was.
exit status: 0, 2 where nothing could be read or judged, 130 where it was interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``audit``."""
    parser.usage, parser.epilog = "getput audit [OPTION]... [SOURCE]... --out RESULTS", EPILOG
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="PATH",
        help="an mbox, a maildir, a folder of mails, a git archive of public-inbox, or a git range of the tree (none: only report)",
    )
    what = parser.add_argument_group("what comes of it")
    what.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the results, an SQLite file; what is in it is not judged again",
    )
    what.add_argument("--jsonl", type=Path, metavar="FILE", help="write the results as JSON, a line a patch, too")
    what.add_argument(
        "--parquet", type=Path, metavar="FILE", help="write them as Parquet, too (pip install getput[parquet])"
    )
    what.add_argument(
        "--format", choices=["text", "html"], default="text", help="the report at the end (default: text)"
    )
    what.add_argument(
        "--show",
        type=statuses,
        default=frozenset({Status.INTRODUCED}),
        metavar="LIST",
        help="which findings are kept: introduced (default), fixed, existing, or all",
    )
    options.add_choosing(parser)
    group = options.add_tree(parser)
    group.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="judge on the workers of a Dask scheduler (tcp://HOST:PORT), or local: of one that is started here (pip install getput[cluster])",
    )
    group.add_argument("--no-index", dest="index", action="store_false", help="do not use an index of the tree")


def run(args: argparse.Namespace) -> int:
    """Read, judge, export, report."""
    import sqlite3

    from getput.fleet.store import Results, ResultsError, held

    try:
        if not args.sources:
            if not args.out.is_file():
                raise UsageError(f"--out: no results in {args.out}, and no source to read")
            with closing(Results(args.out, write=False)) as results:
                _report(args, results)
                return OK
        with held(args.out) as mine:
            if not mine:
                raise UsageError(f"--out: another getput audit is writing {args.out}")
            with closing(Results(args.out)) as results:
                return _audited(args, results)
    except (OSError, ResultsError) as error:
        raise UsageError(f"--out: {error}") from error
    except sqlite3.Error as error:
        raise UsageError(f"--out: {args.out}: {error}") from error


def _audited(args: argparse.Namespace, results: Results) -> int:
    tree = options.tree_of(args)
    settings = options.settings(args, tree)
    sources = _sources(args, tree)
    read: list[int] = []
    try:
        bad = _read(args, sources, results, read)
        world = _world(args, tree, settings, sources)
        results.arrange(world.identity, world.of_commits, read)
        for every in _judged(args, world, results):
            results.keep(every)
    except KeyboardInterrupt:
        done, total = results.sizes()
        output.message(f"stopped: {done:,} of {total:,} patches are judged; the same command goes on from here")
        return INTERRUPTED
    _report(args, results)
    done, total = results.sizes()
    return UNJUDGED if bad or not total else OK


def _sources(args: argparse.Namespace, tree: Path) -> list[Source]:
    from getput.fleet.sources import SourceError, source_of

    try:
        found = [source for word in args.sources for source in source_of(word, tree)]
    except SourceError as error:
        raise UsageError(str(error)) from error
    return list({source.name: source for source in found}.values())


def _read(args: argparse.Namespace, sources: list[Source], results: Results, read: list[int]) -> bool:
    """Everything that is new in *sources*, whose ids go to *read*; whether one of them cannot be read."""
    from getput.fleet.intake import taken_in
    from getput.fleet.sources import SourceError

    bad = False
    for source in sources:
        try:
            for _ in paced(
                taken_in(source, results), None, f"mails of {source.name} read", not args.quiet, lambda count: count
            ):
                pass
            read.append(results.reading(source.name, source.kind.value).id)
        except SourceError as error:
            output.message(str(error))
            bad = True
    return bad


def _world(args: argparse.Namespace, tree: Path, settings: object, sources: list[Source]) -> World:
    from getput.cli.indexing import brought_up_to_date
    from getput.config import Settings
    from getput.fleet.sources import Kind
    from getput.fleet.world import world_of
    from getput.index.place import place
    from getput.index.scope import Scope

    assert isinstance(settings, Settings)
    mails = any(source.kind is not Kind.RANGE for source in sources)
    index = args.index and mails and place(tree).is_file()
    if index:
        brought_up_to_date(tree, settings, args.jobs, show=not args.quiet, scope=Scope.ALL)[0].close()
    return world_of(tree, settings, args.show, mails=mails, index=index)


def _judged(args: argparse.Namespace, world: World, results: Results) -> Generator[list[Judged], None, None]:
    """What comes of everything that is not judged yet, as it comes."""
    from getput.fleet.local import batches

    waiting = batches(results, results.pending())
    done, total = results.sizes()
    counts = _Counted(done)
    yield from paced(_answers(args, world, waiting), total, "patches", not args.quiet, counts.after, done)


def _answers(args: argparse.Namespace, world: World, waiting: Batches) -> Iterator[list[Judged]]:
    if not args.cluster or not waiting:
        from getput.fleet import local

        yield from local.judged(world, waiting, args.jobs, in_order)
        return
    from getput.fleet import cluster

    try:
        with cluster.connected(args.cluster, args.jobs) as client:
            if client.dashboard_link and not args.quiet:
                output.message(f"the dashboard is at {client.dashboard_link}")
            yield from cluster.judged(client, world, waiting, output.message)
    except cluster.ClusterError as error:
        raise UsageError(f"--cluster: {error}") from error


class _Counted:
    """How many patches are judged."""

    def __init__(self, done: int) -> None:
        self.done = done

    def after(self, every: list[Judged]) -> int:
        """With *every*."""
        self.done += sum(len(one.patches) for one in every)
        return self.done


def _report(args: argparse.Namespace, results: Results) -> None:
    """What was asked for of the results."""
    from getput.fleet import export

    if args.jsonl is not None:
        try:
            export.write_jsonl(results, args.jsonl)
        except OSError as error:
            raise UsageError(f"--jsonl: {args.jsonl}: {error.strerror or error}") from error
    if args.parquet is not None:
        try:
            export.write_parquet(results, args.parquet)
        except ImportError as error:
            raise UsageError("--parquet needs pyarrow: pip install 'getput[parquet]'") from error
        except OSError as error:
            raise UsageError(f"--parquet: {args.parquet}: {error.strerror or error}") from error
    if args.format == "html":
        from getput.fleet.page import html as form
    else:
        from getput.fleet.report import text as form
    output.answer(form(results))
