"""``getput callers``: who calls a function or a macro."""

from __future__ import annotations

import json

import pytest

HEADER = """\
void demo_put(struct demo *demo);
#define demo_put_all(d) \\
	demo_put(d)
"""
PUT = """\
#include <linux/demo.h>

void demo_put(struct demo *demo)
{
	of_node_put(demo->np);
}

static const struct demo_ops demo_ops = {
	.open = demo_open,
	.release = demo_put,
};
"""
USER = """\
#include <linux/demo.h>

/* demo_put(x) would be too much */
int demo_close(struct demo *demo)
{
	pr_debug("demo_put()");
	if (demo->open)
		demo_put (demo);

	return 0;
}
"""
OTHER = """\
static void demo_put(struct other *other)
{
	kfree(other);
}

void other_close(struct other *other)
{
	demo_put(other);
}
"""
TEXT = """\
demo_put: global function, drivers/demo/put.c:3
  drivers/demo/put.c:10 .release
  drivers/demo/user.c:8 demo_close
  include/linux/demo.h:3 #define demo_put_all

demo_put: static function, drivers/other/other.c:1
  drivers/other/other.c:8 other_close
"""


@pytest.fixture
def tree(tmp_path):
    """A tree in which two functions share a name."""
    files = {
        "include/linux/demo.h": HEADER,
        "drivers/demo/put.c": PUT,
        "drivers/demo/user.c": USER,
        "drivers/other/other.c": OTHER,
    }
    for name, text in files.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"


@pytest.fixture
def indexed(getput, tree):
    """The same, with an index."""
    assert getput("index", "--tree", tree, "-q").returncode == 0
    return tree


def test_without_an_index_it_says_how_to_make_one(getput, tree):
    done = getput("callers", "demo_put", "--tree", tree)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"has no index; make one with `getput index --tree {tree}`" in done.stderr


def test_callers_are_grouped_by_what_the_name_means_to_them(getput, indexed):
    done = getput("callers", "demo_put", "--tree", indexed)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == TEXT + "4 places\n"
    assert getput("callers", "demo_put", "--tree", indexed, "-q").stdout == TEXT


def test_json_says_the_same(getput, indexed):
    said = json.loads(getput("callers", "demo_put", "--tree", indexed, "--format", "json").stdout)
    assert said["schema"] == 1
    assert said["name"] == "demo_put"
    first, second = said["groups"]
    assert first["definitions"] == [{"file": "drivers/demo/put.c", "line": 3, "kind": "function", "static": False}]
    assert [caller["how"] for caller in first["callers"]] == ["pointer", "call", "macro"]
    assert second["callers"] == [{"file": "drivers/other/other.c", "line": 8, "name": "other_close", "how": "call"}]


def test_a_macro_has_callers_too_and_a_function_may_have_none(getput, indexed):
    assert getput("callers", "demo_put_all", "--tree", indexed).stdout == (
        "demo_put_all: macro, include/linux/demo.h:2\n  nobody\n0 places\n"
    )


def test_what_the_tree_does_not_define_may_be_called(getput, indexed):
    said = getput("callers", "of_node_put", "--tree", indexed).stdout
    assert said == "of_node_put: not defined in this tree\n  drivers/demo/put.c:5 demo_put\n1 place\n"


def test_an_unknown_name_is_said(getput, indexed):
    done = getput("callers", "nothing_of_it", "--tree", indexed)
    assert done.returncode == 2
    assert "defines or calls nothing_of_it" in done.stderr


def test_a_file_that_changed_is_looked_at_anew(getput, indexed):
    (indexed / "drivers/demo/more.c").write_text("void demo_more(struct demo *demo)\n{\n\tdemo_put(demo);\n}\n")
    assert "  drivers/demo/more.c:3 demo_more\n" in getput("callers", "demo_put", "--tree", indexed).stdout
