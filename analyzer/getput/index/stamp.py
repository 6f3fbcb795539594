"""What an index depends on beside the sources: getput itself, its tables, and what the user adds to them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from getput import __version__
from getput.config import Settings
from getput_rules.packs import packs


def stamp_of(settings: Settings, tree: Path) -> str:
    """The stamp: equal where the same sources give the same index."""
    parts = [
        __version__,
        *settings.iterators,
        _digest(settings.tables),
        _digest([tree / ".clang-format"]),
        *(_digest(_files(package)) for package in ("getput", "getput_rules")),
        *(f"{pack.origin} {_digest(_files(pack.module))}" for pack in packs()),
    ]
    return hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()


def _files(package: str) -> list[str]:
    """Every module and table of *package*."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return [spec.origin] if spec is not None and spec.origin else []
    found: list[str] = []
    for folder, _, names in os.walk(spec.submodule_search_locations[0]):
        found += [f"{folder}{os.sep}{name}" for name in names if name.endswith((".py", ".toml"))]
    return sorted(found)


def _digest(paths: Sequence[str | Path]) -> str:
    """A digest of the content of *paths*; a file that cannot be read counts as empty."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path in paths:
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 -- hundreds of files at every start: a Path each costs more than the file
                digest.update(file.read())
        except OSError:
            digest.update(b"\0")
        digest.update(b"\0")
    return digest.hexdigest()
