"""``getput`` itself, ``rules``, ``explain`` and ``scan``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from getput import __version__
from getput_rules import RULES
from getput_rules.rule import SECTIONS

LEAK = "leak-on-error"


def test_version(getput):
    assert getput("--version").stdout == f"getput {__version__}\n"


def test_a_start_imports_next_to_nothing():
    code = "import sys; from getput.cli.main import parser_of; parser_of(['--version']); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "argparse" in modules
    assert not {"msgspec", "tree_sitter", "unidiff", "json", "multiprocessing", "getput.model"} & set(modules)


def test_a_fault_of_our_own_does_not_look_like_a_finding():
    code = "import sys, getput.cli.main as m; sys.argv = ['getput', 'rules']; m.import_module = None; m.entry()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "TypeError" in done.stderr


def test_rules_lists_every_rule_once(getput):
    lines = getput("rules").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [rule.id for rule in RULES]
    rows = json.loads(getput("rules", "--format", "json").stdout)
    assert rows == [
        {"id": rule.id, "severity": rule.severity.value, "summary": rule.summary, "from": "getput"} for rule in RULES
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_explain_shows_all_sections(getput, rule):
    page = getput("explain", rule.id).stdout
    assert page.startswith(f"{rule.id} ({rule.severity.value})\n{rule.summary}.\n")
    assert [line for line in page.splitlines() if line in SECTIONS] == list(SECTIONS)
    assert "`getput suppress FINGERPRINT" in page.partition("\nHow to silence it\n")[2].partition("\nReferences\n")[0]


def test_scan_says_what_stands_there(getput, kernel, mending):
    done = getput("scan", "drivers", cwd=kernel.top)
    assert done.returncode == 0, "nothing of it was introduced"
    assert "drivers/demo/demo.c:14:" in done.stdout
    assert f"[{LEAK}]" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("drivers: 1 existing; 1 function judged")


def test_scan_gives_the_same_bytes_with_any_number_of_processes(getput, kernel, mending):
    text = (kernel.top / "drivers/demo/demo.c").read_text()
    for number in range(40):
        kernel.write(text, f"drivers/demo/more{number:02}.c")
    said = {getput("scan", "--format", "json", "--jobs", jobs, cwd=kernel.top).stdout for jobs in (1, 2, 5)}
    assert len(said) == 1
    answer = json.loads(said.pop())
    assert [found["file"] for found in answer["findings"]] == sorted(
        file["path"] for file in answer["patches"][0]["files"]
    )
    assert {found["status"] for found in answer["findings"]} == {"existing"}
    assert answer["stats"]["functions"] == 41


def test_scan_finds_the_top_of_a_tree_without_git(getput, kernel, mending, tmp_path):
    shutil.rmtree(kernel.top / ".git")
    (kernel.top / "MAINTAINERS").write_text("")
    assert "drivers/demo/demo.c:14:" in getput("scan", kernel.top / "drivers" / "demo", cwd=tmp_path).stdout


def test_scan_of_nothing(getput, kernel):
    done = getput("scan", "nowhere", cwd=kernel.top)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
