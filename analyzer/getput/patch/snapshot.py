"""The sources as one commit has them, read from git's objects: nothing is checked out."""

from __future__ import annotations

from collections.abc import Iterator

from getput.patch.fit import Text
from getput.patch.git import Repository
from getput.patch.images import MAX_FILE, SOURCES, Tree, UnreadableError

_FOLDER, _FILE = "40000", "100"  # how the modes of folders and of regular files begin


class Snapshot(Tree):
    """The tree of the commit with this full id; each file is read once."""

    def __init__(self, git: Repository, commit: str) -> None:
        super().__init__(None)
        self.git = git
        self.commit = commit
        self._known: dict[str, Text | None] = {}

    def text(self, path: str) -> Text | None:
        """The file at *path*, None where there is none.  Raises UnreadableError."""
        if path not in self._known:
            data = self.data(path)
            if data is not None and len(data) > MAX_FILE:
                raise UnreadableError(f"larger than {MAX_FILE >> 20} MB", skip=True)
            self._known[path] = None if data is None else Text(data)
        return self._known[path]

    def data(self, path: str) -> bytes | None:
        """The content of the file at *path*; None where there is none."""
        found = self.git.stored(self.commit, path)
        return found[1] if found is not None and found[0] == "blob" else None

    def sources(self, folder: str, most: int) -> list[str] | None:
        """The C files in *folder* and below, sorted, as paths from there: those right in it where there are more than *most* below.

        None where there is no such folder.  Hidden folders and links are left out.
        """
        here = self._entries(folder)
        if here is None:
            return None
        right_here = sorted(name for mode, name in here if mode.startswith(_FILE) and name.endswith(SOURCES))
        out: list[str] = []
        for name in self._below(folder):
            out.append(name)
            if len(out) > most:
                return right_here
        return sorted(out)

    def _below(self, folder: str) -> Iterator[str]:
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            for mode, name in self._entries(f"{folder}/{prefix}".strip("/")) or ():
                if mode == _FOLDER and not name.startswith("."):
                    waiting.append(f"{prefix}{name}/")
                elif mode.startswith(_FILE) and name.endswith(SOURCES):
                    yield prefix + name

    def _entries(self, folder: str) -> list[tuple[str, str]] | None:
        """(mode, name) of everything right in *folder*; None where it is none."""
        found = self.git.stored(self.commit, "" if folder == "." else folder)
        if found is None or found[0] != "tree":
            return None
        data, size = found[1], len(self.commit) // 2
        out, at = [], 0
        while (end := data.find(b"\0", at)) > 0:
            mode, _, name = data[at:end].partition(b" ")
            out.append((mode.decode("ascii", "replace"), name.decode("utf-8", "surrogateescape")))
            at = end + 1 + size
        return out
