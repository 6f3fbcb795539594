#!/usr/bin/env python3
"""How fast many patches are judged: by processes, and on one and two workers of Dask; and that nothing changes the answers.

    python3 bench/audit_rate.py --corpus DIR --tree DIR [--cmd getput] [--dask dask] [--patches 2000] [--rounds 3]

The patches are the mails below DIR, and as many variants of them as it takes: in a variant a removed line bears a remark, so that it is another patch.
The ways are measured in turn, so that a slow moment of the machine hits all; rates are those of whole commands, reading and start-up included, and
medians over rounds.  Beside them stand the CPU seconds of those who judged, which other work on the machine does not change.  Then a worker is killed in
the middle, and an audit is killed and resumed: both must give the same bytes, and no patch may be judged twice.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import resource
import shlex
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator


def patches(corpus: pathlib.Path, count: int, into: pathlib.Path) -> int:
    """Write *count* different mails; how many there are in the end."""
    into.mkdir()
    mails = sorted(corpus.glob("*/*.mbox"))
    made = variant = 0
    while made < count:
        before = made
        for mail in mails:
            raw = mail.read_bytes()
            if variant:
                raw = varied(raw, variant)
            if raw and made < count:
                (into / f"{variant}-{mail.parent.name}-{mail.name}").write_bytes(raw)
                made += 1
        variant += 1
        if made == before:
            break
    return made


def varied(raw: bytes, number: int) -> bytes:
    """The mail with a remark on its first removed line of C; empty where it has none."""
    lines = raw.split(b"\n")
    for at, line in enumerate(lines):
        if line.startswith(b"-\t") and line.endswith(b";"):
            lines[at] = line + b" /* %d */" % number
            return b"\n".join(lines)
    return b""


@contextlib.contextmanager
def cluster(dask: str, count: int, scratch: pathlib.Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and *count* workers, each a process with a folder of its own: its address, and the workers."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    file = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [dask, "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)], **quiet
    )
    workers = [worker(dask, file, folder, number) for number in range(count)]
    try:
        while not file.is_file():
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        from distributed import Client

        with Client(address) as client:
            client.wait_for_workers(count, timeout=120)
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()  # they have nothing to lose, and asked kindly they wait for each other
        for process in (*workers, scheduler):
            process.wait()


def worker(dask: str, file: pathlib.Path, folder: pathlib.Path, number: int) -> subprocess.Popen[bytes]:
    """One worker without a nanny, so that killing it kills it."""
    own = folder / str(number)
    own.mkdir()
    command = [
        dask,
        "worker",
        "--scheduler-file",
        str(file),
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
        "--local-directory",
        str(own),
    ]
    return subprocess.Popen(command, cwd=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Bench:
    """The same patches, audited again and again."""

    def __init__(self, args: argparse.Namespace, mails: pathlib.Path, scratch: pathlib.Path) -> None:
        self.args = args
        self.scratch = scratch
        self.command = [*shlex.split(args.cmd), "audit", str(mails), "--tree", str(args.tree), "--quiet", "--no-index"]
        self.number = 0

    def audit(self, *more: str, out: pathlib.Path | None = None) -> tuple[float, pathlib.Path]:
        """Seconds of one audit, and its results."""
        out = out or self.fresh()
        start = time.perf_counter()
        subprocess.run([*self.command, "--out", str(out), *more], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start, out

    def fresh(self) -> pathlib.Path:
        """A file for results."""
        self.number += 1
        return self.scratch / f"{self.number}.sqlite"

    def on(self, workers: int) -> tuple[float, float, pathlib.Path]:
        """(seconds, CPU seconds of the workers, results) of an audit on this many workers."""
        with cluster(self.args.dask, workers, self.scratch) as (address, processes):
            before = sum(cpu(process.pid) for process in processes)
            seconds, out = self.audit("--cluster", address)
            return seconds, sum(cpu(process.pid) for process in processes) - before, out

    def by(self, jobs: int) -> tuple[float, float, pathlib.Path]:
        """The same by processes."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds, out = self.audit("--jobs", str(jobs))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out

    def exported(self, out: pathlib.Path) -> bytes:
        """The answers, sorted."""
        lines = out.with_suffix(".jsonl")
        subprocess.run(
            [*shlex.split(self.args.cmd), "audit", "--out", str(out), "--jsonl", str(lines)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return lines.read_bytes()


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has had so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def judged(out: pathlib.Path) -> tuple[int, int]:
    """(tasks that are judged, how often a task was judged at most)."""
    if not out.is_file():
        return 0, 0
    try:
        with contextlib.closing(sqlite3.connect(f"file:{out}?mode=ro", uri=True)) as db:
            return tuple(db.execute("SELECT count(*), coalesce(max(times), 0) FROM costs").fetchone())
    except sqlite3.OperationalError:
        return 0, 0


def until(process: subprocess.Popen[bytes], out: pathlib.Path, tasks: int) -> None:
    """Wait until so many tasks are judged."""
    while judged(out)[0] < tasks:
        if process.poll() is not None:
            raise SystemExit("the audit ended too soon")
        time.sleep(0.1)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=pathlib.Path, required=True, help="folders of mails")
    parser.add_argument("--tree", type=pathlib.Path, required=True)
    parser.add_argument("--cmd", default="getput")
    parser.add_argument("--dask", default="dask", help="Dask's own command")
    parser.add_argument("--patches", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        count = patches(args.corpus, args.patches, scratch / "mails")
        bench = Bench(args, scratch / "mails", scratch)
        ways = {
            "1 process": lambda: bench.by(1),
            "2 processes": lambda: bench.by(2),
            "1 worker": lambda: bench.on(1),
            "2 workers": lambda: bench.on(2),
        }
        times: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        answers: set[bytes] = set()
        for number in range(args.rounds):
            for way, measure in ways.items():
                seconds, busy, out = measure()
                times[way].append((seconds, busy))
                answers.add(bench.exported(out))
                print(f"round {number + 1}, {way}: {seconds:.1f} s, {busy:.1f} s of CPU", flush=True)
        for way, every in times.items():
            seconds, busy = (statistics.median(column) for column in zip(*every, strict=True))
            print(f"{way}: {count / seconds:.1f} patches a second, {1000 * busy / count:.1f} ms of CPU each")
        ratios = [one[0] / two[0] for one, two in zip(times["1 worker"], times["2 workers"], strict=True)]
        print(
            f"2 workers against 1: {statistics.median(ratios):.2f} times the rate (rounds: {', '.join(f'{one:.2f}' for one in ratios)})"
        )
        print(f"answers of all ways and rounds: {len(answers)} different")
        reference = answers.pop()
        print(f"a worker killed in the middle: {'unchanged' if killed(bench, count) == reference else 'CHANGED'}")
        same, times_most = resumed(bench, count)
        print(
            f"killed and resumed: {'unchanged' if same == reference else 'CHANGED'}, judged at most {times_most} times"
        )
    return 0


def killed(bench: Bench, count: int) -> bytes:
    """The answers where one of two workers is killed in the middle."""
    out = bench.fresh()
    with cluster(bench.args.dask, 2, bench.scratch) as (address, workers):
        process = subprocess.Popen([*bench.command, "--out", str(out), "--cluster", address], stdout=subprocess.DEVNULL)
        until(process, out, count // 3)
        workers[0].send_signal(signal.SIGKILL)
        if process.wait():
            raise SystemExit("the audit failed")
    return bench.exported(out)


def resumed(bench: Bench, count: int) -> tuple[bytes, int]:
    """The answers of an audit that is killed in the middle and started again, and how often a task was judged at most."""
    out = bench.fresh()
    process = subprocess.Popen([*bench.command, "--out", str(out), "--jobs", "2"], stdout=subprocess.DEVNULL)
    until(process, out, count // 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    bench.audit("--jobs", "2", out=out)
    return bench.exported(out), judged(out)[1]


if __name__ == "__main__":
    sys.exit(main())
