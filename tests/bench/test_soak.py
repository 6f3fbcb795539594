"""Damaged mail, a few hundred of them.  ``bench/soak.py`` is the long version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PATCH = TOP / "fixtures" / "demo" / "0001-power-firmware.patch"


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    folder = tmp_path / "mails"
    folder.mkdir()
    raw = PATCH.read_bytes()
    (folder / "one.patch").write_bytes(raw)
    (folder / "two.patch").write_bytes(raw.replace(b"power", b"heat"))
    return folder


def test_everything_is_answered(mails):
    command = [sys.executable, TOP / "bench" / "soak.py", "--mails", mails, "--count", "250", "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"answered": 250' in done.stdout
    assert '"silent": 0' in done.stdout


def test_an_input_is_the_same_each_time(soak, mails):
    known = [path.read_bytes() for path in sorted(mails.iterdir())]
    assert [soak.made(1, number, known) for number in range(50)] == [
        soak.made(1, number, known) for number in range(50)
    ]
    assert {kind for kind, _ in (soak.made(1, number, known) for number in range(50))} == set(soak.MAKERS)


def test_a_fault_is_not_overlooked(soak, mails, monkeypatch, capsys):
    """A run that could not fail would say nothing."""
    monkeypatch.setattr(sys, "argv", ["soak", "--mails", str(mails), "--count", "3"])

    def broken(task):
        raise RuntimeError("broken")

    monkeypatch.setattr(soak.check, "_answer", broken)
    assert soak.main() == 1
    assert "internal error: RuntimeError: broken" in capsys.readouterr().out
