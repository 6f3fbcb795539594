"""The documentation as a site: the pages of ``docs/``, and those that are made of the rules and the API tables.

    python docs/site.py build/site     # HTML; needs the extra ``docs``
    python docs/site.py --man build/getput.1

A rule's page is its own documentation, a family's what ``getput apis`` prints of its entries, the manual page what ``--help`` says.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

from getput.cli.apis import facts
from getput.cli.explain import told
from getput.cli.main import COMMANDS, EPILOG, parser_of
from getput.ownership import apis
from getput.ownership.apis import Tables
from getput_rules import RULES
from getput_rules.rule import Rule

HERE = Path(__file__).parent
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
TREE = {
    "Use": ("getting-started", "tour", "page", "fixes", "configuration", "tree-index", "show"),
    "Where you work": ("hooks", "b4", "editors", "ci", "formats", "scale", "serve"),
    "Know": ("rules/index", "apis/index", "coverage", "zone-device", "accuracy", "findings-6.12", "comparison"),
    "Extend": ("design", "adding-an-api", "adding-a-rule", "testing"),
}  # what the navigation shows; pages that it does not name stand at its end


def pages(tables: Tables) -> dict[str, str]:
    """Every page of the site: path to text."""
    written = {path.name: within(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.md"))}
    made = {"rules/index.md": rules_page(), "apis/index.md": families_page(tables)}
    made.update((f"rules/{rule.id}.md", rule_page(rule)) for rule in RULES)
    made.update((f"apis/{family}.md", family_page(tables, family)) for family in families(tables))
    return {**written, **made, "index.md": written["index.md"] + navigation({**written, **made})}


def within(text: str) -> str:
    """*text* without the links that lead out of ``docs/``: what they say stays."""
    return re.sub(r"\[([^\]]*)\]\(\.\./[^)]*\)", r"\1", text)


def navigation(every: Mapping[str, str]) -> str:
    """The table of contents, for the side of every page."""
    named = {f"{name}.md" for names in TREE.values() for name in names}
    rest = tuple(sorted(name[:-3] for name in every if "/" not in name and name != "index.md" and name not in named))
    parts = {**TREE, "More": rest} if rest else TREE
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```\n"
        for caption, names in parts.items()
    )


def rules_page() -> str:
    """All rules, in the order in which they run."""
    rows = "\n".join(f"| [{rule.id}]({rule.id}.md) | {rule.severity.value} | {rule.summary} |" for rule in RULES)
    return f"# Rules\n\n| rule | severity | |\n| --- | --- | --- |\n{rows}\n" + hidden(rule.id for rule in RULES)


def hidden(names: Iterable[str]) -> str:
    """Pages that belong below this one."""
    return "\n```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n"


def rule_page(rule: Rule) -> str:
    """A rule's own documentation."""
    parts = [f"# {rule.id}", f"*{rule.severity.value}*: {rule.summary}."]
    for heading, text in told(rule):
        parts += [f"## {heading}", code(text) if heading in ("Bad", "Good") else text]
    return "\n\n".join(parts) + "\n"


def code(text: str) -> str:
    """An example, whose indented blocks are code."""
    blocks: list[str] = []
    for block in re.split(r"\n\n(?=\S)", text):
        blocks.append(f"```c\n{dedent(block)}\n```" if block.startswith(" ") else block)
    return "\n\n".join(blocks)


def families(tables: Tables) -> list[str]:
    """The families that have an entry, by name."""
    return sorted({proof.family for proof in tables.proofs.values()} & tables.families.keys())


def families_page(tables: Tables) -> str:
    """All families."""
    rows = []
    for name in families(tables):
        family = tables.families[name]
        count = sum(proof.family == name for proof in tables.proofs.values())
        puts = ", ".join(f"`{put}()`" for put in family.puts)
        rows.append(f"| [{name}]({name}.md) | {family.noun} | {count} | {puts} |")
    head = (
        "# APIs\n\nWhat is counted, how many functions, iterators and cleanup classes are known, and what drops it.\n\n"
    )
    return (
        head
        + "| family | what | entries | dropped by |\n| --- | --- | ---: | --- |\n"
        + "\n".join(rows)
        + "\n"
        + hidden(families(tables))
    )


def family_page(tables: Tables, name: str) -> str:
    """All entries of a family."""
    family = tables.families[name]
    shared = f"  Its count is that of a `{family.counter}`." if family.counter != name else ""
    rows = "\n".join(entry(tables, key) for key, proof in tables.proofs.items() if proof.family == name)
    return f"# {name}\n\n{family.noun[0].upper()}{family.noun[1:]}.{shared}\n\n| name | | proof |\n| --- | --- | --- |\n{rows}\n"


def entry(tables: Tables, key: str) -> str:
    """One entry as a row."""
    proof = tables.proofs[key]
    said = "; ".join(sentences(tables, key)).replace("|", "\\|")
    note = f" ({proof.note})" if proof.note else ""
    return f"| `{key}` | {said}{note} | `{proof.place}` (Linux {proof.tree}) |"


def sentences(tables: Tables, key: str) -> Iterator[str]:
    """What an entry says."""
    for label, text in facts(tables, key):
        yield text if label == "does" else f"{label} {text}"


def assemble(folder: Path) -> None:
    """Write every page, and the pictures, below *folder*."""
    for name, text in pages(apis.load()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for picture in (*HERE.glob("*.svg"), *HERE.glob("*.png")):
        shutil.copy(picture, folder / picture.name)


def site(out: Path) -> int:
    """The site as HTML in *out*; the exit status of Sphinx."""
    from sphinx.application import Sphinx

    source = out.parent / f"{out.name}.pages"
    shutil.rmtree(source, ignore_errors=True)
    assemble(source)
    settings = {
        "project": "getput",
        "extensions": ["myst_parser"],
        "html_theme": "furo",
        "html_title": "getput",
        "highlight_language": "none",
        "myst_heading_anchors": 3,
        "html_show_copyright": False,
    }
    app = Sphinx(source, None, out, source / ".doctrees", "html", settings, warningiserror=True)  # type: ignore[arg-type]
    app.build()
    return app.statuscode


def manual() -> str:
    """The manual page, from what ``--help`` says."""
    from argparse_manpage.manpage import Manpage

    parser = parser_of(list(COMMANDS))
    parser.man_short_description = "which reference-count bugs a Linux kernel patch introduces"  # type: ignore[attr-defined]
    parser.epilog = None
    page = Manpage(parser)
    page.manual = "getput"
    parts = [block.partition(":\n") for block in EPILOG.split("\n\n")]
    return str(page) + "".join(
        f".SH {heading.upper()}\n.nf\n" + dedent(text).rstrip().replace("-", "\\-") + "\n.fi\n"
        for heading, _, text in parts
    )


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--man", action="store_true", help="the manual page, not the site")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    if not args.man:
        return site(args.out)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(manual(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
