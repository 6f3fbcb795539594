"""The README, and what else shows a terminal: what stands there is what the command prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest
from tests.docs.test_site import SITE

from getput.cli.main import COMMANDS

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demo() -> str:
    """What ``make demo`` prints, as a block of Markdown."""
    recipe = (TOP / "Makefile").read_text(encoding="utf-8").partition("\ndemo:")[2].partition("\n\n")[0]
    command = "check --tree fixtures/demo fixtures/demo/0001-power-firmware.patch"
    assert f"getput {command} ||" in recipe
    done = subprocess.run(
        [sys.executable, "-m", "getput", *command.split()], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    return indent(done.stdout, "    ")


@pytest.mark.parametrize("path", ["README.md", "docs/tour.md"])
def test_the_session_is_what_the_demo_prints(demo, path: str) -> None:
    """Byte by byte, to its last line."""
    assert demo in (TOP / path).read_text(encoding="utf-8")


def test_the_start_page_shows_its_first_lines(demo) -> None:
    """As far as it goes."""
    shown = (
        (TOP / "docs/index.md").read_text(encoding="utf-8").partition("    $ make demo\n")[2].partition("    ...\n")[0]
    )
    assert shown.count("\n") >= 3
    assert demo.startswith(shown)


def test_no_link_leads_nowhere() -> None:
    """Every file that the README links to is there, and it links to each once in its table."""
    targets = [target.partition("#")[0] for _, target in SITE.LINK.findall(README)]
    assert [target for target in targets if "://" not in target and not (TOP / target).is_file()] == []
    table = README.partition("| to | read |")[2].partition("\n\n")[0]
    linked = [target for _, target in SITE.LINK.findall(table)]
    assert sorted(set(linked)) == sorted(linked)
    assert "docs/page.png" in targets


def test_commands_that_it_names_exist() -> None:
    """Nothing in the block of uses is a command of another build."""
    block = README.partition("## Use\n")[2].partition("\nThe sources are")[0]
    named = {line.split()[1] for line in block.splitlines() if line.startswith("    getput ")}
    assert named
    assert named <= set(COMMANDS)
