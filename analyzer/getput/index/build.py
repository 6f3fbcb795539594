"""The rounds in which an index comes to know a tree, and how it stays true when files change.

Round 0 looks at every file alone.  Each later round looks again at the functions that name something of which the round before found out more: a
function of another file that takes or drops.  What a round finds depends on texts and on the round before only, so the number of
processes, interruptions, and the order of changes make no difference to what is known in the end.

A file whose text changed starts again at round 0, and so does every file that calls a function whose rounds came out differently than
before: ``gen``, the generation in which a name last changed and that in which a file was last finished, tell which.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from getput.index.facts import Facts, blob_of
from getput.index.names import Contracts, decode_history, encode_history, says
from getput.index.store import FileRow, Store
from getput.index.tree import Seen, sources
from getput.untrusted import contents

LAST = 2  # the last round: wrappers of wrappers of what the tables and the files themselves know
BATCH_BYTES = 400_000  # of source that go to a process at once
BATCH_FILES = 64


class Job(msgspec.Struct, frozen=True):
    """A file to look at."""

    file: int
    path: str
    size: int


class Found(msgspec.Struct, frozen=True):
    """What one round found in one file.

    ``facts`` is of round 0, None where the file could not be read; ``record`` is None where nothing changed; ``names`` are (name, static,
    what it does to each counter) of the functions that do something else than the round before knew.
    """

    file: int
    facts: Facts | None
    record: bytes | None
    names: tuple[tuple[str, bool, Contracts], ...]


class Round(msgspec.Struct, frozen=True):
    """One round: its number, and the files to look at, in batches."""

    number: int
    batches: tuple[tuple[Job, ...], ...]


class Progress(msgspec.Struct):
    """What a refresh did: files looked at from scratch, files looked at again; and whether it was interrupted from the keyboard."""

    fresh: int = 0
    again: int = 0
    interrupted: bool = False
    left: str = ""  # what of the files that were judged was not done yet


Run = Callable[[Round], Generator[Sequence[Found], None, None]]


def refresh(store: Store, tree: Path, run: Run, only: Iterable[str] | None = None) -> Progress:
    """Make the index of *tree* true again.  *only* names the files that may have changed; without it, all are asked."""
    done = Progress()
    try:
        _notice(store, tree, only)
        while _rounds(store, run, done):
            _finish(store)
            if not _mark_stale(store):
                break
    except KeyboardInterrupt:
        done.interrupted = True
    return done


# --- what changed --------------------------------------------------------------------------------------------------


def _notice(store: Store, tree: Path, only: Iterable[str] | None) -> None:
    """Enter the files that are new, changed or gone."""
    if only is None:
        known = store.files()
        present = sources(tree)
    else:
        wanted = set(only)
        known = {path: row for path in wanted if (row := store.file(path)) is not None}
        present = {path: seen for path in wanted if (seen := _seen(tree / path)) is not None}
    gone = [row for path, row in known.items() if path not in present]
    fresh = [(path, *present[path]) for path in sorted(present.keys() - known.keys())]
    suspects = [
        (row, present[path])
        for path, row in known.items()
        if path in present and (row.size, row.mtime) != present[path]
    ]
    if not gone and not fresh and not suspects:
        return
    changed: list[tuple[FileRow, Seen]] = []
    touched: list[tuple[FileRow, Seen]] = []
    for row, seen in suspects:
        (touched if _blob(tree / row.path) == row.blob else changed).append((row, seen))
    db = store.db
    with store.transaction():
        for row, seen in touched:
            db.execute("UPDATE files SET size=?, mtime=? WHERE id=?", (*seen, row.id))
        if gone or fresh or changed:
            store.put_meta("settled", "0")
        for row, seen in changed:
            db.execute("UPDATE files SET size=?, mtime=? WHERE id=?", (*seen, row.id))
        _restart(store, [row for row, _ in changed])
        for row in gone:
            _forget(store, row)
        if gone or fresh or changed:  # what an interrupted run made of others may rest on what was there then
            _restart(store, [row for row in store.files().values() if row.gen == 0 and row.done > 0])
        db.executemany("INSERT INTO files(path, size, mtime, blob, done, gen) VALUES(?, ?, ?, x'', -1, 0)", fresh)


def _seen(path: Path) -> Seen | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return Seen(status.st_size, status.st_mtime_ns)


def _blob(path: Path) -> bytes:
    try:
        return blob_of(contents(path))
    except OSError:
        return b""


def _restart(store: Store, rows: Iterable[FileRow]) -> None:
    """Files that have to be looked at from scratch; what their functions were known for is kept aside, to compare."""
    for row in rows:
        if row.gen:  # else it is under way already, and what was known before lies aside
            store.db.execute("UPDATE names SET old=history, history=x'' WHERE file=?", (row.id,))
        else:
            store.db.execute("UPDATE names SET history=x'' WHERE file=?", (row.id,))
        store.db.execute("UPDATE files SET done=-1, gen=0 WHERE id=?", (row.id,))


def _forget(store: Store, row: FileRow) -> None:
    """A file that is gone: its functions stay as names that changed, until their callers were told."""
    db = store.db
    db.execute("UPDATE names SET history=x'', old=x'', gen=? WHERE file=?", (_generation(store) + 1, row.id))
    store.drop_facts(row.id)
    for table, column in (("files", "id"), ("answers", "file")):
        db.execute(f"DELETE FROM {table} WHERE {column}=?", (row.id,))


def _generation(store: Store) -> int:
    return int(store.meta("gen") or 0)


# --- the rounds ------------------------------------------------------------------------------------------------------


def _rounds(store: Store, run: Run, progress: Progress) -> bool:
    """Bring every file to the last round; whether any had to be looked at, or the names may not be settled."""
    under_way = store.db.execute("SELECT count(*) FROM files WHERE gen=0").fetchone()[0]
    if not under_way:
        return store.meta("settled") != "1"
    for number in range(LAST + 1):
        waiting = store.db.execute(
            "SELECT id, path, size FROM files WHERE gen=0 AND done=? ORDER BY path", (number - 1,)
        ).fetchall()
        if not waiting:
            continue
        jobs = [Job(*row) for row in waiting]
        if number:
            jobs = _concerned(store, jobs, number)
        else:
            progress.fresh += len(jobs)
        progress.left = f"round {number + 1} of {LAST + 1} not over" if number else ""
        with closing(run(Round(number, tuple(batches(jobs))))) as parts:
            for found in parts:
                with store.transaction():
                    for one in found:
                        _write(store, number, one)
                progress.again += sum(one.record is not None for one in found) if number else 0
        with store.transaction():
            store.db.execute("UPDATE files SET done=? WHERE gen=0 AND done=?", (number, number - 1))
    return True


def _concerned(store: Store, jobs: list[Job], number: int) -> list[Job]:
    """Those of *jobs* that call a function of which the last round found out more."""
    changed = {name.encode() for name in changed_in(store, number - 1)}
    wanted = {job.file for job in jobs}
    calling = {file for file, calls in store.facts("calls") if file in wanted and not changed.isdisjoint(calls.split())}
    return [job for job in jobs if job.file in calling]


def changed_in(store: Store, number: int) -> frozenset[str]:
    """The names of which round *number* found out more."""
    return frozenset(
        name
        for name, _, _, history in store.all_definitions()
        if any(since == number for since, _ in decode_history(history))
    )


def batches(jobs: Sequence[Job]) -> Iterator[tuple[Job, ...]]:
    """*jobs* in handy portions, in order."""
    batch: list[Job] = []
    size = 0
    for job in jobs:
        batch.append(job)
        size += job.size
        if size > BATCH_BYTES or len(batch) >= BATCH_FILES:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)


def _write(store: Store, number: int, one: Found) -> None:
    """Enter what a round found in a file."""
    db = store.db
    if one.facts is not None:
        store.write_facts(one.file, one.facts)
        db.execute("UPDATE files SET blob=?, done=? WHERE id=?", (one.facts.blob, number, one.file))
    else:
        if number == 0:
            store.drop_facts(one.file)
        db.execute("UPDATE files SET done=? WHERE id=?", (number, one.file))
    if one.record is not None:
        store.write_record(one.file, one.record)
    for name, static, contracts in one.names:
        row = db.execute("SELECT history FROM names WHERE name=? AND file=?", (name, one.file)).fetchone()
        earlier = decode_history(row[0]) if row is not None and row[0] else []
        history = encode_history([*earlier, (number, contracts)])
        if row is None:
            db.execute("INSERT INTO names VALUES(?, ?, ?, ?, NULL, 0)", (name, one.file, static, history))
        else:
            db.execute(
                "UPDATE names SET history=?, static=? WHERE name=? AND file=?", (history, static, name, one.file)
            )


def _finish(store: Store) -> None:
    """The files that were under way are done: which of their functions do something else now than before?"""
    db = store.db
    with store.transaction():
        generation = _generation(store) + 1
        rows = db.execute(
            "SELECT name, file, history, old FROM names JOIN files ON file=id WHERE files.gen=0"
        ).fetchall()
        for name, file, history, old in rows:
            if old is None or _used(history) != _used(old):
                db.execute("UPDATE names SET gen=? WHERE name=? AND file=?", (generation, name, file))
        db.execute("UPDATE names SET old=NULL WHERE file IN (SELECT id FROM files WHERE gen=0)")
        db.execute("UPDATE files SET gen=? WHERE gen=0", (generation,))
        store.put_meta("gen", str(generation))


def _used(history: bytes | None) -> list[tuple[int, dict[str, object]]]:
    """What later rounds made use of."""
    return [(since, says(known)) for since, known in decode_history(history) if since < LAST] if history else []


def _mark_stale(store: Store) -> bool:
    """Start again the files that were finished before a function changed which they call; whether there are any."""
    db = store.db
    oldest = db.execute("SELECT min(gen) FROM files").fetchone()[0] or 0
    newer: dict[bytes, int] = {}
    for name, gen in db.execute("SELECT name, gen FROM names WHERE gen > ?", (oldest,)):
        newer[name.encode()] = max(gen, newer.get(name.encode(), 0))
    stale = []
    if newer:
        rows = {row.id: row for row in store.files().values()}
        for file, calls in store.facts("calls"):
            row = rows[file]
            if any(newer.get(call, 0) > row.gen for call in calls.split()):
                stale.append(row)
    with store.transaction():
        _restart(store, stale)
        if not stale:
            db.execute("DELETE FROM names WHERE history=x''")
            store.put_meta("settled", "1")
    return bool(stale)
