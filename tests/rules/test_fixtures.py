"""Every sample in ``fixtures/``, judged by the command a user runs, on real patches, forwards and backwards.

All samples stand in one tree and are judged in one run of each kind, as a bot would judge a day's patches.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from getput.cli.main import main

HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
LEAKS = {
    "leak-on-error",
    "leak-always",
    "leak-on-iterator-exit",
    "leak-by-overwrite",
    "leak-of-stored-reference",
    "get-discarded",
    "count-kept-by-failed-get",
}


def lay_out(top: Path, samples) -> None:
    """All images of *samples* on disk: those before their patches in ``a``, those after in ``b``."""
    for sample in samples:
        for side, image in (("a", sample.before), ("b", sample.after)):
            path = top / side / sample.path
            path.parent.mkdir(parents=True)
            if image.text is not None:
                path.write_text(image.text, encoding="utf-8")


def patches(top: Path, samples, *options: str) -> list[Path]:
    """One patch a sample, as git writes it, in the order of *samples*."""
    out = []
    for sample in samples:
        path = top / f"{sample.rule}.{sample.name}{''.join(options)}.patch"
        sides = [f"{side}/{sample.path}" for side in "ab"]
        for side, image in zip(sides, (sample.before, sample.after), strict=True):
            if image.text is None:
                sides[sides.index(side)] = "/dev/null"
        prefixes = ["--src-prefix=a/", "--dst-prefix="] if "/dev/null" in sides else ["--no-prefix"]
        done = subprocess.run(
            ["git", "diff", "--no-index", *prefixes, *options, *sides], cwd=top, capture_output=True, check=False
        )
        assert done.returncode == 1, done.stderr
        path.write_bytes(done.stdout)
        out.append(path)
    return out


def changed(patch: str) -> set[tuple[str, int]]:
    """(side, line) of every line that the patch of one file changes."""
    out = set()
    old = new = 0
    for line in patch.splitlines():
        if head := HUNK.match(line):
            old, new = int(head[1]), int(head[2])
        elif line.startswith("-") and old:
            out.add(("before", old))
            old += 1
        elif line.startswith("+") and new:
            out.add(("after", new))
            new += 1
        elif old or new:
            old, new = old + 1, new + 1
    return out


def run(*args: object) -> list[dict[str, Any]]:
    """What ``getput ... --format jsonl`` says, one answer an input."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = main([*map(str, args), "--format", "jsonl", "--jobs", "1"])
    assert status in (0, 1)
    return [json.loads(line) for line in said.getvalue().splitlines()]


class Answers:
    """Everything that the command said of the samples, by sample."""

    def __init__(self, top: Path, samples) -> None:
        lay_out(top, samples)
        forth, back = patches(top, samples), patches(top, samples, "-R")
        self.changed = {
            sample.path: changed(patch.read_text(encoding="utf-8"))
            for sample, patch in zip(samples, forth, strict=True)
        }
        self.forward, self.already, self.backward = (
            dict(
                zip(
                    [sample.path for sample in samples],
                    run("check", "--each", "--show", "all", "--tree", top / tree, *inputs),
                    strict=True,
                )
            )
            for tree, inputs in (("a", forth), ("b", forth), ("b", back))
        )
        (scanned,) = run("scan", "--tree", top / "b", top / "b")
        assert scanned["errors"] == []
        self.scanned: dict[str, list[dict[str, Any]]] = {sample.path: [] for sample in samples}
        for finding in scanned["findings"]:
            self.scanned[finding["file"]].append(finding)


@pytest.fixture(scope="module")
def answers(tmp_path_factory, samples) -> Answers:
    return Answers(tmp_path_factory.mktemp("samples"), samples)


def of(answer: dict[str, Any], status: str) -> list[dict[str, Any]]:
    """The findings of one status."""
    return [finding for finding in answer["findings"] if finding["status"] == status]


def places(findings: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """(rule, function, line) of each finding, sorted."""
    return sorted((finding["rule"], finding["function"], finding["line"]) for finding in findings)


def test_what_the_patch_does(sample, answers) -> None:
    """It introduces, mends and leaves what is marked."""
    answer = answers.forward[sample.path]
    assert [one["applied"] for one in answer["patches"]] == ["forward"]
    assert answer["errors"] == []
    assert answer["stats"]["unparsed"] == 0, "the sample does not parse"
    assert places(of(answer, "introduced")) == sample.after.found("introduced")
    assert places(of(answer, "existing")) == sample.after.found("existing")
    assert places(of(answer, "fixed")) == sample.before.found("fixed")


def test_the_same_where_it_is_applied_already(sample, answers) -> None:
    """A tree that has the patch is told the same."""
    answer = answers.already[sample.path]
    assert [one["applied"] for one in answer["patches"]] == ["already"]
    assert answer["findings"] == answers.forward[sample.path]["findings"]


def test_the_anchor_is_a_changed_line(sample, answers) -> None:
    """Each finding is anchored on a line that the patch changed: the marked one, where one is marked."""
    marked = {("before", line) for line in sample.before.lines("anchor")}
    marked |= {("after", line) for line in sample.after.lines("anchor")}
    for finding in of(answers.forward[sample.path], "introduced"):
        anchor = finding["anchor"]
        where = (anchor["side"], anchor["line"])
        assert anchor["file"] == sample.path
        assert where in answers.changed[sample.path]
        assert not marked or where in marked


def test_the_way_leads_to_the_finding(sample, answers) -> None:
    """The path ends where the finding is, and that of a leak begins where the reference was taken."""
    for finding in of(answers.forward[sample.path], "introduced"):
        path = finding["path"]
        assert path[-1]["line"] == finding["line"]
        if finding["rule"] in LEAKS:
            assert path[0]["line"] in sample.after.lines("taken")


def test_the_reverted_patch(sample, answers) -> None:
    """It mends what the patch broke, and breaks what the patch mended."""
    answer = answers.backward[sample.path]
    assert places(of(answer, "fixed")) == sample.after.found("introduced")
    assert places(of(answer, "introduced")) == sample.before.found("fixed")


def test_as_it_stands(sample, answers) -> None:
    """``scan`` finds nothing in the after-image that is not marked.

    It cannot know what a patch took away: what is lost for the lack of a removed line may be too unsure for it.
    """
    found = set(places(answers.scanned[sample.path]))
    assert found <= set(sample.after.found("introduced", "existing", "standing"))
    assert set(sample.after.found("standing")) <= found
