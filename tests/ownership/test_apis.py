"""What the API tables say, whether the kernel's sources bear them out, and the command that shows them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from getput.cli.main import main
from getput.ownership import apis, proofs
from getput.ownership.apis import Tables
from getput.ownership.contracts import ANY, NEG, POS, ZERO, Verb

HEAD = 'family = "thing"\ntree = "1.0.0"\n'
THING = '[families]\nthing = "thing; put thing_put"\n'
GETS = """
of_find_device_by_node of_find_i2c_device_by_node of_find_backlight_by_node of_phy_find_device
of_mdio_find_bus bus_find_device class_find_device driver_find_device device_find_child
platform_find_device_by_driver bus_get_dev_root mdio_find_bus acpi_get_pci_dev ip_dev_find
udp4_lib_lookup kset_find_obj drm_syncobj_find scsi_device_lookup usb_role_switch_find_by_fwnode
sync_file_get_fence nf_conntrack_find_get
"""
NO_GETS = """
usb_find_interface of_drm_find_panel of_drm_find_bridge driver_find nf_ct_get skb_dst pid_task
find_task_by_vpid find_vpid dev_get_by_name_rcu __dev_get_by_index netdev_master_upper_dev_get
mdiobus_get_phy clk_get_parent dev_get_regmap extcon_get_edev_by_phandle cpufreq_cpu_get_raw
acpi_fetch_acpi_dev irq_find_host devm_clk_get of_reserved_mem_lookup platform_get_resource
platform_get_drvdata devm_regulator_get devm_phy_get
"""


@pytest.fixture(scope="module")
def tables() -> Tables:
    return apis.load()


def table(tmp_path: Path, text: str, name: str = "own.toml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def effects(tables: Tables, name: str) -> list[tuple[str, int, tuple[str, ...], int]]:
    return [(str(e.verb), e.target.arg, e.target.path, e.when) for e in tables.contracts[name].effects]


# --- what the tables say ----------------------------------------------------------------------------------------------


def test_there_is_much(tables: Tables) -> None:
    assert len(tables.contracts) >= 650
    assert len(tables.iterators) >= 30
    assert len(tables.cleanups) >= 20


def test_every_entry_is_proved_and_has_a_family(tables: Tables) -> None:
    for key, proof in tables.proofs.items():
        assert proof.place, key
        assert proof.tree, key
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


@pytest.mark.parametrize("name", GETS.split())
def test_looks_like_no_get_and_is_one(tables: Tables, name: str) -> None:
    assert ("take", -1, (), POS) in effects(tables, name)


@pytest.mark.parametrize("name", NO_GETS.split())
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
        ("devm_add_action", [("undo", 2, (), ZERO | POS)]),
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
    assert {counters[name] for name in ("device", "pci_dev", "usb", "i2c_adapter", "acpi_device", "hci_dev")} == {
        "device"
    }
    assert {counters[name] for name in ("of_node", "fwnode", "software_node")} == {"of_node"}
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


@pytest.mark.parametrize(
    ("words", "said"), [(["of_nod_put"], "did you mean of_node_put"), (["--verify"], "needs --tree")]
)
def test_the_command_refuses(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(["apis", *words]) == 2
    assert said in capsys.readouterr().err


def test_the_command_names_a_broken_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["apis", "--table", str(table(tmp_path, "[api]\nx = 1\n"))]) == 2
    assert "own.toml:2: x: an entry is a string" in capsys.readouterr().err


def test_proofs_are_looked_up(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "Makefile").write_text("VERSION = 1\nPATCHLEVEL = 0\nSUBLEVEL = 7\n")
    (tree / "a.c").write_text("\n" * 40 + "void thing_get(struct thing *thing)\n" + "\n" * 40)
    own = table(
        tmp_path,
        HEAD
        + '[api]\nthing_get = "take arg0; at a.c:35"\nthing_put = "drop arg0; at a.c:41"\n'
        + 'thing_gone = "drop arg0; at a.c:5"\n'
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
