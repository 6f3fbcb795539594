"""A disk that is really full: a small tmpfs in a mount namespace of its own, freed while the namespace lives."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("fleet_made", Path(__file__).with_name("conftest.py"))
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
COUNT = 60


@pytest.fixture
def disk(tmp_path):
    """Runs a script of a shell in a folder that is a disk of 1 MB; ``fill N`` leaves N KB of it, ``free`` gives all of it back."""
    place = tmp_path / "disk"
    place.mkdir()
    apart = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=1m none {place} && cd {place} && eval "$0"']
    try:
        if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
            pytest.skip("no mount namespaces here (they need root): no disk can be made full")
    except FileNotFoundError:
        pytest.skip("unshare is not installed: no disk can be made full")
    words = (
        "fill() { head -c $(((1024 - $1) * 1024)) /dev/zero > filler; }; free() { rm filler; }; "
        'getput() { "$PYTHON" -m getput "$@" > /dev/null; echo $?; }; '
    )

    def run(script, **environment):
        done = subprocess.run(
            [*apart, words + script],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "PYTHON": sys.executable, **environment},
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout.split(), done.stderr.splitlines()

    return run


@pytest.mark.parametrize("left", [0, 200])  # nothing can be written; all of the mails cannot
def test_an_audit(audits, disk, tmp_path, left):
    (tmp_path / "box").write_text(made.mbox(*[made.alone(number) for number in range(COUNT)]))
    audit = f"getput audit {tmp_path}/box --tree {audits.tree} --quiet --jobs 1 --no-index --out r"
    said, wrong = disk(f"fill {left}; {audit}; free; {audit} --jsonl {tmp_path}/r.jsonl; cp r* {tmp_path}")
    assert (said, wrong) == (["2", "0"], ["getput: audit: --out: r: database or disk is full"])
    audits.run(tmp_path / "box", out="one", more=("--no-index", "--jobs", "1"))
    assert audits.lines().read_bytes() == audits.lines("one").read_bytes()
    assert audits.ask("SELECT count(*), max(times) FROM costs") == [(COUNT, 1)]


def test_what_is_written_of_the_results(audits, disk, tmp_path):
    (tmp_path / "box").write_text(made.mbox(*[made.alone(number) for number in range(20)]))
    audits.run(tmp_path / "box")
    write = f"getput audit --out {tmp_path}/r --quiet --jsonl rows"
    said, wrong = disk(f"fill 0; {write}; ls -A; free; {write}; wc -l < rows")
    assert (said, wrong) == (["2", "filler", "0", "20"], ["getput: audit: --jsonl: rows: No space left on device"])


@pytest.mark.parametrize("left", [0, 100])  # no index can be begun; one that is cannot be ended
def test_an_index(audits, disk, tmp_path, left):
    (tmp_path / "box").write_text(made.mbox(made.alone(0)))
    index = f"getput index --tree {audits.tree}"
    check = f'"$PYTHON" -m getput check --tree {audits.tree} {tmp_path}/box --format json'
    said, wrong = disk(
        f"export XDG_CACHE_HOME=$PWD; fill {left}; {index}; {check} > {tmp_path}/full; free; {index}; {check} > {tmp_path}/freed"
    )
    assert said == ["2", "0"]
    assert len(wrong) == 1
    assert wrong[0].startswith("getput: index: the index cannot be used: ")
    assert wrong[0].endswith("database or disk is full")
    full, freed = (json.loads((tmp_path / name).read_text())["findings"] for name in ("full", "freed"))
    assert full == freed != []
