"""What is known of a function in one image is taken for the other only where nothing that it rests on differs."""

from __future__ import annotations

import pytest

from getput.config import Settings
from getput.ownership.alike import unchanged
from getput.verdict.judge import Judge

FILE = """\
static void acme_drop(struct device_node *np)
{
	of_node_put(np);
}

static void acme_end(struct device_node *np)
{
	acme_drop(np);
}

static void acme_turn(struct device_node *np, int n)
{
	if (n)
		acme_turn(np, n - 1);
	acme_again(np, n);
}

static void acme_again(struct device_node *np, int n)
{
	if (n > 1)
		acme_turn(np, n - 2);
}
"""


def images(before: str, after: str):
    judge = Judge(None, Settings())
    old, new = (judge.unit(text.encode(), "drivers/acme/acme.c") for text in (before, after))
    old.twin, new.twin = new, old
    old.alike = new.alike = True
    return old, new


@pytest.mark.parametrize("name", ["acme_drop", "acme_end", "acme_turn", "acme_again"])
def test_a_file_that_only_moved(name):
    old, new = images(FILE, "\n/* moved */\n" + FILE)
    assert unchanged(new, name)
    before = old.contract(name, "of_node", 0)
    assert new.contract(name, "of_node", 0) is before


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("	of_node_put(np);", "	of_node_get(np);", {"acme_turn", "acme_again"}),
        ("n > 1", "n > 2", {"acme_drop", "acme_end"}),
        ("acme_turn(np, n - 1)", "acme_turn(np, n - 3)", {"acme_drop", "acme_end"}),
        ("acme_drop(struct", "acme_put(struct", {"acme_turn", "acme_again"}),
    ],
)
def test_whatever_rests_on_a_change_is_asked_anew(old, new, same):
    _, after = images(FILE, FILE.replace(old, new))
    assert {name for name in after.by_name if unchanged(after, name)} == same


def test_a_callee_that_takes_now():
    old, new = images(FILE, FILE.replace("of_node_put", "of_node_get"))
    before, after = old.contract("acme_end", "of_node", 0), new.contract("acme_end", "of_node", 0)
    assert [effect.verb for effect in before.effects] == ["drop"]
    assert [effect.verb for effect in after.effects] == ["take"]


def test_images_that_see_different_files_share_nothing():
    old, new = images(FILE, FILE)
    old.alike = new.alike = False
    assert new.contract("acme_end", "of_node", 0) is not old.contract("acme_end", "of_node", 0)
