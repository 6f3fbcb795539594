"""Small git repositories, and what the package reads from patches that git made in them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from getput.patch.series import Submission, read_submissions

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A. Developer"), ("EMAIL", "dev@example.org"), ("DATE", "2026-01-05T10:00:00+0000"))
}
ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


class Repo:
    """A git repository with a work tree."""

    def __init__(self, top: Path) -> None:
        top.mkdir()
        self.top = top
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str, stdin: bytes = b"") -> bytes:
        """What git prints."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", *args],
            cwd=self.top,
            input=stdin,
            capture_output=True,
            check=False,
            env={**environment, **WHO, **ALONE},
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def write(self, path: str, text: str | bytes) -> None:
        """Make or change a file."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def commit(self, message: str = "a change", **files: str | bytes) -> str:
        """Commit everything, message as it is; the commit's id."""
        for path, text in files.items():
            self.write(path, text)
        self.git("add", "-A")
        self.git("commit", "-q", "--cleanup=verbatim", "--allow-empty", "-F", "-", stdin=message.encode())
        return self.git("rev-parse", "HEAD").decode().strip()

    def mail(self, which: str = "-1", *options: str) -> bytes:
        """What format-patch makes of *which*."""
        return self.git("format-patch", "--stdout", *options, which)

    def export(self, revision: str, to: Path) -> Path:
        """The tree of *revision* in a folder without git."""
        to.mkdir(parents=True)
        subprocess.run(["tar", "-x"], cwd=to, input=self.git("archive", revision), check=True)
        return to


Read = Callable[..., Submission]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads one submission: bytes come from standard input, everything else is an input as on the command line."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)

    def run(what: bytes | str | Path | Sequence[str], tree: Path | None = None, staged: bool = False) -> Submission:
        stdin = what if isinstance(what, bytes) else None
        inputs = (
            ["-"] if isinstance(what, bytes) else [str(what)] if isinstance(what, str | Path) else [*map(str, what)]
        )
        (one,) = read_submissions(inputs, tree, each=False, staged=staged, stdin=stdin)
        return one

    return run


@pytest.fixture
def body() -> Callable[..., str]:
    """Makes a C file in which every line is different."""

    def make(lines: int = 40, name: str = "demo") -> str:
        steps = "".join(f"\tstep_{number}(dev, {number});\n" for number in range(lines))
        return f"int {name}_run(struct device *dev)\n{{\n{steps}\treturn 0;\n}}\n"

    return make
