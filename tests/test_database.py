"""Files of SQLite that are given back."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
import sys

import pytest

from getput.database import Database


def test_one_that_nobody_wants_is_closed(tmp_path):
    database = Database(tmp_path / "some.sqlite", write=True)
    connection = database.db
    del database
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_one_that_cannot_be_opened(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    with contextlib.suppress(sqlite3.Error):
        Database(tmp_path / "none" / "some.sqlite", write=True)
    gc.collect()
    assert said == []
