"""What the index of a tree knows beside functions: macros and cleanup classes, of other files too."""

from __future__ import annotations

from pathlib import Path

import pytest

from getput.cli.indexing import brought_up_to_date
from getput.config import Settings
from getput.index.records import decode
from getput.ownership.contracts import Verb
from getput.verdict.current import Current

HEADER = """\
#define demo_put(demo) \\
	of_node_put((demo)->np)

#define demo_end(demo) do { demo_close(demo); } while (0)

#define demo_clear(demo) do { demo_put(demo); (demo) = NULL; } while (0)

DEFINE_FREE(demo_node, struct device_node *, if (_T) of_node_put(_T))
"""
CLOSE = """\
#include <linux/demo.h>

#define demo_drop(demo) of_node_put((demo)->np)

void demo_close(struct demo *demo)
{
	demo_put(demo);
	kfree(demo);
}
"""
USER = """\
#include <linux/demo.h>

int demo_read(struct demo *demo)
{
	struct device_node *np __free(demo_node) = of_find_node_by_name(NULL, "demo");

	if (!np)
		return -ENODEV;

	demo_look(np);
	of_node_put(np);

	return 0;
}

void demo_leave(struct demo *demo)
{
	demo_close(demo);
}
"""


@pytest.fixture
def tree(tmp_path):
    for name, text in {
        "include/linux/demo.h": HEADER,
        "drivers/demo/close.c": CLOSE,
        "drivers/other/user.c": USER,
    }.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"


def index(tree: Path) -> Current:
    store, _ = brought_up_to_date(tree, Settings(), 1, show=False)
    store.close()
    return Current(tree, Settings())


def drops(current: Current, name: str, path: str) -> list[tuple[str, int, tuple[str, ...]]]:
    """(counter, argument, path) of everything that *name*, as the file at *path* sees it, drops."""
    assert current.names is not None
    return [
        (counter, effect.target.arg, effect.target.path)
        for counter, contract in current.names.resolve(name, path).items()
        for effect in contract.effects
        if effect.verb is Verb.DROP
    ]


def test_macros_of_headers_are_known_to_other_files(tree):
    current = index(tree)
    known = [("of_node", 0, ("->np",))]
    assert drops(current, "demo_put", "drivers/other/user.c") == known
    assert drops(current, "demo_close", "drivers/other/user.c") == known, "by way of the macro"
    assert drops(current, "demo_end", "drivers/other/user.c") == known, "known a round later"
    assert drops(current, "demo_leave", "drivers/demo/close.c") == known, "by way of both"
    (definition,) = current.names.definitions("demo_put")
    assert definition.at(0)["of_node"].proof == "include/linux/demo.h:1"


def test_a_macro_of_a_source_file_is_its_own(tree):
    current = index(tree)
    assert drops(current, "demo_drop", "drivers/other/user.c") == []
    assert drops(current, "demo_clear", "drivers/other/user.c") == [], "it does something to the caller's variable"


def test_a_cleanup_class_of_a_header_is_known_to_other_files(tree):
    current = index(tree)
    assert drops(current, "__free_demo_node", "drivers/other/user.c") == [("of_node", 0, ())]
    (row,) = [decode(raw) for path, raw in current.store.records() if path == "drivers/other/user.c"]
    ((record,),) = [(one,) for one in row.told]
    assert [(one.rule, one.line) for one in record.findings] == [("put-too-many", 13)]


def test_a_macro_that_changes_tells_its_users(tree):
    index(tree)
    header = tree / "include/linux/demo.h"
    header.write_text(HEADER.replace("of_node_put((demo)->np)", "of_node_get((demo)->np)"))
    current = index(tree)
    assert drops(current, "demo_leave", "drivers/demo/close.c") == []
    header.write_text(HEADER)
    assert drops(index(tree), "demo_leave", "drivers/demo/close.c") == [("of_node", 0, ("->np",))]


def test_a_class_that_changes_tells_its_users(tree):
    index(tree)
    header = tree / "include/linux/demo.h"
    header.write_text(HEADER.replace("if (_T) of_node_put(_T)", "if (_T) demo_trace(_T)"))
    current = index(tree)
    (row,) = [decode(raw) for path, raw in current.store.records() if path == "drivers/other/user.c"]
    assert row.told == ()


def test_who_calls_a_managed_function_owes_nothing(tree):
    (tree / "drivers/demo/managed.c").write_text("""\
struct device *devm_demo_find(struct device *dev)
{
	return bus_find_device_by_name(dev->bus, NULL, "demo");
}

struct device *demo_find(struct device *dev)
{
	return bus_find_device_by_name(dev->bus, NULL, "demo");
}
""")
    current = index(tree)
    assert current.names is not None
    assert current.names.resolve("demo_find", "drivers/other/user.c")
    assert not current.names.resolve("devm_demo_find", "drivers/other/user.c")
