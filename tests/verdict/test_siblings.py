"""Siblings in other files of the folder, and in other patches of a series."""

from __future__ import annotations

import contextlib
import difflib
import io
import json
from pathlib import Path

from getput.cli.main import main

DRIVER = """\
#include "acme.h"

static void {0}_free(struct page *page)
{{
	{0}_forget(page);
	acme_bo_put(page);
{1}}}

static const struct acme_pages_ops {0}_ops = {{
	.free = {0}_free,
}};
"""
PUT = "\tpercpu_ref_put(acme_pool(page));\n"
OTHER_TABLE = DRIVER.replace("acme_pages_ops", "other_ops")


def patch(path: str, before: str, after: str) -> str:
    """The diff between two texts of a file."""
    lines = (side.splitlines(keepends=True) for side in (before, after))
    return "".join(difflib.unified_diff(*lines, f"a/{path}", f"b/{path}"))


def introduced(tree: Path, *patches: str) -> list[tuple[str, int, str]]:
    """(file, patch, message) of what a series introduces by the rule in a tree that it is not applied to."""
    names = []
    for number, text in enumerate(patches):
        name = tree / f"{number}.patch"
        name.write_text(text)
        names.append(str(name))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main(["check", "--rule", "siblings-diverge", "--tree", str(tree), "--format", "json", "--jobs", "1", *names])
    answer = json.loads(out.getvalue())
    assert answer["errors"] == []
    return [(one["file"], one["patch"], one["message"]) for one in answer["findings"]]


def laid_out(tmp_path: Path, **texts: str) -> Path:
    """A tree with one driver a file."""
    folder = tmp_path / "drivers" / "acme"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"{name}.c").write_text(text)
    return tmp_path


def drivers(*names: str) -> dict[str, str]:
    """Drivers that all drop the reference."""
    return {name: DRIVER.format(name, PUT) for name in names}


def lost(name: str) -> str:
    """The patch that takes the put out of one of them."""
    return patch(f"drivers/acme/{name}.c", DRIVER.format(name, PUT), DRIVER.format(name, ""))


def test_the_same_operation_in_other_files(tmp_path: Path) -> None:
    tree = laid_out(tmp_path, **drivers("fast", "slow", "wide"))
    ((file, _, message),) = introduced(tree, lost("fast"))
    assert file == "drivers/acme/fast.c"
    assert "slow_free()" in message
    assert "wide_free()" in message


def test_another_kind_of_table_is_no_sibling(tmp_path: Path) -> None:
    others = {name: OTHER_TABLE.format(name, PUT) for name in ("slow", "wide")}
    tree = laid_out(tmp_path, fast=DRIVER.format("fast", PUT), **others)
    assert introduced(tree, lost("fast")) == []


def test_siblings_that_never_agreed(tmp_path: Path) -> None:
    tree = laid_out(tmp_path, **drivers("fast", "slow", "wide"), thin=DRIVER.format("thin", ""))
    assert introduced(tree, lost("fast")) == []


def test_a_later_patch_takes_it_out_of_the_others(tmp_path: Path) -> None:
    tree = laid_out(tmp_path, **drivers("fast", "slow", "wide"))
    assert introduced(tree, lost("fast"), lost("slow"), lost("wide")) == []


def test_a_later_patch_brings_it_back(tmp_path: Path) -> None:
    tree = laid_out(tmp_path, **drivers("fast", "slow", "wide"))
    back = patch("drivers/acme/fast.c", DRIVER.format("fast", ""), DRIVER.format("fast", PUT))
    assert introduced(tree, lost("fast"), back) == []
