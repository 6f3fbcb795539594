"""A series: what one patch brings and a later one mends, through the command, on patches that git wrote."""

import json
import subprocess
from pathlib import Path

import pytest

from getput.cli.main import main

PROBE = """#include <linux/of.h>

static int acme_read(struct acme *acme)
{
	struct device_node *np;
	int ret;

	np = of_find_node_by_path("/acme");
	if (!np)
		return -ENODEV;
	ret = acme_parse(acme, np);
	if (ret)
		goto out;
	acme->ready = true;
out:
	of_node_put(np);
	return ret;
}
"""
LEAKS = PROBE.replace("\t\tgoto out;\n", "\t\treturn ret;\n").replace("out:\n", "")
OTHER = LEAKS.replace("ready = true", "ready = 1")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository whose three commits break, touch, and mend one function; the work tree stands before them."""
    top = tmp_path / "linux"
    top.mkdir()

    def git(*args: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *args], cwd=top, check=True, capture_output=True)

    git("init", "-q")
    source = top / "acme.c"
    for number, text in enumerate((PROBE, LEAKS, OTHER, PROBE)):
        source.write_text(text)
        git("add", "acme.c")
        git("commit", "-qm", f"step {number}")
    git("format-patch", "-q", "-o", str(tmp_path / "out"), "HEAD~3")
    git("checkout", "-q", "HEAD~3")
    return tmp_path


def judged(capsys: pytest.CaptureFixture[str], *args: str) -> dict:
    """The answer to ``getput check ARGS`` in JSON."""
    main(["check", "--format", "json", "--show", "all", *args])
    return json.loads(capsys.readouterr().out)


def test_one_patch_brings_it_and_another_mends_it(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patches = sorted(map(str, (tree / "out").glob("*.patch")))
    answer = judged(capsys, "--tree", str(tree / "linux"), *patches)
    assert [(f["status"], f["rule"], f["patch"]) for f in answer["findings"]] == [
        ("existing", "leak-on-error", 1),
        ("fixed", "leak-on-error", 2),
        ("introduced", "leak-on-error", 0),
    ]


def test_the_text_says_which_patch_mends_it(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patches = sorted(map(str, (tree / "out").glob("*.patch")))
    main(["check", "--tree", str(tree / "linux"), *patches])
    assert "3/3" in capsys.readouterr().out


def test_the_middle_patch_alone_brings_nothing(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    middle = sorted((tree / "out").glob("*.patch"))[1]
    (tree / "linux" / "acme.c").write_text(LEAKS)
    answer = judged(capsys, "--tree", str(tree / "linux"), str(middle))
    assert [f["status"] for f in answer["findings"]] == ["existing"]
