"""The grammar of the API tables, and how tables are read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from getput.ownership import apis, clauses
from getput.ownership.apis import BadTableError, Tables
from getput.ownership.contracts import ANY, NEG, POS, ZERO, Effect, Source, Target, Verb

HEAD = 'family = "thing"\ntree = "1.0.0"\n'
THING = '[families]\nthing = "thing; put thing_put"\n'


def table(tmp_path: Path, text: str, name: str = "own.toml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def read(tmp_path: Path, text: str) -> Tables:
    return apis.tables(apis.read([table(tmp_path, HEAD + text + THING)]))


def effects(tables: Tables, name: str) -> list[tuple[str, int, tuple[str, ...], int]]:
    return [(str(e.verb), e.target.arg, e.target.path, e.when) for e in tables.contracts[name].effects]


@pytest.mark.parametrize(
    ("clause", "effect"),
    [
        ("take result", Effect(Verb.TAKE, Target(-1), "f", POS)),
        ("take arg0", Effect(Verb.TAKE, Target(0), "f", ANY)),
        ("drop arg1 null-safe", Effect(Verb.DROP, Target(1), "f", ANY, null_safe=True)),
        ("drop arg0 last", Effect(Verb.DROP, Target(0), "f", ANY, last=True)),
        ("take arg0 if result", Effect(Verb.TAKE, Target(0), "f", POS)),
        ("take arg0 if not result", Effect(Verb.TAKE, Target(0), "f", ZERO)),
        ("take arg0 if result == 0", Effect(Verb.TAKE, Target(0), "f", ZERO)),
        ("take arg0 if result >= 0", Effect(Verb.TAKE, Target(0), "f", ZERO | POS)),
        ("take arg0 if result > 0", Effect(Verb.TAKE, Target(0), "f", POS)),
        ("drop arg0 if result < 0", Effect(Verb.DROP, Target(0), "f", NEG)),
        ("take *arg2 if result == 0", Effect(Verb.TAKE, Target(2, ("*",)), "f", ZERO)),
        ("take arg4->np if result == 0", Effect(Verb.TAKE, Target(4, ("->np",)), "f", ZERO)),
        ("drop *arg1->file", Effect(Verb.DROP, Target(1, ("*", "->file")), "f", ANY)),
        ("keep arg0 null-safe of inode", Effect(Verb.KEEP, Target(0), "inode", ANY, null_safe=True)),
        ("undo arg2 of * if result == 0", Effect(Verb.UNDO, Target(2), "*", ZERO)),
    ],
)
def test_an_effect(clause: str, effect: Effect) -> None:
    assert clauses.api(clause + "; fails never" * clause.startswith("take result"), "f").effects == (effect,)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "unknown clause"),
        ("steal arg0", "unknown verb 'steal'"),
        ("take arg", "unknown clause"),
        ("take arg0 if result != 0", "unknown condition"),
        ("take arg0 sometimes", "unknown clause"),
        ("take arg0 last", "goes with 'drop'"),
        ("take result", "needs a 'fails' clause"),
        ("take result; fails nil", "'fails' is one of"),
        ("take result; fails NULL; fails NULL", "stands twice"),
        ("take arg0 if result > 0; fails negative", "contradicts"),
        ("take result; fails NULL; success zero", "goes with 'fails negative'"),
        ("take arg0; of thing; of thing", "'of' stands twice"),
        ("take arg0; returns result", "not an argument"),
        ("of thing", "says nothing"),
        ("no effect; drop arg0", "beside an effect"),
        ("looks like fun", "unknown clause"),
    ],
)
def test_what_breaks_the_grammar_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadTableError, match=r"own\.toml:4: thing_get: ") as raised:
        read(tmp_path, f'[api]\nthing_get = "{text}; at a/b.c:1"\n')
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[api]\nthing_get = "take arg0"\n', "thing_get: the clauses end with the proof"),
        ('[api]\nthing_get = "take arg0; at nowhere"\n', "thing_get: the clauses end with the proof"),
        ('[api]\nthing_get = "take arg0; of other; at a/b.c:1"\n', "thing_get: unknown family 'other'"),
        ('[api]\nthing_get = "take arg0 of other; at a/b.c:1"\n', "thing_get: unknown family 'other'"),
        ('[api]\nthing_get = "take arg0; at a/b.c:1"\nthing_get = "take arg0; at a/b.c:1"\n', "own.toml:5: "),
        ('[api]\nx = "take arg0; at a/b.c:1"\n[sink]\nx = "arg0; at a/b.c:1"\n', "x: stands in [api] of own.toml too"),
        ("[api]\nthing_get = 1\n", "thing_get: an entry is a string"),
        ("[apis]\n", "unknown key 'apis'"),
        ('[[api]]\nname = "f"\n', "'api' is a section of entries: [api], then lines of NAME ="),
        ("[api]\nthing_get =\n", "own.toml:4: "),
        ('[api]\nthing_get = "take arg0; of thign; at a/b.c:1"\n', "unknown family 'thign': did you mean thing?"),
        ('[api]\nthing_get = "tkae arg0; at a/b.c:1"\n', "did you mean take?"),
        ('[api]\nthing_get = "drop arg; at a/b.c:1"\n', "an effect goes like 'drop *arg0"),
        ("[apsi]\n", "own.toml:3: unknown key 'apsi': did you mean api?"),
        ('[sink]\nx = "arg0; at a/b.c:1"\n[api]\nx = 1\n', "own.toml:6: x: an entry is a string"),
        ('[iterator]\nfor_each_thing = "arg0 held; at a/b.c:1"\n', "for_each_thing: unknown words 'held'"),
        ('[iterator]\nfor_each_thing = "result; at a/b.c:1"\n', "for_each_thing: the cursor"),
        ('[iterator]\nfor_each_thing = "arg0; drop arg0; at a/b.c:1"\n', "for_each_thing: unknown clause"),
        ('[cleanup]\nthing = "drop; at a/b.c:1"\n', "thing: 'ignores' is one of"),
        ('[cleanup]\nthing = "put; ignores NULL; at a/b.c:1"\n', "thing: unknown verb 'put'"),
        ('[sink]\nstore = "arg0; if maybe; at a/b.c:1"\n', "store: unknown condition"),
        ('[families]\nother = "other; puts x"\n', ": "),
    ],
)
def test_what_breaks_a_table_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadTableError, match=r"own\.toml:\d+: ") as raised:
        read(tmp_path, text)
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("take result; fails NULL", ZERO | POS),
        ("take result; fails ERR_PTR", NEG | POS),
        ("take result; fails NULL or ERR_PTR", ANY),
        ("take result; fails never", POS),
        ("take arg0 if result; fails false", ZERO | POS),
        ("take arg0 if result == 0; fails negative", NEG | ZERO),
        ("take arg0; fails negative; success zero-or-positive", ANY),
        ("take arg0 if result > 0; fails negative; success positive", NEG | POS),
        ("take arg0 if result > 0; fails zero-or-negative", ANY),
        ("drop arg0 last", ZERO | POS),
        ("drop arg0", ANY),
    ],
)
def test_the_results_follow_from_how_it_fails(text: str, results: int) -> None:
    assert clauses.api(text, "f").results == results


def test_every_kind_of_entry(tmp_path: Path) -> None:
    got = read(
        tmp_path,
        """
[api]
# a comment
thing_get = "take arg0 null-safe; returns arg0; at a/b.c:1"
thing_put = "drop arg0 null-safe last; release arg1; at a/b.c:2; in 0.9.1 -- the last one; or not"
[sink]
store = "arg0 arg2; if result >= 0; at a/b.c:3"
[iterator]
for_each_thing = "arg1->it counted scoped; at a/b.c:4"
[cleanup]
thing_put = "drop; ignores NULL or ERR_PTR; at a/b.c:5"
""",
    )
    get, put = got.contracts["thing_get"], got.contracts["thing_put"]
    assert (get.returns_arg, get.release_arg, get.source, get.proof) == (0, -1, Source.TABLE, "a/b.c:1")
    assert put.release_arg == 1
    assert put.effects[0].last
    assert effects(got, "store") == [("keep", 0, (), ZERO | POS), ("keep", 2, (), ZERO | POS)]
    assert {effect.family for effect in got.contracts["store"].effects} == {"*"}
    loop, cleanup = got.iterators["for_each_thing"], got.cleanups["thing_put"]
    assert (loop.cursor, loop.path, loop.counted, loop.scoped, loop.family) == (1, ("->it",), True, True, "thing")
    assert (cleanup.verb, cleanup.ignores, cleanup.family) == (Verb.DROP, ZERO | NEG, "thing")
    assert got.families["thing"].counter == "thing"
    assert got.families["thing"].puts == ("thing_put",)
    assert got.proofs["thing_get"].tree == "1.0.0"
    proof = got.proofs["thing_put"]
    assert (proof.tree, proof.place, proof.note) == ("0.9.1", "a/b.c:2", "the last one; or not")
    assert got.proofs["__free(thing_put)"].place == "a/b.c:5"


def test_a_users_table_replaces_what_is_shipped(tmp_path: Path) -> None:
    own = table(
        tmp_path, HEAD + '[api]\nof_node_get = "no effect; at own.c:1"\nlist_add = "no effect; at own.c:2"\n' + THING
    )
    later = table(tmp_path, '[sink]\nof_node_get = "arg0; at own.c:3"\n', "later.toml")
    first, both = apis.load((own,)), apis.load((own, later))
    assert first.contracts["of_node_get"].effects == ()
    assert first.contracts["list_add"].effects == ()
    assert effects(both, "of_node_get") == [("keep", 0, (), ANY)]
    assert effects(apis.load(), "of_node_get") == [("take", 0, (), ANY)]


@pytest.mark.parametrize("path", apis.shipped(), ids=lambda path: path.name)
def test_the_fast_way_to_read_reads_what_toml_says(path: Path) -> None:
    text = path.read_text("utf-8")
    assert apis.parsed(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        'a = """\n[api]\nx = "y"\n"""\n',
        '[api]\n"quoted" = "x"\nplain = "y"  # why\n',
        '[api]\nx = "a\\tb"\n[api.deep]\ny = "z"\n',
        '[api]\nx = [\n"a",\n]\n',
        "",
    ],
)
def test_any_toml_is_read(text: str) -> None:
    assert apis.parsed(text) == tomllib.loads(text)
