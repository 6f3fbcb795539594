"""The results: one SQLite file, written by one process, in transactions; a process that is killed at any moment leaves a state that the next goes on from.

``patches`` are known by their content, ``appearances`` say where each was seen.  ``tasks`` are what is judged together: a patch, or the
patches of a series, under a key of their contents, of the tree, and of the getput that judges.  ``verdicts`` and ``findings`` belong to tasks,
so that what was judged once is not judged again, wherever else it turns up.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from getput.database import META, Database
from getput.fleet.patches import KEY, Seen
from getput.fleet.tasks import Batch, Judged, Task

LAYOUT = 1
SCHEMA = f"""
{META}
CREATE TABLE sources(id INTEGER PRIMARY KEY, name TEXT UNIQUE, kind TEXT, mark TEXT, mails INTEGER, idle INTEGER);
CREATE TABLE patches(id INTEGER PRIMARY KEY, key TEXT UNIQUE, commit_id TEXT, body BLOB);
CREATE TABLE appearances(source INTEGER, position TEXT, ordinal INTEGER, patch INTEGER, series TEXT, number INTEGER, total INTEGER,
                         subject TEXT, message_id TEXT, author TEXT, month TEXT, list TEXT, PRIMARY KEY(source, position, ordinal)) WITHOUT ROWID;
CREATE INDEX appearances_of_series ON appearances(series, number, patch);
CREATE INDEX appearances_of_patch ON appearances(patch);
CREATE TABLE unread(source INTEGER, position TEXT, why TEXT, PRIMARY KEY(source, position)) WITHOUT ROWID;
CREATE TABLE tasks(id INTEGER PRIMARY KEY, key TEXT UNIQUE);
CREATE TABLE members(task INTEGER, ordinal INTEGER, patch INTEGER, PRIMARY KEY(task, ordinal)) WITHOUT ROWID;
CREATE INDEX members_of_patch ON members(patch);
CREATE TABLE series(name TEXT PRIMARY KEY, task INTEGER) WITHOUT ROWID;
CREATE TABLE verdicts(task TEXT, ordinal INTEGER, verdict TEXT, applied TEXT, why TEXT, files TEXT, PRIMARY KEY(task, ordinal)) WITHOUT ROWID;
CREATE TABLE findings(task TEXT, ordinal INTEGER, place INTEGER, rule TEXT, severity TEXT, confidence TEXT, status TEXT, file TEXT, line INTEGER,
                      function TEXT, object TEXT, family TEXT, subsystem TEXT, fingerprint TEXT, message TEXT, finding TEXT,
                      PRIMARY KEY(task, ordinal, place)) WITHOUT ROWID;
CREATE TABLE costs(task TEXT PRIMARY KEY, milliseconds REAL, worker TEXT, times INTEGER) WITHOUT ROWID;
"""


class ResultsError(Exception):
    """Results that cannot be read or written; the message says which and why."""


class Reading(NamedTuple):
    """How far a source was read: ``mails`` of it, ``idle`` ones without a patch."""

    id: int
    mark: str
    mails: int
    idle: int


class Results(Database):
    """One open file of results.  Raises ResultsError where it cannot be opened, or is something else."""

    def __init__(self, path: Path, *, write: bool = True) -> None:
        try:
            super().__init__(path, write=write)
            if write:
                self._prepare()
            if self.meta("layout") != str(LAYOUT):
                raise ResultsError(f"{path}: not results of this version of getput audit")
        except (OSError, sqlite3.Error) as error:
            raise ResultsError(f"{path}: {error}") from error

    def _prepare(self) -> None:
        """Make the tables in a file that has none.  Raises ResultsError for somebody else's file."""
        if self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return
        with self.transaction():
            self.make(SCHEMA)
            self.put_meta("layout", str(LAYOUT))

    # --- reading sources -----------------------------------------------------------------------------------------

    def reading(self, name: str, kind: str) -> Reading:
        """How far the source called *name* was read; one that is new was not."""
        self.db.execute("INSERT OR IGNORE INTO sources VALUES(NULL, ?, ?, '', 0, 0)", (name, kind))
        return Reading(*self.db.execute("SELECT id, mark, mails, idle FROM sources WHERE name=?", (name,)).fetchone())

    def forget(self, source: int) -> None:
        """Nothing of this source was read; what was judged stays."""
        with self.transaction():
            self.db.execute("DELETE FROM appearances WHERE source=?", (source,))
            self.db.execute("DELETE FROM unread WHERE source=?", (source,))
            self.db.execute("UPDATE sources SET mark='', mails=0, idle=0 WHERE id=?", (source,))

    def read_to(self, reading: Reading) -> None:
        """Note how far a source was read."""
        row = (reading.mark, reading.mails, reading.idle, reading.id)
        self.db.execute("UPDATE sources SET mark=?, mails=?, idle=? WHERE id=?", row)

    def add(self, source: int, position: str, ordinal: int, seen: Seen, commit: str | None = None) -> bool:
        """A patch that was seen; whether that was not known yet."""
        known = self.db.execute("SELECT id FROM patches WHERE key=?", (seen.key,)).fetchone()
        if known is None:
            values = (seen.key, commit, seen.body or None)
            known = (self.db.execute("INSERT INTO patches VALUES(NULL, ?, ?, ?)", values).lastrowid,)
        row = (source, _storable(position), ordinal, known[0], _storable(seen.series), seen.number, seen.total)
        said = tuple(_storable(text) for text in (seen.subject, seen.message_id, seen.author, seen.month, seen.list))
        marks = ", ".join("?" * (len(row) + len(said)))
        return self.db.execute(f"INSERT OR IGNORE INTO appearances VALUES({marks})", (*row, *said)).rowcount > 0

    def add_unread(self, source: int, position: str, why: str) -> None:
        """Something of a source that cannot be read."""
        self.db.execute("INSERT OR REPLACE INTO unread VALUES(?, ?, ?)", (source, _storable(position), _storable(why)))

    # --- tasks ---------------------------------------------------------------------------------------------------

    def arrange(self, mails: str, commits: str, sources: Sequence[int]) -> None:
        """Make the tasks that the patches of these *sources* are: each series one, in the order of its numbers.  *mails* and *commits* are
        the identities of the worlds in which either are judged."""
        with self.transaction():
            for table in ("tasks", "members", "series"):
                self.db.execute(f"DELETE FROM {table}")
            self.put_meta("sources", " ".join(map(str, sources)))
            marks = ",".join("?" * len(sources))
            rows = self.db.execute(
                "SELECT DISTINCT series, number, key, patch, commit_id FROM appearances JOIN patches ON patches.id = patch "
                f"WHERE source IN ({marks}) ORDER BY series, number, key",
                tuple(sources),
            )
            for name, group in groupby(rows, key=itemgetter(0)):
                members = {key: (patch, commit) for _, _, key, patch, commit in group}
                patches = [patch for patch, _ in members.values()]
                world = commits if any(commit for _, commit in members.values()) else mails
                self._task(world, name, list(members), patches)

    def _task(self, world: str, name: str, keys: list[str], patches: list[int]) -> None:
        key = sha256("\n".join([world, *keys]).encode()).hexdigest()[:KEY]
        known = self.db.execute("SELECT id FROM tasks WHERE key=?", (key,)).fetchone()
        if known is None:
            known = (self.db.execute("INSERT INTO tasks VALUES(NULL, ?)", (key,)).lastrowid,)
            rows = [(known[0], ordinal, patch) for ordinal, patch in enumerate(patches)]
            self.db.executemany("INSERT INTO members VALUES(?, ?, ?)", rows)
        self.db.execute("INSERT INTO series VALUES(?, ?)", (name, known[0]))

    def pending(self) -> list[tuple[int, int]]:
        """The tasks that nobody has judged yet, each with its number of patches."""
        return self.db.execute(
            "SELECT id, count(*) FROM tasks JOIN members ON task = id WHERE key NOT IN (SELECT task FROM costs) "
            "GROUP BY id ORDER BY id"
        ).fetchall()

    def sizes(self) -> tuple[int, int]:
        """(patches that are judged, all patches), each as often as it stands in a series of its own."""
        done, every = self.db.execute(
            "SELECT count(costs.task), count(*) FROM members JOIN tasks ON tasks.id = members.task LEFT JOIN costs ON costs.task = key"
        ).fetchone()
        return done, every

    def batch(self, tasks: Sequence[int]) -> Batch:
        """These tasks, with all that is needed to judge them."""
        out = []
        for task in tasks:
            (key,) = self.db.execute("SELECT key FROM tasks WHERE id=?", (task,)).fetchone()
            rows = self.db.execute(
                "SELECT body, commit_id FROM members JOIN patches ON patches.id = patch WHERE task=? ORDER BY ordinal",
                (task,),
            ).fetchall()
            commit = rows[0][1]
            out.append(Task(key, () if commit else tuple(body for body, _ in rows), commit))
        return Batch(tuple(out))

    # --- answers -------------------------------------------------------------------------------------------------

    def keep(self, every: Sequence[Judged]) -> None:
        """What came of some tasks, together or not at all."""
        with self.transaction():
            for one in every:
                known = self.db.execute("SELECT times FROM costs WHERE task=?", (one.key,)).fetchone()
                times = 1 if known is None else known[0] + 1
                self.db.execute(
                    "INSERT OR REPLACE INTO costs VALUES(?, ?, ?, ?)", (one.key, one.milliseconds, one.worker, times)
                )
                self.db.execute("DELETE FROM verdicts WHERE task=?", (one.key,))
                self.db.execute("DELETE FROM findings WHERE task=?", (one.key,))
                for ordinal, patch in enumerate(one.patches):
                    row = (one.key, ordinal, patch.verdict, patch.applied, patch.why, patch.files)
                    self.db.execute("INSERT INTO verdicts VALUES(?, ?, ?, ?, ?, ?)", row)
                    for place, found in enumerate(patch.findings):
                        marks = ", ".join("?" * (3 + len(found)))
                        self.db.execute(f"INSERT INTO findings VALUES({marks})", (one.key, ordinal, place, *found))


@contextlib.contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold the right to write the results at *path*; yields whether it was given.

    The lock is the process's own: it ends with it, however that ends, and no process that it started has it.
    """
    import fcntl

    with path.with_name(path.name + ".lock").open("w") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _storable(text: str | None) -> str | None:
    """*text* as SQLite takes it: bytes that are no UTF-8 (kept as surrogates) are written out."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
