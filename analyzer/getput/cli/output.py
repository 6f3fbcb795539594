"""Writing: answers to standard output, messages to standard error, and what happens when nobody reads them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress

from getput.cli import OutputClosedError, UsageError
from getput.report.escape import printable


def answer(pieces: Iterable[str], *, raw: bool = False) -> None:
    """Write *pieces*, each as soon as it is there; *raw* ones as UTF-8, with the bytes that are none as they came.

    Raises OutputClosedError where the reader left, UsageError where standard output cannot be written to.
    """
    if sys.stdout is None:
        raise UsageError("standard output is closed")
    for piece in pieces:
        try:
            if raw:
                sys.stdout.buffer.write(piece.encode("utf-8", "surrogateescape"))
            else:
                sys.stdout.write(piece)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise OutputClosedError from error
        except OSError as error:
            raise UsageError(f"standard output: {error.strerror}") from error


def message(text: str) -> None:
    """Write one line to standard error, as far as there is one."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"getput: {printable(text)}\n")
            sys.stderr.flush()


def aside(lines: Iterable[str]) -> None:
    """Write lines that are no messages to standard error, as far as there is one."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))
            sys.stderr.flush()


def colored(wanted: bool) -> bool:
    """Whether to color standard output: *wanted*, on a terminal that can, without NO_COLOR (https://no-color.org)."""
    terminal = sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return wanted and terminal and not os.environ.get("NO_COLOR")


def width() -> int:
    """How many characters a line of standard output may have: what COLUMNS says, or the terminal; 0, for any number, where it is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return 0
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    with suppress(OSError):
        return os.get_terminal_size(sys.stdout.fileno()).columns
    return 0


def finish() -> None:
    """Write out what is still in buffers.  What nobody takes goes nowhere, or Python would try again, and complain."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None or stream.closed:
            continue
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
