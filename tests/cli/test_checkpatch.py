"""``--format checkpatch`` beside checkpatch.pl itself, and as b4 reads it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import LEAKING

KERNEL = os.environ.get("KERNEL_TREE", "")  # one with scripts/checkpatch.pl
STYLELESS = LEAKING.replace("int ret;", "int ret ;").replace("\tif (ret)\n", "\tif(ret)\n")


def b4_says(done) -> list[tuple[str, str]]:
    """What ``b4 prep --check`` makes of a command's output: any line of it is a complaint."""
    out, err = done.stdout.strip(), done.stderr.strip()
    report = [("fail" if "ERROR:" in line else "warning", line) for line in out.split("\n") if out]
    report += [("fail", line) for line in err.split("\n") if err]
    return report or [("fail", "") if done.returncode else ("success", "")]


@pytest.mark.parametrize(
    "options", [["--terse"], ["-q"], ["-q", "--terse", "--showfile", "--no-summary"], ["--terse", "--show-types"]]
)
def test_b4_sees_success_in_a_clean_patch(getput, kernel, clean, options):
    done = getput("check", "--format", "checkpatch", *options, "-", cwd=kernel.top, stdin=clean.read_bytes())
    assert b4_says(done) == [("success", "")]


def test_b4_sees_one_warning_for_one_finding(getput, kernel, leaking):
    options = ["-q", "--format", "checkpatch", "--terse", "--showfile"]
    done = getput("check", *options, "-", cwd=kernel.top, stdin=leaking.read_bytes())
    ((flag, line),) = b4_says(done)
    assert flag == "warning"
    assert re.match(r"drivers/demo/demo\.c:1[34]: WARNING: demo_read\(\): ", line)


def test_b4_sees_a_failure_in_an_error_and_in_what_could_not_be_judged(getput, kernel, leaking, tmp_path):
    config = tmp_path / "strict.toml"
    config.write_text('[rules.severity]\nleak-on-error = "error"\n')
    done = getput("check", "-q", "--format", "checkpatch", "--terse", "--config", config, leaking, cwd=kernel.top)
    assert [flag for flag, _ in b4_says(done)] == ["fail"]
    bad = getput("check", "-q", "--format", "checkpatch", "--terse", "-", cwd=kernel.top, stdin="no patch\n")
    assert [flag for flag, _ in b4_says(bad)] == ["fail"]


def test_the_line_of_the_patch_is_the_line_that_is_shown(getput, kernel, leaking):
    for name, stdin, shown in ((leaking, b"", str(leaking)), ("-", leaking.read_bytes(), "-")):
        done = getput("check", "--format", "checkpatch", name, cwd=kernel.top, stdin=stdin)
        number, line, text = re.search(
            r"^#(\d+): FILE: drivers/demo/demo\.c:(\d+):\n(\+.*)\n", done.stdout, re.MULTILINE
        ).groups()
        assert leaking.read_text().splitlines()[int(number) - 1] == text
        assert LEAKING.splitlines()[int(line) - 1] == text[1:]
        terse = getput("check", "--format", "checkpatch", "--terse", name, cwd=kernel.top, stdin=stdin)
        assert terse.stdout.startswith(f"{shown}:{number}: WARNING: ")


def test_patches_of_one_file_are_counted_on(getput, kernel, leaking, clean, tmp_path):
    both = tmp_path / "both.mbox"
    both.write_bytes(clean.read_bytes() + b"\n" + leaking.read_bytes())
    done = getput("check", "--format", "checkpatch", "--terse", both, cwd=kernel.top)
    number = int(done.stdout.split(":")[1])
    assert both.read_text().splitlines()[number - 1].strip("+\t") in ("if (ret)", "return ret;")
    assert number > len(clean.read_text().splitlines())


def test_a_tree_that_has_moved_on_has_other_lines_than_the_patch(getput, kernel, leaking):
    leaking.write_text(re.sub(r"(?m)^index .*\n", "", leaking.read_text()))
    kernel.write("\n\n\n" + (kernel.top / "drivers/demo/demo.c").read_text())
    done = getput("check", "--format", "checkpatch", leaking, cwd=kernel.top)
    number, line, text = re.search(r"^#(\d+): FILE: \S+:(\d+):\n(.*)\n", done.stdout, re.MULTILINE).groups()
    assert leaking.read_text().splitlines()[int(number) - 1] == text
    assert LEAKING.splitlines()[int(line) - 4] == text[1:]


def shape(text: str, path: Path) -> list[str]:
    """The lines of an answer without what is said: only how it is said."""
    out = []
    for line in text.splitlines():
        line = line.replace(str(path), "PATCH").replace("drivers/demo/demo.c", "FILE")  # noqa: PLW2901
        line = re.sub(r"\b(ERROR|WARNING|CHECK):", "LEVEL:", re.sub(r"\d+", "N", line))  # noqa: PLW2901
        line = re.sub(r"(LEVEL:[A-Z_]+:|LEVEL:) .*", r"\1 MESSAGE", line)  # noqa: PLW2901
        line = re.sub(r"LEVEL:[A-Z_]+:", "LEVEL:TYPE:", line)  # noqa: PLW2901
        out.append("+CODE" if line.startswith("+") else line)
    return out


@pytest.mark.skipif(not shutil.which("perl"), reason="checkpatch.pl needs perl")
@pytest.mark.skipif(
    not Path(KERNEL, "scripts", "checkpatch.pl").is_file() or not KERNEL,
    reason="KERNEL_TREE names no kernel with scripts/checkpatch.pl",
)
@pytest.mark.parametrize(
    "options",
    [
        ["-q"],
        ["-q", "--show-types"],
        ["-q", "--showfile"],
        ["--terse"],
        ["--terse", "--showfile"],
        ["--terse", "--show-types"],
        ["--terse", "--showfile", "--show-types", "--no-summary"],
    ],
)
def test_a_line_looks_as_checkpatch_writes_it(getput, kernel, tmp_path, options):
    path = tmp_path / "0001-demo.patch"
    path.write_text(kernel.patch(STYLELESS))
    command = ["perl", f"{KERNEL}/scripts/checkpatch.pl", "--no-tree", "--types", "SPACING", *options, str(path)]
    theirs = shape(subprocess.run(command, capture_output=True, text=True, check=False).stdout, path)
    ours_options = [option for option in options if option != "-q"]
    ours = shape(getput("check", "--format", "checkpatch", *ours_options, path, cwd=kernel.top).stdout, path)
    assert theirs, "checkpatch.pl found nothing"
    for line in ours:
        assert line in theirs or line.startswith("PATCH has ")
    one = ours[: ours.index("") + 1] if "" in ours else ours[:1]
    at = theirs.index(one[0])
    assert theirs[at : at + len(one)] == one
