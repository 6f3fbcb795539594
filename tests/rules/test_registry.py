"""The registry of rules: complete, documented, each with its samples; the examples in the documentation do what they say."""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import pkgutil
import re
import textwrap
from importlib import import_module
from pathlib import Path

import pytest

import getput_rules
from getput.cli.main import main
from getput_rules import RULES
from getput_rules.rule import SECTIONS, Rule

LEAST = 3  # samples that fire, and that stay silent, of each rule
BASE = {"packs", "rule", "wording"}  # modules that are no rules

# What stands around the examples of the documentation: the text before, and the text behind.  ``{}`` is the example; where a rule
# has two frames, the second is that of the good one.
GET = 'np = of_find_node_by_path("/soc");\nif (!np)\n\treturn -ENODEV;\n'
SIBLING = """\
static inline void put_page(struct page *page)
{{
	if (put_devmap_managed_page(page))
		return;
	folio_put(page_folio(page));
}}
"""
DRIVER = """\
struct foo_dmem {{
	struct dev_pagemap pagemap;
	struct page *free_pages;
}};

static const struct dev_pagemap_ops foo_ops = {{
	.page_free = foo_page_free,
	.migrate_to_ram = foo_migrate,
}};

static void foo_map(struct foo_dmem *dmem)
{{
	dmem->pagemap.type = MEMORY_DEVICE_PRIVATE;
	dmem->pagemap.ops = &foo_ops;
}}

static struct page *foo_page(struct foo_dmem *dmem)
{{
	struct page *page;

	{}
}}
"""
FRAMES = {
    "leak-on-error": ("{}return 0;\n", GET + "{}return 0;\n"),
    "leak-always": ("{}",),
    "leak-on-iterator-exit": ("{}return 0;\n",),
    "leak-by-overwrite": ("{}of_node_put(np);\nreturn 0;\n",),
    "leak-of-stored-reference": ("struct foo {{\n\tstruct device_node *np;\n}};\n\n{}",),
    "get-discarded": ("{}return 0;\n",),
    "count-kept-by-failed-get": ("{}ret = run(dev);\npm_runtime_put(dev);\nreturn ret;\n",),
    "put-too-many": (GET + "ret = run(np);\n{}return ret;\n",),
    "put-after-failed-get": ("{}ret = run(dev);\nout_put:\npm_runtime_put(dev);\nreturn ret;\n",),
    "put-of-borrowed": ("{}return 0;\n",),
    "put-repeated-by-iterator": ("{}return 0;\n",),
    "use-after-put": ('dev = bus_find_device_by_name(&foo_bus, NULL, "foo");\n{}return 0;\n',),
    "stored-without-reference": ("{}return 0;\n",),
    "free-of-counted": ("foo = kzalloc(sizeof(*foo), GFP_KERNEL);\n{}return 0;\n",),
    "put-of-managed-reference": ("{}",),
    "use-without-reference": ("{}return 0;\n",),
    "unbalanced-teardown": (
        (
            "static int foo_probe(struct foo *foo, struct device_node *np)\n{{\n\tfoo->np = of_get_parent(np);\n\treturn 0;\n}}\n"
            "static void foo_release(struct foo *foo)\n{{\n\tof_node_put(foo->np);\n}}\n{}"
        ),
    ),
    "page-revived-after-free": ("{}put_dev_pagemap(pgmap);\nreturn 0;\n",),
    "put-bypasses-devmap-check": (
        (
            "static inline void put_page(struct page *page)\n{{\n\tif (put_devmap_managed_page(page))\n\t\treturn;\n"
            "\tfolio_put(page_folio(page));\n}}\n\n{}"
        ),
    ),
    "refusal-ignored": ("{}return 0;\n",),
    "siblings-diverge": (
        (
            "void ring_open(struct ring *ring)\n{{\n\tif (ring->type == RING_SHARED)\n\t\tof_node_get(ring->np);\n\tring_start(ring);\n}}\n\n{}"
        ),
    ),
    "device-page-not-ready": (DRIVER,),
    "pagemap-kept-by-free-page": ("{}",),
    "idle-test-of-wrong-count": ("get_device(dev);\nput_device(dev);\n{}",),
    "device-page-operations": ("{}",),
    "flagged-reference-kept": ("{}",),
    "raw-folio-free": ("{}return 0;\n",),
    "contract-changed": (
        (
            "{}\nint acme_rate(int id)\n{{\n\tstruct device *dev = acme_find(id);\n\n"
            "\tif (!dev)\n\t\treturn -ENODEV;\n\treturn acme_read_rate(dev);\n}}\n"
        ),
    ),
}
COMPARING = {
    "siblings-diverge",
    "unbalanced-teardown",
    "use-without-reference",
    "contract-changed",
}  # rules that have something to say of patches only
LOCALS = """\
\tstruct device_node *np, *ports, *child;
\tstruct foo *foo;
\tstruct clk *clk;
\tint ret, n = 0;
\tbool fast;
\tu32 hz;

"""
HEAD = "int example(struct device *dev, struct device_node *parent, struct priv *priv, struct page *page)\n{\n" + LOCALS


def modules() -> list[str]:
    """The modules of the package that hold rules."""
    return sorted({module.name for module in pkgutil.iter_modules(getput_rules.__path__)} - BASE)


def test_every_rule_is_registered():
    rules = [import_module(f"getput_rules.{name}").RULE for name in modules()]
    assert sorted(rule.id for rule in rules) == sorted(rule.id for rule in RULES)


def test_ids_are_unique():
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.fixture(params=RULES, ids=lambda rule: rule.id)
def rule(request) -> Rule:
    return request.param


def test_an_id_is_kebab_case(rule):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.id)


def test_every_section_is_written(rule):
    assert tuple(rule.sections) == SECTIONS
    assert all(text.strip() for text in rule.sections.values())


def test_the_summary_is_one_sentence(rule):
    first = rule.doc.strip().partition("\n")[0]
    assert re.fullmatch(r"[A-Z].{20,110}\.", first)


def test_the_documentation_names_the_way_to_switch_it_off(rule):
    assert f"--no-rule {rule.id}" in rule.sections["How to silence it"]


def test_every_rule_has_samples_that_fire(rule, samples):
    assert sum(sample.rule == rule.id and sample.fires for sample in samples) >= LEAST


def test_every_rule_has_samples_that_stay_silent(rule, samples):
    assert sum(sample.rule == rule.id and sample.silent for sample in samples) >= LEAST


def test_a_sample_is_about_a_rule(samples):
    ids = {rule.id for rule in RULES}
    assert {sample.rule for sample in samples} <= ids
    assert {
        mark.rule for sample in samples for image in (sample.before, sample.after) for mark in image.marks
    } <= ids | {""}


def test_a_sample_says_why(samples):
    assert all(sample.why.endswith(".") and re.fullmatch(r"R\d\d", sample.pattern) for sample in samples)


def framed(rule: Rule, heading: str) -> str:
    """The example under *heading* as a file."""
    frames = FRAMES[rule.id]
    code = re.sub(r"(?m)^(?: {8})+", lambda match: "\t" * (len(match[0]) // 8), textwrap.dedent(rule.sections[heading]))
    if rule.id == "leak-of-stored-reference" and heading == "Good":
        code = example(rule, "Bad").partition("static void foo_remove")[0] + code
    text = frames[-1 if heading == "Good" else 0].format(code + "\n")
    if re.search(r"(?m)^\{$", text):
        return text
    return HEAD + textwrap.indent(text, "\t") + "}\n"


def example(rule: Rule, heading: str) -> str:
    """The bare example under *heading*."""
    return re.sub(r"(?m)^(?: {8})+", lambda match: "\t" * (len(match[0]) // 8), textwrap.dedent(rule.sections[heading]))


def said(tmp_path, text: str, before: str | None = None) -> set[str]:
    """The rules that ``getput scan`` names of a file with this text, or ``getput check`` of the patch that leads there."""
    path = tmp_path / "drivers" / "foo.c"
    path.parent.mkdir()
    path.write_text(text if before is None else before, encoding="utf-8")
    out = io.StringIO()
    asked = ["scan", str(path)]
    if before is not None:
        asked = ["check", str(tmp_path / "foo.patch")]
        lines = (side.splitlines(keepends=True) for side in (before, text))
        Path(asked[1]).write_text("".join(difflib.unified_diff(*lines, "a/drivers/foo.c", "b/drivers/foo.c")))
    with contextlib.redirect_stdout(out):
        main([*asked, "--tree", str(tmp_path), "--format", "json", "--jobs", "1", "--min-confidence", "low"])
    answer = json.loads(out.getvalue())
    assert answer["stats"]["unparsed"] == 0
    assert answer["stats"]["functions"] > 0
    return {finding["rule"] for finding in answer["findings"]}


def test_the_bad_example_is_found(rule, tmp_path):
    text = framed(rule, "Bad")
    before = framed(rule, "Good") if rule.id in COMPARING else None
    assert rule.id in said(tmp_path, text, before), text


def test_the_good_example_is_not(rule, tmp_path):
    text = framed(rule, "Good")
    assert said(tmp_path, text) == set(), text
