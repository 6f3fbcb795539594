"""A file of SQLite that one process writes, in transactions, and others may read meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

BUSY = 30.0  # seconds to wait for another process's transaction
META = "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"  # what a file says of itself


class Database:
    """One open file, which has a table :data:`META` beside its own.  Whatever is asked of it, opening included, may raise ``OSError`` and
    ``sqlite3.Error``."""

    def __init__(self, path: Path, *, write: bool) -> None:
        self.path = path
        if write:
            self.db = sqlite3.connect(path, timeout=BUSY, isolation_level=None)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=NORMAL")
        else:
            self.db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro", timeout=BUSY, uri=True, isolation_level=None
            )

    def close(self) -> None:
        """Give the file back, with everything in it."""
        self.db.close()

    def __del__(self) -> None:
        """Nobody wants it any more: SQLite's own connection would complain if it were left open."""
        with contextlib.suppress(AttributeError, sqlite3.Error):  # it was never opened, or belongs to another thread
            self.db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is written inside, or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:  # a full disk may have ended it
                self.db.execute("ROLLBACK")
            raise

    def make(self, schema: str) -> None:
        """Make the tables of *schema*, statements that end with a semicolon."""
        for statement in schema.split(";"):
            self.db.execute(statement)

    def meta(self, key: str) -> str | None:
        """What the file says of itself under *key*; None where it says nothing, or has no tables yet."""
        try:
            row = self.db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        except sqlite3.OperationalError:
            return None
        return None if row is None else str(row[0])

    def put_meta(self, key: str, value: str) -> None:
        """Set what the file says of itself."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))
