"""The index on disk: one SQLite file for each tree, in the user's cache folder.

What stands in it was computed in rounds (:mod:`getput.index.build`).  Every write is a transaction, so a process that is killed at any
moment leaves a state from which the next one goes on; ``locked`` keeps two from writing at once, and readers need no lock.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from getput.database import META, Database
from getput.index.facts import Facts, key_of
from getput.index.scope import Scope

LAYOUT = 2  # of the tables below; another one starts anew
SCHEMA = f"""
{META}
CREATE TABLE files(id INTEGER PRIMARY KEY, path TEXT UNIQUE, size INTEGER, mtime INTEGER, blob BLOB, done INTEGER, gen INTEGER);
CREATE TABLE facts(file INTEGER PRIMARY KEY, calls BLOB, defines BLOB, pointers BLOB);
CREATE TABLE keys(file INTEGER PRIMARY KEY, keys BLOB);
CREATE TABLE answers(file INTEGER PRIMARY KEY, record BLOB);
CREATE TABLE names(name TEXT, file INTEGER, static INTEGER, history BLOB, old BLOB, gen INTEGER,
                   PRIMARY KEY(name, file)) WITHOUT ROWID;
CREATE INDEX names_of_file ON names(file);
"""

# The files among whose names is one of this key, in most cases that name: few rows are read whole.
_KEYED = "keys CROSS JOIN facts USING(file) CROSS JOIN files ON keys.file=id WHERE instr(keys, ?)"


class StoreError(Exception):
    """An index that cannot be read or written; the message says which and why."""


class ForeignError(StoreError):
    """A file in the place of an index that is none, or one of another version."""


def _plain(statement: str) -> str:
    return " ".join(statement.split())


_OURS = {
    ("index" if _plain(one).startswith("CREATE INDEX") else "table", _plain(one))
    for one in SCHEMA.split(";")
    if one.strip()
}

# what using an index can fail with, at any moment: it is unreadable, damaged, or there is no room
UNUSABLE: tuple[type[Exception], ...] = (StoreError, OSError, sqlite3.Error, msgspec.MsgspecError)


def remove(path: Path) -> None:
    """Delete the index at *path*, with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


class FileRow(msgspec.Struct, frozen=True):
    """What the index knows of one file: ``size`` in bytes, ``mtime`` in nanoseconds, ``blob`` git's identity, ``done`` the last round
    that was finished (-1 for none), ``gen`` the generation in which."""

    id: int
    path: str
    size: int
    mtime: int
    blob: bytes
    done: int
    gen: int


class Store(Database):
    """One open index.  Raises :class:`StoreError` where it cannot be opened; what is asked of it later may raise ``sqlite3.Error``."""

    def __init__(self, path: Path, *, write: bool) -> None:
        try:
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
            super().__init__(path, write=write)
            self.db.execute("PRAGMA trusted_schema=OFF")
            if not self._ours():
                self.db.close()
                raise ForeignError(f"{path}: its tables are not those of an index")
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{path}: {error}") from error

    def _ours(self) -> bool:
        """Whether the file is empty or has just the tables of an index: a view of the same name could keep a reader busy for ever."""
        kinds = self.db.execute("SELECT type, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchmany(len(_OURS) + 1)
        return not kinds or {(str(kind), _plain(str(sql))) for kind, sql in kinds} == _OURS

    def fold(self) -> None:
        """Let the one file hold everything, as far as no reader is in the way."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- the whole -----------------------------------------------------------------------------------------------

    @property
    def scope(self) -> Scope:
        """How much it knows.  Raises StoreError where it does not say."""
        try:
            return Scope(self.meta("scope") or "")
        except ValueError as error:
            raise StoreError(f"{self.path}: it does not say what it knows") from error

    @property
    def proven(self) -> frozenset[str]:
        """The counters that it knows whatever its scope."""
        return frozenset((self.meta("proven") or "").split())

    def prepare(self, stamp: str, tree: Path, scope: Scope, proven: Callable[[], Iterable[str]]) -> None:
        """Make the tables, or empty them where they were filled under another stamp, or for less than *scope*; what once knew all goes on to.
        *proven* tells, where that is needed, the counters of the smaller scope."""
        before = self.meta("scope")
        if self.meta("layout") == str(LAYOUT) and self.meta("stamp") == stamp and before in (scope, Scope.ALL):
            return
        scope = Scope.ALL if before == Scope.ALL else scope
        with self.transaction():
            for kind, name in self.db.execute(
                "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
            ).fetchall():
                self.db.execute(f"DROP {kind.upper()} IF EXISTS {name}")
            self.make(SCHEMA)
            about = {"layout": LAYOUT, "stamp": stamp, "tree": tree, "gen": 0, "settled": 0, "scope": scope}
            for key, value in (*about.items(), ("proven", " ".join(sorted(proven())))):
                self.put_meta(key, str(value))

    def meta(self, key: str) -> str | None:
        """What the index says of itself under *key*; None where it says nothing.  Raises StoreError where the file is damaged."""
        try:
            return super().meta(key)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path}: {error}") from error

    def sizes(self) -> tuple[int, int]:
        """(files, functions that count)."""
        files = self.db.execute("SELECT count(*) FROM files").fetchone()[0]
        return files, self.db.execute("SELECT count(*) FROM names WHERE history != x''").fetchone()[0]

    def judged(self) -> tuple[int, int]:
        """(files that were looked at since they last changed, all files)."""
        judged, known = self.db.execute("SELECT count(*) FILTER (WHERE done >= 0), count(*) FROM files").fetchone()
        return judged, known

    # --- files ---------------------------------------------------------------------------------------------------

    def files(self) -> dict[str, FileRow]:
        """Every file that the index knows, by path."""
        rows = self.db.execute("SELECT id, path, size, mtime, blob, done, gen FROM files")
        return {row[1]: FileRow(*row) for row in rows}

    def file(self, path: str) -> FileRow | None:
        """One file."""
        row = self.db.execute(
            "SELECT id, path, size, mtime, blob, done, gen FROM files WHERE path=?", (path,)
        ).fetchone()
        return None if row is None else FileRow(*row)

    def paths_in(self, folder: str) -> set[str]:
        """The files right in *folder* that the index knows."""
        low = f"{folder}/" if folder else ""
        rows = self.db.execute("SELECT path FROM files WHERE path >= ? AND path < ?", (low, low + "\U0010ffff"))
        return {path for (path,) in rows if "/" not in path[len(low) :]}

    def record(self, file: int) -> bytes | None:
        """What was found in a file, as it was written."""
        row = self.db.execute("SELECT record FROM answers WHERE file=?", (file,)).fetchone()
        return None if row is None else row[0]

    def records(self) -> Iterator[tuple[str, bytes]]:
        """(path, record) of every file that was looked at, sorted by path."""
        yield from self.db.execute("SELECT path, record FROM files JOIN answers ON file=id ORDER BY path")

    def facts(self, column: str) -> Iterable[tuple[int, bytes]]:
        """(file, ``calls``, ``defines`` or ``pointers``) of every file that has any."""
        return self.db.execute(f"SELECT file, {column} FROM facts WHERE {column} != x''")

    def calls(self, file: int) -> bytes:
        """The names that a file calls, as its facts tell them."""
        row = self.db.execute("SELECT calls FROM facts WHERE file=?", (file,)).fetchone()
        return b"" if row is None else row[0]

    def files_with(self, name: str) -> list[str]:
        """The files that define, call or hand out a function of this name, sorted."""
        word = name.encode()
        rows = self.db.execute(
            f"SELECT path FROM {_KEYED} AND "
            "(instr(calls, ?) OR instr(defines, ?) OR instr(defines, ?) OR instr(pointers, ?)) ORDER BY path",
            (key_of(word), b" %s " % word, b" %s " % word, b" -%s " % word, b"=%s " % word),
        )
        return [path for (path,) in rows]

    def files_defining(self, name: str) -> list[str]:
        """The files that define a function of this name, sorted."""
        word = name.encode()
        rows = self.db.execute(
            f"SELECT path FROM {_KEYED} AND (instr(defines, ?) OR instr(defines, ?)) ORDER BY path",
            (key_of(word), b" %s " % word, b" -%s " % word),
        )
        return [path for (path,) in rows]

    def write_facts(self, file: int, facts: Facts) -> None:
        """Set the facts of a file."""
        self.db.execute(
            "INSERT OR REPLACE INTO facts VALUES(?, ?, ?, ?)", (file, facts.calls, facts.defines, facts.pointers)
        )
        self.db.execute("INSERT OR REPLACE INTO keys VALUES(?, ?)", (file, facts.keys))

    def drop_facts(self, file: int) -> None:
        """Forget the facts of a file."""
        for table in ("facts", "keys"):
            self.db.execute(f"DELETE FROM {table} WHERE file=?", (file,))

    def write_record(self, file: int, record: bytes) -> None:
        """Set what was found in a file."""
        self.db.execute("INSERT OR REPLACE INTO answers VALUES(?, ?)", (file, record))

    # --- names ---------------------------------------------------------------------------------------------------

    def definitions(self, name: str) -> list[tuple[str, int, bytes]]:
        """(path, static, history) of every function of this name that counts, sorted by path."""
        return self.db.execute(
            "SELECT path, static, history FROM names JOIN files ON file=id WHERE name=? AND history != x'' ORDER BY path",
            (name,),
        ).fetchall()

    def all_definitions(self) -> Iterator[tuple[str, str, int, bytes]]:
        """(name, path, static, history) of every function that counts, sorted."""
        yield from self.db.execute(
            "SELECT name, path, static, history FROM names JOIN files ON file=id WHERE history != x'' ORDER BY name, path"
        )


@contextlib.contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the right to write the index at *path*; yields whether it was given (always, with *wait*).

    The lock goes with the process that holds it, however that ends.
    """
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
