"""Whatever comes in: one line that says what is wrong, never a traceback, and the right exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n\n\n", id="blank"),
        pytest.param(b"Dear all,\n\nplease find no patch attached.\n", id="prose"),
        pytest.param(bytes(range(256)) * 64, id="binary"),
        pytest.param(
            b"From a Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\nno diff\n---\n", id="a mail without a diff"
        ),
        pytest.param(b"diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1,9 +1,9 @@\n", id="a diff without lines"),
        pytest.param(b"\xef\xbb\xbf\x00\x00\x00\x00", id="nul"),
    ],
)
def test_not_a_patch(getput, kernel, tmp_path, text):
    path = tmp_path / "input"
    path.write_bytes(text)
    done = getput("check", path, cwd=kernel.top)
    assert done.returncode == 2
    assert done.stderr.startswith("getput: ")
    assert str(path) in done.stderr


@pytest.mark.parametrize("keep", [0.99, 0.9, 0.7, 0.5, 0.3])
def test_a_truncated_patch(getput, kernel, leaking, keep):
    text = leaking.read_bytes()
    leaking.write_bytes(text[: int(len(text) * keep)])
    done = getput("check", "--format", "json", leaking, cwd=kernel.top)
    answer = json.loads(done.stdout)
    judged = any(file["status"] == "analysed" for patch in answer["patches"] for file in patch["files"])
    assert done.returncode in ((0, 1) if judged else (2,))
    assert judged or answer["errors"]


def test_a_patch_that_does_not_apply(getput, leaking, tmp_path):
    other = tmp_path / "other" / "drivers" / "demo"
    other.mkdir(parents=True)
    (other / "demo.c").write_text("int nothing_like_it;\n")
    done = getput("check", leaking, cwd=tmp_path / "other")
    assert done.returncode == 2
    assert "drivers/demo/demo.c" in done.stderr


def test_a_file_that_is_not_there(getput, kernel):
    done = getput("check", "nothing.patch", cwd=kernel.top)
    assert done.returncode == 2
    assert "nothing.patch" in done.stderr


def test_a_folder(getput, kernel, tmp_path):
    assert getput("check", tmp_path, cwd=kernel.top).returncode == 2


@pytest.mark.parametrize("tree", ["missing", "file"])
def test_no_tree(getput, leaking, tmp_path, tree):
    (tmp_path / "file").write_text("")
    done = getput("check", "--tree", tmp_path / tree, leaking, cwd=tmp_path)
    assert done.returncode == 2
    assert "--tree" in done.stderr


def test_a_patch_without_c_is_fine(getput, kernel):
    mail = kernel.patch("The demo.\n", "doc: demo", "Documentation/demo.rst")
    done = getput("check", "-", cwd=kernel.top, stdin=mail)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["check"], "nothing to judge"),
        (["check", "-", "-"], "once only"),
        (["check", "--staged", "x.patch"], "takes no INPUT"),
        (["check", "--rule", "leak-on-eror", "-"], "did you mean leak-on-error"),
        (["check", "--show", "everything", "-"], "introduced, fixed, existing"),
        (["check", "--jobs", "0", "-"], "at least 1"),
        (["check", "--format", "xml", "-"], "invalid choice"),
        (["check", "--each", "--format", "json", "a", "b"], "use jsonl"),
        (["check", "--config", "none.toml", "-"], "none.toml"),
        (["check", "--sta"], "unrecognized arguments"),
        (["explain", "no-such-rule"], "no rule no-such-rule"),
        (["frobnicate"], "invalid choice"),
        ([], "COMMAND"),
    ],
)
def test_wrong_usage(getput, kernel, args, said):
    done = getput(*args, cwd=kernel.top)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_names_and_lines_that_are_no_utf8(getput, kernel, tmp_path):
    name = os.fsdecode(b"odd-\xff\x1b[31m.patch")
    path = tmp_path / name
    path.write_bytes(b"no patch")
    done = getput("check", path, cwd=kernel.top)
    assert done.returncode == 2
    assert "odd-\\xff\\x1b[31m.patch" in done.stderr
    done = getput("check", "--format", "jsonl", path, cwd=kernel.top)
    assert json.loads(done.stdout)["input"] == str(path)


def test_control_characters_of_a_source_line_do_not_reach_the_terminal(getput, kernel, leaking):
    text = leaking.read_bytes()
    leaking.write_bytes(text.replace(b"+\t\treturn ret;", b"+\t\treturn ret; /* \x1b[2J \xe9 */"))
    done = getput("check", leaking, cwd=kernel.top)
    assert done.returncode == 1
    assert "return ret; /* \\x1b[2J \\xe9 */" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_terminal(getput, kernel, leaking, encoding):
    text = leaking.read_bytes()
    leaking.write_bytes(text.replace(b"+\t\treturn ret;", "+\t\treturn ret; /* Ελλάδα */".encode()))
    assert getput("check", leaking, cwd=kernel.top, PYTHONIOENCODING=encoding).returncode == 1


def shell(line: str, cwd: Path, **names: object) -> subprocess.CompletedProcess[str]:
    names = {"GETPUT": f"{sys.executable} -m getput", "PYTHONUNBUFFERED": "", **names}  # buffered, as users have it
    env = {**os.environ, **{key: str(value) for key, value in names.items()}}
    return subprocess.run(
        ["bash", "-c", line], cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_reader_that_leaves(kernel, leaking, jobs):
    inputs = 'for i in $(seq 300); do echo "$PATCH"; done'
    check = f"xargs $GETPUT check --each --format jsonl --jobs {jobs}"
    done = shell(f"{inputs} | {check} | head -n 1", kernel.top, PATCH=leaking)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["--help", "check --help", "rules", "explain leak-on-error", "--version"])
def test_a_reader_that_never_was(kernel, command):
    done = shell(f"$GETPUT {command} | true", kernel.top)
    assert (done.returncode, done.stderr) == (0, "")


def test_closed_standard_output(kernel, leaking):
    done = shell('$GETPUT check "$PATCH" >&-', kernel.top, PATCH=leaking)
    assert done.returncode == 2
    assert done.stderr == "getput: check: standard output is closed\n"


def test_closed_standard_error(kernel):
    assert shell("$GETPUT check nothing.patch 2>&-", kernel.top).returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk(kernel, leaking):
    done = shell('$GETPUT check "$PATCH" >/dev/full', kernel.top, PATCH=leaking)
    assert done.returncode == 2
    assert done.stderr == "getput: check: standard output: No space left on device\n"


def test_a_mail_of_20_megabytes(getput, kernel, leaking):
    text = leaking.read_bytes()
    head, _, diff = text.partition(b"\n---\n")
    leaking.write_bytes(head + b"\n" + b"> quoted again and again\n" * 850_000 + b"\n---\n" + diff)
    assert leaking.stat().st_size > 20_000_000
    start = time.monotonic()
    done = getput("check", leaking, cwd=kernel.top)
    assert done.returncode in (1, 2), done.stderr
    assert time.monotonic() - start < 20
