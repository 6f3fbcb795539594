"""The long runs of ``bench/``, short: their modules, as the command line would find them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench"


def module(folder: str, name: str) -> Iterator[ModuleType]:
    """The module *name* of a folder of ``bench/``, which may import its neighbours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH / folder))
        before = set(sys.modules)
        yield importlib.import_module(name)
        for new in set(sys.modules) - before:
            if getattr(sys.modules[new], "__file__", None) and str(BENCH) in str(sys.modules[new].__file__):
                del sys.modules[new]


@pytest.fixture(scope="module")
def compare() -> Iterator[ModuleType]:
    """The engine against the reference."""
    yield from module("oracle", "compare")


@pytest.fixture(scope="module")
def vary() -> Iterator[ModuleType]:
    """The same programs in other words."""
    yield from module("oracle", "vary")


@pytest.fixture(scope="module")
def targets() -> Iterator[ModuleType]:
    """What is fuzzed."""
    yield from module("fuzz", "targets")


@pytest.fixture(scope="module")
def soak() -> Iterator[ModuleType]:
    """The long run over damaged mail."""
    yield from module("", "soak")
