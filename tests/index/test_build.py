"""An index comes to know wrappers of wrappers, and stays true whatever happens to the files."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.index.conftest import GET, PROBE, Indexed, trees

from getput.index.build import LAST

NO_GET = GET.replace('of_get_child_by_name(dev->of_node, "acme")', "dev->of_node")
WRAPPER = """\
struct device_node *acme_outer(struct device *dev)
{
	return acme_node(dev);
}
"""
LEAK = ["leak-on-error acme_probe"]
TREE = {"lib/get.c": GET, "lib/outer.c": WRAPPER, "drivers/acme/probe.c": PROBE}


def test_wrappers_of_wrappers_in_other_files(indexed):
    indexed.fill(TREE)
    indexed.refresh()
    assert indexed.said("drivers/acme/probe.c") == LEAK


def test_alone_the_file_tells_nothing(indexed):
    indexed.fill({"drivers/acme/probe.c": PROBE})
    indexed.refresh()
    assert indexed.said("drivers/acme/probe.c") == []


def test_nothing_changed_is_nothing_to_do(indexed):
    indexed.fill(TREE)
    assert indexed.refresh().fresh == 3
    done = indexed.refresh()
    assert (done.fresh, done.again) == (0, 0)


@pytest.mark.parametrize("path", sorted(TREE))
def test_a_file_that_was_touched_only(indexed, path):
    indexed.fill(TREE)
    indexed.refresh()
    indexed.write(path, TREE[path])
    assert indexed.refresh().fresh == 0
    assert indexed.said("drivers/acme/probe.c") == LEAK


def test_a_callee_that_counts_no_longer(indexed):
    indexed.fill(TREE)
    indexed.refresh()
    indexed.write("lib/get.c", NO_GET)
    indexed.refresh()
    assert indexed.said("drivers/acme/probe.c") == []
    indexed.write("lib/get.c", GET)
    indexed.refresh()
    assert indexed.said("drivers/acme/probe.c") == LEAK


def test_a_callee_that_is_gone(indexed):
    indexed.fill(TREE)
    indexed.refresh()
    (indexed.top / "lib/get.c").unlink()
    indexed.refresh()
    assert indexed.said("drivers/acme/probe.c") == []


def test_a_change_that_callers_need_not_know_of(indexed):
    indexed.fill({**TREE, "lib/other.c": "int acme_other(int a)\n{\n\treturn a;\n}\n"})
    indexed.refresh()
    indexed.write("lib/get.c", "/* moved */\n" + GET)
    assert indexed.refresh().fresh == 1


def test_only_the_named_files_are_asked(indexed):
    indexed.fill(TREE)
    indexed.refresh()
    indexed.write("lib/get.c", NO_GET)
    from getput.index.build import refresh
    from getput.index.store import Store

    store = Store(indexed.place, write=True)
    assert refresh(store, indexed.top, lambda _: pytest.fail("nothing to do"), ["lib/outer.c"]).fresh == 0
    store.close()


def test_two_files_of_one_name_that_disagree_say_nothing(indexed):
    indexed.fill({**TREE, "lib/variant.c": NO_GET})
    indexed.refresh()
    knowing = {**TREE, "lib/variant.c": GET}
    assert indexed.said("drivers/acme/probe.c") == LEAK  # what does not count is not known: the other one speaks
    indexed.fill({**knowing, "lib/variant.c": GET.replace("{\n\t", "{\n\tof_node_put(dev->of_node);\n\t")})
    indexed.refresh()
    assert indexed.said("drivers/acme/probe.c") == []


def test_a_file_that_cannot_be_judged(indexed):
    indexed.fill(TREE)
    indexed.refresh()
    indexed.write("lib/get.c", "/*" + "x" * (10 << 20) + "*/\n" + GET)
    indexed.refresh()
    assert indexed.records()["lib/get.c"].problem == "larger than 10 MB"
    assert indexed.said("drivers/acme/probe.c") == []


@pytest.mark.parametrize("dies_after", range(1, 12))
@pytest.mark.parametrize("gone", [True, False])
def test_a_callee_that_changes_while_the_work_is_cut_off(indexed, dies_after, gone):
    files = {**TREE, "lib/inner.c": WRAPPER.replace("acme_outer", "acme_inner"), "lib/other.c": PROBE}
    indexed.fill(files)
    with suppress(ProcessLookupError):
        indexed.refresh(dies_after=dies_after)
    if gone:
        (indexed.top / "lib/get.c").unlink()
    else:
        indexed.write("lib/get.c", NO_GET)
    indexed.refresh()
    assert indexed.said("drivers/acme/probe.c") == []
    fresh = indexed.place.with_name("fresh.sqlite")
    indexed.refresh(fresh)
    assert indexed.knows() == indexed.knows(fresh)


# --- any tree, any changes -------------------------------------------------------------------------------------------

TREES = trees(["kref_get(&x->ref);", "kref_put(&x->ref, gone);", "other(x);"])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(TREES, st.integers(-1, 12)), min_size=2, max_size=4))
def test_refreshed_is_as_good_as_new(steps):
    """Every tree is written over the one before, the work is cut off anywhere: in the end the index knows what a new one would."""
    with tempfile.TemporaryDirectory() as folder:
        indexed = Indexed(Path(folder) / "tree", Path(folder) / "index.sqlite")
        for files, dies_after in steps:
            indexed.fill(files)
            try:
                indexed.refresh(dies_after=dies_after)
            except ProcessLookupError:
                continue
        indexed.refresh()
        fresh = Path(folder) / "fresh.sqlite"
        indexed.refresh(fresh)
        assert indexed.knows() == indexed.knows(fresh)


def test_the_last_round_is_the_last(indexed):
    """A chain longer than the rounds: known as far as they go, and the same whatever the order of names."""
    chain = {
        f"lib/f{number}.c": WRAPPER.replace("acme_outer", f"w{number}").replace("acme_node", f"w{number - 1}")
        for number in range(1, 6)
    }
    indexed.fill({"lib/get.c": GET.replace("acme_node", "w0"), **chain})
    indexed.refresh()
    names, _ = indexed.knows()
    assert [name for name, *_ in names] == [f"w{number}" for number in range(LAST + 1)]
