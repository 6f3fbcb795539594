"""Names that climb, links that lead away, files that have no end: of the patch, the tree and the settings."""

from __future__ import annotations

import os
import time

import pytest
from tests.hostile.conftest import CODE, new_file

from getput.config.paths import named
from getput.untrusted import contents

SECRET = "of_find_secret"


@pytest.mark.parametrize("name", ["../x.c", "/etc/x.c", "a/../../x.c", "..\\/../x.c"])
def test_names_that_climb(getput, tree, name):
    patch = f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-x\n+y\n"
    done = getput("check", "-", cwd=tree, stdin=patch)
    assert done.returncode == 2
    assert "refused" in done.stderr


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_links_out_of_the_tree(getput, tree, tmp_path, kind):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "demo.c").write_text(f"int {SECRET};\n")
    if kind == "file":
        (tree / "demo").mkdir()
        (tree / "demo" / "demo.c").symlink_to(outside / "demo.c")
    else:
        (tree / "demo").symlink_to(outside)
    patch = "--- a/demo/demo.c\n+++ b/demo/demo.c\n@@ -1 +1 @@\n-int x;\n+int y;\n"
    done = getput("check", "-", cwd=tree, stdin=patch)
    assert done.returncode == 2
    assert "a symbolic link leads out of the tree" in done.stderr
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("name", [".clang-format", ".getput.toml", "include/linux/of.h", "drivers/demo/other.c"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_has_no_end(getput, tree, name, kind):
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    done = getput("check", "-", cwd=tree, stdin=new_file(CODE))
    assert done.returncode == 1, done.stderr


@pytest.mark.parametrize("key", ["suppressions", "baseline"])
def test_settings_that_name_what_has_no_end(getput, tree, key):
    (tree / ".getput.toml").write_text(f'{key} = "/dev/zero"\n')
    assert getput("check", "-", cwd=tree, stdin=new_file(CODE)).returncode == 2


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "{b=" * 100_000, "\0", '"' * 100_000])
def test_settings_that_are_none(getput, tree, text):
    (tree / ".getput.toml").write_text(text)
    done = getput("check", "-", cwd=tree, stdin=new_file(CODE))
    assert done.returncode == 2
    assert "not TOML" in done.stderr


def test_a_baseline_nested_without_end(getput, tree):
    (tree / "base.json").write_text("[" * 200_000)
    done = getput("check", "--baseline", "base.json", "-", cwd=tree, stdin=new_file(CODE))
    assert done.returncode == 2


def test_a_table_of_apis_nested_without_end(getput, tree):
    (tree / "t.toml").write_text("[returns]\na = " + "[" * 100_000)
    (tree / ".getput.toml").write_text('[apis]\ntables = ["t.toml"]\n')
    assert getput("check", "-", cwd=tree, stdin=new_file(CODE)).returncode == 2


def test_the_reader_itself(tmp_path):
    big = tmp_path / "big"
    big.write_bytes(b"x" * 100)
    assert contents(big, limit=100) == b"x" * 100
    with pytest.raises(OSError, match="larger"):
        contents(big, limit=99)
    with pytest.raises(OSError, match="regular"):
        contents(tmp_path)
    link = tmp_path / "tree" / "link"
    link.parent.mkdir()
    link.symlink_to(big)
    with pytest.raises(OSError, match="leads out"):
        contents(link, within=link.parent)


def test_patterns_that_explode():
    start = time.process_time()
    assert not named("a" * 2000 + "/x", ["*a" * 100 + "b", "**a" * 100 + "b", "**/" * 50 + "*a*a*a*a*a*a*c"])
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("drivers/net", ["drivers/net", "drivers/net/a/b.c"], ["drivers/network/b.c", "x/drivers/net"]),
        ("drivers/*/a?.c", ["drivers/x/ab.c"], ["drivers/x/y/ab.c", "drivers/x/a/.c"]),
        ("**/demo.c", ["demo.c", "a/demo.c", "a/b/demo.c"], ["a/xdemo.c"]),
        ("a/**/b", ["a/b", "a/x/y/b/c"], ["a/xb"]),
        ("a**z", ["a/b/z", "az"], ["a/b/y"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "[x"]),
        ("[!a-c]x", ["dx"], ["ax"]),
        ("[z-a]x", [], ["zx"]),
        ("a.c", ["a.c"], ["abc"]),
    ],
)
def test_patterns(pattern, yes, no):
    assert [path for path in yes if not named(path, [pattern])] == []
    assert [path for path in no if named(path, [pattern])] == []
