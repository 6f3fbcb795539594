"""An audit that is stopped in any way goes on where it was: nothing twice, nothing lost."""

from __future__ import annotations

import importlib.util
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from getput.fleet import local
from getput.fleet.store import Results
from getput.fleet.tasks import Batch, Task
from getput.fleet.world import World

spec = importlib.util.spec_from_file_location("fleet_made", Path(__file__).with_name("conftest.py"))
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
COUNT = 200


@pytest.fixture
def many(audits, tmp_path):
    """More than is judged before a test looks."""
    (tmp_path / "box").write_text(made.mbox(*[made.alone(number) for number in range(COUNT)]))
    return tmp_path / "box"


def judged(path):
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM costs").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_and_started_again(audits, many, tmp_path, how):
    process = subprocess.Popen(
        audits.command(many, "--out", tmp_path / "r", "--jobs", 2),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while judged(tmp_path / "r") < 20:
        assert process.poll() is None, "the audit was over too soon"
        time.sleep(0.01)
    process.send_signal(how)
    _, said = process.communicate()
    done = judged(tmp_path / "r")
    assert 20 <= done < COUNT
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert f"stopped: {done:,} of {COUNT:,} patches are judged" in said
    audits.run(many, more=("--jobs", "2"))
    audits.run(many, out="whole", more=("--jobs", "1"))
    assert audits.lines().read_bytes() == audits.lines("whole").read_bytes()
    assert audits.ask("SELECT count(*), max(times) FROM costs") == [(COUNT, 1)]
    deadline = time.monotonic() + 10
    while alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(process.pid), "processes of the killed audit are left"


def alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_audits_do_not_write_the_same_results(audits, many, tmp_path):
    from getput.fleet.store import held

    pid = os.fork()  # the lock is a process's own
    if pid == 0:
        with held(tmp_path / "r") as mine:
            (tmp_path / "held").write_text(str(mine))
            time.sleep(60)
        os._exit(0)
    try:
        while not (tmp_path / "held").exists():
            time.sleep(0.01)
        done = subprocess.run(
            audits.command(many, "--out", tmp_path / "r"), capture_output=True, text=True, check=False
        )
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert done.returncode == 2
    assert "another getput audit is writing" in done.stderr


def test_a_task_that_kills_its_process_takes_no_other_with_it(monkeypatch, tmp_path):
    """Its batch is judged again one by one, and it alone is said to have died."""
    from getput.cli.jobs import in_order

    monkeypatch.setattr(local, "work", deadly)
    monkeypatch.setattr(local, "start", lambda world, parent: None)
    tasks = [Task(str(number), (b"",)) for number in range(6)]

    class Whole(list):
        """Batches that know nothing of results."""

    every = list(local.judged(None, Whole([Batch(tuple(tasks[:4])), Batch(tuple(tasks[4:]))]), 2, in_order))
    answers = {one.key: one.patches[0].why for answer in every for one in answer}
    assert answers == {str(number): local.DIED if number == 2 else "" for number in range(6)}


def deadly(batch):
    from getput.fleet.tasks import Judged, JudgedPatch

    if any(task.key == "2" for task in batch.tasks):
        os._exit(9)
    return [Judged(task.key, (JudgedPatch("clean", None, "", "[]"),), 0.0, "") for task in batch.tasks]


def test_another_tree_is_another_answer(audits, tmp_path):
    """What was judged against a tree that has changed is judged again, and only what belongs to this tree is told."""
    (tmp_path / "box").write_text(made.mbox(made.alone(1)))
    audits.run(tmp_path / "box")
    (audits.tree / made.path_of(1)).write_text("int nothing;\n")
    (row,) = audits.run(tmp_path / "box")
    assert row["verdict"] == "unjudged"
    assert audits.ask("SELECT count(*), max(times) FROM costs") == [(2, 1)]


def test_results_name_their_layout(tmp_path):
    with closing(Results(tmp_path / "r")) as results:
        assert results.meta("layout") == "1"


def test_settings_that_decide_an_answer_are_part_of_its_key():
    from getput.config import Settings
    from getput.model import Confidence, Status

    kept = frozenset({Status.INTRODUCED})
    worlds = [
        World(Path("/a"), Settings(), "s", "c", kept),
        World(Path("/a"), Settings(min_confidence=Confidence.LOW), "s", "c", kept),
        World(Path("/a"), Settings(disable=frozenset({"leak-always"})), "s", "c", kept),
        World(Path("/a"), Settings(), "s", "d", kept),
        World(Path("/a"), Settings(), "s", "c", frozenset(Status)),
        World(Path("/a"), Settings(), "s", "c", kept, index=True),
    ]
    assert len({world.identity for world in worlds}) == len(worlds)
    assert World(Path("/elsewhere"), Settings(), "s", "c", kept).identity == worlds[0].identity
