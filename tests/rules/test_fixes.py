"""Every fix that the command offers for a sample, applied by git and judged by the command anew."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from getput.cli.main import main


class Fixed(NamedTuple):
    """A finding with a fix: the sample's path, the answer that it is in, the file with the fix, the answer to the patch with that file."""

    finding: dict[str, Any]
    before: dict[str, Any]
    text: str
    after: dict[str, Any]


def git_diff(top: Path, sides: tuple[str, str], path: Path) -> Path:
    """The patch between two files, as git writes it."""
    prefixes = ["--src-prefix=a/", "--dst-prefix="] if "/dev/null" in sides else ["--no-prefix"]
    done = subprocess.run(["git", "diff", "--no-index", *prefixes, *sides], cwd=top, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    path.write_bytes(done.stdout)
    return path


def run(*args: object) -> list[dict[str, Any]]:
    """What ``getput check --each --format jsonl ...`` says, one answer an input."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = main(
            ["check", "--each", "--format", "jsonl", "--jobs", "1", "--show", "introduced,existing", *map(str, args)]
        )
    assert status in (0, 1, 2)
    return [json.loads(line) for line in said.getvalue().splitlines()]


@pytest.fixture(scope="module")
def fixes(tmp_path_factory, samples) -> dict[str, list[Fixed]]:
    """The fixes of all samples, by path."""
    top = tmp_path_factory.mktemp("fixes")
    inputs = []
    for number, sample in enumerate(samples):
        sides = []
        for side, image in (("a", sample.before), ("b", sample.after)):
            place = top / side / sample.path
            place.parent.mkdir(parents=True)
            if image.text is None:
                sides.append("/dev/null")
                continue
            place.write_text(image.text, encoding="utf-8")
            sides.append(f"{side}/{sample.path}")
        inputs.append(git_diff(top, (sides[0], sides[1]), top / f"{number}.patch"))
    answers = dict(zip([sample.path for sample in samples], run("--tree", top / "a", *inputs), strict=True))
    todo: list[tuple[str, dict[str, Any], str]] = []
    again = []
    for sample in samples:
        for finding in answers[sample.path]["findings"]:
            if finding["fix"] is None:
                continue
            text = with_git(top, sample.after.text, finding)
            place = top / "b" / sample.path
            place.write_text(text, encoding="utf-8")
            old = "/dev/null" if sample.before.text is None else f"a/{sample.path}"
            again.append(git_diff(top, (old, f"b/{sample.path}"), top / f"again{len(again)}.patch"))
            todo.append((sample.path, finding, text))
    out: dict[str, list[Fixed]] = {}
    for (path, finding, text), after in zip(todo, run("--no-fix", "--tree", top / "a", *again), strict=True):
        out.setdefault(path, []).append(Fixed(finding, answers[path], text, after))
    return out


def with_git(top: Path, text: str, finding: dict[str, Any]) -> str:
    """*text* once ``git apply`` has put the fix of *finding* into it."""
    place = top / "c" / finding["file"]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["git", "apply", "--whitespace=error-all", "-"],
        cwd=top / "c",
        input=finding["fix"].encode(),
        capture_output=True,
        check=False,
        env={"GIT_CEILING_DIRECTORIES": str(top), "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )
    assert done.returncode == 0, done.stderr.decode()
    return place.read_text(encoding="utf-8")


def prints(answer: dict[str, Any]) -> Counter[str]:
    return Counter(finding["fingerprint"] for finding in answer["findings"])


def test_a_fix_mends_its_finding_and_brings_nothing(sample, fixes) -> None:
    """Applied, it makes the finding go away, and nothing is there that was not there before."""
    for one in fixes.get(sample.path, []):
        same = [error for error in one.after["errors"] if error["message"] != "no patch in it"]
        assert same == [], "the fixed file cannot be judged"
        assert not prints(one.after) - prints(one.before)
        assert prints(one.before) - prints(one.after)
        assert one.after["stats"]["unparsed"] == 0


def test_what_is_offered_is_what_the_sample_shows(sample, fixes) -> None:
    """``fixed.c`` is the after-image with the fix."""
    if sample.fixed is not None:
        offered = fixes.get(sample.path, [])
        assert offered, "no fix is offered"
        assert offered[0].text == sample.fixed


def test_only_what_is_introduced_is_mended(sample, fixes) -> None:
    """What stood there before has no fix."""
    assert all(one.finding["status"] == "introduced" for one in fixes.get(sample.path, []))


QUESTIONS = {
    "contract-changed",
    "device-page-not-ready",
    "device-page-operations",
    "flagged-reference-kept",
    "idle-test-of-wrong-count",
    "page-revived-after-free",
    "pagemap-kept-by-free-page",
    "put-bypasses-devmap-check",
    "raw-folio-free",
    "refusal-ignored",
    "siblings-diverge",
}  # rules that ask what is meant: only the author knows what mends it


def test_most_are_mended(samples, fixes) -> None:
    """Four of five leaks and surplus puts of the samples have a fix."""
    marks = [mark.rule for sample in samples for mark in sample.after.marks if mark.kind == "introduced"]
    found = sum(rule not in QUESTIONS for rule in marks)
    mended = sum(one.finding["rule"] not in QUESTIONS for every in fixes.values() for one in every)
    assert mended >= 0.8 * found
