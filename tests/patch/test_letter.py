"""A patch as it was sent, and where its lines lie in the images of its files."""

from __future__ import annotations

import pytest

from getput.patch.letter import letter
from getput.patch.series import read_submissions
from getput.report.place import row_of, rows

OLD = [f"int f{number}(void);" for number in range(1, 60)]
HEAD = "From: A <a@example.org>\nSubject: [PATCH] x\nTo: b@example.org\n\nWhy.\n---\n x.c | 2 +-\n\n"


def text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def changed() -> list[str]:
    new = list(OLD)
    new[9:10] = ["int g(void);", "int h(void);"]
    del new[41]
    return new


@pytest.fixture
def patch(repo):
    """The diff from OLD to what is changed, as git makes it."""
    repo.write("x.c", text(OLD))
    repo.write("y.txt", b"a\n")
    repo.commit("old")
    repo.write("x.c", text(changed()))
    repo.write("y.txt", b"b\n")
    diff = repo.git("diff", "HEAD").decode()
    repo.git("checkout", "-q", "HEAD", "--", ".")
    return diff


def read(repo, tmp_path, data: str):
    path = tmp_path / "a.patch"
    path.write_text(data)
    (submission,) = read_submissions([str(path)], repo.top, each=False)
    (one,) = submission.patches
    return letter(one), data.split("\n")


@pytest.mark.parametrize("head", ["", HEAD])
def test_every_line_is_where_it_says(repo, tmp_path, patch, head):
    said, data = read(repo, tmp_path, head + patch + ("-- \n2.40\n" if head else ""))
    (section,) = said.sections[:1]
    assert said.lines[section.start] == "diff --git a/x.c b/x.c"
    assert data[said.line - 1 + section.start] == "diff --git a/x.c b/x.c"
    assert said.lines[said.end - 1] == "+b"
    images = {"before": OLD, "after": changed()}
    seen = 0
    for hunk in section.hunks:
        assert said.lines[hunk.head].startswith("@@ ")
        for row in rows(said, hunk):
            for side, tag in (("before", "-"), ("after", "+")):
                if row.tag in (" ", tag):
                    assert images[side][getattr(row, side) - 1] == said.lines[row.at][1:]
                    seen += 1
    assert seen == 28
    found = row_of(said, "x.c", 41, "before")
    assert said.lines[found[2].at] == "-int f41(void);"
    assert row_of(said, "x.c", 11, "after")[2].tag == "+"
    assert row_of(said, "x.c", 1, "after") is None


@pytest.mark.parametrize("moved", [0, 5])
def test_lines_are_those_of_the_tree_not_of_the_patch(repo, tmp_path, patch, moved):
    above = [f"int new{number}(void);" for number in range(moved)]
    repo.write("x.c", text(above + OLD))
    said, _ = read(repo, tmp_path, "\n".join(line for line in patch.split("\n") if not line.startswith("index ")))
    found = row_of(said, "x.c", 41 + moved, "before")
    assert said.lines[found[2].at] == "-int f41(void);"


def test_context_that_does_not_fit_moves_nothing(repo, tmp_path, patch):
    lines = list(OLD)
    lines[6] = "int other(void);"  # the first line of the first hunk's context
    repo.write("x.c", text(lines))
    said, _ = read(repo, tmp_path, "\n".join(line for line in patch.split("\n") if not line.startswith("index ")))
    assert said.lines[row_of(said, "x.c", 10, "before")[2].at] == "-int f10(void);"
    assert said.lines[row_of(said, "x.c", 11, "after")[2].at] == "+int h(void);"


def test_headers(repo, tmp_path, patch):
    said, _ = read(
        repo, tmp_path, HEAD.replace("\n\n", "\nCc: c@example.org,\n\td@example.org\nCC: e@example.org\n\n", 1) + patch
    )
    assert said.headers["from"] == "A <a@example.org>"
    assert said.headers["cc"].replace(" ", "") == "c@example.org,d@example.org,e@example.org"
    assert said.where.endswith("a.patch")


def test_a_commit(repo, patch):
    repo.write("x.c", text(changed()))
    repo.commit("new")
    (submission,) = read_submissions(["HEAD"], repo.top, each=False)
    said = letter(submission.patches[0])
    assert said.headers == {
        "subject": "new",
        "from": "A. Developer <dev@example.org>",
        "date": "Mon, 5 Jan 2026 10:00:00 +0000",
    }
    assert said.lines[said.start] == "diff --git a/x.c b/x.c"
    assert submission.patches[0].message == ""
