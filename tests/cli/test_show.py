"""``getput show``: what the engine saw of a function."""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ET

import pytest

LOOP = """\
int demo_walk(struct device_node *parent)
{
	struct device_node *child __free(device_node) = NULL;
	int ret;

	for_each_child_of_node(parent, child) {
		ret = demo_one(child, struct demo);
		if (!ret)
			return ret;
	}
	return 0;
}

#ifdef CONFIG_DEMO
static int demo_init(void)
{
	return demo_start();
}
#else
static int demo_init(void) { return 0; }
#endif

void demo_done(struct demo *demo)
{
	of_node_put(demo->node);
	of_node_put(demo->node);
}
"""
FILE = "drivers/demo/walk.c"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def tree(kernel):
    """The small kernel with functions worth a look."""
    kernel.write(LOOP, FILE)
    return kernel.top


def test_mask_shows_what_the_grammar_reads_at_the_lines_of_the_file(getput, tree):
    done = getput("show", "mask", f"{FILE}:demo_walk", cwd=tree)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"{FILE}:1: demo_walk: as the grammar sees it"
    assert lines[6] == " 6 |         while                 (parent, child) {"
    assert "demo_one(child, struct_demo)" in lines[7]
    assert lines[-2:] == ["line 3: cleanup device_node", "line 6: loop for_each_child_of_node"]


def test_ir_shows_instructions(getput, tree):
    lines = getput("show", "ir", f"{FILE}:demo_walk", cwd=tree).stdout.splitlines()
    assert lines[:3] == [f"{FILE}:1: demo_walk", "int demo_walk(struct device_node *parent)", "0:"]
    assert "    start for_each_child_of_node(parent, child)" in lines
    assert "    scope end child cleanup(device_node)" in lines


def test_cfg_shows_blocks_lines_and_ways(getput, tree):
    out = getput("show", "cfg", f"{FILE}:demo_walk", cwd=tree).stdout
    assert re.search(r"^block 1, head of a loop, from 0, 2$", out, re.MULTILINE)
    assert "     6  advance for_each_child_of_node(parent, child)\n        -> 2 (next)\n" in out
    assert "        -> 1 (true, loop)\n" in out


def test_dot_has_every_block_and_edge(getput, tree):
    out = getput("show", "cfg", "--format", "dot", f"{FILE}:demo_walk", cwd=tree).stdout
    assert out.startswith("digraph getput {\n")
    assert out.count("{") == out.count("}")
    blocks = set(re.findall(r"^    (f0_b\d+) \[label", out, re.MULTILINE))
    edges = re.findall(r"^    (f0_b\d+) -> (f0_b\d+)", out, re.MULTILINE)
    assert len(blocks) == 5
    assert {name for edge in edges for name in edge} == blocks
    assert '-> f0_b1 [label="true, loop", color=darkgreen, style=dashed, constraint=false];' in out


def test_svg_draws_every_block_and_edge(getput, tree):
    out = getput("show", "cfg", "--format", "svg", f"{FILE}:demo_walk", cwd=tree).stdout
    assert out.isascii()
    drawing = ET.fromstring(out)
    rects = [one for one in drawing.iter(SVG + "rect") if (one.get("class") or "").startswith("box")]
    texts = ["".join(one.itertext()) for one in drawing.iter(SVG + "text")]
    assert len(rects) == 5
    assert [text for text in texts if text.startswith("block ")] == [
        "block 0",
        "block 1, head of a loop",
        "block 2",
        "block 3",
        "block 4",
    ]
    assert {"next", "done", "false", "true, loop", "advance for_each_child_of_node(parent, child)"} <= set(texts)
    tips = ["".join(one.itertext()) for one in drawing.iter(SVG + "path") if one.get("marker-end")]
    assert "2 to 1: true, loop" in tips


def test_text_of_the_source_cannot_break_a_drawing(getput, kernel):
    kernel.write('void f(void)\n{\n\tg("<&>\\"\\\\ \x1b[2J", é, 1 > 2 && x);\n}\n', FILE)
    for form in ("text", "dot", "svg"):
        done = getput("show", "cfg", "--format", form, f"{FILE}:f", cwd=kernel.top)
        assert done.returncode == 0
        assert "\x1b" not in done.stdout
        if form == "svg":
            assert any("<&>" in "".join(one.itertext()) for one in ET.fromstring(done.stdout).iter(SVG + "text"))


def test_states_shows_standings_the_way_and_the_second_look(getput, kernel, mending):
    out = getput("show", "states", "drivers/demo/demo.c:demo_read", cwd=kernel.top).stdout
    first = out.index("exit (error) at line 14, returns positive or negative")
    leaving = out[first : out.index("exit", first + 5)]
    assert "np (of_node, local, only reference): count 1, not escaped, not held" in leaving
    assert "taken: of_find_node_by_path at line 8, known from a table" in leaving
    ways = re.findall(r"^ +(\d+) (take|drop|true|false) +(.*)$", leaving, re.MULTILINE)
    assert ways == [
        ("8", "take", 'np = of_find_node_by_path("/demo");'),
        ("9", "false", "if (!np)"),
        ("13", "true", "if (ret)"),
    ]
    assert re.search(r"leak \(error, high\) at line 14: np", out)


def test_states_shows_what_is_undecided(getput, tree):
    out = getput("show", "states", f"{FILE}:demo_done", cwd=tree).stdout
    assert "demo->node (of_node, field): count -2 to 0, not escaped, not held, reached by node\n" in out
    assert "      undecided: -2 if its value is valid\n" in out


def test_states_shows_incidents(getput, tree):
    (tree / FILE).write_text(
        'void f(void)\n{\n\tstruct device_node *np = of_find_node_by_path("x");\n\n\tof_node_put(np);\n\tg(np->name);\n}\n'
    )
    out = getput("show", "states", f"{FILE}:f", cwd=tree).stdout
    assert (
        "  incident use-after-put at line 6: np (of_node, local, only reference)\n"
        "      by of_node_put at line 5, known from a table\n"
    ) in out


def test_states_shows_where_paths_met(getput, tree):
    kernel = (
        "int f(struct device_node *np, int a)\n{\n\tof_node_get(np);\n\tif (a)\n\t\tg(a);\n\th();\n\treturn 0;\n}\n"
    )
    (tree / FILE).write_text(kernel)
    assert (
        "  block 2 (line 6): 1 state kept apart, 1 joined\n" in getput("show", "states", f"{FILE}:f", cwd=tree).stdout
    )


def test_states_shows_a_bound_that_was_hit(getput, tree):
    turns = "".join(f"\tif (a & {1 << bit})\n\t\tnp{bit} = of_find_node_by_path(a);\n\tb({bit});\n" for bit in range(8))
    names = ", ".join(f"*np{bit} = NULL" for bit in range(8))
    puts = "".join(f"\tof_node_put(np{bit});\n" for bit in range(8))
    (tree / FILE).write_text(f"void f(int a)\n{{\n\tstruct device_node {names};\n\n{turns}{puts}}}\n")
    out = getput("show", "states", f"{FILE}:f", cwd=tree).stdout
    assert re.search(r"block \d+ \(line \d+\): 16 states kept apart, .*\d+ left out: no more than 16 are kept", out)


def test_one_counter_of_several(getput, tree):
    (tree / FILE).write_text(
        "void f(struct device_node *np, struct device *dev)\n{\n\tof_node_put(np);\n\tput_device(dev);\n}\n"
    )
    every = getput("show", "states", f"{FILE}:f", cwd=tree).stdout
    assert re.findall(r"counter (\w+)", every) == ["device", "of_node"]
    one = getput("show", "states", "--counter", "of_node", f"{FILE}:f", cwd=tree).stdout
    assert re.findall(r"counter (\w+)", one) == ["of_node"]
    done = getput("show", "states", "--counter", "page_folio", f"{FILE}:f", cwd=tree)
    assert done.returncode == 2
    assert "no counter page_folio: it counts device, of_node" in done.stderr


def test_nothing_counted(getput, tree):
    out = getput("show", "states", f"{FILE}:demo_init", cwd=tree).stdout
    assert out.count("nothing is counted") == 2


@pytest.mark.parametrize("what", ["mask", "ir", "cfg", "states"])
def test_functions_of_one_name_are_all_shown(getput, tree, what):
    out = getput("show", what, f"{FILE}:demo_init", cwd=tree).stdout
    assert f"{FILE}:15: demo_init (1 of 2 of this name)" in out
    assert f"{FILE}:20: demo_init (2 of 2 of this name)" in out


@pytest.mark.parametrize("form", ["dot", "svg"])
def test_functions_of_one_name_are_all_drawn(getput, tree, form):
    out = getput("show", "cfg", "--format", form, f"{FILE}:demo_init", cwd=tree).stdout
    assert "(1 of 2 of this name)" in out
    assert "(2 of 2 of this name)" in out


def test_the_file_as_given_or_below_the_tree(getput, tree, tmp_path):
    here = [
        getput("show", "ir", f"{tree / FILE}:demo_walk", cwd=tmp_path),
        getput("show", "ir", "walk.c:demo_walk", cwd=tree / "drivers" / "demo"),
        getput("show", "ir", f"{FILE}:demo_walk", cwd=tree / "drivers"),
        getput("show", "ir", "--tree", tree, f"{FILE}:demo_walk", cwd=tmp_path),
    ]
    assert {(done.returncode, done.stdout) for done in here} == {(0, here[0].stdout)}
    assert here[0].stdout.startswith(f"{FILE}:1: demo_walk\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["ir", "none.c:f"], "no such file: none.c"),
        (["ir", "--tree", "drivers", "none.c:f"], "no such file: none.c (nor below drivers)"),
        (["ir", "drivers:f"], "drivers: a folder, not a file"),
        (["ir", FILE], "FILE:FUNCTION"),
        (["ir", f"{FILE}:"], "FILE:FUNCTION"),
        (["ir", f"{FILE}:demo_wlak"], f"no function demo_wlak in {FILE}: did you mean demo_walk"),
        (["ir", f"{FILE}:xyz"], "it has 3 others"),
        (["ir", "--format", "svg", f"{FILE}:demo_walk"], "--format svg is for cfg"),
        (["cfg", "--counter", "of_node", f"{FILE}:demo_walk"], "--counter is for states"),
        (["cfg", "--tree", "none", f"{FILE}:demo_walk"], "--tree"),
        (["ast", f"{FILE}:demo_walk"], "invalid choice"),
    ],
)
def test_wrong_usage(getput, tree, args, said):
    done = getput("show", *args, cwd=tree)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize("what", ["ir", "cfg", "states"])
def test_a_function_that_cannot_be_read(getput, tree, what):
    (tree / FILE).write_text("int f(void)\n{\n\treturn " + "(" * 500 + "1" + ")" * 500 + ";\n}\n")
    done = getput("show", what, f"{FILE}:f", cwd=tree)
    assert (done.returncode, done.stdout) == (2, "")
    assert "could not be read: f: too large or nested too deep to be parsed" in done.stderr


def test_a_function_of_which_a_part_cannot_be_read(getput, tree):
    (tree / FILE).write_text("int f(void)\n{\n\tif (a @@ b ][) {\n\t\tg();\n\treturn 1;\n}\n")
    done = getput("show", "ir", f"{FILE}:f", cwd=tree)
    assert done.returncode == 0
    assert "a part of it could not be parsed" in done.stderr


def test_the_same_bytes_every_time(getput, tree):
    for args in (["mask"], ["cfg", "--format", "svg"], ["states"]):
        said = {getput("show", *args, f"{FILE}:demo_walk", cwd=tree, PYTHONHASHSEED=seed).stdout for seed in "123"}
        assert len(said) == 1


def test_graphviz_reads_it(getput, tree):
    try:
        subprocess.run(["dot", "-V"], capture_output=True, check=True)
    except OSError:
        pytest.skip("no graphviz here")
    text = getput("show", "cfg", "--format", "dot", f"{FILE}:demo_walk", cwd=tree).stdout
    subprocess.run(["dot", "-Tsvg"], input=text, text=True, capture_output=True, check=True)
