"""``check --b4-review``: remarks in a real repository, where b4 looks for them."""

from __future__ import annotations

import pytest
from tests.cli.conftest import CLEAN, FILE, LEAKING


@pytest.fixture
def topic(kernel):
    """A repository with two patches on top of main~2: the second leaks."""
    kernel.write(CLEAN.replace('"value"', '"val"'))
    kernel.commit("demo: another name")
    kernel.write(LEAKING.replace('"value"', '"val"'))
    kernel.commit("demo: read more")
    return kernel


def folder(kernel):
    return kernel.top / ".git" / "b4-review" / kernel.git("rev-parse", "HEAD")


def test_remarks_are_left_for_the_commit_that_is_checked_out(getput, topic):
    done = getput("check", "--b4-review", topic.top, "HEAD~2..HEAD", cwd=topic.top)
    assert done.returncode == 1
    assert "leak-on-error" in done.stdout
    assert done.stderr == f"getput: for b4 review: 3 files in {folder(topic)}\n"
    assert sorted(path.name for path in folder(topic).iterdir()) == ["0002.txt", "identity.txt", "series.txt"]
    assert topic.git("status", "--porcelain") == ""


def test_the_diff_is_complete_and_the_remark_below_its_line(getput, topic):
    getput("check", "-q", "--b4-review", topic.top, "HEAD~2..HEAD", cwd=topic.top)
    text = (folder(topic) / "0002.txt").read_text()
    quoted = [line[2:] for line in text.split("\n") if line.startswith("> ")]
    assert quoted == topic.git("diff", "--full-index", "HEAD~", "HEAD").split("\n")
    lines = text.split("\n")
    at = next(number for number, line in enumerate(lines) if "?" in line and not line.startswith(">"))
    above = next(line for line in reversed(lines[:at]) if line.startswith("> "))
    assert above in ("> +\tif (ret)", "> +\t\treturn ret;")


def test_any_format_can_be_asked_for_beside_it(getput, topic):
    done = getput("check", "-q", "--format", "json", "--b4-review", topic.top, "HEAD~2..HEAD", cwd=topic.top)
    assert done.stdout.startswith("{")
    assert done.stderr == ""
    assert (folder(topic) / "0002.txt").is_file()


def test_a_second_run_takes_the_place_of_the_first(getput, topic):
    getput("check", "--b4-review", topic.top, "HEAD~2..HEAD", cwd=topic.top)
    done = getput("check", "--b4-review", topic.top, "HEAD~2..HEAD~1", cwd=topic.top)
    assert done.stderr == "getput: for b4 review: nothing\n"
    assert list(folder(topic).iterdir()) == []


@pytest.mark.parametrize("file", ["identity.txt", "0001.txt"])  # the second: it has not come to its identity yet
def test_another_reviewers_remarks_are_left_alone(getput, topic, file):
    folder(topic).mkdir(parents=True)
    (folder(topic) / file).write_text("Agent <agent@example.org>\n")
    done = getput("check", "--b4-review", topic.top, "HEAD~2..HEAD", cwd=topic.top)
    assert done.returncode == 2
    assert "another reviewer" in done.stderr
    assert [path.name for path in folder(topic).iterdir()] == [file]


def test_a_mail_can_be_reviewed_too(getput, kernel, leaking):
    getput("check", "--b4-review", kernel.top, leaking, cwd=kernel.top)
    text = (folder(kernel) / "0001.txt").read_text()
    quoted = [line[2:] for line in text.split("\n") if line.startswith("> ")]
    original = leaking.read_text().rstrip("\n").split("\n")
    assert quoted == original[original.index(quoted[0]) :]
    assert quoted[0] == f"diff --git a/{FILE} b/{FILE}"


def test_where_it_cannot_be(getput, topic, tmp_path):
    for place in (tmp_path / "nowhere", tmp_path):
        done = getput("check", "--b4-review", place, "HEAD", cwd=topic.top)
        assert done.returncode == 2
        assert "not the top of a git repository" in done.stderr
    done = getput("check", "--b4-review", topic.top, "--each", "HEAD", cwd=topic.top)
    assert done.returncode == 2
