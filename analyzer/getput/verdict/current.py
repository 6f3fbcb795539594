"""An index as patches use it: it is there or it is not, and where files have changed since, it is made true first."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

from getput.config import Settings
from getput.index.build import LAST, Found, Round, refresh
from getput.index.names import Definition, Names
from getput.index.place import place
from getput.index.scope import Scope
from getput.index.stamp import stamp_of
from getput.index.store import Store, StoreError, locked
from getput.index.tree import sources
from getput.verdict.survey import Worker

NONE, OUTDATED, USED, PARTIAL, STALE = "none", "outdated", "used", "partial", "stale"


class Current:
    """The index of *tree*, if there is one that fits.

    ``state`` is ``none`` (no index), ``outdated`` (made by another getput, or with other tables: not used), ``used``, ``partial`` (used, but
    made by a scan, which follows no more than it shows), or ``stale`` (used, although another process kept it from being made true).  One that
    is *frozen* is taken for true: whoever asks has seen to it.
    """

    def __init__(self, tree: Path, settings: Settings, *, frozen: bool = False) -> None:
        self.tree = tree
        self.frozen = frozen
        self.settings = settings
        self.place = place(tree)
        self.state = NONE
        self.names: Names | None = None
        self.asked: dict[str, bool] = {}
        if not self.place.is_file():
            return
        try:
            self.store = Store(self.place, write=False)
            stamp, generation = self.store.meta("stamp"), self.store.meta("gen")
            if stamp != stamp_of(settings, tree) or generation in (None, "0"):
                self.state = OUTDATED
                return
            scope, proven = self.store.scope, self.store.proven
        except StoreError:
            return
        self.state = USED if scope is Scope.ALL else PARTIAL
        self.names = Names(self.find, LAST, proven)

    def behind(self) -> bool:
        """Whether some file of the tree is not the one that the index knows, or the making of the index was not ended.  Looks at all of them."""
        known = {path: (row.size, row.mtime) for path, row in self.store.files().items()}
        return self.store.meta("settled") != "1" or known != sources(self.tree)

    def find(self, name: str) -> list[Definition]:
        """The definitions of *name*, looked at anew where their files have changed."""
        rows = self.store.definitions(name)
        stale = [path for path, _, _ in rows if self.changed(path)]
        if stale:
            self.renew(stale)
            rows = self.store.definitions(name)
        return [Definition(path, bool(static), history) for path, static, history in rows]

    def mentioning(self, name: str) -> list[str]:
        """The files that define, call or hand out a function of this name, sorted; none where the index is not used."""
        return [] if self.names is None else self.store.files_with(name)

    def changed(self, path: str) -> bool:
        """Whether the file at *path* is not the one that the index knows."""
        known = False if self.frozen else self.asked.get(path)
        if known is None:
            row = self.store.file(path)
            try:
                status = (self.tree / path).stat()
                known = row is None or (row.size, row.mtime) != (status.st_size, status.st_mtime_ns)
            except OSError:
                known = row is not None
            self.asked[path] = known
        return known

    def around(self, paths: Iterable[str]) -> None:
        """Make true what the index knows of the folders that hold *paths*."""
        stale: set[str] = set()
        for folder in sorted({path.rpartition("/")[0] for path in paths}):
            below = self.tree / folder
            here = {f"{folder}/{one.name}".lstrip("/") for pattern in ("*.c", "*.h") for one in below.glob(pattern)}
            stale.update(path for path in here | self.store.paths_in(folder) if self.changed(path))
        if stale:
            self.renew(sorted(stale))

    def renew(self, paths: Sequence[str]) -> None:
        """Look at *paths* anew, unless somebody else is writing the index."""
        with locked(self.place, wait=False) as mine:
            if not mine:
                self.state = STALE
                return
            store = Store(self.place, write=True)
            try:
                refresh(store, self.tree, self.run, paths)
            finally:
                store.close()
        for path in paths:
            self.asked[path] = False

    def run(self, round_: Round) -> Generator[list[Found], None, None]:
        """One round, in this process."""
        worker = Worker(self.tree, self.settings, self.place, round_.number)
        for batch in round_.batches:
            yield worker.batch(batch)
