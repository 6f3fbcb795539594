"""What is known of device pages: ``getput_rules/device_pages.toml``, read once a process."""

from __future__ import annotations

import functools
import tomllib
from importlib.util import find_spec
from pathlib import Path

import msgspec


class Types(msgspec.Struct, frozen=True):
    """The types of device memory; ``countless`` those whose free pages have a count of zero."""

    all: tuple[str, ...]
    countless: tuple[str, ...]


class Operations(msgspec.Struct, frozen=True):
    """The structure of a pagemap's operations: which a type requires (``free`` for any of that name), who maps, which files are known to."""

    structure: str
    free: tuple[str, ...]
    required: dict[str, tuple[str, ...]]
    maps: tuple[str, ...]
    owners: tuple[str, ...]


class Pages(msgspec.Struct, frozen=True):
    """Functions by what they do with a page, which is their first argument or their result."""

    init: frozenset[str]
    of_frame: frozenset[str]
    frame_of: frozenset[str]
    same: frozenset[str]
    allocated: frozenset[str]
    allocator_free: frozenset[str]
    puts: frozenset[str]
    gets: frozenset[str]
    sets: frozenset[str]
    counts: frozenset[str]
    pagemap_tryget: frozenset[str]
    pagemap_puts: frozenset[str]


class Dax(msgspec.Struct, frozen=True):
    """Puts that notice that an FS_DAX page becomes idle, and such that do not; who gives out pages that may be such (the argument, or -1)."""

    aware: frozenset[str]
    unaware: frozenset[str]
    idle: frozenset[str]
    origins: dict[str, int]


class Flag(msgspec.Struct, frozen=True):
    """A flag by which a caller hands a reference over; ``exists`` are the calls that ask whether there is an object at all."""

    name: str
    family: str
    exists: frozenset[str]


class Known(msgspec.Struct, frozen=True):
    """The whole table."""

    types: Types
    predicates: dict[str, frozenset[str]]
    operations: Operations
    pages: Pages
    dax: Dax
    raw_free: dict[str, str]
    flag: tuple[Flag, ...]


@functools.cache
def known() -> Known:
    """The table that comes with getput; found without importing the rules, which stand above this layer."""
    spec = find_spec("getput_rules")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("getput_rules is not installed")
    text = Path(spec.submodule_search_locations[0], "device_pages.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Known)
