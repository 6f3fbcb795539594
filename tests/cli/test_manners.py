"""What a person at a terminal meets: help, complaints, narrow windows, figures."""

from __future__ import annotations

import re

import pytest
from tests.cli.conftest import LEAKING
from tests.cli.test_check import on_a_terminal

from getput.cli.main import COMMANDS


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["chekc"], "did you mean check?"),
        (["check", "--stagd"], "unrecognized arguments: --stagd: did you mean --staged?"),
        (["check", "--formt=json", "x"], "did you mean --format?"),
        (["check", "--format", "jsno", "x"], "did you mean json or jsonl?"),
        (["check", "--rule", "leak_on_eror", "x"], "no rule leak_on_eror: did you mean leak-on-error"),
        (["hook", "instal"], "did you mean install or uninstall?"),
        (["hook", "install", "--typ", "pre-push"], "did you mean --type?"),
        (["apis", "of_node_pt"], "did you mean of_node_put"),
        (["explain", "use-after-pit"], "did you mean use-after-put"),
        ([], "COMMAND (`getput --help` says more)"),
    ],
)
def test_a_slip_of_the_fingers(getput, kernel, args, said):
    done = getput(*args, cwd=kernel.top)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, "one line, and no page of usage"


@pytest.mark.parametrize("command", [[], *[[name] for name in COMMANDS]], ids=lambda words: " ".join(words) or "getput")
def test_help_says_what_everything_is_for(getput, command):
    for width in (60, 200):
        done = getput(*command, "--help", COLUMNS=str(width))
        assert (done.returncode, done.stderr) == (0, "")
        page = done.stdout.partition("examples:")[0]
        assert max(map(len, page.splitlines())) <= width + 20  # what stands alone on a line is not broken
    options = re.findall(r"^  (-.*?)(?:  +(.*))?$", page, re.MULTILINE)
    assert options
    assert not [flags for flags, told in options if not told and len(flags) < 20], "an option without a word"


def test_examples_of_help_are_commands(getput):
    for words in ([], ["check"], ["scan"], ["hook"], ["completion"]):
        examples = re.findall(r"getput (\w+)", getput(*words, "--help").stdout.partition("examples:")[2])
        assert examples
        assert set(examples) <= set(COMMANDS)


def test_source_lines_fit_a_narrow_terminal_and_keep_the_caret(kernel, tmp_path):
    """A pipe gets the whole line; a terminal what fits."""
    long = LEAKING.replace("np = of_find_node_by_path(", "/* " + "far " * 30 + "*/ np = of_find_node_by_path(")
    patch = tmp_path / "long.patch"
    patch.write_text(kernel.patch(long))
    wide = on_a_terminal("check", "--no-color", patch, cwd=kernel.top, COLUMNS="400").splitlines()
    narrow = on_a_terminal("check", "--no-color", patch, cwd=kernel.top, COLUMNS="60").splitlines()
    quoted = [line for line in narrow if re.match(r" +\d+ \|", line)]
    assert quoted
    assert max(map(len, quoted)) == 60
    assert len(narrow) == len(wide)
    (at,) = {number for number, line in enumerate(wide) if "far far" in line}
    assert narrow[at].startswith("    8 | ...")
    column = narrow[at + 1].index("^")
    assert narrow[at][column:].startswith("of_find_node_by_path(")


def test_a_pipe_gets_whole_lines(getput, kernel, tmp_path):
    long = LEAKING.replace("np = of_find_node_by_path(", "/* " + "far " * 30 + "*/ np = of_find_node_by_path(")
    patch = tmp_path / "long.patch"
    patch.write_text(kernel.patch(long))
    assert "far " * 30 in getput("check", patch, cwd=kernel.top, COLUMNS="60").stdout


def test_statistics_say_how_much_was_judged_and_where_the_time_went(getput, kernel, leaking, clean):
    done = getput("check", "--each", "--statistics", "-q", "--jobs", "2", leaking, clean, cwd=kernel.top)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].split() == ["file", "functions", "unparsed", "in", "part", "findings"]
    assert lines[1].split() == ["drivers/demo/demo.c", "2", "0", "0", "1"]
    assert lines[2].split() == ["total", "2", "0", "0", "1"]
    assert lines[3] == "files: 2 analysed"
    assert re.fullmatch(r"time: start [\d.]+ s, read [\d.]+ s, judge [\d.]+ s, all [\d.]+ s", lines[4])
    assert getput("check", leaking, cwd=kernel.top).stderr == ""


def test_statistics_of_a_scan(getput, kernel):
    for number in range(70):
        kernel.write("int f(void)\n{\n\treturn 0;\n}\n", f"drivers/demo/more{number:02}.c")
    kernel.write(LEAKING)
    lines = getput("scan", "--no-index", "--statistics", "-q", "--jobs", "1", cwd=kernel.top).stderr.splitlines()
    assert [line.split()[0] for line in lines] == ["file", "drivers/demo/demo.c", "70", "total", "files:", "time:"]
    assert lines[2].split()[:3] == ["70", "others", "70"]
