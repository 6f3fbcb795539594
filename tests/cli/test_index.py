"""``getput index``, and what ``scan`` and ``check`` make of an index."""

from __future__ import annotations

import difflib
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

GET = """\
struct device_node *acme_node(struct device *dev)
{
	return of_get_child_by_name(dev->of_node, "acme");
}
"""
USER = """\
int acme_probe(struct device *dev)
{
	struct device_node *np = acme_node(dev);

	if (!np)
		return -ENODEV;
	if (acme_read(dev))
		return -EIO;
	of_node_put(np);
	return 0;
}
"""
PATH = "drivers/acme/probe.c"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A tree in which the leak of one file is seen by who knows the other; its cache folder is its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    top = tmp_path / "tree"
    for path, text in (("lib/get.c", GET), (PATH, USER)):
        (top / path).parent.mkdir(parents=True)
        (top / path).write_text(text)
    return top


def found(done) -> list[tuple[str, str]]:
    """(rule, file) of what a command with ``--format json`` found."""
    return [(one["rule"], one["file"]) for one in json.loads(done.stdout)["findings"]]


LEAK = [("leak-on-error", PATH)]


def test_its_life(getput, tree):
    assert "no index" in getput("index", "--tree", tree, "--status").stdout
    done = getput("index", "--tree", tree)
    assert done.stdout == "2 files, 1 functions that count; 2 files looked at, 1 of them again\n"
    status = getput("index", "--tree", tree, "--status").stdout
    assert "complete" in status
    assert str(tree) in status
    assert getput("index", "--tree", tree, "-q").stdout == ""
    getput("index", "--tree", tree, "--drop")
    assert "no index" in getput("index", "--tree", tree, "--status").stdout
    assert sorted(path.name for path in tree.iterdir()) == ["drivers", "lib"]


def test_a_scan_of_the_tree_makes_one(getput, tree):
    assert found(getput("scan", "--tree", tree, "--format", "json")) == LEAK
    assert "complete" in getput("index", "--tree", tree, "--status").stdout


def test_a_part_uses_one_that_is_there(getput, tree):
    part = ["scan", "--tree", tree, tree / "drivers", "--format", "json"]
    alone = getput(*part)
    assert (found(alone), json.loads(alone.stdout)["stats"]["index"]) == ([], "none")
    getput("index", "--tree", tree)
    with_index = getput(*part)
    assert (found(with_index), json.loads(with_index.stdout)["stats"]["index"]) == (LEAK, "used")
    assert found(getput(*part, "--no-index")) == []


def test_the_choice_of_rules_is_not_the_index_s(getput, tree):
    assert getput("scan", "--tree", tree, "--no-rule", "leak-on-error", "-q").stdout == ""
    assert found(getput("scan", "--tree", tree, "--format", "json")) == LEAK


def test_the_same_bytes(getput, tree):
    for number in range(20):
        (tree / f"drivers/acme/more{number}.c").write_text(USER.replace("acme_probe", f"acme_probe{number}"))
    scan = ["scan", "--tree", tree, "--format", "json"]
    first = getput(*scan, "--jobs", "1").stdout
    assert getput(*scan, "--jobs", "2").stdout == first
    getput("index", "--tree", tree, "--drop")
    assert getput(*scan, "--jobs", "2").stdout == first
    assert len(json.loads(first)["findings"]) == 21


ENTRY = GET.replace('of_get_child_by_name(dev->of_node, "acme")', "dget(dev->entry)").replace("acme_node", "acme_entry")
OPEN = USER.replace("acme_node", "acme_entry").replace("of_node_put", "dput").replace("device_node", "dentry")


def test_a_scan_follows_what_it_shows(getput, tree):
    """Families that are not proven are followed for who wants to see all, and then for good."""
    (tree / "lib/entry.c").write_text(ENTRY)
    outer = "struct dentry *acme_outer(struct device *dev)\n{\n\treturn acme_entry(dev);\n}\n"
    (tree / "lib/outer.c").write_text(outer)
    (tree / "drivers/acme/open.c").write_text(OPEN)
    scan = ["scan", "--tree", tree, "--format", "json"]
    first = getput(*scan).stdout
    assert "a scan shows" in getput("index", "--tree", tree, "--status").stdout
    assert "unless   of a family that no scan shows" in getput("apis", "acme_outer", "--tree", tree).stdout
    assert getput(*scan, tree / "drivers").stdout.count('"index": "used"') == 1
    alone = json.loads(getput(*scan, tree / "drivers", "--min-confidence", "low").stdout)
    assert alone["stats"]["index"] == "none", "the whole tree is not looked at anew for a part of it"
    assert found(getput(*scan, "--min-confidence", "low")) == [("leak-on-error", "drivers/acme/open.c"), *LEAK]
    assert "a scan shows" not in getput("index", "--tree", tree, "--status").stdout
    assert getput(*scan).stdout == first
    assert "takes a reference on what it returns" in getput("apis", "acme_outer", "--tree", tree).stdout


def test_what_is_suppressed_is_looked_for(getput, tree):
    """A scan that does not follow a family could not say that nothing of it is found any more."""
    (tree / "lib/entry.c").write_text(ENTRY)
    (tree / "drivers/acme/open.c").write_text(OPEN)
    (tree / "MAINTAINERS").touch()
    answer = tree.parent / "answer.json"
    answer.write_text(getput("scan", "--tree", tree, "--format", "json", "--min-confidence", "low").stdout)
    known = [one["fingerprint"] for one in json.loads(answer.read_text())["findings"] if one["family"] == "dentry"]
    own = tree.parent / "suppressions.toml"
    getput("suppress", *known, "--reason", "so", "--from", answer, "--suppressions", own)
    getput("index", "--tree", tree, "--drop")
    scan = ["scan", "--tree", tree, "--format", "json", "--suppressions", own]
    assert own.read_text().count("[[suppress]]") == len(known) == 1
    assert "any more" not in getput(*scan).stderr
    (tree / "drivers/acme/open.c").write_text(
        OPEN.replace("return -EIO", "goto out").replace("\tdput(", "out:\n\tdput(")
    )
    assert "nothing of this fingerprint is found any more" in getput(*scan).stderr


# --- patches ---------------------------------------------------------------------------------------------------------

GUARD = "\tif (acme_read(dev))\n\t\treturn -EIO;\n"


@pytest.fixture
def undone(tree):
    """A patch that brings the leak to a tree without it."""
    before = USER.replace(GUARD, "")
    (tree / PATH).write_text(before)
    patch = tree.parent / "bring.patch"
    lines = difflib.unified_diff(before.splitlines(True), USER.splitlines(True), f"a/{PATH}", f"b/{PATH}")
    patch.write_text(f"diff --git a/{PATH} b/{PATH}\n" + "".join(lines))
    return patch


def check(getput, tree, patch, *args):
    """(what is introduced, which use was made of the index)."""
    done = getput("check", "--tree", tree, patch, "--format", "json", *args)
    return found(done), json.loads(done.stdout)["stats"]["index"]


def test_a_patch_is_judged_with_what_the_index_knows(getput, tree, undone):
    assert check(getput, tree, undone) == ([], "none")
    getput("index", "--tree", tree)
    assert check(getput, tree, undone) == (LEAK, "used")
    assert check(getput, tree, undone, "--no-index") == ([], "none")


def test_a_patch_is_judged_with_what_a_scan_followed(getput, tree, undone):
    getput("scan", "--tree", tree)
    assert check(getput, tree, undone) == (LEAK, "partial")
    getput("index", "--tree", tree)
    assert check(getput, tree, undone) == (LEAK, "used")


def test_a_callee_that_changed_since_is_looked_at_again(getput, tree, undone):
    getput("index", "--tree", tree)
    (tree / "lib/get.c").write_text(GET.replace('of_get_child_by_name(dev->of_node, "acme")', "dev->of_node"))
    assert check(getput, tree, undone) == ([], "used")


def test_another_getput_s_index_is_not_used(getput, tree, undone):
    getput("index", "--tree", tree)
    table = tree.parent / "more.toml"
    table.write_text(
        'family = "of_node"\ntree = "6.12"\n[api]\nacme_take = "take result; fails NULL; at lib/take.c:1"\n'
    )
    (tree / ".getput.toml").write_text(f'[apis]\ntables = ["{table}"]\n')
    assert check(getput, tree, undone)[1] == "outdated"


# --- what can go wrong -----------------------------------------------------------------------------------------------


def index_file(tree):
    """Where the index of *tree* lies."""
    (file,) = (tree.parent / "cache/getput").glob("*.sqlite")
    return file


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_damaged_index_is_made_anew(getput, tree, undone, damage):
    getput("index", "--tree", tree)
    index_file(tree).write_bytes(damage)
    for beside in index_file(tree).parent.glob("*.sqlite-*"):
        beside.unlink()
    assert check(getput, tree, undone)[1] in ("none", "outdated")
    (tree / PATH).write_text(USER)
    assert found(getput("scan", "--tree", tree, "--format", "json")) == LEAK


def test_a_cache_that_cannot_be_written(getput, tree, undone):
    (tree.parent / "cache").write_text("a file")
    done = getput("scan", "--tree", tree)
    assert done.returncode == 0
    assert "the index cannot be used" in done.stderr
    assert str(tree.parent / "cache") in done.stderr
    assert "2 functions judged" in done.stdout
    assert check(getput, tree, undone)[1] == "none"
    done = getput("index", "--tree", tree)
    assert (done.returncode, done.stdout) == (2, "")


def test_killed_at_any_moment(getput, tree):
    """What was done stays done, what was not is done later, and the answer is the same."""
    for number in range(150):
        text = USER.replace("acme_probe", f"acme_probe{number}").replace("acme_node", f"acme_node{number % 7}")
        (tree / f"drivers/acme/more{number}.c").write_text(text)
        (tree / f"lib/more{number}.c").write_text(GET.replace("acme_node", f"acme_node{number}"))
    scan = ["scan", "--tree", tree, "--format", "json"]
    undisturbed = getput(*scan).stdout
    assert len(json.loads(undisturbed)["findings"]) == 151
    chance = random.Random(5)
    for _ in range(5):
        getput("index", "--tree", tree, "--drop")
        for _ in range(2):
            command = [sys.executable, "-m", "getput", "index", "--tree", str(tree), "-q"]
            process = subprocess.Popen(command, start_new_session=True)
            time.sleep(0.3 + chance.random())
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert getput(*scan).stdout == undisturbed


def test_two_at_once(getput, tree):
    for number in range(100):
        (tree / f"drivers/acme/more{number}.c").write_text(USER.replace("acme_probe", f"acme_probe{number}"))
    command = [sys.executable, "-m", "getput", "scan", "--tree", str(tree), "--format", "json", "-q"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(2)]
    first, second = [process.communicate(timeout=120)[0] for process in both]
    assert first == second
    assert len(json.loads(first)["findings"]) == 101
