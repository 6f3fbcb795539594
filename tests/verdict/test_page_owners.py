"""What a patch of the core changes for the owners of device pages, and rules that a tree has no use for, through the command."""

import difflib
import json
from pathlib import Path

import pytest

from getput.cli.main import main

CORE = """#include <linux/memremap.h>

void free_zone_page(struct page *page)
{
	page->pgmap->ops->page_free(page);
	set_page_count(page, 1);
}
"""
BARE = CORE.replace("\tset_page_count(page, 1);\n", "")
DRIVER = """#include <linux/memremap.h>

static void acme_page_free(struct page *page)
{
	page->zone_device_data = acme.free_pages;
	acme.free_pages = page;
}

static const struct dev_pagemap_ops acme_ops = {
	.page_free = acme_page_free,
	.migrate_to_ram = acme_migrate,
};

static struct page *acme_page_alloc(void)
{
	struct page *page = acme.free_pages;

	if (!page)
		return NULL;
	acme.free_pages = page->zone_device_data;
	lock_page(page);
	return page;
}

static void *acme_map(void)
{
	acme.pagemap.type = MEMORY_DEVICE_PRIVATE;
	acme.pagemap.ops = &acme_ops;
	return memremap_pages(&acme.pagemap, 0);
}
"""
OWNER = "lib/test_hmm.c"  # one of those that are known without an index
COUNTED = DRIVER.replace("\tlock_page(page);\n", "\tset_page_count(page, 1);\n\tlock_page(page);\n")
READY = DRIVER.replace("\tlock_page(page);\n", "\tzone_device_page_init(page);\n")
HEADER = "include/linux/memremap.h"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree without zone_device_page_init()."""
    texts = {"mm/memremap.c": CORE, OWNER: DRIVER, HEADER: "struct dev_pagemap;\n"}
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def patch(top: Path, name: str, *changes: tuple[str, str, str]) -> str:
    """A patch of (path, before, after), and where it was written."""
    text = "".join(
        "".join(
            difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}")
        )
        for path, old, new in changes
    )
    (top / name).write_text(text)
    return str(top / name)


def said(capsys: pytest.CaptureFixture[str], top: Path, *patches: str) -> list[dict]:
    """What ``getput check`` says of *patches*."""
    main(["check", "--no-index", "--format", "json", "--tree", str(top), *patches])
    return json.loads(capsys.readouterr().out)["findings"]


def test_a_driver_that_sets_no_count_is_named(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = said(capsys, tree, patch(tree, "1.patch", ("mm/memremap.c", CORE, BARE)))
    assert (one["rule"], one["function"]) == ("contract-changed", "free_zone_page")
    assert f"acme_page_alloc() ({OWNER}:" in one["message"]
    assert one["path"][0]["file"] == OWNER


def test_one_that_sets_it_is_not(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / OWNER).write_text(COUNTED)
    assert said(capsys, tree, patch(tree, "1.patch", ("mm/memremap.c", CORE, BARE))) == []


def test_nor_one_that_a_later_patch_adapts(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = patch(tree, "1.patch", ("mm/memremap.c", CORE, BARE))
    assert said(capsys, tree, first, patch(tree, "2.patch", (OWNER, DRIVER, COUNTED))) == []


def test_a_tree_without_the_function_is_not_told_to_call_it(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change = patch(tree, "1.patch", (OWNER, READY, DRIVER))
    (tree / OWNER).write_text(READY)
    assert said(capsys, tree, change) == []
    (tree / HEADER).write_text("void zone_device_page_init(struct page *page);\n")
    assert [one["rule"] for one in said(capsys, tree, change)] == ["device-page-not-ready"]


def test_nor_one_from_which_the_series_takes_it(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = "void zone_device_page_init(struct page *page);\n"
    (tree / HEADER).write_text(header)
    (tree / OWNER).write_text(READY)
    gone = patch(tree, "1.patch", (OWNER, READY, DRIVER), (HEADER, header, "struct dev_pagemap;\n"))
    assert said(capsys, tree, gone) == []


def test_operations_are_judged_where_only_they_change(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    without = DRIVER.replace("\t.page_free = acme_page_free,\n", "")
    (one,) = said(capsys, tree, patch(tree, "1.patch", (OWNER, DRIVER, without)))
    assert (one["rule"], one["function"]) == ("device-page-operations", "acme_map")
    assert one["anchor"]["side"] == "before"
