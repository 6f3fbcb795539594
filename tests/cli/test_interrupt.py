"""Ctrl-C while a tree is scanned: what was found is printed, how much was judged is said, and nobody is left behind."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

FILES = 4000
SAID = re.compile(r"interrupted: ([\d,]+) of 4,001 files judged")


class Interrupted(NamedTuple):
    """How the process ended, what it wrote, and whether its group is empty."""

    status: int
    out: str
    err: str
    gone: bool


@pytest.fixture
def large(kernel, mending) -> Path:
    """A tree that takes a while: one file under many names."""
    leak = (kernel.top / "drivers/demo/demo.c").read_text()
    first = kernel.top / "fs" / "f0000.c"
    first.parent.mkdir()
    first.write_text("".join(leak.replace("demo_read", f"demo_read{number}") for number in range(10)))
    for number in range(1, FILES):
        os.link(first, first.with_name(f"f{number:04}.c"))
    return kernel.top


def interrupt(tree: Path, *args: str) -> Interrupted:
    """Scan *tree* with standard error on a terminal; SIGINT to the whole group once progress is shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "getput", "scan", *args],
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    )
    os.close(theirs)
    err = b""
    try:
        while b" files" not in err:
            assert process.poll() is None, "the scan was over too soon"
            if select.select([ours], [], [], 1)[0]:
                err += os.read(ours, 1 << 16)
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        gone = False
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            gone = True
        while select.select([ours], [], [], 0)[0]:
            try:
                more = os.read(ours, 1 << 16)
            except OSError:  # what Linux says of a terminal that nobody has open any more
                break
            err += more
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(ours)
    return Interrupted(process.returncode, out.decode(), err.decode(), gone)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_was_found_is_printed(large, jobs):
    done = interrupt(large, "--jobs", jobs)
    assert done.status == 130
    assert done.gone
    assert "Traceback" not in done.err
    judged = int(SAID.search(done.err)[1].replace(",", ""))
    assert 0 < judged < FILES
    assert done.err.endswith(f"\r\x1b[Kgetput: {large}: {SAID.search(done.err)[0]}\r\n")
    places = re.findall(r"^(\S+\.c):(\d+):\d+: warning: .*\[leak-on-error\]$", done.out, re.MULTILINE)
    assert len(places) == judged * 10 - 9
    assert places == sorted(places, key=lambda place: (place[0], int(place[1])))
    assert re.search(rf": {len(places)} existing; \d+ functions judged", done.out.splitlines()[-1])


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_json_is_a_whole_object_that_says_so(large, jobs):
    done = interrupt(large, "--format", "json", "--jobs", jobs)
    assert (done.status, done.gone) == (130, True)
    answer = json.loads(done.out)
    (error,) = answer["errors"]
    judged = len(answer["patches"][0]["files"])
    assert error["message"] == f"interrupted: {judged:,} of 4,001 files judged"
    assert error["message"] in done.err
    assert len(answer["findings"]) == judged * 10 - 9
