"""The before- and after-image of one touched file, wherever they come from."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec

from getput.patch import fit as fitting
from getput.patch.diff import FileDiff
from getput.patch.fit import Applied, Text
from getput.untrusted import MAX_SOURCE, contents

MAX_FILE = MAX_SOURCE
MAX_LINE = 500_000  # of a fragment, which is put where its hunk says, below blank lines
SOURCES = (".c", ".h")


class FileImages(msgspec.Struct, frozen=True):
    """Both images of one file of a patch.

    ``path`` is the path after the patch, or before it of a deleted file; ``old_path`` the one before it (None of a new
    file).  ``before`` is None of a new file, ``after`` of a deleted one.  ``added`` and ``removed`` are the changed
    lines (1-based) of after- and before-image; ``hunks`` are (before_start, before_count, after_start, after_count),
    1-based, as they lie in the images.  ``whole`` is False where only the hunks are known: the images then hold their
    lines where the patch says they lie, with blank lines around them, and ``fragments`` holds each hunk's (old, new)
    text. ``status`` is "ready", "skipped" or "failed", with a ``reason``.
    """

    path: str
    old_path: str | None
    before: bytes | None = None
    after: bytes | None = None
    added: frozenset[int] = frozenset()
    removed: frozenset[int] = frozenset()
    hunks: tuple[tuple[int, int, int, int], ...] = ()
    whole: bool = True
    fragments: tuple[tuple[bytes, bytes], ...] = ()
    status: str = "ready"
    reason: str | None = None


class UnreadableError(Exception):
    """Why a file of the tree is not read; ``skip`` if it is just too large."""

    def __init__(self, reason: str, skip: bool = False) -> None:
        super().__init__(reason)
        self.skip = skip


def is_source(path: str) -> bool:
    """Whether getput judges files of this name."""
    return path.endswith(SOURCES)


class Tree:
    """The files of a source tree, each read once; a tree of None has no files."""

    def __init__(self, root: Path | None) -> None:
        self.root = None if root is None else os.fspath(root)
        self._real = "" if root is None else os.path.realpath(root)
        self._texts: dict[str, Text | None] = {}

    def text(self, path: str) -> Text | None:
        """The file at *path*, None where there is none.  Raises UnreadableError."""
        if path not in self._texts:
            data = self._read(path)
            self._texts[path] = None if data is None else Text(data)
        return self._texts[path]

    def _read(self, path: str) -> bytes | None:
        if self.root is None:
            return None
        try:
            return contents(Path(self.root, path), within=Path(self._real), limit=MAX_FILE)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.EFBIG:
                raise UnreadableError(str(error.strerror), skip=True) from error
            if error.errno in (errno.EPERM, errno.EINVAL) and error.filename:
                raise UnreadableError(str(error.strerror)) from error
            raise UnreadableError(f"cannot be read: {error.strerror}") from error


def settled(diff: FileDiff) -> FileImages | None:
    """What is plain from the diff alone: a file that is not judged, or whose diff is bad; None for all others."""
    if diff.problem is not None:
        return failed(diff, diff.problem)
    if not is_source(diff.path):
        return skipped(diff, "not C")
    if diff.kind in ("binary", "link"):
        return skipped(diff, "binary" if diff.kind == "binary" else "a symbolic link")
    if not diff.hunks and diff.kind != "deleted":
        return skipped(
            diff,
            {"mode": "only its mode changes", "renamed": "only its name changes"}.get(
                diff.kind, "no change of content"
            ),
        )
    return None


def skipped(diff: FileDiff, reason: str) -> FileImages:
    """A file that is not judged, and why."""
    return FileImages(diff.path, diff.old_path, status="skipped", reason=reason)


def failed(diff: FileDiff, reason: str) -> FileImages:
    """A file that could not be judged, and why."""
    return FileImages(diff.path, diff.old_path, status="failed", reason=reason)


def ready(diff: FileDiff, source: Text, applied: Applied, backward: bool) -> FileImages:
    """Both images, from one of them and the hunks put in or taken out."""
    before, after = (applied.data, source.data) if backward else (source.data, applied.data)
    return FileImages(
        diff.path,
        diff.old_path,
        before,
        None if diff.kind == "deleted" else after,
        applied.added,
        applied.removed,
        applied.hunks,
    )


def complete(diff: FileDiff) -> FileImages:
    """A new or deleted file: the diff holds all of it."""
    new = diff.kind == "new"
    empty = Text(b"")
    found = fitting.fit(empty, diff.hunks, backward=not new)
    if len(diff.hunks) != 1 or not isinstance(found, fitting.Fit):
        return failed(diff, f"{diff.path} is {diff.kind}, but its diff does not hold the whole file")
    applied = fitting.apply(empty, diff.hunks, found, backward=not new)
    images = ready(diff, empty, applied, backward=not new)
    return msgspec.structs.replace(images, before=None) if new else images


def fragments(diff: FileDiff) -> FileImages:
    """Images of the hunks alone, each line where the patch says it lies."""
    sides: list[bytes] = []
    added: list[int] = []
    removed: list[int] = []
    for new in (False, True):
        lines: list[bytes] = []
        for hunk in diff.hunks:
            text = fitting.side(hunk, new)
            start = hunk.new_start if new else hunk.old_start
            start = start if text else start + 1
            if start <= len(lines) or start + len(text) > MAX_LINE:
                return failed(diff, f"hunk {hunk.ordinal} of {diff.path} (line {hunk.line}) cannot lie at line {start}")
            lines += [b""] * (start - 1 - len(lines))
            lines += text
        sides.append(b"\n".join(lines) + b"\n")
    for hunk in diff.hunks:
        old = hunk.old_start - (1 if hunk.old_count else 0)
        new_line = hunk.new_start - (1 if hunk.new_count else 0)
        for tag, _ in hunk.lines:
            old += tag != "+"
            new_line += tag != "-"
            if tag == "-":
                removed.append(old)
            elif tag == "+":
                added.append(new_line)
    pieces = tuple(
        (b"\n".join(fitting.side(hunk, False)) + b"\n", b"\n".join(fitting.side(hunk, True)) + b"\n")
        for hunk in diff.hunks
    )
    ranges = tuple(
        (h.old_start + (not h.old_count), h.old_count, h.new_start + (not h.new_count), h.new_count) for h in diff.hunks
    )
    return FileImages(
        diff.path, diff.old_path, sides[0], sides[1], frozenset(added), frozenset(removed), ranges, False, pieces
    )
