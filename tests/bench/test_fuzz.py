"""What is fuzzed, on a few inputs, and for a few seconds where the fuzzer is there.

``bench/fuzz/run.py`` is the long version.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TOP = Path(__file__).parents[2]
NAMES = ["mail", "diff", "mask", "lower", "engine"]
FOUND = [  # what the fuzzer found, as small as it goes
    ("mail", b"Subject: x\nContent-Type: text/plain; charset=latin\0\n\n\xff"),
    ("mask", b'void f(void)\n{\n\tg("a\\\nb");\n}\n'),
    ("mask", b"SYSCALL_DEFINE0(fork)\n{\n\treturn 0;\n}\n"),
    ("mask", b"void f(void)\n{\n\ttypeof(a\n\tb) c;\n}\n"),
]


@pytest.mark.parametrize(("name", "raw"), FOUND)
def test_what_was_found(targets, name, raw):
    targets.TARGETS[name](raw)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_at_all(targets, name):
    for raw in (b"", b"\0", b"\n", b"\xff\xfe", b"{", b"}" * 100, b"/*", b'"', b"#if 0\n", b"int f(void)\n{\n"):
        targets.TARGETS[name](raw)


@pytest.mark.parametrize("name", NAMES)
def test_pieces_in_any_order(targets, name):
    words = [word.encode().replace(b"\\x0a", b"\n").replace(b"\\x22", b'"') for word in targets.WORDS[name]]

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.sampled_from([*words, b"a", b" ", b"\n", b"(", b")", b"{", b"}", b";", b"int f(void)\n{\n"]), max_size=40
        )
    )
    def run(pieces: list[bytes]) -> None:
        targets.TARGETS[name](b"".join(pieces))

    run()


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_a_short_run(tmp_path):
    done = subprocess.run(
        [sys.executable, TOP / "bench" / "fuzz" / "run.py", "mask", "--for", "3", "--work", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "finds").iterdir()) == []
    assert "stat::number_of_executed_units" in done.stderr
