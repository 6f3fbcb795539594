"""``getput hook``, in real repositories, run by git itself."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.cli.conftest import AS_USERS, CLEAN, FILE, LEAKING, WHO

LEAK = "leak-on-error"
HARMLESS = CLEAN.replace('"value"', '"val"')
OLD = '#!/bin/sh\n# an old hook\ncat > "$HOOKED.in"\necho "$@" > "$HOOKED"\nexit ${HOOK_STATUS:-0}\n'


@pytest.fixture
def git(kernel, tmp_path):
    """git as a user runs it, hooks and all; the finished process."""

    def run(*args, cwd=None, check=None, **environment):
        env = {**os.environ, **WHO, **AS_USERS, "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "HOME": str(tmp_path)}
        env |= {"GIT_CONFIG_SYSTEM": os.devnull, "HOOKED": str(tmp_path / "hooked"), **environment}
        done = subprocess.run(
            ["git", *args], cwd=cwd or kernel.top, env=env, capture_output=True, text=True, check=False
        )
        if check is not None:
            assert done.returncode == check, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def hook(getput, kernel, tmp_path):
    def run(*args, cwd=None):
        return getput("hook", *args, cwd=cwd or kernel.top, GIT_CONFIG_GLOBAL=str(tmp_path / "gitconfig"))

    return run


def old(folder: Path, kind: str = "pre-commit") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / kind
    path.write_text(OLD)
    path.chmod(0o755)
    return path


def stage(kernel, text):
    kernel.write(text)
    kernel.git("add", "-A")


def test_a_commit_that_leaks_is_stopped_and_a_clean_one_is_not_spoken_to(kernel, git, hook):
    done = hook("install")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{kernel.top}/.git/hooks/pre-commit: installed\n"
    stage(kernel, LEAKING)
    stopped = git("commit", "-q", "-m", "demo: leak", check=1)
    said = stopped.stdout + stopped.stderr
    assert f"[{LEAK}]" in said
    assert "note: fingerprint " in said
    assert "getput suppress FINGERPRINT" in said
    git("commit", "-q", "-m", "demo: leak", "--no-verify", check=0)
    stage(kernel, CLEAN)
    passed = git("commit", "-q", "-m", "demo: mended", check=0)
    assert (passed.stdout, passed.stderr) == ("", "")


def test_what_is_staged_is_judged_not_what_lies_there(kernel, git, hook):
    hook("install")
    stage(kernel, HARMLESS)
    kernel.write(LEAKING)
    git("commit", "-q", "-m", "demo: harmless", check=0)
    git("commit", "-q", "-a", "-m", "demo: all of it", check=1)


def test_a_hook_that_is_there_runs_first_and_comes_back(kernel, git, hook, tmp_path):
    path = old(kernel.top / ".git" / "hooks")
    done = hook("install")
    assert (
        done.stdout.splitlines()[0]
        == f"{path}.before-getput: the pre-commit hook that was there; it still runs, before getput"
    )
    assert hook("install").stdout == f"{path}: renewed\n", "and not once more around itself"
    assert "pre-commit: installed, after pre-commit.before-getput" in hook("status").stdout
    stage(kernel, LEAKING)
    refused = git("commit", "-q", "-m", "x", HOOK_STATUS="7", check=1)
    assert LEAK not in refused.stdout + refused.stderr
    assert (tmp_path / "hooked").exists()
    assert LEAK in git("commit", "-q", "-m", "x", check=1).stderr
    assert hook("uninstall").stdout == f"{path}: the hook that was there before is back\n"
    assert path.read_text() == OLD
    assert sorted(one.name for one in path.parent.iterdir() if not one.name.endswith(".sample")) == ["pre-commit"]
    git("commit", "-q", "-m", "x", check=0)


def test_nothing_is_left_behind(kernel, hook):
    hook("install")
    hook("install", "--type", "pre-push")
    assert [line.split(" (")[0] for line in hook("status").stdout.splitlines()] == [
        "pre-commit: installed",
        "pre-push: installed",
    ]
    hook("uninstall")
    hook("uninstall", "--type", "pre-push")
    assert [line.split(" (")[0] for line in hook("status").stdout.splitlines()] == [
        "pre-commit: no hook",
        "pre-push: no hook",
    ]
    again = hook("uninstall")
    assert (again.returncode, "there is no such hook" in again.stderr) == (2, True)


def test_what_is_not_ours_or_was_edited_stays(kernel, hook):
    path = old(kernel.top / ".git" / "hooks")
    assert "a hook, not of getput" in hook("status").stdout
    assert "that hook is not getput's" in hook("uninstall").stderr
    assert path.read_text() == OLD
    hook("install")
    path.write_text(path.read_text() + "echo mine\n")
    assert "installed, edited" in hook("status").stdout
    for refused in (hook("install"), hook("uninstall")):
        assert (refused.returncode, "has been edited" in refused.stderr) == (2, True)
    assert path.read_text().endswith("echo mine\n")
    assert hook("uninstall", "--force").returncode == 0
    assert path.read_text() == OLD


def test_two_old_hooks_are_not_mixed_up(kernel, hook):
    path = old(kernel.top / ".git" / "hooks")
    path.with_name("pre-commit.before-getput").write_text("older\n")
    done = hook("install")
    assert (done.returncode, "take one away" in done.stderr) == (2, True)
    assert path.read_text() == OLD


def test_a_folder_of_hooks_elsewhere(kernel, git, hook, tmp_path):
    kernel.git("config", "core.hooksPath", "tools/hooks")
    (kernel.top / "sub").mkdir()
    done = hook("install", cwd=kernel.top / "sub")
    assert done.stdout == f"{kernel.top}/tools/hooks/pre-commit: installed\n"
    assert not (kernel.top / ".git/hooks/pre-commit").exists()
    kernel.write(LEAKING)
    kernel.git("add", FILE)
    git("commit", "-q", "-m", "demo: leak", check=1)


def test_a_folder_that_all_repositories_share_is_said(kernel, git, hook, tmp_path):
    git("config", "--global", "core.hooksPath", str(tmp_path / "all"), check=0)
    done = hook("install")
    assert f"{tmp_path}/all/pre-commit: installed" in done.stdout
    assert "it runs for every repository" in done.stdout


def test_a_linked_work_tree(kernel, git, hook, tmp_path):
    second = tmp_path / "second"
    kernel.git("worktree", "add", "-q", str(second), "-b", "second")
    assert hook("install", cwd=second).stdout == f"{kernel.top}/.git/hooks/pre-commit: installed\n"
    (second / FILE).write_text(LEAKING)
    git("add", "-A", cwd=second)
    assert LEAK in git("commit", "-q", "-m", "demo: leak", cwd=second, check=1).stderr


def test_a_merge_is_not_judged(kernel, git, hook):
    kernel.git("checkout", "-q", "-b", "side")
    kernel.write(LEAKING)
    kernel.commit("demo: leak")
    kernel.git("checkout", "-q", "main")
    kernel.write("int other;\n", "drivers/demo/other.c")
    kernel.commit("demo: other")
    hook("install")
    git("merge", "-q", "--no-commit", "side", check=0)
    git("commit", "-q", "-m", "Merge side", check=0)


def test_a_getput_that_is_gone_is_said_and_stops_nobody(kernel, git, hook):
    hook("install")
    path = kernel.top / ".git/hooks/pre-commit"
    gone = path.read_text().replace(f"getput={sysconfig.get_path('scripts')}/getput", "getput=/gone/getput")
    assert "getput=/gone/getput" in gone
    path.write_text(gone)
    assert "/gone/getput is gone: the getput of PATH runs" in hook("status").stdout
    stage(kernel, LEAKING)
    by_path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    git("commit", "-q", "-m", "demo: leak", PATH=by_path, check=1)
    bare = os.pathsep.join(
        place for place in os.environ["PATH"].split(os.pathsep) if not (Path(place) / "getput").exists()
    )
    passed = git("commit", "-q", "-m", "demo: leak", PATH=bare, check=0)
    assert "getput: not found" in passed.stderr


@pytest.fixture
def remote(kernel, tmp_path, git):
    kernel.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    kernel.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    kernel.git("push", "-q", "origin", "main")
    kernel.git("fetch", "-q", "origin")


def test_a_push_is_judged_by_what_it_brings(kernel, git, hook, remote, tmp_path):
    kept = old(kernel.top / ".git" / "hooks", "pre-push")
    assert hook("install", "--type", "pre-push").returncode == 0
    kernel.write(HARMLESS)
    kernel.commit("demo: harmless")
    passed = git("push", "-q", "origin", "main", check=0)
    assert (passed.stdout, passed.stderr) == ("", "")
    assert (tmp_path / "hooked").read_text().startswith("origin ")
    assert (tmp_path / "hooked.in").read_text().startswith("refs/heads/main ")
    kernel.write(LEAKING)
    kernel.commit("demo: leak")
    stopped = git("push", "-q", "origin", "main", check=1)
    assert LEAK in stopped.stdout + stopped.stderr
    new = git("push", "-q", "origin", "main:refs/heads/new", check=1)
    assert LEAK in new.stdout + new.stderr, "a branch that the remote does not know yet"
    kernel.write(CLEAN)
    kernel.commit("demo: mended")
    git("push", "-q", "origin", "HEAD~2:refs/heads/earlier", check=0)
    git("push", "-q", "origin", ":earlier", check=0)
    git("push", "-q", "--no-verify", "origin", "main", check=0)
    git("push", "-q", "origin", "main:refs/heads/again", check=0)
    assert kept.read_text() != OLD


def test_no_repository(hook, tmp_path):
    done = hook("install", "--tree", tmp_path)
    assert (done.returncode, "not a git repository" in done.stderr) == (2, True)


# --- pre-commit --------------------------------------------------------------------------------------------------------


def test_the_framework_pre_commit_runs_it(kernel, git, tmp_path):
    """The manifest as it is, but for the environment that pre-commit would install from the network: this one is used."""
    pytest.importorskip("pre_commit", reason="pre-commit is not installed: pip install getput[test]")
    manifest = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / manifest.name).write_bytes(manifest.read_bytes())
    git("init", "-q", cwd=hooks, check=0)
    git("add", "-A", cwd=hooks, check=0)
    git("commit", "-q", "-m", "hooks", cwd=hooks, check=0)
    rev = git("rev-parse", "HEAD", cwd=hooks, check=0).stdout.strip()
    (kernel.top / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks}\n  rev: {rev}\n  hooks:\n  - id: getput\n    language: system\n"
    )
    by_path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": by_path, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}
    install = [sys.executable, "-m", "pre_commit", "install"]
    environment = {**os.environ, **env, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(install, cwd=kernel.top, check=True, capture_output=True, env=environment)
    kernel.git("add", "-A")
    skipped = git("commit", "-m", "demo: no C", **env, check=0)
    assert "Skipped" in skipped.stderr
    stage(kernel, LEAKING)
    stopped = git("commit", "-m", "demo: leak", **env, check=1)
    assert "Failed" in stopped.stderr
    assert f"[{LEAK}]" in stopped.stderr
    stage(kernel, HARMLESS)
    assert "Passed" in git("commit", "-m", "demo: harmless", **env, check=0).stderr
