"""``getput serve``: judges what is posted to it, for bots."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from getput.cli import UsageError, options
from getput.model import Confidence

EPILOG = """\
examples:
  getput serve --tree ~/linux                                   on http://127.0.0.1:8642
  curl --data-binary @my.patch http://127.0.0.1:8642/check      what it finds, as JSON

There is no TLS and no authentication here: put a proxy in front of it where others can reach it.
"""
NEEDED = ("fastapi", "uvicorn", "prometheus_client")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``serve``."""
    parser.epilog = EPILOG
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8642, help="the port to listen at (default: 8642)")
    bounds = parser.add_argument_group("bounds")
    bounds.add_argument(
        "--workers",
        type=_count,
        default=options.cores(),
        metavar="N",
        help="processes that judge (default: one a core)",
    )
    bounds.add_argument(
        "--waiting", type=_count, default=16, metavar="N", help="requests that may wait for one (default: 16)"
    )
    bounds.add_argument("--max-body", type=_count, default=4, metavar="MB", help="size of a body (default: 4)")
    bounds.add_argument(
        "--time-limit", type=_seconds, default=10.0, metavar="SECONDS", help="for one judgement (default: 10)"
    )
    bounds.add_argument(
        "--max-memory", type=_count, default=2048, metavar="MB", help="address space of a process (default: 2048)"
    )
    options.add_tree(parser).add_argument(
        "--no-index", dest="index", action="store_false", help="do not use an index of the tree, nor make one"
    )
    parser.add_argument(
        "--min-confidence", choices=[level.value for level in Confidence], help="leave out what is less sure"
    )
    parser.set_defaults(rule=[], no_rule=[])


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop; 0.  Raises UsageError where the libraries are missing, or the address cannot be had."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"this needs {' and '.join(missing)}: pip install 'getput[serve]'")
    from getput.cli.serving import Bounds, listen
    from getput.cli.workers import Work

    tree: Path = options.tree_of(args)
    work = Work(tree, options.settings(args, tree), args.index, args.max_memory << 20)
    listen(args.host, args.port, work, Bounds(args.workers, args.waiting, args.max_body << 20, args.time_limit))
    return 0


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 3600:
        raise argparse.ArgumentTypeError("more than 0, less than 3600")
    return seconds
