"""Rules of another package, really installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-rules"
version = "1.2"

[project.entry-points."getput.rules"]
acme = "acme_rules:RULES"
"""
MODULE = '''\
"""Functions of ACME's are not to be called demo.

## What it does
It names them.

## Why it matters
It does not.

## Bad
    int demo_read(void)

## Good
    int acme_read(void)

## How to silence it
Rename it.

## References
None.
"""

from getput.model import Confidence, Severity
from getput.ownership.view import Found
from getput_rules.rule import Rule


def check(report):
    if report.name.startswith("demo_"):
        yield Found(
            at=report.start, way=(), confidence=Confidence.HIGH, family="acme", object="", role="name", api="",
            exit="", message="a function of this name",
        )


RULES = (Rule(id="acme-name", severity=Severity.WARNING, doc=__doc__, check=check),)
'''
INSTALL = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]


def installed(tmp_path: Path, module: str = MODULE) -> Path:
    """A folder for packages, with one that brings rules, built and installed by pip without the network."""
    pytest.importorskip("hatchling", reason="hatchling builds the package of this test: pip install getput[test]")
    source = tmp_path / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "acme_rules.py").write_text(module)
    target = tmp_path / "site"
    command = [*INSTALL, "--no-build-isolation", "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def pack(tmp_path):
    return str(installed(tmp_path))


def test_its_rules_are_listed_with_where_they_come_from(getput, pack):
    last = getput("rules", PYTHONPATH=pack).stdout.splitlines()[-1]
    assert last.split()[0] == "acme-name"
    assert last.endswith("(from acme-rules 1.2)")
    assert json.loads(getput("rules", "--format", "json", PYTHONPATH=pack).stdout)[-1]["from"] == "acme-rules 1.2"
    assert "acme-name" not in getput("rules").stdout
    assert "Rename it." in getput("explain", "acme-name", PYTHONPATH=pack).stdout


def test_its_rules_judge_like_any_other(getput, kernel, clean, tmp_path, pack):
    text = (kernel.top / "drivers/demo/demo.c").read_text()
    more = tmp_path / "more.patch"
    more.write_text(kernel.patch(text + text.replace("demo_read", "demo_more").partition("\n\n")[2]))
    done = getput("check", more, cwd=kernel.top, PYTHONPATH=pack)
    assert (done.returncode, "[acme-name]" in done.stdout) == (1, True)
    assert getput("check", "--no-rule", "acme-name", more, cwd=kernel.top, PYTHONPATH=pack).returncode == 0
    assert getput("check", "--rule", "acme-name", more, cwd=kernel.top, PYTHONPATH=pack).returncode == 1
    assert getput("check", "--rule", "acme-name", more, cwd=kernel.top).returncode == 2, "not without the package"
    assert "[acme-name]" in getput("scan", "--no-index", cwd=kernel.top, PYTHONPATH=pack).stdout
    assert getput("index", cwd=kernel.top).returncode == 0
    answer = getput("check", "--format", "json", more, cwd=kernel.top, PYTHONPATH=pack).stdout
    assert json.loads(answer)["stats"]["index"] == "outdated", "its findings are not those of these rules"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("RULES = 1\n", "rules of acme-rules 1.2: acme_rules:RULES is no tuple of getput_rules.rule.Rule"),
        ("1/0\n", "rules of acme-rules 1.2: acme_rules:RULES: ZeroDivisionError"),
        (MODULE.replace('"acme-name"', '"leak-on-error"'), "leak-on-error: getput has a rule of this name"),
    ],
)
def test_a_broken_package_is_named(getput, kernel, clean, tmp_path, module, said):
    target = str(installed(tmp_path, module))
    for command in (["check", clean], ["rules"], ["explain", "leak-on-error"]):
        done = getput(*command, cwd=kernel.top, PYTHONPATH=target)
        assert (done.returncode, said in done.stderr) == (2, True), command
