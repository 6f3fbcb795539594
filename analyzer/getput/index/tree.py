"""The C files of a tree, with what tells whether one has changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SUFFIXES = (".c", ".h")


class Seen(NamedTuple):
    """One file as the file system shows it: ``size`` in bytes, ``mtime`` in nanoseconds."""

    size: int
    mtime: int


def sources(tree: Path) -> dict[str, Seen]:
    """Every C file below *tree*, by its path from there; hidden folders and links to folders are left out."""
    return dict(_below(os.fspath(tree), ""))


def _below(folder: str, prefix: str) -> Iterator[tuple[str, Seen]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return  # gone, or not ours to read
    for entry in entries:
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            if name[0] != ".":
                yield from _below(entry.path, f"{prefix}{name}/")
        elif name.endswith(SUFFIXES):
            try:
                if entry.is_file():
                    status = entry.stat()
                    yield prefix + name, Seen(status.st_size, status.st_mtime_ns)
            except OSError:
                continue
