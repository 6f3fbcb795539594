"""Files of a tree that are not what a patch should find there."""

from __future__ import annotations

import os

import pytest
from tests.patch.images import only, plain


@pytest.mark.parametrize("how", ["link", "folder link", "fifo", "folder", "unreadable", "large"])
def test_files_that_are_not_read(repo, read, tmp_path, how):
    repo.commit(**{"sub/x.c": "int a;\n", "good.c": "int a;\n"})
    repo.commit(**{"sub/x.c": "int b;\n", "good.c": "int b;\n"})
    mail = repo.mail()
    tree = plain(repo, tmp_path, "HEAD~")
    file = tree / "sub/x.c"
    file.unlink()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.c").write_text("int a;\n")
    if how == "link":
        file.symlink_to(outside / "x.c")
    elif how == "folder link":
        file.parent.rmdir()
        file.parent.symlink_to(outside)
    elif how == "fifo":
        os.mkfifo(file)
    elif how == "folder":
        file.mkdir()
    elif how == "unreadable":
        if os.geteuid() == 0:
            pytest.skip("root reads everything")
        file.write_text("int a;\n")
        file.chmod(0)
    else:
        file.write_bytes(b"int a;\n" * 1_600_000)
    got = read(mail, tree)
    good, bad = got.patches[0].files
    assert (good.status, got.patches[0].applied) == ("ready", "forward")
    assert bad.status == ("skipped" if how == "large" else "failed")
    assert bad.before is None
    if how == "large":
        assert "10 MB" in bad.reason
    else:
        assert [problem.message for problem in got.problems] == [bad.reason]


def test_a_link_within_the_tree_is_followed(repo, read, tmp_path):
    repo.commit(**{"x.c": "int a;\n"})
    repo.commit(**{"x.c": "int b;\n"})
    tree = plain(repo, tmp_path, "HEAD~")
    (tree / "x.c").rename(tree / "y.c")
    (tree / "x.c").symlink_to("y.c")
    assert only(read(repo.mail(), tree)).status == "ready"


@pytest.mark.parametrize("path", ["../../etc/passwd", "../x.c", "/etc/passwd", "/etc/hosts.c"])
def test_paths_out_of_the_tree(read, tmp_path, path):
    text = f"--- {path}\n+++ {path}\n@@ -1 +1 @@\n-a\n+b\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"
    (tmp_path / "x.c").write_text("a\n")
    got = read(text.encode(), tmp_path)
    assert [file.status for file in got.patches[0].files] == ["failed", "ready"]
    assert [problem.message.startswith(f"{path}: refused") for problem in got.problems] == [True]


def test_nul_bytes(read, tmp_path):
    (tmp_path / "x.c").write_bytes(b"a\0\nb\n")
    file = only(read(b"--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n a\0\n-b\n+c\0\n", tmp_path))
    assert file.after == b"a\0\nc\0\n"


def test_an_empty_file_in_the_tree(read, tmp_path):
    (tmp_path / "x.c").write_bytes(b"")
    got = read(b"--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n", tmp_path)
    assert only(got).reason == "hunk 1 of x.c (line 3) does not apply"
