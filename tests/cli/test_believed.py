"""``getput apis`` of functions that no table knows: what the index of a tree believes, and why."""

from __future__ import annotations

import pytest

FILES = {
    "drivers/demo/put.c": """\
void demo_put(struct demo *demo)
{
	of_node_put(demo->np);
}
""",
    "drivers/demo/close.c": """\
static void demo_stop(struct demo *demo)
{
	demo_put(demo);
}

void demo_close(struct demo *demo)
{
	demo_stop(demo);
	kfree(demo);
}
""",
    "drivers/demo/get.c": """\
struct device_node *demo_child(struct demo *demo)
{
	struct device_node *np;

	for_each_child_of_node(demo->np, np) {
		if (demo_wanted(np))
			return np;
	}

	return NULL;
}
""",
    "drivers/other/close.c": """\
static void demo_stop(struct device *dev)
{
	put_device(dev);
}

void demo_again(struct device *dev, int level)
{
	if (level)
		demo_again(dev, level - 1);
	demo_stop(dev);
}

#define demo_drop(dev) do { put_device(dev); } while (0)
DEFINE_FREE(demo_dev, struct device *, if (_T) demo_drop(_T))

void demo_scope(struct device *dev)
{
	struct device *held __free(demo_dev) = get_device(dev);

	demo_drop(dev);
}

int demo_count(struct device *dev)
{
	return dev->power;
}
""",
}


@pytest.fixture
def tree(tmp_path, getput):
    """A tree with an index."""
    top = tmp_path / "tree"
    for name, text in FILES.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert getput("index", "--tree", top, "-q").returncode == 0
    return top


CHAIN = """\
demo_close
  in       drivers/demo/close.c:6 (global function)
  counter  of_node
  does     drops a reference on np of the 1st argument; NULL is ignored
  does     frees the 1st argument, whatever its count (memory); NULL is ignored
  because  drivers/demo/close.c:8: demo_stop drops a reference on np of the 1st argument; NULL is ignored [drivers/demo/close.c:1]
             drivers/demo/close.c:3: demo_put drops a reference on np of the 1st argument; NULL is ignored [drivers/demo/put.c:1]
               drivers/demo/put.c:3: of_node_put drops a reference on the 1st argument; NULL is ignored [a table, """


def test_the_chain_of_evidence_ends_at_a_table(getput, tree):
    done = getput("apis", "demo_close", "--tree", tree)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(CHAIN)
    assert done.stdout.removeprefix(CHAIN).count("\n") == 1


def test_functions_of_one_name_are_told_apart(getput, tree):
    said = getput("apis", "demo_stop", "--tree", tree).stdout
    first, second = said.split("\n\n")
    assert "drivers/demo/close.c:1 (static function)" in first
    assert "counter  of_node" in first
    assert "drivers/other/close.c:1 (static function)" in second
    assert "counter  device" in second


def test_an_iterator_is_evidence(getput, tree):
    said = getput("apis", "demo_child", "--tree", tree).stdout
    assert "takes a reference on what it returns if it returns a valid pointer" in said
    assert "drivers/demo/get.c:5: for_each_child_of_node takes a reference on the 2nd argument [a table, " in said


def test_a_macro_is_told_of_where_it_is_defined(getput, tree):
    said = getput("apis", "demo_drop", "--tree", tree).stdout
    assert "drivers/other/close.c:13 (macro)" in said
    assert "drivers/other/close.c:13: put_device drops a reference on the 1st argument" in said


@pytest.mark.parametrize("name", ["demo_dev", "__free(demo_dev)", "__free_demo_dev"])
def test_a_cleanup_class_is_told_of(getput, tree, name):
    said = getput("apis", name, "--tree", tree).stdout
    assert said.startswith("__free_demo_dev\n  in       drivers/other/close.c:14 (macro)\n")
    assert "demo_drop drops a reference on the 1st argument; NULL is ignored [drivers/other/close.c:13]" in said


def test_recursion_ends(getput, tree):
    assert "counter  device" in getput("apis", "demo_again", "--tree", tree).stdout


def test_what_counts_nothing_is_said(getput, tree):
    done = getput("apis", "demo_count", "--tree", tree)
    assert done.returncode == 0
    assert done.stdout == ("demo_count\n  does     nothing to a count of which getput knows (drivers/other/close.c)\n")


def test_tables_and_index_answer_together(getput, tree):
    said = getput("apis", "demo_put", "kfree", "--tree", tree).stdout
    assert said.index("kfree") < said.index("\n\ndemo_put\n")


def test_an_unknown_name_gets_a_hint(getput, tree, tmp_path):
    done = getput("apis", "of_nod_put", "--tree", tree)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean of_node_put" in done.stderr
    done = getput("apis", "demo_put", "--tree", tmp_path)
    assert done.returncode == 2
    assert f"{tmp_path} has no index: `getput index --tree {tmp_path}`" in done.stderr
