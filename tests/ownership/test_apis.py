"""The API tables: their grammar, what they say, and whether the kernel's sources bear them out."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from getput.cli.main import main
from getput.ownership import apis, clauses, proofs
from getput.ownership.apis import BadTableError, Tables
from getput.ownership.contracts import ANY, NEG, POS, ZERO, Effect, Source, Target, Verb

HEAD = 'family = "thing"\ntree = "1.0.0"\n'
THING = '[families]\nthing = "thing; put thing_put"\n'


@pytest.fixture(scope="module")
def tables() -> Tables:
    return apis.load()


def table(tmp_path: Path, text: str, name: str = "own.toml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def read(tmp_path: Path, text: str) -> Tables:
    return apis.tables(apis.read([table(tmp_path, HEAD + text + THING)]))


def effects(tables: Tables, name: str) -> list[tuple[str, int, tuple[str, ...], int]]:
    return [(str(e.verb), e.target.arg, e.target.path, e.when) for e in tables.contracts[name].effects]


# --- the grammar ------------------------------------------------------------------------------------------------------


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
    assert clauses.effect_of(clause, "f") == effect


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
    with pytest.raises(BadTableError, match=r"own\.toml: thing_get: ") as raised:
        read(tmp_path, f'[api]\nthing_get = "{text}; at a/b.c:1"\n')
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[api]\nthing_get = "take arg0"\n', "thing_get: the clauses end with the proof"),
        ('[api]\nthing_get = "take arg0; at nowhere"\n', "thing_get: the clauses end with the proof"),
        ('[api]\nthing_get = "take arg0; of other; at a/b.c:1"\n', "thing_get: unknown family 'other'"),
        ('[api]\nthing_get = "take arg0 of other; at a/b.c:1"\n', "thing_get: unknown family 'other'"),
        ('[api]\nthing_get = "take arg0; at a/b.c:1"\nthing_get = "take arg0; at a/b.c:1"\n', "line 5"),
        ('[api]\nx = "take arg0; at a/b.c:1"\n[sink]\nx = "arg0; at a/b.c:1"\n', "x: stands in [api] of own.toml too"),
        ("[api]\nthing_get = 1\n", "thing_get: an entry is a string"),
        ("[apis]\n", "unknown key 'apis'"),
        ("[api]\nthing_get =\n", "line 4"),
        ('[iterator]\nfor_each_thing = "arg0 held; at a/b.c:1"\n', "for_each_thing: unknown words 'held'"),
        ('[iterator]\nfor_each_thing = "result; at a/b.c:1"\n', "for_each_thing: the cursor"),
        ('[iterator]\nfor_each_thing = "arg0; drop arg0; at a/b.c:1"\n', "for_each_thing: unknown clause"),
        ('[cleanup]\nthing = "drop; at a/b.c:1"\n', "thing: 'ignores' is one of"),
        ('[cleanup]\nthing = "put; ignores NULL; at a/b.c:1"\n', "thing: unknown verb 'put'"),
        ('[sink]\nstore = "arg0; if maybe; at a/b.c:1"\n', "store: unknown condition"),
        ('[families]\nother = "other; puts x"\n', "line"),
    ],
)
def test_what_breaks_a_table_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadTableError, match=r"own\.toml: ") as raised:
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
    own = table(tmp_path, HEAD + '[api]\nof_node_get = "no effect; at own.c:1"\nlist_add = "no effect; at own.c:2"\n' + THING)
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


# --- what the tables say ----------------------------------------------------------------------------------------------


def test_there_is_much(tables: Tables) -> None:
    assert len(tables.contracts) >= 650
    assert len(tables.iterators) >= 30
    assert len(tables.cleanups) >= 20


def test_every_entry_is_proved_and_has_a_family(tables: Tables) -> None:
    for key, proof in tables.proofs.items():
        assert proof.place and proof.tree, key
        assert proof.family in tables.families or proof.family == "*", key
    assert tables.contracts.keys() | tables.iterators.keys() <= tables.proofs.keys()


def test_every_family_is_used_and_its_puts_drop_it(tables: Tables) -> None:
    used = {effect.family for contract in tables.contracts.values() for effect in contract.effects}
    used |= {proof.family for proof in tables.proofs.values()}
    for name, family in tables.families.items():
        assert name in used, name
        assert family.counter in tables.families, name
        for put in family.puts:
            counters = {
                tables.families[effect.family].counter
                for effect in tables.contracts[put].effects
                if effect.family != "*" and effect.verb in (Verb.DROP, Verb.FREE, Verb.UNSURE, Verb.KEEP)
            }
            assert family.counter in counters, f"{put} does not drop a {name}"


def test_what_is_taken_can_be_dropped(tables: Tables) -> None:
    counters = {name: family.counter for name, family in tables.families.items()}
    moved: dict[Verb, set[str]] = {verb: set() for verb in Verb}
    for contract in tables.contracts.values():
        for effect in contract.effects:
            if effect.family != "*":
                moved[effect.verb].add(counters[effect.family])
    assert moved[Verb.TAKE] | moved[Verb.INIT] <= moved[Verb.DROP] | moved[Verb.FREE]


@pytest.mark.parametrize(
    "name",
    "of_find_device_by_node of_find_i2c_device_by_node of_find_backlight_by_node of_phy_find_device of_mdio_find_bus "
    "bus_find_device class_find_device driver_find_device device_find_child platform_find_device_by_driver "
    "bus_get_dev_root mdio_find_bus acpi_get_pci_dev ip_dev_find udp4_lib_lookup kset_find_obj drm_syncobj_find "
    "scsi_device_lookup usb_role_switch_find_by_fwnode sync_file_get_fence nf_conntrack_find_get".split(),
)
def test_looks_like_no_get_and_is_one(tables: Tables, name: str) -> None:
    assert ("take", -1, (), POS) in effects(tables, name)


@pytest.mark.parametrize(
    "name",
    "usb_find_interface of_drm_find_panel of_drm_find_bridge driver_find nf_ct_get skb_dst pid_task find_task_by_vpid "
    "find_vpid dev_get_by_name_rcu __dev_get_by_index netdev_master_upper_dev_get mdiobus_get_phy clk_get_parent "
    "dev_get_regmap extcon_get_edev_by_phandle cpufreq_cpu_get_raw acpi_fetch_acpi_dev irq_find_host devm_clk_get "
    "of_reserved_mem_lookup platform_get_resource platform_get_drvdata devm_regulator_get devm_phy_get".split(),
)
def test_looks_like_a_get_and_is_none(tables: Tables, name: str) -> None:
    assert not [effect for effect in tables.contracts[name].effects if effect.verb is not Verb.BORROW]


@pytest.mark.parametrize(
    ("name", "arg"),
    [
        ("of_find_node_by_name", 0),
        ("of_find_compatible_node", 0),
        ("of_get_next_parent", 0),
        ("of_get_next_child", 1),
        ("of_graph_get_next_endpoint", 1),
        ("fwnode_get_next_child_node", 1),
        ("device_get_next_child_node", 1),
        ("pci_get_device", 2),
        ("pci_get_subsys", 4),
        ("pci_get_class", 1),
        ("acpi_dev_get_next_match_dev", 0),
        ("mem_cgroup_iter", 1),
        ("get_dev_pagemap", 1),
    ],
)
def test_the_start_of_a_search_is_consumed(tables: Tables, name: str, arg: int) -> None:
    assert set(effects(tables, name)) == {("take", -1, (), POS), ("drop", arg, (), ANY)}


def test_the_start_of_other_searches_is_not(tables: Tables) -> None:
    for name in ("bus_find_device", "class_find_device", "driver_find_device", "of_graph_get_port_parent"):
        assert effects(tables, name) == [("take", -1, (), POS)]


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("pm_runtime_get_sync", [("take", 0, (), ANY)]),  # also when it fails
        ("pm_runtime_resume_and_get", [("take", 0, (), ZERO)]),
        ("pm_runtime_get_if_in_use", [("take", 0, (), POS)]),
        ("device_register", [("init", 0, (), ANY)]),
        ("kobject_init_and_add", [("init", 0, (), ANY)]),
        ("device_add", []),
        ("platform_device_add", []),
        ("device_unregister", [("drop", 0, (), ANY)]),
        ("kref_get_unless_zero", [("take", 0, (), POS)]),
        ("try_module_get", [("take", 0, (), POS)]),
        ("of_parse_phandle_with_args", [("take", 4, ("->np",), ZERO)]),
        ("kern_path", [("take", 2, (), ZERO)]),
        ("d_make_root", [("keep", 0, (), ANY), ("take", -1, (), POS)]),
        ("fd_install", [("keep", 1, (), ANY)]),
        ("dma_buf_fd", [("keep", 0, (), ZERO | POS)]),
        ("devm_add_action_or_reset", [("undo", 2, (), ANY)]),
        ("devm_add_action", [("undo", 2, (), ZERO)]),
        ("phy_put", [("drop", 1, (), ANY)]),
        ("cfg80211_put_bss", [("drop", 1, (), ANY)]),
        ("scsi_host_get", [("take", 0, (), POS)]),
        ("idr_alloc", [("keep", 1, (), ZERO | POS)]),
        ("folio_put_refs", [("unsure", 0, (), ANY)]),
    ],
)
def test_a_fact_that_surprises(tables: Tables, name: str, moves: list[tuple[str, int, tuple[str, ...], int]]) -> None:
    assert effects(tables, name) == moves


def test_what_fails_how(tables: Tables) -> None:
    results = {name: contract.results for name, contract in tables.contracts.items()}
    assert results["find_get_page"] == ZERO | POS
    assert results["filemap_get_folio"] == ANY  # NULL once, an error pointer now
    assert results["power_supply_get_by_name"] == ZERO | POS
    assert results["of_icc_get"] == ANY
    assert results["clk_get"] == NEG | POS
    assert results["pm_runtime_resume_and_get"] == NEG | ZERO
    assert results["pm_runtime_get_sync"] == ANY
    assert results["kref_put"] == ZERO | POS


def test_what_comes_back(tables: Tables) -> None:
    for name in ("of_node_get", "get_device", "kobject_get", "dget", "get_file", "usb_get_dev", "usb_get_hcd", "igrab"):
        assert tables.contracts[name].returns_arg == 0, name
    assert tables.contracts["kref_put"].release_arg == 1
    assert tables.contracts["devm_add_action_or_reset"].release_arg == 1


def test_null_safety(tables: Tables) -> None:
    safe = {name: contract.effects[0].null_safe for name, contract in tables.contracts.items() if contract.effects}
    assert all(safe[name] for name in ("of_node_put", "put_device", "iput", "dput", "kfree_skb", "fwnode_handle_put"))
    assert not any(safe[name] for name in ("fput", "put_page", "sock_put", "kref_put", "put_task_struct", "phy_put"))


def test_one_counter_behind_many_families(tables: Tables) -> None:
    counters = {name: family.counter for name, family in tables.families.items()}
    assert {counters[name] for name in ("device", "pci_dev", "usb", "i2c_adapter", "acpi_device", "hci_dev")} == {"device"}
    assert counters["fwnode"] != counters["of_node"]
    assert counters["kref"] != counters["refcount_t"]


def test_cleanup_classes(tables: Tables) -> None:
    ignores = {name: cleanup.ignores for name, cleanup in tables.cleanups.items()}
    assert ignores["device_node"] == ignores["put_device"] == ZERO  # an error pointer is put
    assert ignores["fput"] == ignores["kfree"] == ignores["fwnode_handle"] == ZERO | NEG
    assert tables.cleanups["kfree"].verb is Verb.FREE


def test_iterators(tables: Tables) -> None:
    loop, scoped = tables.iterators["for_each_child_of_node"], tables.iterators["for_each_child_of_node_scoped"]
    assert (loop.cursor, loop.counted, loop.scoped) == (1, True, False)
    assert (scoped.cursor, scoped.counted, scoped.scoped) == (1, True, True)
    assert tables.iterators["of_for_each_phandle"].path == ("->node",)
    assert not tables.iterators["drm_for_each_connector_iter"].counted


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apis", "of_find_node_by_name", "kfree"]) == 0
    shown = capsys.readouterr().out
    assert "takes a reference on what it returns if it returns a valid pointer" in shown
    assert "drops a reference on the 1st argument; NULL is ignored" in shown
    assert "fails    with NULL" in shown
    assert "drivers/of/base.c:" in shown
    assert "__free(kfree)" in shown


def test_the_command_lists_and_knows_families(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apis"]) == 0
    everything = capsys.readouterr().out.splitlines()
    assert len(everything) == len(apis.load().proofs)
    assert main(["apis", "kref"]) == 0
    assert "kref_get_unless_zero" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "said"), [(["of_nod_put"], "did you mean of_node_put"), (["--verify"], "needs --tree")])
def test_the_command_refuses(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(["apis", *words]) == 2
    assert said in capsys.readouterr().err


def test_the_command_names_a_broken_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["apis", "--table", str(table(tmp_path, "[api]\nx = 1\n"))]) == 2
    assert "own.toml: x: an entry is a string" in capsys.readouterr().err


def test_proofs_are_looked_up(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "Makefile").write_text("VERSION = 1\nPATCHLEVEL = 0\nSUBLEVEL = 7\n")
    (tree / "a.c").write_text("\n" * 40 + "void thing_get(struct thing *thing)\n" + "\n" * 40)
    own = table(
        tmp_path,
        HEAD
        + '[api]\nthing_get = "take arg0; at a.c:35"\nthing_put = "drop arg0; at a.c:41"\nthing_gone = "drop arg0; at a.c:5"\n'
        + 'thing_far = "take arg0; at a.c:999"\nthing_lost = "take arg0; at b.c:1"\n'
        + 'thing_old = "take arg0; at a.c:1; in 0.9.0"\n'
        + THING,
    )
    names = ["thing_get", "thing_put", "thing_gone", "thing_far", "thing_lost", "thing_old"]
    words = ["apis", "--verify", "--tree", str(tree), "--table", str(own)]
    assert main([*words, *names]) == 1
    shown = capsys.readouterr().out
    assert [line.split(":")[0] for line in shown.splitlines()[:3]] == ["thing_gone", "thing_far", "thing_lost"]
    assert "5 proofs looked up in Linux 1.0.7, 3 do not hold" in shown
    assert "not looked up: those of Linux 0.9.0" in shown
    assert main([*words, "thing_get"]) == 0


def test_the_tables_hold_in_a_kernel(tables: Tables) -> None:
    tree = os.environ.get("GETPUT_KERNEL_TREE")
    if not tree:
        pytest.skip("GETPUT_KERNEL_TREE does not name the sources of a kernel")
    here = proofs.series(proofs.version(Path(tree)))
    of_it = [(key, proof) for key, proof in tables.proofs.items() if proofs.series(proof.tree) == here]
    if not of_it:
        pytest.skip(f"no proof is of Linux {here}")
    assert list(proofs.broken(of_it, Path(tree))) == []
