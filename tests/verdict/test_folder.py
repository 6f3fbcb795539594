"""What the other files of a driver's folder say of a reference that a member holds."""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import shutil
from pathlib import Path

import pytest

from getput.cli.main import main
from getput.ownership import apis
from getput.ownership.vocabulary import Vocabulary
from getput.verdict.folder import Folders

PROBE = """\
#include "acme.h"

static int acme_probe(struct platform_device *pdev)
{
	struct acme *acme = devm_kzalloc(&pdev->dev, sizeof(*acme), GFP_KERNEL);

	if (!acme)
		return -ENOMEM;
	acme->hub = of_parse_phandle(pdev->dev.of_node, "acme,hub", 0);
	platform_set_drvdata(pdev, acme);
	return 0;
}

static void acme_remove(struct platform_device *pdev)
{
	acme_stop(platform_get_drvdata(pdev));
}

static struct platform_driver acme_driver = {
	.probe = acme_probe,
	.remove = acme_remove,
};
"""
HEADER = "struct acme {\n\tstruct device_node *hub;\n};\n"
STOP = '#include "acme.h"\n\nvoid acme_stop(struct acme *acme)\n{\n\tif (acme->hub)\n\t\tof_node_put(acme->hub);\n}\n'
IDLE = '#include "acme.h"\n\nvoid acme_stop(struct acme *acme)\n{\n\tacme_hush(acme->hub);\n}\n'


def said(tree: Path, *options: str) -> list[tuple[str, str]]:
    """(rule, confidence) of what a scan of the driver says, without an index and then with one: the same."""
    answers = []
    for how in ("--no-index", "--index"):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            arguments = [*options, how] if how == "--no-index" else options
            path = str(tree / "drivers" / "acme" / "core.c") if how == "--no-index" else str(tree)
            main(["scan", "--tree", str(tree), "--format", "json", "--jobs", "1", "--quiet", *arguments, path])
        answers.append([(one["rule"], one["confidence"]) for one in json.loads(out.getvalue())["findings"]])
    assert answers[0] == answers[1]
    return answers[0]


@pytest.fixture
def tree(tmp_path) -> Path:
    folder = tmp_path / "drivers" / "acme"
    folder.mkdir(parents=True)
    (folder / "core.c").write_text(PROBE)
    (folder / "acme.h").write_text(HEADER)
    (folder / "stop.c").write_text(IDLE)
    return tmp_path


LOST = [("leak-of-stored-reference", "medium")]


def test_nobody_in_the_folder_puts_it(tree):
    assert said(tree) == LOST


def test_another_file_puts_it(tree):
    (tree / "drivers/acme/stop.c").write_text(STOP)
    assert said(tree, "--min-confidence", "low") == []


def test_a_file_below_puts_it(tree):
    (tree / "drivers/acme/hw").mkdir()
    (tree / "drivers/acme/hw/stop.c").write_text(STOP)
    assert said(tree, "--min-confidence", "low") == []


def test_a_neighbour_puts_something_else(tree):
    (tree / "drivers/acme/stop.c").write_text(STOP.replace("->hub", "->port"))
    assert said(tree) == LOST


def test_the_structure_is_somebody_elses(tree):
    (tree / "include").mkdir()
    shutil.move(tree / "drivers/acme/acme.h", tree / "include/acme.h")
    assert said(tree) == []
    assert said(tree, "--min-confidence", "low") == [("leak-of-stored-reference", "low")]


def test_the_answer_follows_the_neighbour(tree):
    assert said(tree) == LOST
    (tree / "drivers/acme/stop.c").write_text(STOP)
    assert said(tree) == []
    (tree / "drivers/acme/stop.c").unlink()
    assert said(tree) == LOST


def test_a_folder_of_many_is_nobodys(tree, monkeypatch):
    monkeypatch.setattr("getput.verdict.folder.MAX_FILES", 2)
    assert said(tree) == []


def patch_of(path: str, before: str, after: str) -> str:
    """The patch from one text to the other."""
    lines = (side.splitlines(keepends=True) for side in (before, after))
    return "".join(difflib.unified_diff(*lines, f"a/{path}", f"b/{path}"))


def test_a_patch_that_moves_the_put_to_a_neighbour(tree):
    """The neighbour is read as the patch leaves it, not as it stands on disk."""
    own = "\tof_node_put(((struct acme *)platform_get_drvdata(pdev))->hub);"
    before = PROBE.replace("\tacme_stop(platform_get_drvdata(pdev));", own)
    (tree / "drivers/acme/core.c").write_text(before)
    patch = patch_of("drivers/acme/core.c", before, PROBE)
    moved = patch_of("drivers/acme/stop.c", IDLE, STOP)
    found = []
    for text in (patch, patch + moved):
        (tree / "acme.patch").write_text(text)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            main(["check", "--tree", str(tree), "--format", "json", "--jobs", "1", str(tree / "acme.patch")])
        answer = json.loads(out.getvalue())
        assert answer["errors"] == []
        found.append([one["rule"] for one in answer["findings"] if one["status"] == "introduced"])
    assert found == [["leak-of-stored-reference"], []]


def test_few_folders_are_kept(tmp_path, monkeypatch):
    """Who judges for months asks about every folder of a tree: what was not asked for last is let go of."""
    monkeypatch.setattr("getput.verdict.folder.MAX_KEPT", 150)
    for name in "abcd":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.c").write_text("x" * 60)
    folders = Folders(tmp_path, Vocabulary(apis.load(())))
    for name in "abcab":
        assert folders.texts(name) == {f"{name}/x.c": b"x" * 60}
    assert list(folders.known) == ["a", "b"]
    assert folders.texts("gone") is None
    (tmp_path / "a" / "x.c").write_text("x" * 6000)
    folders.texts("d")
    folders.texts("a")
    assert list(folders.known) == ["a"], "one that is too large alone is kept while it is in use"
    assert folders.kept == 6000
