"""A small tree, mails of patches to it, archives of such mails, and audits of them as a user runs them."""

from __future__ import annotations

import difflib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

FILES = 24
BODY = """
int demo{n}_read(struct device *dev, u32 *value)
{{
	struct device_node *np = of_find_node_by_path("/demo{n}");
	int ret;

	if (!np)
		return -ENODEV;
	ret = of_property_read_u32(np, "value", value);
	of_node_put(np);
	return ret;
}}
"""
PUT = "\tof_node_put(np);\n"
QUIET = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2026-01-05T10:00:00+0000"))
    },
}


def source(file: int) -> str:
    """A driver of several functions."""
    return "#include <linux/of.h>\n" + "".join(BODY.format(n=10 * file + number) for number in range(8))


def path_of(file: int) -> str:
    return f"drivers/demo{file % 5}/demo{file}.c"


def diff(file: int, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(True), after.splitlines(True), f"a/{path_of(file)}", f"b/{path_of(file)}"
    )
    return f"diff --git a/{path_of(file)} b/{path_of(file)}\n" + "".join(lines)


def change(number: int, text: str) -> str:
    """What patch *number* makes of a file: every third loses a put."""
    cut = text.split(PUT)
    at = number % 8
    if number % 3 == 0:
        return PUT.join(cut[: at + 1]) + f'\tpr_info("{number} %d\\n", ret);\n' + PUT.join(cut[at + 1 :])
    return PUT.join(cut[: at + 1]) + f'\tpr_info("{number}\\n");\n' + PUT + PUT.join(cut[at + 1 :])


def mail(
    body: str, ident: str, subject: str = "[PATCH] demo: change", mark: str = "", *, more: str = "", footer: str = ""
) -> str:
    """One mail; *more* are headers, *footer* is what list software adds."""
    head = f"From: A <a@example.org>\nDate: Mon, 5 Jan 2026 10:00:00 +0000\nMessage-ID: <{ident}>\n"
    return f"{head}Subject: {subject}\n{more}\nSays why.{mark}\n\n---\n{body}-- \n2.47\n{footer}"


def alone(number: int, **more: str) -> str:
    """The mail of patch *number*."""
    text = source(number % FILES)
    return mail(
        diff(number % FILES, text, change(number, text)), f"{number}@x", f"[PATCH] demo: change {number}", **more
    )


def mbox(*mails: str) -> str:
    return "".join(f"From a@example.org Mon Jan  5 10:00:00 2026\n{one}\n" for one in mails)


def git(folder: Path, *args: str, stdin: str | None = None) -> str:
    done = subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", *args],
        cwd=folder,
        env={**os.environ, **QUIET},
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


class Audits:
    """Audits of one tree; results lie in *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "linux"
        for number in range(FILES):
            file = self.tree / path_of(number)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source(number))

    def command(self, *args: object) -> list[str]:
        return [sys.executable, "-m", "getput", "audit", *map(str, args), "--tree", str(self.tree), "--quiet"]

    def run(
        self, *sources: object, out: str = "r", status: int = 0, more: tuple[str, ...] = (), stderr: str | None = ""
    ) -> list[dict]:
        """What is judged of *sources*, as the lines of the export."""
        self.said = subprocess.run(
            self.command(*sources, "--out", self.folder / out, "--jsonl", self.lines(out), *more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in self.said.stderr, self.said.stderr
        assert self.said.returncode == status, self.said.stderr
        if stderr is not None:
            assert self.said.stderr == stderr
        return [json.loads(line) for line in self.lines(out).read_text().splitlines()]

    def lines(self, out: str = "r") -> Path:
        return self.folder / f"{out}.jsonl"

    def ask(self, query: str, out: str = "r") -> list[tuple]:
        with closing(sqlite3.connect(f"file:{self.folder / out}?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()


@pytest.fixture
def audits(tmp_path: Path) -> Audits:
    return Audits(tmp_path)
