"""The samples in ``fixtures/``: the two images of a file, without their marks, and what the marks say.

``fixtures/README.md`` describes the format.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
MARK = re.compile(r"[ \t]*/\* (introduced|fixed|existing|standing|taken|anchor)(?:: ([a-z-]+))? \*/")
HEAD = re.compile(r"^[A-Za-z_][^;={]*?(\w+)\(")
KEYS = {"why", "pattern", "file"}


class Mark(NamedTuple):
    """A mark in the sample: what it says, of which rule, on which line (1-based) of which function."""

    kind: str
    rule: str
    line: int
    function: str


class Image(NamedTuple):
    """One side of a sample: its text without marks; None where the file does not exist on this side."""

    text: str | None
    marks: tuple[Mark, ...]

    def lines(self, *kinds: str) -> set[int]:
        """The lines that bear a mark of one of *kinds*."""
        return {mark.line for mark in self.marks if mark.kind in kinds}

    def found(self, *kinds: str) -> list[tuple[str, str, int]]:
        """(rule, function, line) of every mark of one of *kinds*, sorted."""
        return sorted((mark.rule, mark.function, mark.line) for mark in self.marks if mark.kind in kinds)


class Sample(NamedTuple):
    """One behaviour of one rule.  ``path`` is where its file stands in a tree, ``pattern`` which pattern of bugs it shows."""

    rule: str
    name: str
    before: Image
    after: Image
    path: str
    why: str
    pattern: str
    fixed: str | None = None  # the after-image with the fix of the first finding that has one

    @property
    def fires(self) -> bool:
        """Whether its rule has something to say of the patch, or of what stands after it."""
        return any(mark.rule == self.rule and mark.kind in ("introduced", "standing") for mark in self.after.marks)

    @property
    def silent(self) -> bool:
        """Whether nothing is wrong after the patch."""
        return not self.after.found("introduced", "existing", "standing")


def image(path: Path) -> Image:
    """The sample at *path*, its marks taken out of the text."""
    if not path.exists():
        return Image(None, ())
    lines, marks, function = [], [], ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if head := HEAD.match(line):
            function = head[1]
        marks += [Mark(kind, rule, number, function) for kind, rule in MARK.findall(line)]
        lines.append(MARK.sub("", line))
    return Image("\n".join(lines) + "\n", tuple(marks))


def read(folder: Path) -> Sample:
    """The sample in *folder*."""
    said = tomllib.loads((folder / "expect.toml").read_text(encoding="utf-8"))
    unknown = said.keys() - KEYS
    assert not unknown, f"{folder}: unknown keys {sorted(unknown)}"
    rule, name = folder.parent.name, folder.name
    path = f"drivers/acme/{rule}/{name}/{said.get('file', 'acme.c')}"
    images = [image(folder / f"{which}.c") for which in ("before", "after", "fixed")]
    return Sample(rule, name, images[0], images[1], path, said["why"], said["pattern"], images[2].text)


SAMPLES = [read(path.parent) for path in sorted(FIXTURES.glob("*/*/expect.toml"))]


@pytest.fixture(params=SAMPLES, ids=lambda sample: f"{sample.rule}/{sample.name}")
def sample(request: pytest.FixtureRequest) -> Sample:
    """Each sample in its turn."""
    return request.param


@pytest.fixture(scope="session")
def samples() -> list[Sample]:
    """All samples, by rule and name."""
    return SAMPLES
