"""Revisions, ranges, the index, and blobs."""

from __future__ import annotations

import os
import subprocess

import pytest

from getput.patch.git import Repository, repository


@pytest.fixture
def history(repo, body):
    """Four commits, and a work tree and index that hold something else."""
    for number in range(4):
        text = body().replace("step_7", f"step_7{number}")
        repo.commit(f"demo: number {number}", **{"drivers/x.c": text, "notes.rst": f"{number}\n"})
    repo.write("drivers/x.c", "int elsewhere;\n")
    return repo


def state(repo) -> object:
    """Everything in the repository's folder, with times."""
    return sorted((str(path), path.stat().st_mtime_ns) for path in repo.top.rglob("*"))


def test_one_revision(history, read, body):
    before = state(history)
    got = read("HEAD", history.top)
    (patch,) = got.patches
    assert (patch.subject, patch.applied, patch.message_id) == ("demo: number 3", "blobs", None)
    assert patch.commit == history.git("rev-parse", "HEAD").decode().strip()
    assert [(file.path, file.status) for file in patch.files] == [("drivers/x.c", "ready"), ("notes.rst", "skipped")]
    assert patch.files[0].before.decode() == body().replace("step_7", "step_72")
    assert patch.files[0].after.decode() == body().replace("step_7", "step_73")
    assert got.problems == ()
    assert state(history) == before


@pytest.mark.parametrize("which", ["HEAD~2", "HEAD~2^!", "main~2"])
def test_a_revision_in_the_past(history, read, which):
    (patch,) = read(which, history.top).patches
    assert (patch.subject, patch.applied) == ("demo: number 1", "blobs")


def test_the_first_commit(history, read):
    (patch,) = read("HEAD~3", history.top).patches
    assert (patch.files[0].before, patch.files[0].status) == (None, "ready")


def test_a_range(history, read, body):
    got = read("HEAD~3..HEAD", history.top)
    assert [patch.subject for patch in got.patches] == [f"demo: number {n}" for n in (1, 2, 3)]
    assert {patch.applied for patch in got.patches} == {"blobs"}
    for number, patch in enumerate(got.patches):
        assert patch.files[0].before.decode() == body().replace("step_7", f"step_7{number}")
    assert got.problems == ()


def test_a_change_made_twice(repo, read):
    for text in ("int a;\n", "int b;\n", "int a;\n", "int b;\n"):
        repo.commit("Re: demo: turn", **{"x.c": text})
    assert [patch.files[0].after for patch in read("HEAD~3..HEAD", repo.top).patches] == [
        b"int b;\n", b"int a;\n", b"int b;\n",
    ]  # fmt: skip


def test_a_range_that_is_empty(history, read):
    assert "no commit in this range" in read("HEAD..HEAD~1", history.top).problems[0].message


def test_a_revision_that_is_none(history, read):
    (problem,) = read("no-such-branch", history.top).problems
    assert problem.message == "no such file, and no git revision"


def test_merges(history, read, body):
    history.git("reset", "-q", "--hard")
    history.git("checkout", "-q", "-b", "topic", "HEAD~")
    history.commit("topic: one", **{"y.c": "int y;\n"})
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    (patch,) = read("HEAD", history.top).patches
    assert (patch.subject, [file.path for file in patch.files]) == ("Merge topic", ["y.c"])
    assert [patch.subject for patch in read("HEAD^1..HEAD", history.top).patches] == ["topic: one"]
    history.commit("main: two", **{"z.c": "int z;\n"})
    assert [one.subject for one in read("topic...main", history.top).patches] == ["demo: number 3", "main: two"]


def test_a_commit_without_changes(history, read):
    history.git("commit", "-q", "--allow-empty", "-m", "nothing")
    got = read("HEAD", history.top)
    assert [(patch.subject, patch.files) for patch in got.patches] == [("nothing", ())]
    assert got.problems == ()


def test_a_message_with_a_diff_in_it(repo, read):
    repo.commit(**{"x.c": "int a;\n"})
    message = "subject\n\n---\ndiff --git a/z.c b/z.c\n--- a/z.c\n+++ b/z.c\n@@ -1 +1 @@\n-a\n+b\n\0commit\n"
    repo.commit(message.replace("\0", ""), **{"x.c": "int b;\n"})
    (patch,) = read("HEAD", repo.top).patches
    assert [file.path for file in patch.files] == ["x.c"]


def test_staged(history, read, body):
    history.git("reset", "-q", "--hard")
    after = body().replace("step_30", "stop_30").replace("step_7", "step_73")
    history.write("drivers/x.c", after)
    history.git("add", "-A")
    history.write("drivers/x.c", "int not_staged;\n")
    before = state(history)
    got = read([], history.top, staged=True)
    (patch,) = got.patches
    assert (patch.applied, patch.commit, got.name) == ("blobs", None, "--staged")
    assert patch.files[0].before.decode() == body().replace("step_7", "step_73")
    assert patch.files[0].after.decode() == after
    assert state(history) == before


def test_staged_before_the_first_commit(repo, read):
    repo.write("x.c", "int a;\n")
    repo.git("add", "-A")
    (patch,) = read([], repo.top, staged=True).patches
    assert (patch.files[0].before, patch.files[0].after) == (None, b"int a;\n")


def test_nothing_staged(history, read):
    got = read([], history.top, staged=True)
    assert (got.problems, [patch.files for patch in got.patches]) == ((), [()])


def test_staged_in_another_index(history, read, tmp_path, monkeypatch):
    """``git commit -a`` gives its hook an index of its own."""
    monkeypatch.chdir(history.top)
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    environment = {**os.environ, "GIT_INDEX_FILE": str(tmp_path / "index")}
    subprocess.run(["git", "add", "-A"], cwd=history.top, env=environment, check=True)
    (patch,) = read([], history.top, staged=True).patches
    assert patch.files[0].after == b"int elsewhere;\n"


def test_a_hook_of_another_repository(history, read, tmp_path, monkeypatch):
    other = type(history)(tmp_path / "other")
    other.commit("other: one", **{"o.c": "int o;\n"})
    monkeypatch.chdir(other.top)
    monkeypatch.setenv("GIT_DIR", str(other.top / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.top / ".git/index"))
    assert [patch.subject for patch in read("HEAD", history.top).patches] == ["demo: number 3"]


@pytest.mark.parametrize(
    "setting",
    [
        "diff.noprefix=true", "diff.mnemonicPrefix=true", "color.ui=always", "diff.context=0", "diff.renames=false",
        "diff.algorithm=patience", "log.showSignature=true", "core.pager=false", "diff.external=/bin/false",
        "diff.relative=true", "log.decorate=full", "format.pretty=oneline", "diff.interHunkContext=50",
        "log.follow=true", "diff.suppressBlankEmpty=true", "core.fsmonitor=/bin/false", "diff.orderFile=/nowhere",
        "diff.colorMoved=zebra", "core.abbrev=5", "diff.submodule=log", "i18n.logOutputEncoding=utf-16",
    ],
)  # fmt: skip
def test_settings_of_the_user_change_nothing(history, read, setting):
    want = read("HEAD~1..HEAD", history.top)
    history.git("config", *setting.split("=", 1))
    assert read("HEAD~1..HEAD", history.top) == want


@pytest.mark.parametrize("setting", ["diff.external=/bin/false", "diff.noprefix=true", "color.ui=always"])
def test_settings_do_not_change_what_is_staged(history, read, setting):
    history.git("add", "-A")
    want = read([], history.top, staged=True)
    history.git("config", *setting.split("=", 1))
    assert read([], history.top, staged=True) == want


def test_attributes_change_nothing(history, read):
    want = read("HEAD", history.top)
    (history.top / ".git/info/attributes").write_text("*.c diff=odd -text\n*.rst binary\n")
    history.git("config", "diff.odd.textconv", "rev")
    history.git("config", "diff.odd.command", "/bin/false")
    got = read("HEAD", history.top)
    assert got.patches[0].files[0] == want.patches[0].files[0]


def test_blobs_of_a_mailed_patch(history, read, body):
    """The work tree holds something else, but the repository knows the blobs, abbreviated as they are."""
    mail = history.mail()
    assert b"index " in mail
    got = read(mail, history.top)
    assert (got.patches[0].applied, got.problems) == ("blobs", ())
    assert got.patches[0].files[0].before.decode() == body().replace("step_7", "step_72")


def test_a_new_image_that_no_repository_has(history, read, body):
    history.git("reset", "-q", "--hard")
    history.commit(**{"drivers/x.c": body().replace("step_7", "step_8")})
    mail = history.mail()
    history.git("reset", "-q", "--hard", "HEAD~")
    history.git("reflog", "expire", "--expire=now", "--all")
    history.git("gc", "-q", "--prune=now")
    history.write("drivers/x.c", "int elsewhere;\n")
    got = read(mail, history.top)
    assert got.patches[0].applied == "blobs"
    assert got.patches[0].files[0].after.decode() == body().replace("step_7", "step_8")


def test_an_edited_patch_is_not_what_its_blobs_say(history, read, body):
    mail = history.mail().replace(b" \tstep_5(dev", b" \tedited(dev")
    text = body().replace("step_7", "step_72").replace("step_5(", "edited(")
    history.write("drivers/x.c", text)
    got = read(mail, history.top)
    assert got.patches[0].applied == "forward"
    assert got.patches[0].files[0].before.decode() == text


def test_blob_ids(history):
    asked = Repository(history.top)
    full = history.git("rev-parse", "HEAD:notes.rst").decode().strip()
    assert asked.blob(full, 100) == b"3\n"
    assert asked.blob(full[:8], 100) == b"3\n"
    assert asked.blob(full, 1) is None
    assert asked.blob("0123456789abcdef" * 2 + "01234567", 100) is None
    assert asked.blob(history.git("rev-parse", "HEAD").decode().strip(), 10**6) is None
    assert asked.blob("HEAD:notes.rst", 100) is None
    assert asked.blob("", 100) is None
    assert asked.blob(full, 100) == b"3\n"
    assert asked.trouble is None
    asked.close()
    asked.close()


def test_one_process_for_many_blobs(history):
    assert repository(history.top) is repository(history.top)
    assert repository(history.top.parent) is None


def test_no_git(history, read, monkeypatch, tmp_path, body):
    """Without git a patch is still judged from the tree; what needs git is a problem."""
    mail = history.mail()
    history.git("reset", "-q", "--hard")
    monkeypatch.setenv("PATH", str(tmp_path))
    got = read(mail, history.top)
    assert (got.patches[0].applied, got.problems) == ("already", ())
    assert "git cannot be started" in read("HEAD", history.top).problems[0].message
    assert "git cannot be started" in read([], history.top, staged=True).problems[0].message


def test_a_broken_repository(history, read):
    mail = history.mail()
    history.git("reset", "-q", "--hard")
    (history.top / ".git/HEAD").write_text("nonsense\n")
    got = read(mail, history.top)
    assert (got.patches[0].applied, got.problems) == ("already", ())
    assert read("HEAD", history.top).problems[0].where == "HEAD"
    (history.top / "drivers/x.c").write_text("int elsewhere;\n")
    assert any("blobs cannot be read" in problem.message for problem in read(mail, history.top).problems)


def test_no_repository(read, tmp_path):
    (tmp_path / "tree").mkdir()
    assert "no git repository" in read([], tmp_path / "tree", staged=True).problems[0].message
    assert "no such file" in read("HEAD", tmp_path / "tree").problems[0].message


def test_a_bare_repository(history, read, tmp_path):
    history.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    (patch,) = read("HEAD", tmp_path / "bare.git").patches
    assert patch.applied == "blobs"


def test_a_linked_work_tree(history, read, tmp_path):
    history.git("worktree", "add", "-q", str(tmp_path / "linked"), "HEAD~")
    (patch,) = read("HEAD", tmp_path / "linked").patches
    assert (patch.subject, patch.applied) == ("demo: number 2", "blobs")


def test_a_file_wins_over_a_branch_of_its_name(history, read, monkeypatch):
    monkeypatch.chdir(history.top)
    (history.top / "main").write_bytes(history.mail("-1"))
    assert read("main", history.top).patches[0].subject == "[PATCH] demo: number 3"
