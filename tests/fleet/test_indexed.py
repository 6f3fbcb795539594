"""An audit of a tree that has an index."""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("fleet_made", Path(__file__).with_name("conftest.py"))
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
GET = """
struct device_node *acme_node(struct device *dev)
{
	return of_get_child_by_name(dev->of_node, "acme");
}
"""
KEPT = GET.replace("return of_get_child_by_name(dev->of_node", "return acme_known(dev")
COUNT = 24


@pytest.fixture
def indexed(audits, monkeypatch):
    """The files of the tree take their nodes from a function elsewhere, whose text alone says that it counts them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(audits.folder / "cache"))
    helper = audits.tree / "lib" / "acme.c"
    helper.parent.mkdir()
    helper.write_text(GET)
    mails = []
    for number in range(COUNT):
        text = made.source(number).replace("of_find_node_by_path(", "acme_node(dev); /* ").replace('");\n', '" */\n')
        (audits.tree / made.path_of(number)).write_text(text)
        mails.append(made.mail(made.diff(number, text, made.change(number, text)), f"{number}@x"))
    (audits.folder / "box").write_text(made.mbox(*mails))
    getput("index", "-q", "--tree", audits.tree)
    return audits


def getput(*args: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "getput", *map(str, args)], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode < 2, done.stderr
    return done.stdout


def checked(audits, *more: str) -> list[tuple[str, str, int]]:
    """What ``getput check`` finds in the mails, each on its own."""
    said = json.loads(getput("check", "--tree", audits.tree, audits.folder / "box", "--format", "json", *more))
    return sorted((one["rule"], one["file"], one["line"]) for one in said["findings"])


def audited(audits, *more: str) -> list[tuple[str, str, int]]:
    lines = audits.run(audits.folder / "box", out="".join(more), more=more)
    return sorted((one["rule"], one["file"], one["line"]) for line in lines for one in line["findings"])


def test_the_same_answers_as_of_check(indexed):
    wanted = checked(indexed)
    assert len(wanted) == COUNT // 3  # every third patch brings a leak
    assert audited(indexed, "--jobs", "1") == audited(indexed, "--jobs", "2") == wanted
    assert indexed.lines("--jobs1").read_bytes() == indexed.lines("--jobs2").read_bytes()
    assert audited(indexed, "--no-index") == checked(indexed, "--no-index") == []


def test_one_that_was_left_behind_is_made_true_first(indexed):
    (indexed.tree / "lib" / "acme.c").write_text(KEPT)
    assert audited(indexed, "--jobs", "2") == checked(indexed) == []
    status = getput("index", "--tree", indexed.tree, "--status")
    assert "complete" in status


def test_one_of_another_getput_is_made_anew(indexed):
    (index,) = (indexed.folder / "cache" / "getput").glob("*.sqlite")
    with sqlite3.connect(index) as db:
        db.execute("UPDATE meta SET value='x' WHERE key='stamp'")
    db.close()
    assert "outdated" in getput("index", "--tree", indexed.tree, "--status")
    assert len(audited(indexed, "--jobs", "1")) == COUNT // 3
