"""Repositories whose settings would run commands, or show another content than was committed."""

from __future__ import annotations

import os
import subprocess

import pytest
from tests.hostile.conftest import CODE

QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
WHO = ("-c", "user.name=A", "-c", "user.email=a@example.org")


def git(tree, *args, stdin=""):
    done = subprocess.run(
        ["git", *WHO, *args],
        cwd=tree,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **QUIET},
    )
    return done.stdout.strip()


@pytest.fixture
def repo(tree):
    git(tree, "init", "-q")
    (tree / "demo.c").write_text(CODE.replace("\t\treturn ret;\n", "\t\tret = 0;\n"))
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "demo: a driver")
    (tree / "demo.c").write_text(CODE)
    git(tree, "commit", "-qam", "demo: leak")
    return tree


@pytest.fixture
def trap(tmp_path):
    """A command that leaves a mark where it ran."""
    mark, script = tmp_path / "ran", tmp_path / "trap"
    script.write_text(f"#!/bin/sh\necho $0 $* >> {mark}\ncat\n")
    script.chmod(0o755)
    return mark, script


def test_settings_that_run_commands(getput, repo, trap):
    mark, script = trap
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.alternateRefsCommand",
        "core.editor",
        "diff.external",
        "diff.x.command",
        "diff.x.textconv",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "gpg.program",
        "pager.log",
        "pager.diff",
        "alias.log",
        "alias.cat-file",
    ):
        git(repo, "config", key, ("!" if key.startswith("alias") else "") + str(script))
    git(repo, "config", "log.showSignature", "true")
    git(repo, "config", "core.hooksPath", str(script.parent))
    git(repo, "config", "getput.minConfidence", "high")  # so that git is asked for it
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-commit"):
        (script.parent / hook).symlink_to(script)
    (repo / ".gitattributes").write_text("*.c diff=x filter=x\n")
    (repo / "demo.c").write_text(CODE + "\nint a;\n")
    mark.unlink(missing_ok=True)
    for what in (["HEAD"], ["HEAD~1..HEAD"], ["--staged"]):
        getput("check", *what, cwd=repo, **QUIET)
    getput("fix", "HEAD", cwd=repo, **QUIET)
    assert not mark.exists(), mark.read_text()


def test_the_environment_runs_nothing(getput, repo, trap):
    mark, script = trap
    done = getput("check", "HEAD", cwd=repo, GIT_EXTERNAL_DIFF=str(script), GIT_PAGER=str(script), **QUIET)
    assert done.returncode == 1, done.stderr
    assert not mark.exists()


def test_a_replaced_object(getput, repo):
    """What a replace ref shows is not what the commit holds."""
    blob = git(repo, "rev-parse", "HEAD:demo.c")
    other = git(repo, "hash-object", "-w", "--stdin", stdin=CODE.replace("\t\treturn ret;\n", "\t\tret = 0;\n"))
    git(repo, "replace", blob, other)
    assert getput("check", "HEAD", cwd=repo, **QUIET).returncode == 1


def test_a_submodule(getput, repo):
    commit = git(repo, "rev-parse", "HEAD")
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{commit},sub.c")
    (repo / ".gitmodules").write_text('[submodule "x"]\n\tpath = sub.c\n\turl = ext::sh -c "touch /tmp/ran"\n')
    git(repo, "add", ".gitmodules")
    assert getput("check", "--staged", cwd=repo, **QUIET).returncode == 0


def test_a_revision_that_is_an_option(getput, repo):
    done = getput("check", "--", "--output=ran", cwd=repo, **QUIET)
    assert done.returncode == 2
    assert not (repo / "ran").exists()


def test_a_promisor_is_not_asked(getput, repo, trap):
    mark, script = trap
    git(repo, "config", "extensions.partialClone", "origin")
    git(repo, "config", "core.repositoryFormatVersion", "1")
    git(repo, "config", "remote.origin.url", f"ext::{script}")
    git(repo, "config", "remote.origin.promisor", "true")
    git(repo, "config", "protocol.ext.allow", "always")
    zero = "1" * 40
    patch = f"diff --git a/demo.c b/demo.c\nindex {zero}..{'2' * 40} 100644\n--- a/demo.c\n+++ b/demo.c\n@@ -90 +90 @@\n-x\n+y\n"
    getput("check", "-", cwd=repo, stdin=patch, **QUIET)
    assert not mark.exists(), mark.read_text()


def test_a_configuration_that_nobody_writes(tree, monkeypatch):
    """A pipe in the place of git's configuration: git waits for it, getput does not wait for git."""
    from getput.patch import gitprocess
    from getput.patch.git import Repository

    git(tree, "init", "-q")
    (tree / ".git" / "config").unlink()
    os.mkfifo(tree / ".git" / "config")
    monkeypatch.setattr(gitprocess, "SOON", 0.5)
    with pytest.raises(gitprocess.GitError, match="in time"):
        Repository(tree).config("getput")
    repository = Repository(tree)
    assert repository.blob("1" * 40, 100) is None
    assert repository.trouble == gitprocess.LATE
