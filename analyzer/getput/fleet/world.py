"""What patches are judged against, and by whom: what decides an answer beside the patch itself.

Two worlds of the same identity give the same answers, wherever their files lie.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from getput.config import Settings
from getput.index.place import folder, place
from getput.index.stamp import stamp_of
from getput.index.tree import sources
from getput.model import Status
from getput.patch.git import repository
from getput.patch.gitprocess import GitError

TREES = "GETPUT_TREES"  # folders with trees, for machines on which they lie elsewhere


class World(msgspec.Struct, frozen=True):
    """``content`` is the digest of the tree's sources, empty where only commits are judged, which bring their own; ``stamp`` is that of getput and its
    tables.  Findings with one of ``statuses`` are kept.  With ``index``, the index of the tree is used, and is taken for true."""

    tree: Path
    settings: Settings
    stamp: str
    content: str
    statuses: frozenset[Status]
    index: bool = False

    @property
    def identity(self) -> str:
        """Equal where the answers to mails are."""
        return self._digest(self.content, "index" if self.index else "")

    @property
    def of_commits(self) -> str:
        """Equal where the answers to commits are, which bring their own trees."""
        return self._digest("commits")

    def _digest(self, *more: str) -> str:
        said = [self.stamp, *more, *sorted(self.statuses), plain(self.settings)]
        return hashlib.sha256("\n".join(said).encode("utf-8", "surrogateescape")).hexdigest()[:40]


def plain(settings: Settings) -> str:
    """Settings as text that is the same for the same settings, without what decides no answer."""
    parts: dict[str, Any] = {name: getattr(settings, name) for name in settings.__struct_fields__}
    for name in ("fail_on", "suppressions", "baseline", "tables"):  # the content of tables is in the stamp
        parts.pop(name)
    return json.dumps(_plain(parts), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(one) for one in value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, (str, int, type(None))) else str(value)


def content_of(tree: Path) -> str:
    """The digest of all C sources of *tree* and of its ``.clang-format``, paths and contents, and the commit that is checked out, whose
    objects may be images of patches, too.

    Remembered in the cache folder for as long as no file's size or time of change is another.
    """
    known = sources(tree)
    names = [*sorted(known), ".clang-format"]
    look = hashlib.sha256()
    for name in names[:-1]:
        look.update(f"{name}\0{known[name].size}\0{known[name].mtime}\n".encode("utf-8", "surrogateescape"))
    with suppress(OSError):
        about = (tree / names[-1]).stat()
        look.update(f"{about.st_size}\0{about.st_mtime_ns}".encode())
    memo = place(tree).with_suffix(".content")
    with suppress(OSError, ValueError):
        seen, content = memo.read_text("ascii").split()
        if seen == look.hexdigest():
            return content + _head(tree)
    content = _digest(tree, names)
    with suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        fresh = memo.with_suffix(f".{os.getpid()}")
        fresh.write_text(f"{look.hexdigest()} {content}\n", "ascii")
        fresh.replace(memo)
    return content + _head(tree)


def _head(tree: Path) -> str:
    """The commit that is checked out; empty where there is no repository."""
    git = repository(tree)
    if git is None:
        return ""
    try:
        return f" of {git.head()}"
    except GitError:
        return " of no commit"


def _digest(tree: Path, names: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        try:
            data = (tree / name).read_bytes()
        except OSError:
            data = b"\0"
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(data).digest())
    return digest.hexdigest()[:40]


def world_of(
    tree: Path, settings: Settings, statuses: frozenset[Status], *, mails: bool = True, index: bool = False
) -> World:
    """The world of *tree* as it is now; without *mails*, its files are of no interest."""
    stamp = stamp_of(settings, Path(os.devnull))  # what the stamp says of the tree is part of its content
    return World(tree, settings, stamp, content_of(tree) if mails else "", statuses, index and mails)
