"""What is proven is found, and known, the same whether everything else is followed or not."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.index.conftest import GET, PROBE, Indexed, trees

from getput.config import Settings
from getput.index.names import Contracts, Definition, Names, Part, encode_history
from getput.index.records import FileRecord
from getput.index.scope import Scope, scope_of
from getput.index.store import Store
from getput.model import Confidence
from getput.ownership.apis import load
from getput.ownership.contracts import Contract, Effect, Source, Target, Verb
from getput.ownership.vocabulary import Vocabulary

VOCABULARY = Vocabulary(load())
PROVEN = Part(VOCABULARY.proven, inside=True)
ENTRIES = """\
struct dentry *acme_entry(struct acme *acme)
{
	return dget(acme->entry);
}
"""
LEAKING = (
    PROBE.replace("acme_outer", "acme_node")
    + """\

int acme_open(struct acme *acme)
{
	struct dentry *entry = acme_entry(acme);

	if (acme_read(acme))
		return -EIO;
	dput(entry);
	return 0;
}
"""
)
TREE = {"lib/node.c": GET, "lib/entry.c": ENTRIES, "drivers/acme/probe.c": LEAKING}


def test_the_families_that_these_tests_are_about():
    assert "of_node" in VOCABULARY.proven
    assert "dentry" in set(VOCABULARY.followed) - VOCABULARY.proven


def test_what_is_not_proven_is_left_out(indexed):
    indexed.scope = Scope.PROVEN
    indexed.fill(TREE)
    indexed.refresh()
    assert indexed.said("drivers/acme/probe.c") == ["leak-on-error acme_probe"]
    assert [name for name, *_ in indexed.knows()[0]] == ["acme_node"]


def test_everything(indexed):
    indexed.fill(TREE)
    indexed.refresh()
    assert sorted(indexed.said("drivers/acme/probe.c")) == ["leak-on-error acme_open", "leak-on-error acme_probe"]
    assert indexed.said("drivers/acme/probe.c", Confidence.MEDIUM) == ["leak-on-error acme_probe"]
    assert [name for name, *_ in indexed.knows()[0]] == ["acme_entry", "acme_node"]


def test_functions_that_are_not_followed_are_counted(indexed):
    indexed.scope = Scope.PROVEN
    indexed.fill({"lib/entry.c": ENTRIES})
    indexed.refresh()
    assert indexed.records() == {"lib/entry.c": FileRecord(functions=1)}


# --- which index it becomes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "wanted", "stamps", "kept", "after"),
    [
        (Scope.PROVEN, Scope.PROVEN, "aa", True, Scope.PROVEN),
        (Scope.PROVEN, Scope.ALL, "aa", False, Scope.ALL),
        (Scope.ALL, Scope.PROVEN, "aa", True, Scope.ALL),
        (Scope.ALL, Scope.PROVEN, "ab", False, Scope.ALL),
        (Scope.PROVEN, Scope.PROVEN, "ab", False, Scope.PROVEN),
    ],
)
def test_an_index_goes_on_to_know_what_it_knew(tmp_path, before, wanted, stamps, kept, after):
    store = Store(tmp_path / "index.sqlite", write=True)
    store.prepare(stamps[0], tmp_path, before, lambda: ["of_node"])
    store.put_meta("gen", "7")
    store.prepare(stamps[1], tmp_path, wanted, lambda: ["of_node", "device"])
    assert (store.scope, store.meta("gen")) == (after, "7" if kept else "0")
    assert store.proven == (frozenset({"of_node"}) if kept else frozenset({"device", "of_node"}))
    store.close()


@pytest.mark.parametrize(
    ("said", "scope"),
    [
        (Settings(), Scope.PROVEN),
        (Settings(min_confidence=Confidence.LOW), Scope.ALL),
        (Settings(least={"leak-always": Confidence.LOW}), Scope.ALL),
        (Settings(min_confidence=Confidence.HIGH), Scope.PROVEN),
    ],
)
def test_what_is_shown_has_to_be_followed(said, scope):
    assert scope_of(said) is scope


# --- what a name means ------------------------------------------------------------------------------------------------


def takes(family: str) -> Contracts:
    """That a function returns a new reference of *family*."""
    return {family: Contract("acme_find", (Effect(Verb.TAKE, Target(-1), family),), Source.SUMMARY)}


def definition(path: str, *contracts: Contracts) -> Definition:
    """A function of which each round found one of *contracts*."""
    return Definition(path, static=False, raw=encode_history(list(enumerate(contracts))))


def known(*definitions: Definition) -> set[str]:
    """The counters for whose sake a file of drivers/acme/ follows a function of which these are the *definitions*."""
    names = Names(lambda _: definitions, 1, VOCABULARY.proven)
    return set(names.resolve("acme_find", "drivers/acme/probe.c"))


def test_a_nearer_function_that_counts_something_else():
    far, near = definition("lib/find.c", takes("of_node")), definition("drivers/acme/find.c", takes("dentry"))
    assert known(far, near) == {"of_node", "dentry"}, "who follows only nodes does not know of the nearer one"
    assert known(far, definition("drivers/acme/find.c", takes("device"))) == {"device"}


def test_functions_that_agree_about_one_counter():
    both = takes("of_node") | takes("dentry")
    assert known(definition("lib/a.c", both), definition("lib/b.c", both)) == {"of_node", "dentry"}
    assert known(definition("lib/a.c", both), definition("lib/b.c", takes("of_node"))) == {"of_node", "dentry"}, (
        "b.c says nothing of entries"
    )
    other = {"dentry": Contract("acme_find", (Effect(Verb.DROP, Target(0), "dentry"),), Source.SUMMARY)}
    assert known(definition("lib/a.c", both), definition("lib/b.c", takes("of_node") | other)) == {"of_node"}


def test_what_changed_is_told_by_counter():
    one = definition("lib/a.c", takes("of_node"), takes("of_node") | takes("dentry"))
    assert one.changed_in(0, PROVEN)
    assert not one.changed_in(1, PROVEN)
    assert one.changed_in(1, PROVEN._replace(inside=False))


# --- any tree --------------------------------------------------------------------------------------------------------

TREES = trees(["of_node_get(x->np);", "of_node_put(x->np);", "dget(x->d);", "dput(x->d);"])


def proven(indexed: Indexed) -> object:
    """What an index knows and found, without all that is not proven."""
    names, records = indexed.knows()
    found = [
        (path, one.name, [said for said in one.findings if said.family == "of_node"], one.unparsed[0], one.bounded[0])
        for path, record in records
        for one in record.told
    ]
    return (
        [
            (name, path, rounds)
            for name, path, _, history in names
            if any(rounds := [PROVEN.of(contracts) for _, contracts in history])
        ],
        [one for one in found if any(one[2:])],
    )


def without_repetition(knows: object) -> object:
    """The same, without rounds that found nothing new."""
    names, found = knows
    return [
        (name, path, [one for last, one in pairwise([{}, *rounds]) if one != last]) for name, path, rounds in names
    ], found


@settings(max_examples=40, deadline=None)
@given(TREES)
def test_what_is_proven_is_the_same_in_both(files):
    with tempfile.TemporaryDirectory() as folder:
        indexed = Indexed(Path(folder) / "tree", Path(folder) / "index.sqlite")
        indexed.fill(files)
        indexed.refresh()
        fewer = Indexed.__new__(Indexed)
        fewer.__dict__.update(indexed.__dict__, scope=Scope.PROVEN, place=Path(folder) / "fewer.sqlite")
        fewer.refresh()
        assert without_repetition(proven(fewer)) == without_repetition(proven(indexed))
