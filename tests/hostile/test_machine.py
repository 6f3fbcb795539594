"""A cache that lies, and a machine that lacks something."""

from __future__ import annotations

import os
import resource
import sqlite3

import pytest
from tests.hostile.conftest import CODE, new_file


@pytest.fixture
def indexed(getput, tree, tmp_path):
    """A tree and its index."""
    file = tree / "drivers" / "demo" / "demo.c"
    file.parent.mkdir(parents=True)
    file.write_text(CODE)
    cache = tmp_path / "cache"
    done = getput("index", cwd=tree, XDG_CACHE_HOME=str(cache))
    assert done.returncode == 0, done.stderr
    (path,) = (cache / "getput").glob("*.sqlite")
    return path


PATCH = new_file(CODE, "drivers/demo/other.c")
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS key, i AS value FROM n"
POISON = {
    "a view that never ends": ["DROP TABLE meta", f"CREATE VIEW meta AS {ENDLESS}"],
    "another layout": ["UPDATE meta SET value='999' WHERE key='layout'"],
    "another version": ["UPDATE meta SET value='x' WHERE key='stamp'"],
    "no tables": ["DROP TABLE names", "DROP TABLE facts"],
    "another table": ["CREATE TABLE more(a)"],
    "a trigger": ["CREATE TRIGGER t AFTER UPDATE ON files BEGIN DELETE FROM files; END"],
    "records that are none": ["UPDATE answers SET record=x'c1'", "UPDATE names SET history=x'c1'"],
    "a pickle": ["UPDATE answers SET record=x'8004952d0000000000000000'"],
    "text for bytes": ["UPDATE answers SET record='x'", "UPDATE names SET history='x'"],
    "numbers out of this world": ["UPDATE files SET size=-1, mtime=9223372036854775807, gen=9223372036854775807"],
}


@pytest.mark.parametrize("how", POISON)
def test_a_poisoned_index(getput, tree, indexed, how):
    with sqlite3.connect(indexed) as db:
        for statement in POISON[how]:
            db.execute(statement)
    db.close()
    where = {"XDG_CACHE_HOME": str(indexed.parent.parent)}
    done = getput("check", "-", cwd=tree, stdin=PATCH, **where)
    assert done.returncode == 1, done.stderr
    assert getput("index", cwd=tree, **where).returncode == 0
    assert getput("check", "-", cwd=tree, stdin=PATCH, **where).returncode == 1


@pytest.mark.parametrize("text", [b"", b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 4080])
def test_an_index_that_is_none(getput, tree, indexed, text):
    indexed.write_bytes(text)
    where = {"XDG_CACHE_HOME": str(indexed.parent.parent)}
    assert getput("check", "-", cwd=tree, stdin=PATCH, **where).returncode == 1
    assert getput("index", cwd=tree, **where).returncode == 0


def test_a_cache_that_cannot_be_made(getput, tree, tmp_path):
    (tmp_path / "file").write_text("")
    where = {"XDG_CACHE_HOME": str(tmp_path / "file")}
    assert getput("check", "-", cwd=tree, stdin=PATCH, **where).returncode == 1
    assert getput("index", cwd=tree, **where).returncode == 2


def test_a_disk_without_room_for_an_index(getput, tree, tmp_path):
    """What a full disk says to a write, a limit on the size of files says too (but for its number)."""
    (tree / "a.c").write_text(CODE)
    where = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = getput("index", cwd=tree, limits={resource.RLIMIT_FSIZE: 8192}, **where)
    assert done.returncode == 2
    assert done.stderr.startswith("getput: ")
    assert getput("check", "-", cwd=tree, stdin=PATCH, **where).returncode == 1


def test_a_clock_that_jumps(getput, tree, indexed):
    """Files from the future, and from before the epoch."""
    where = {"XDG_CACHE_HOME": str(indexed.parent.parent)}
    for when in (-1, 1 << 33):
        os.utime(tree / "drivers" / "demo" / "demo.c", (when, when))
        os.utime(indexed, (when, when))
        assert getput("check", "-", cwd=tree, stdin=PATCH, **where).returncode == 1


@pytest.mark.parametrize("files", [8, 16])
def test_few_descriptors(getput, tree, files):
    assert getput("check", "-", cwd=tree, stdin=PATCH, limits={resource.RLIMIT_NOFILE: files}).returncode == 1


def test_little_memory(getput, tree):
    """What does not fit is counted, or said."""
    text = "int f(struct device *x)\n{\n" + "\tif (a) put_device(x);\n" * 200_000 + "\treturn 0;\n}\n"
    done = getput("check", "-", cwd=tree, stdin=new_file(text), limits={resource.RLIMIT_AS: 160 << 20})
    assert "could not be parsed" in done.stdout or "only in part" in done.stdout or "memory" in done.stderr
