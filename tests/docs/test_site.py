"""The pages of the documentation: complete, and no link among them leads nowhere."""

from __future__ import annotations

import importlib.util
from pathlib import Path, PurePosixPath

import pytest

from getput.ownership import apis
from getput_rules import RULES
from getput_rules.rule import SECTIONS

DOCS = Path(__file__).parents[2] / "docs"


def made():
    """The module that makes the site."""
    spec = importlib.util.spec_from_file_location("docs_site", DOCS / "site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SITE = made()
PAGES = SITE.pages(apis.load())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_a_page_with_all_its_sections(rule) -> None:
    page = PAGES[f"rules/{rule.id}.md"]
    assert [f"## {heading}" in page for heading in SECTIONS] == [True] * len(SECTIONS)
    assert f"[{rule.id}]({rule.id}.md)" in PAGES["rules/index.md"]


def test_an_entry_is_on_the_page_of_its_family() -> None:
    page = PAGES["apis/of_node.md"]
    assert (
        "| `of_get_parent` | takes a reference on what it returns if it returns a valid pointer; fails with NULL |"
        in page
    )
    assert "drivers/of/base.c" in page


def test_every_entry_stands_on_one_page() -> None:
    tables = apis.load()
    text = "".join(page for path, page in PAGES.items() if path.startswith("apis/"))
    assert [
        key for key, proof in tables.proofs.items() if proof.family in tables.families and f"| `{key}` |" not in text
    ] == []


@pytest.mark.parametrize("path", sorted(PAGES))
def test_no_link_leads_nowhere(path: str) -> None:
    """Relative links lead to a page, or to a file of the documentation."""
    lost = []
    for _, target in SITE.LINK.findall(PAGES[path]):
        name = target.partition("#")[0]
        if not name or "://" in name:
            continue
        there = (PurePosixPath(path).parent / name).as_posix()
        if there not in PAGES and not (DOCS / there).is_file():
            lost.append(target)
    assert lost == []


def test_the_navigation_names_pages_that_are_there() -> None:
    assert [name for names in SITE.TREE.values() for name in names if f"{name}.md" not in PAGES] == []


def test_the_manual_page_has_every_command() -> None:
    pytest.importorskip("argparse_manpage", reason="argparse-manpage is not installed (the extra docs)")
    page = SITE.manual()
    assert [command for command in SITE.COMMANDS if f"getput {command}" not in page] == []
    tail = page.partition(".SH EXAMPLES\n")[2]
    assert "getput check 0001\\-my.patch" in tail.partition(".SH EXIT STATUS\n")[0]
    assert tail.partition(".SH EXIT STATUS\n")[2].startswith(".nf\n0  nothing introduced\n")
