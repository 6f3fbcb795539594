"""Every sample, judged by the command a user runs, on a real patch, forwards and backwards."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from getput.cli.main import main

LEAKS = {
    "leak-on-error",
    "leak-always",
    "leak-on-iterator-exit",
    "leak-by-overwrite",
    "leak-of-stored-reference",
    "get-discarded",
    "count-kept-by-failed-get",
}


class Case:
    """A sample laid out on disk: a tree, and a patch from one image to the other."""

    def __init__(self, sample, top: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.sample = sample
        self.top = top
        self.capsys = capsys

    def tree(self, name: str, image) -> Path:
        """A tree of this *name* with *image* in it."""
        tree = self.top / name
        path = tree / self.sample.file
        path.parent.mkdir(parents=True, exist_ok=True)
        if image.text is not None:
            path.write_text(image.text, encoding="utf-8")
        return tree

    def patch(self, old, new) -> Path:
        """What git says leads from *old* to *new*."""
        sides = [self.tree(name, image) for name, image in (("a", old), ("b", new))]
        done = subprocess.run(
            ["git", "diff", "--no-index", "--no-prefix", *(side.name for side in sides)],
            cwd=self.top,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        path = self.top / "change.patch"
        path.write_bytes(done.stdout)
        return path

    def run(self, command: str, *args: object) -> dict[str, Any]:
        """The answer of ``getput command args --format json``."""
        words = [command, "--format", "json", "--jobs", "1", "--quiet"]
        for rule in self.sample.only:
            words += ["--rule", rule]
        status = main([*words, *map(str, args)])
        said = self.capsys.readouterr()
        assert status in (0, 1), said.err
        answer: dict[str, Any] = json.loads(said.out)
        assert answer["errors"] == []
        assert answer["stats"]["unparsed"] == 0, "the sample does not parse"
        return answer


def of(answer: dict[str, Any], *statuses: str) -> list[dict[str, Any]]:
    """The findings of these statuses."""
    return [finding for finding in answer["findings"] if finding["status"] in statuses]


def places(findings: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """(rule, function, line) of each finding, sorted."""
    return sorted((finding["rule"], finding["function"], finding["line"]) for finding in findings)


@pytest.fixture
def case(sample, tmp_path, capsys) -> Case:
    return Case(sample, tmp_path, capsys)


def test_forwards(case: Case) -> None:
    """The patch brings what is marked, not yet applied or applied already."""
    sample = case.sample
    patch = case.patch(sample.before, sample.after)
    answers = {}
    for applied, tree in (("forward", "a"), ("already", "b")):
        answer = case.run("check", "--show", "all", "--tree", case.top / tree, patch)
        assert [one["applied"] for one in answer["patches"]] == [applied]
        answers[applied] = answer["findings"]
        assert places(of(answer, "introduced")) == sample.after.found("introduced")
        assert places(of(answer, "existing")) == sample.after.found("existing")
        assert places(of(answer, "fixed")) == sample.before.found("fixed")
    assert answers["forward"] == answers["already"]
    for finding in of({"findings": answers["forward"]}, "introduced"):
        is_anchored(sample, finding)
        shows_the_way(sample, finding)


def is_anchored(sample, finding: dict[str, Any]) -> None:
    """The anchor is a line that the patch changed: the marked one, where one is marked."""
    anchor = finding["anchor"]
    assert anchor is not None
    before, after = sample.changed
    assert anchor["file"] == sample.file
    assert anchor["line"] in (before if anchor["side"] == "before" else after)
    marked = {("before", line) for line in sample.before.lines("anchor")}
    marked |= {("after", line) for line in sample.after.lines("anchor")}
    assert not marked or (anchor["side"], anchor["line"]) in marked


def shows_the_way(sample, finding: dict[str, Any]) -> None:
    """The path ends where the finding is, and that of a leak begins where the reference was taken."""
    path = finding["path"]
    assert path[-1]["line"] == finding["line"]
    if finding["rule"] in LEAKS:
        assert path[0]["line"] in sample.after.lines("taken"), "the path begins elsewhere"


def test_backwards(case: Case) -> None:
    """The reverted patch mends what the patch broke, and breaks what it mended."""
    sample = case.sample
    patch = case.patch(sample.after, sample.before)
    answer = case.run("check", "--show", "all", "--tree", case.top / "a", patch)
    assert places(of(answer, "fixed")) == sample.after.found("introduced")
    if sample.before.text is not None:
        assert places(of(answer, "introduced")) == sample.before.found("fixed")


def test_as_it_stands(case: Case) -> None:
    """``scan`` finds in the after-image what the patch brought, and no more.

    It cannot know what a patch took away, so what is lost for the lack of a removed line may be too unsure for it.
    """
    sample = case.sample
    answer = case.run("scan", "--tree", case.tree("tree", sample.after), case.top / "tree")
    found = set(places(answer["findings"]))
    marked = set(sample.after.found("introduced", "existing", "standing"))
    assert found <= marked
    assert set(sample.after.found("standing")) <= found
