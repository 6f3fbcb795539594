"""A baseline: the findings that somebody has seen, by fingerprint, so that only others are said."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from getput.model import Finding
from getput.pattern import pattern
from getput.untrusted import text as text_of

SCHEMA = 1
BLANK = pattern(r"\s*")


class BadBaselineError(Exception):
    """A file that is no baseline; the message names it."""


def read(path: Path) -> frozenset[str]:
    """The fingerprints in the file at *path*: an answer of getput's as JSON or JSON lines, or what :func:`write` wrote.

    Raises BadBaselineError.
    """
    try:
        text = text_of(path)
    except OSError as error:
        raise BadBaselineError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadBaselineError(f"{path}: not JSON: {error}") from error
    decoder = json.JSONDecoder()
    out: set[str] = set()
    at = _next(text, 0)
    try:
        while at < len(text):
            answer, end = decoder.raw_decode(text, at)
            at = _next(text, end)
            out.update(finding["fingerprint"] for finding in answer["findings"])
    except (ValueError, RecursionError) as error:
        raise BadBaselineError(f"{path}: not JSON: {error}") from error
    except (KeyError, TypeError):
        raise BadBaselineError(f"{path}: no baseline: an answer of getput's has 'findings' with fingerprints") from None
    return frozenset(out)


def _next(text: str, at: int) -> int:
    """Where the next object begins."""
    blank = BLANK.match(text, at)
    return at if blank is None else blank.end()


def write(path: Path, findings: Iterable[Finding]) -> int:
    """Make a baseline of *findings* at *path*; how many there are in it.  Raises OSError."""
    rows = {
        one.fingerprint: {
            "fingerprint": one.fingerprint,
            "rule": one.rule,
            "file": one.file,
            "function": one.function,
            "object": one.object,
        }
        for one in findings
    }
    ordered = sorted(rows.values(), key=lambda row: (row["file"], row["function"], row["rule"], row["fingerprint"]))
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_text(json.dumps({"schema": SCHEMA, "findings": ordered}, indent=1) + "\n", encoding="ascii")
    new.replace(path)
    return len(ordered)
