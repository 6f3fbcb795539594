"""Where indexes live: a folder of the user's, never the tree."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def folder() -> Path:
    """Where indexes live: ``$XDG_CACHE_HOME/getput``, by default ``~/.cache/getput``."""
    said = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(said) if said.startswith("/") else Path.home() / ".cache") / "getput"


def place(tree: Path) -> Path:
    """The file of the index of *tree*; one tree, one file, whatever way leads to it."""
    real = tree.resolve()
    name = hashlib.sha1(os.fsencode(real), usedforsecurity=False).hexdigest()[:16]
    return folder() / f"{real.name or 'root'}-{name}.sqlite"
