"""A small kernel tree in a git repository of its own, and the command as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

CLEAN = """\
#include <linux/of.h>

int demo_read(struct device *dev, u32 *value)
{
	struct device_node *np;
	int ret;

	np = of_find_node_by_path("/demo");
	if (!np)
		return -ENODEV;

	ret = of_property_read_u32(np, "value", value);
	of_node_put(np);

	return ret;
}
"""
LEAKING = CLEAN.replace(
    '"value", value);\n',
    '"value", value);\n\tif (ret)\n\t\treturn ret;\n\tret = of_property_read_u32(np, "other", value);\n',
)
FILE = "drivers/demo/demo.c"
AS_USERS = {"PYTHONUNBUFFERED": "", "PYTHONDONTWRITEBYTECODE": "", "NO_COLOR": ""}
WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A. Developer"), ("EMAIL", "dev@example.org"), ("DATE", "2026-01-05T10:00:00+0000"))
}

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def getput() -> Run:
    """Runs ``getput`` in a process of its own; text in and out, as UTF-8 with any byte let through."""

    def run(
        *args: object, cwd: Path | None = None, stdin: str | bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "getput", *map(str, args)],
            cwd=cwd,
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env={**os.environ, **AS_USERS, "PYTHONWARNINGS": "error", **environment},
            timeout=120,
            check=False,
        )
        out, err = (stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr))
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run


class Kernel:
    """A git repository with one driver in it, which puts what it gets."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.git("init", "-q", "-b", "main")
        self.write(CLEAN)
        self.commit("demo: a driver")

    def git(self, *args: str, stdin: str = "", **environment: str) -> str:
        return subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *args],
            cwd=self.top,
            env={
                **os.environ,
                **WHO,
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_SYSTEM": os.devnull,
                **environment,
            },
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip("\n")

    def write(self, text: str, file: str = FILE) -> None:
        path = self.top / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, subject: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)

    def patch(self, text: str, subject: str = "demo: read more", file: str = FILE) -> str:
        """The mail of a patch that makes *text* of the file.  Neither the work tree nor git's objects have it."""
        with tempfile.TemporaryDirectory() as scratch:
            apart = {
                "GIT_INDEX_FILE": f"{scratch}/index",
                "GIT_OBJECT_DIRECTORY": scratch,
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.top / ".git" / "objects"),
            }
            blob = self.git("hash-object", "-w", "--stdin", stdin=text, **apart)
            self.git("read-tree", "HEAD", **apart)
            self.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{file}", **apart)
            tree = self.git("write-tree", **apart)
            commit = self.git("commit-tree", "-p", "HEAD", "-m", subject, tree, **apart)
            return self.git("format-patch", "-1", "--stdout", "--no-signature", "--full-index", commit, **apart) + "\n"


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    top = tmp_path / "linux"
    top.mkdir()
    return Kernel(top)


@pytest.fixture
def leaking(kernel: Kernel, tmp_path: Path) -> Path:
    """A patch file that brings a leak on an error exit."""
    path = tmp_path / "leaking.patch"
    path.write_text(kernel.patch(LEAKING))
    return path


@pytest.fixture
def clean(kernel: Kernel, tmp_path: Path) -> Path:
    """A patch file that changes the same function and breaks nothing."""
    path = tmp_path / "clean.patch"
    path.write_text(kernel.patch(CLEAN.replace('"value"', '"val"')))
    return path


@pytest.fixture
def mending(kernel: Kernel, tmp_path: Path) -> Path:
    """A patch file that mends the leak; the tree gets the leak first."""
    kernel.write(LEAKING)
    kernel.commit("demo: leak")
    path = tmp_path / "mending.patch"
    path.write_text(
        kernel.patch(
            LEAKING.replace(
                "\tif (ret)\n\t\treturn ret;\n", "\tif (ret) {\n\t\tof_node_put(np);\n\t\treturn ret;\n\t}\n"
            )
        )
    )
    return path
