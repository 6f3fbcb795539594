"""All formats, as a user asks for them: exit statuses, several inputs, trees, and what may be asked of which."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from tests.cli.conftest import FILE, LEAKING

from getput.report import FORMATS

OF_PATCHES = [name for name, form in FORMATS.items() if not form.standing]
OF_TREES = [name for name, form in FORMATS.items() if not form.changing]
MANY = [name for name in OF_PATCHES if not FORMATS[name].one_answer]


@pytest.mark.parametrize("form", OF_PATCHES)
def test_exit_statuses_are_the_same_in_every_format(getput, kernel, leaking, clean, form):
    found = getput("check", "--format", form, leaking, cwd=kernel.top)
    assert (found.returncode, found.stderr) == (1, "")
    assert found.stdout
    nothing = getput("check", "--format", form, "-q", clean, cwd=kernel.top)
    assert (nothing.returncode, nothing.stderr) == (0, "")
    bad = getput("check", "--format", form, "-", cwd=kernel.top, stdin="no patch\n")
    assert bad.returncode == 2
    assert bool(bad.stderr) is not FORMATS[form].carries_errors


@pytest.mark.parametrize("form", MANY)
def test_many_inputs_give_the_same_bytes_in_any_number_of_processes(getput, kernel, leaking, clean, form):
    inputs = [leaking, clean, leaking, clean]
    said = {
        getput("check", "--each", "--format", form, "--jobs", jobs, *inputs, cwd=kernel.top).stdout for jobs in (1, 3)
    }
    assert len(said) == 1


@pytest.mark.parametrize("form", [name for name in OF_PATCHES if name not in MANY])
def test_one_answer_is_not_several(getput, kernel, leaking, clean, form):
    done = getput("check", "--each", "--format", form, leaking, clean, cwd=kernel.top)
    assert done.returncode == 2


@pytest.mark.parametrize("form", OF_TREES)
def test_a_tree(getput, kernel, form):
    kernel.write(LEAKING)
    done = getput("scan", "--no-index", "--format", form, kernel.top / FILE, cwd=kernel.top)
    assert (done.returncode, done.stderr) == (0, "")
    assert "leak-on-error" in done.stdout or form == "checkpatch"
    assert FILE in done.stdout or form == "table"


@pytest.mark.parametrize("form", [name for name in OF_PATCHES if FORMATS[name].changing])
def test_what_is_about_patches_is_not_for_trees(getput, kernel, form):
    assert getput("scan", "--format", form, cwd=kernel.top).returncode == 2


@pytest.mark.parametrize("option", ["--terse", "--showfile", "--show-types", "--no-summary", "--url=x"])
def test_an_option_that_says_nothing_to_a_format_is_refused(getput, kernel, leaking, option):
    done = getput("check", "--format", "json", option, leaking, cwd=kernel.top)
    assert done.returncode == 2
    assert option.partition("=")[0] in done.stderr


def changed_lines(patch: str) -> set[int]:
    """The lines of the after-image that a patch of one file adds."""
    out, at = set(), 0
    for line in patch.splitlines():
        if line.startswith("@@ "):
            at = int(line.split("+")[1].split(",")[0])
        elif at:
            if line.startswith("+"):
                out.add(at)
            at += not line.startswith("-")
    return out


@pytest.mark.parametrize("form", ["sarif", "rdjsonl", "gitlab", "github"])
def test_the_place_is_a_line_that_the_patch_added(getput, kernel, leaking, form):
    said = getput("check", "--format", form, "-q", leaking, cwd=kernel.top).stdout
    lines = {
        "sarif": lambda: [
            one["locations"][0]["physicalLocation"]["region"]["startLine"]
            for one in json.loads(said)["runs"][0]["results"]
        ],
        "rdjsonl": lambda: [json.loads(one)["location"]["range"]["start"]["line"] for one in said.splitlines()],
        "gitlab": lambda: [one["location"]["lines"]["begin"] for one in json.loads(said)],
        "github": lambda: [int(said.partition("line=")[2].partition(",")[0])],
    }[form]()
    assert len(lines) == 1
    assert set(lines) <= changed_lines(leaking.read_text())


def test_a_put_that_was_removed_is_told_of_on_a_line_of_its_hunk(getput, kernel, tmp_path):
    path = tmp_path / "removed.patch"
    text = (kernel.top / FILE).read_text()
    path.write_text(kernel.patch(text.replace("\tof_node_put(np);\n", "")))
    (one,) = getput("check", "--format", "rdjsonl", path, cwd=kernel.top).stdout.splitlines()
    line = json.loads(one)["location"]["range"]["start"]["line"]
    assert (kernel.top / FILE).read_text().splitlines()[line - 1 : line + 1] == ["\tof_node_put(np);", ""]


def test_junit_is_well_formed(getput, kernel, leaking, clean):
    said = getput("check", "--each", "--format", "junit", leaking, clean, cwd=kernel.top).stdout
    assert [suite.get("failures") for suite in ET.fromstring(said)] == ["1", "0"]


def test_a_series_has_one_patchwork_check_a_patch(getput, kernel, leaking, clean):
    said = getput("check", "--format", "patchwork", "--url", "https://x.example", leaking, clean, cwd=kernel.top)
    assert [json.loads(line)["state"] for line in said.stdout.splitlines()] == ["warning", "success"]
    assert json.loads(said.stdout.splitlines()[0])["target_url"] == "https://x.example"


def test_a_format_that_is_not_asked_for_costs_nothing(kernel, leaking):
    code = (
        "import sys; from getput.cli.main import main;"
        f"main(['check', '--tree', {str(kernel.top)!r}, {str(leaking)!r}]);"
        "print(*sys.modules, file=sys.stderr)"
    )
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.split()
    assert "getput.report.text" in modules
    others = {FORMATS[name].module for name in FORMATS if name != "text"}
    assert not ({"getput.patch.letter", "getput.verdict.facts", "email", "json"} | others) & set(modules)
