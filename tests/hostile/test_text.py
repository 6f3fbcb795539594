"""What a patch writes must not be taken for what getput says: by terminals, by programs that read lines, by browsers."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from tests.hostile.conftest import CODE, new_file

from getput.report.escape import printable

ODD = "\x1b]0;owned\x07\x1b[2J\u202e\u2066\u200b\u2028\u2029\u0085\ufeff\U000e0041\r"
SUBJECT = f"x{ODD}</title><script>alert(1)</script>::error file=a::b%0Ay"
NAME = "drivers/x\x1b[2J\u202e<script>alert(1)</script>/=cmd.c"
SAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
LEAK = CODE.replace("\t\treturn ret;\n", f"\t\treturn ret; /* {ODD} <script>alert(1)</script> */\n", 1)


@pytest.mark.parametrize("form", ["text", "checkpatch", "github", "patchwork", "b4"])
def test_nothing_odd_reaches_lines(getput, tree, form):
    done = getput("check", "--format", form, "-", cwd=tree, stdin=new_file(LEAK, NAME, SUBJECT))
    assert done.returncode == 1, done.stderr
    assert SAFE.findall(done.stdout + done.stderr) == []
    if form == "github":
        assert sum(line.startswith("::") for line in done.stdout.splitlines()) == 1
        assert "::error file=a::b" not in done.stdout


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "rdjsonl", "jsonl", "facts"])
def test_json_stays_json(getput, tree, form):
    done = getput("check", "--format", form, "-", cwd=tree, stdin=new_file(LEAK, NAME, SUBJECT))
    for text in done.stdout.splitlines() if form in ("rdjsonl", "jsonl") else [done.stdout]:
        json.loads(text)
    assert "\x1b" not in done.stdout


def test_junit_stays_xml(getput, tree):
    done = getput("check", "--format", "junit", "-", cwd=tree, stdin=new_file(LEAK, NAME, SUBJECT))
    assert ET.fromstring(done.stdout).iter("failure")


def test_the_page_runs_nothing_of_the_patch(getput, tree):
    done = getput("check", "--format", "html", "-", cwd=tree, stdin=new_file(LEAK, NAME, SUBJECT))
    assert "demo_read" in done.stdout
    assert "<script>alert(1)" not in done.stdout
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_written_out():
    assert printable("a\tb\u2028\u200b\U000e0041\udcff") == "a\tb\\u2028\\u200b\\U000e0041\\xff"
    assert SAFE.findall(printable("".join(map(chr, range(0x3000))) + ODD)) == []
