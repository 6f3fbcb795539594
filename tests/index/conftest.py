"""Small trees, and their indexes built in this process."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import strategies as st

from getput.config import Settings
from getput.index.build import Found, Progress, Round, refresh
from getput.index.names import decode_history, says
from getput.index.records import FileRecord, decode
from getput.index.scope import Scope
from getput.index.store import Store
from getput.model import Confidence
from getput.ownership.apis import load
from getput.ownership.vocabulary import Vocabulary
from getput.verdict.survey import Worker

GET = """\
struct device_node *acme_node(struct device *dev)
{
	return of_get_child_by_name(dev->of_node, "acme");
}
"""
PROBE = """\
int acme_probe(struct device *dev)
{
	struct device_node *np = acme_outer(dev);

	if (!np)
		return -ENODEV;
	if (acme_read(dev))
		return -EIO;
	of_node_put(np);
	return 0;
}
"""


class Indexed:
    """A tree below *top*, and the index of it at *place*."""

    def __init__(self, top: Path, place: Path) -> None:
        self.top = top
        self.place = place
        self.scope = Scope.ALL
        self.time = 1_000_000_000
        top.mkdir()

    def write(self, path: str, text: str) -> None:
        """Give a file a new text, and a time of its own."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.time += 1
        os.utime(file, (self.time, self.time))

    def fill(self, files: Mapping[str, str]) -> None:
        """Make the tree hold *files* and nothing else."""
        for file in sorted(self.top.rglob("*.[ch]")):
            if file.relative_to(self.top).as_posix() not in files:
                file.unlink()
        for path, text in files.items():
            file = self.top / path
            if not file.exists() or file.read_text() != text:
                self.write(path, text)

    def refresh(self, place: Path | None = None, dies_after: int = -1) -> Progress:
        """Bring the index up to date, in this process; ``dies_after`` batches of files the work is cut off."""
        store = Store(place or self.place, write=True)
        store.prepare("stamp", self.top, self.scope, lambda: Vocabulary(load()).proven)
        left = dies_after

        def run(round_: Round) -> Generator[list[Found], None, None]:
            nonlocal left
            worker = Worker(self.top, Settings(), place or self.place, round_.number)
            with closing(worker.store):
                for batch in round_.batches:
                    for job in batch:
                        if left == 0:
                            raise ProcessLookupError
                        left -= 1
                        yield [worker.one(job)]

        try:
            return refresh(store, self.top, run)
        finally:
            store.close()

    def records(self) -> dict[str, FileRecord]:
        """What stands in each file."""
        store = Store(self.place, write=False)
        try:
            return {path: decode(raw) for path, raw in store.records()}
        finally:
            store.close()

    def said(self, path: str, least: Confidence = Confidence.LOW) -> list[str]:
        """The rules that found something in the functions of a file, with the function; only what is at *least* as sure."""
        found = [
            one for told in self.records()[path].told for one in told.findings if one.confidence.rank >= least.rank
        ]
        return [f"{one.rule} {one.function}" for one in found]

    def knows(self, place: Path | None = None) -> object:
        """Everything that callers could ask the index, and everything that stands in the files."""
        store = Store(place or self.place, write=False)
        try:
            names = [
                (name, path, static, [(since, says(known)) for since, known in decode_history(history)])
                for name, path, static, history in store.all_definitions()
            ]
            return names, [(path, decode(raw)) for path, raw in store.records()]
        finally:
            store.close()


FILES = ("a/one.c", "a/two.c", "b/one.c", "b/near.h", "include/all.h")
NAMES = ("f0", "f1", "f2", "f3")


def trees(calls: Sequence[str]) -> st.SearchStrategy[dict[str, str]]:
    """Trees of functions that make some of *calls*, about ``x``, and call each other."""
    call = st.sampled_from([*calls, *(f"{name}(x);" for name in NAMES)])
    bodies = st.lists(st.one_of(call, call.map(lambda call: f"if (a)\n\t\treturn -1;\n\t{call}")), max_size=3)
    functions = st.builds(
        lambda static, name, body: f"{static}int {name}(struct x *x, int a)\n{{\n\t{body}\n\treturn 0;\n}}\n",
        st.sampled_from(["", "static "]),
        st.sampled_from(NAMES),
        bodies.map("\n\t".join),
    )
    return st.dictionaries(st.sampled_from(FILES), st.lists(functions, max_size=3).map("\n".join), min_size=1)


@pytest.fixture
def indexed(tmp_path) -> Indexed:
    """An empty tree."""
    return Indexed(tmp_path / "tree", tmp_path / "index.sqlite")
