"""The results for others: one row a patch, in an order and with bytes that depend on nothing but what was judged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from getput.fleet.store import Results

ROWS = """
SELECT patches.key, patches.commit_id, verdict, applied, why, files, tasks.key, members.ordinal, members.patch, tasks.id
FROM members JOIN tasks ON tasks.id = members.task JOIN patches ON patches.id = members.patch
JOIN verdicts ON verdicts.task = tasks.key AND verdicts.ordinal = members.ordinal
ORDER BY patches.key, tasks.key, members.ordinal
"""
SEEN = """
SELECT sources.name, position, subject, message_id, author, month, list, number, total FROM appearances
JOIN series ON series.name = appearances.series JOIN sources ON sources.id = source
WHERE patch = ? AND series.task = ? ORDER BY sources.name, position, appearances.ordinal
"""
FOUND = "SELECT finding FROM findings WHERE task = ? AND ordinal = ? ORDER BY place"
BATCH = 1_000  # rows of a group of the Parquet file


def rows(results: Results) -> Iterator[dict[str, Any]]:
    """Every patch that was judged, once for each series that it belongs to, sorted by its key."""
    read = results.db.cursor()
    for key, commit, verdict, applied, why, files, task, ordinal, patch, number in results.db.execute(ROWS):
        names = [
            name
            for (name,) in read.execute(
                "SELECT patches.key FROM members JOIN patches ON id = patch WHERE task = ? ORDER BY ordinal", (number,)
            )
        ]
        found = [json.loads(finding) for (finding,) in read.execute(FOUND, (task, ordinal))]
        for one in found:
            one.pop("patch", None)
            later = one.pop("mended_by", None)
            one["mended_by"] = None if later is None else names[later]
        yield {
            "patch": key,
            "commit": commit,
            "verdict": verdict,
            "applied": applied,
            "why": why.split("\n") if why else [],
            "files": json.loads(files),
            "findings": found,
            "after": names[:ordinal],
            "seen": [
                dict(
                    zip(
                        ("source", "position", "subject", "message_id", "author", "month", "list", "number", "total"),
                        row,
                        strict=True,
                    )
                )
                for row in read.execute(SEEN, (patch, number))
            ],
        }


def unread(results: Results) -> list[tuple[str, str, str]]:
    """(source, position, why) of everything that could not be read, sorted."""
    return results.db.execute(
        "SELECT name, position, why FROM unread JOIN sources ON id = source ORDER BY name, position"
    ).fetchall()


def jsonl(results: Results) -> Iterator[str]:
    """One line a patch, ASCII only."""
    for row in rows(results):
        yield json.dumps(row, separators=(",", ":")) + "\n"


def write_jsonl(results: Results, path: Path) -> None:
    """The lines of ``jsonl`` as a file, there in full or not at all.  Raises OSError."""
    with _fresh(path) as fresh, fresh.open("w", encoding="ascii") as file:
        file.writelines(jsonl(results))


def write_parquet(results: Results, path: Path) -> None:
    """The same as Parquet, with lists and structures in columns.  Raises OSError, and ImportError without pyarrow."""
    pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")

    schema = _schema(pa)
    with _fresh(path) as fresh, parquet.ParquetWriter(fresh, schema, compression="zstd") as writer:
        for group in _groups(rows(results)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


@contextmanager
def _fresh(path: Path) -> Iterator[Path]:
    """The name of a file that takes the place of *path* when it is whole, and goes where it cannot be."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        yield fresh
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _groups(every: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for row in every:
        group.append(row)
        if len(group) == BATCH:
            yield group
            group = []
    yield group


def _schema(pa: Any) -> Any:
    text, number = pa.string(), pa.int32()
    step = pa.struct([("file", text), ("line", number), ("column", number), ("note", text)])
    anchor = pa.struct([("file", text), ("line", number), ("side", text)])
    words = (
        "rule",
        "severity",
        "confidence",
        "status",
        "file",
        "function",
        "object",
        "family",
        "message",
        "fix",
        "fingerprint",
        "mended_by",
    )
    finding = pa.struct(
        [
            *[(name, text) for name in words],
            ("line", number),
            ("column", number),
            ("anchor", anchor),
            ("path", pa.list_(step)),
        ]
    )
    seen = [(name, text) for name in ("source", "position", "subject", "message_id", "author", "month", "list")]
    return pa.schema(
        [
            ("patch", text),
            ("commit", text),
            ("verdict", text),
            ("applied", text),
            ("why", pa.list_(text)),
            ("files", pa.list_(pa.struct([("path", text), ("status", text), ("reason", text)]))),
            ("findings", pa.list_(finding)),
            ("after", pa.list_(text)),
            ("seen", pa.list_(pa.struct([*seen, ("number", number), ("total", number)]))),
        ]
    )
