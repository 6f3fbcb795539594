"""What is known of macros: which iterate over a block, which run it once, which words are attributes.

The knowledge is data: the tree's own ``.clang-format`` lists its iterators, ``getput_rules/macros/*.toml`` the rest.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec

from getput.pattern import pattern
from getput.untrusted import contents

_FOR_EACH_MACROS = pattern(rb"^ForEachMacros:[ \t]*\n((?:[ \t]+-[^\n]*\n|[ \t]*#[^\n]*\n|[ \t]*\n)*)", re.MULTILINE)
_LIST_ITEM = pattern(rb"^[ \t]+-[ \t]*['\"]?([A-Za-z_]\w*)", re.MULTILINE)
_TABLES = ("iterators.toml", "once.toml", "attributes.toml")
# Names that iterate although no list has them yet.
_ITERATES = pattern(r"for_?each|^for_|_for_all_|(?:^|_)(?:while|loop|walk|iterate)(?:_|$)", re.IGNORECASE)


class Macros(msgspec.Struct, frozen=True):
    """The macros that the mask has to know by name.

    ``iterators`` run the statement behind them for each element; ``once`` run it once (``scoped_guard``).
    ``attributes`` are words that say nothing about the flow (``__init``, ``noinline``), ``with_arguments`` those with a
    list in parentheses behind them (``__printf(1, 2)``); ``types`` are words that begin like attributes and are types.
    ``declarers`` declare the local they name, and say by which class it is cleaned up (``AUTO_KFREE(x)``).
    """

    iterators: frozenset[str]
    once: frozenset[str]
    attributes: frozenset[str]
    with_arguments: frozenset[str]
    types: frozenset[str]
    declarers: dict[str, str]

    def iterates(self, name: str) -> bool:
        """Whether a macro of this name, followed by a statement, is a loop."""
        if name in self.iterators:
            return True
        return name not in self.once and _ITERATES.search(name) is not None


@cache
def bundled() -> Macros:
    """The macros that ``getput_rules/macros`` lists."""
    tables = [tomllib.loads((_folder() / name).read_text("utf-8")) for name in _TABLES]
    return msgspec.convert({field: value for table in tables for field, value in table.items()}, Macros)


def _folder() -> Path:
    """Where the bundled data lie; found without importing the rules, which stand above this layer."""
    spec = find_spec("getput_rules")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("getput_rules is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "macros"


@cache
def for_tree(tree: Path | None) -> Macros:
    """The bundled macros, and the iterators that the ``.clang-format`` of a source tree lists.

    Read once a process; a tree without that file, or with one that cannot be read, has the bundled ones.
    """
    known = bundled()
    if tree is None:
        return known
    try:
        text = contents(tree / ".clang-format", within=tree)
    except OSError:
        return known
    return msgspec.structs.replace(known, iterators=known.iterators | clang_format_iterators(text))


def clang_format_iterators(text: bytes) -> frozenset[str]:
    """The names under ``ForEachMacros`` of a ``.clang-format`` file."""
    block = _FOR_EACH_MACROS.search(text)
    if block is None:
        return frozenset()
    return frozenset(name.decode("ascii") for name in _LIST_ITEM.findall(block[1]))
