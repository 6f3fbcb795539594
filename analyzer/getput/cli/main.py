"""``getput``: finds the command, and turns what it could not do into an exit status.

Everything but argparse is imported by the command that needs it: ``getput --version`` and a git hook start at once.
"""

from __future__ import annotations

import gc
import io
import sys
import time
from collections.abc import Sequence
from importlib import import_module

from getput import __version__
from getput.cli import INTERRUPTED, OutputClosedError, UsageError
from getput.cli.output import finish, message
from getput.cli.parser import Parser

COMMANDS = {
    "check": "judge patches: which reference-count bugs do they introduce?",
    "scan": "judge source as it stands: files, folders, or a whole tree",
    "audit": "judge many patches in one go, and keep the answers",
    "fix": "write what mends the bugs that patches introduce, as one patch",
    "index": "build or refresh the summaries of a tree, which check and scan then use",
    "suppress": "note that a finding is none, and why: it is not said again",
    "hook": "run getput before every commit, or before every push",
    "lsp": "a language server: judges what is being edited, against HEAD",
    "serve": "an HTTP endpoint for bots: judges what is posted to it",
    "completion": "what a shell needs to complete commands, options and rules",
    "show": "what the engine saw of a function: masked text, instructions, graph, counts",
    "explain": "what a rule means, why it matters, how to silence it",
    "rules": "list the rules",
    "apis": "what getput knows of an API, and from where",
    "callers": "who calls a function or a macro, as the index of the tree knows",
}
USAGE = 2
STARTED = time.perf_counter()
PIPE_CLOSED = 141  # the same of SIGPIPE

EPILOG = """\
examples:
  getput check 0001-my.patch           a patch, or an mbox with a series; - for standard input
  getput check v6.12..topic            a revision, or a range
  getput check --staged                what is about to be committed
  getput scan drivers/of               what stands in a tree already
  getput explain leak-on-error         what a finding means
  getput hook install                  judge every commit from now on

exit status:
  0  nothing introduced
  1  something introduced at or above --fail-on
  2  wrong usage, or nothing of the input could be judged
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that *argv* (default: the process's) asks for; the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = parser_of(words).parse_all(words)
    args.started = STARTED
    try:
        return int(import_module(f"getput.cli.{args.command}").run(args))
    except UsageError as error:
        message(f"{args.command}: {error}")
        return USAGE
    except OutputClosedError:
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED


def entry() -> None:
    """The process's own entry: no output, whatever bytes are in it, can fail to be encoded, and a fault of getput's own
    does not end in Python's exit status for one, 1, which would say that the patch introduces something."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    gc.set_threshold(50_000, 20, 50)  # what a run makes is seldom garbage in circles: looked for less often
    status: int | str | None
    try:
        status = main()
    except SystemExit as left:  # how argparse ends: --help, --version, wrong usage
        status = left.code
    except KeyboardInterrupt:  # while modules were loaded
        status = INTERRUPTED
    except Exception:  # noqa: BLE001 -- shown in full, and nothing goes on after it
        import traceback

        traceback.print_exc()
        status = USAGE
    finish()
    gc.freeze()  # or the interpreter would look through everything for garbage in circles, before it throws all away
    sys.exit(status)


def parser_of(words: Sequence[str]) -> Parser:
    """The parser of the command line; only the commands that *words* mention are imported and get their options."""
    parser = Parser(
        prog="getput", description="Says which reference-count bugs a Linux kernel patch introduces.", epilog=EPILOG
    )
    parser.add_argument("--version", action="version", version=f"getput {__version__}")
    commands = parser.add_subparsers(prog="getput", dest="command", metavar="COMMAND", required=True, title="commands")
    for name, summary in COMMANDS.items():
        said = summary[0].upper() + summary[1:] + ("" if summary.endswith("?") else ".")
        command = commands.add_parser(name, help=summary, description=said)
        if name in words:
            import_module(f"getput.cli.{name}").add_arguments(command)
    return parser
