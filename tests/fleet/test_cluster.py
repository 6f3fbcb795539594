"""A real scheduler and real workers, each a process with a folder and a tree of its own, that are killed, cut off and added."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is not installed (the extra cluster)")
spec = importlib.util.spec_from_file_location("fleet_made", Path(__file__).with_name("conftest.py"))
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
COUNT = 160
QUICK = {  # a worker that says nothing is given up soon
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "3s",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",
}


class Cluster:
    """A scheduler at *host*, and workers below *folder*."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("scheduler", "--host", host, "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file))
        deadline = time.monotonic() + 60
        while not self.file.is_file():
            assert time.monotonic() < deadline, "no scheduler"
            time.sleep(0.05)
        self.address = json.loads(self.file.read_text())["address"]

    def start(self, what: str, *args: str, within: tuple[str, ...] = (), cwd: Path | None = None, **more: str):
        process = subprocess.Popen(
            [*within, sys.executable, "-m", "distributed.cli.dask_" + what, *args],
            cwd=cwd or self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / f"{len(self.processes)}.log").open("w"),
            env={**os.environ, **QUICK, **more},
        )
        self.processes.append(process)
        return process

    def worker(self, tree: Path, name: str, within: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """A worker with a copy of *tree* and a cache of its own."""
        own = self.folder / name
        own.mkdir()
        shutil.copytree(tree, own / "sources")
        return self.again(own, within)

    def again(self, own: Path, within: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """A worker that finds its tree and its cache in the folder *own*."""
        args = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(own), "--name", own.name)
        where = {"GETPUT_TREES": str(own / "sources"), "XDG_CACHE_HOME": str(own / "cache")}
        return self.start("worker", self.address, *args, within=within, cwd=own, **where)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster")
    yield cluster
    cluster.stop()


@pytest.fixture
def many(tmp_path):
    (tmp_path / "box").write_text(made.mbox(*[made.alone(number) for number in range(COUNT)]))
    return tmp_path / "box"


def judged_by(path: Path) -> dict[str, int]:
    """How many tasks each process has judged so far."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return dict(db.execute("SELECT worker, count(*) FROM costs GROUP BY worker"))
    except sqlite3.OperationalError:
        return {}


def until(process, condition, path: Path) -> None:
    deadline = time.monotonic() + 90
    while not condition(judged_by(path)):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, judged_by(path)
        time.sleep(0.02)


def started(audits, many, address: str) -> subprocess.Popen[str]:
    command = audits.command(many, "--out", audits.folder / "r", "--cluster", address)
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, **QUICK}
    )


def same_as_one_process(audits, many) -> None:
    audits.run(out="r")
    audits.run(many, out="one", more=("--jobs", "1"))
    assert audits.lines().read_bytes() == audits.lines("one").read_bytes()
    assert audits.ask("SELECT count(*), max(times) FROM costs") == [(COUNT, 1)]


def test_one_worker_is_killed_and_another_one_comes(audits, many, cluster):
    """The tree that the client has is on no worker's disk at that place, nor is the client's folder theirs."""
    first = cluster.worker(audits.tree, "first")
    cluster.worker(audits.tree, "second")
    process = started(audits, many, cluster.address)
    until(process, lambda counts: len(counts) == 2, audits.folder / "r")
    first.send_signal(signal.SIGKILL)
    before = set(judged_by(audits.folder / "r"))
    cluster.worker(audits.tree, "third")
    said = process.communicate(timeout=120)[1]
    assert (process.returncode, said) == (0, "")
    assert before
    same_as_one_process(audits, many)


def test_a_worker_is_cut_off(audits, many, tmp_path, request):
    """In a network namespace of its own whose link goes down; where that is not allowed it is stopped, which is as silent."""
    space = f"getput{os.getpid()}"
    host = "127.0.0.1"
    apart = spaced(space)
    if apart is not None:
        request.addfinalizer(lambda: subprocess.run(["ip", "netns", "del", space], check=False))
        host = apart
    else:
        print("no network namespaces here: the worker is stopped by SIGSTOP instead")
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster", host)
    request.addfinalizer(cluster.stop)
    within = ("ip", "netns", "exec", space) if apart is not None else ()
    far = cluster.worker(audits.tree, "far", within)
    cluster.worker(audits.tree, "near")
    process = started(audits, many, cluster.address)
    until(process, lambda counts: len(counts) == 2, audits.folder / "r")
    if apart is not None:
        subprocess.run(["ip", "link", "set", space[:12] + "a", "down"], check=True)
    else:
        far.send_signal(signal.SIGSTOP)
    said = process.communicate(timeout=120)[1]
    assert (process.returncode, said) == (0, "")
    same_as_one_process(audits, many)


def spaced(name: str) -> str | None:
    """Make a network namespace with a link to it; this side's address, None where the machine does not allow it."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return None
    here, there = name[:12] + "a", name[:12] + "b"
    network = f"10.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    steps = [
        f"ip netns add {name}",
        f"ip link add {here} type veth peer name {there}",
        f"ip link set {there} netns {name}",
        f"ip addr add {network}.1/30 dev {here}",
        f"ip link set {here} up",
        f"ip netns exec {name} ip addr add {network}.2/30 dev {there}",
        f"ip netns exec {name} ip link set {there} up",
        f"ip netns exec {name} ip link set lo up",
    ]
    for step in steps:
        if subprocess.run(step.split(), capture_output=True, check=False).returncode:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
            return None
    return f"{network}.1"


def test_a_worker_with_another_tree_is_told_to_leave(audits, many, cluster, tmp_path):
    """The client's own tree lies on this machine, too: it is hidden from that worker, where the machine allows that."""
    hidden = ("unshare", "-m", "sh", "-c", f'mount -t tmpfs none {audits.tree} && exec "$0" "$@"')
    if subprocess.run([*hidden, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here: the worker would find the client's tree")
    other = tmp_path / "other"
    shutil.copytree(audits.tree, other)
    (other / made.path_of(0)).write_text("int other;\n")
    cluster.worker(audits.tree, "right")
    cluster.worker(other, "wrong", hidden)
    process = started(audits, many, cluster.address)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 0, said
    assert "is not used: no tree like" in said
    same_as_one_process(audits, many)


def test_a_worker_whose_index_is_behind_is_told_to_leave(audits, many, cluster, monkeypatch):
    """Its tree has changed since, and now is the client's once more; one without an index is as useless."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(audits.folder / "cache"))
    subprocess.run([sys.executable, "-m", "getput", "index", "-q", "--tree", str(audits.tree)], check=True)
    cluster.worker(audits.tree, "none")
    own = cluster.folder / "none"
    said = started(audits, many, cluster.address).communicate(timeout=120)[1]
    assert f"no worker is left: there is no index of {own}/sources" in said
    index = [sys.executable, "-m", "getput", "index", "-q", "--tree", str(own / "sources")]
    subprocess.run(index, check=True, env={**os.environ, "XDG_CACHE_HOME": str(own / "cache")})
    os.utime(own / "sources" / made.path_of(0), (1, 1))
    cluster.again(own)
    said = started(audits, many, cluster.address).communicate(timeout=120)[1]
    assert f"no worker is left: files of {own}/sources have changed since its index was made" in said
    subprocess.run(index, check=True, env={**os.environ, "XDG_CACHE_HOME": str(own / "cache")})
    cluster.again(own)
    process = started(audits, many, cluster.address)
    said = process.communicate(timeout=120)[1]
    assert (process.returncode, said) == (0, "")
    same_as_one_process(audits, many)


def test_the_scheduler_is_killed_and_another_one_comes(audits, many, cluster, tmp_path, request):
    cluster.worker(audits.tree, "first")
    process = started(audits, many, cluster.address)
    until(process, lambda counts: sum(counts.values()) > 0, audits.folder / "r")
    cluster.processes[0].kill()
    said = process.communicate(timeout=120)[1]
    done = sum(judged_by(audits.folder / "r").values())
    assert (process.returncode, said.count("\n")) == (2, 1), said
    assert "--cluster: the connection to the scheduler is lost; the same command goes on from here" in said
    assert 0 < done < COUNT
    (tmp_path / "another").mkdir()
    another = Cluster(tmp_path / "another")
    request.addfinalizer(another.stop)
    another.worker(audits.tree, "second")
    process = started(audits, many, another.address)
    said = process.communicate(timeout=120)[1]
    assert (process.returncode, said) == (0, "")
    assert len(judged_by(audits.folder / "r")) == 2
    same_as_one_process(audits, many)


def test_no_scheduler_is_said(audits, many, tmp_path):
    process = started(audits, many, "tcp://127.0.0.1:9")
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 2
    assert "no scheduler answers at tcp://127.0.0.1:9" in said
