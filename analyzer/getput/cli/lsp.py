"""``getput lsp``: a language server, for editors that speak the protocol."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from getput.cli import UsageError, options
from getput.model import Confidence, Status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``lsp``."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: .getput.toml at the top of each tree)"
    )
    parser.add_argument(
        "--min-confidence", choices=[level.value for level in Confidence], help="leave out what is less sure"
    )
    parser.add_argument("--existing", action="store_true", help="show what stood before too, as hints")
    parser.add_argument(
        "--delay",
        type=float,
        default=0.4,
        metavar="SECONDS",
        help="how long typing must rest before it is judged (default: 0.4)",
    )
    options.add_suppressions(parser)
    parser.set_defaults(rule=[], no_rule=[], baseline=None, write_baseline=None)


def run(args: argparse.Namespace) -> int:
    """Serve on standard input and output until the editor leaves; 0.  Raises UsageError where the libraries are missing."""
    missing = [name for name in ("pygls", "lsprotocol") if find_spec(name) is None]
    if missing:
        raise UsageError(f"this needs {' and '.join(missing)}: pip install 'getput[lsp]'")
    from getput.cli.editing import Desk
    from getput.cli.lspserver import serve

    statuses = {Status.INTRODUCED} | ({Status.EXISTING} if args.existing else set())
    serve(Desk(args, frozenset(statuses)), args.delay)
    return 0
