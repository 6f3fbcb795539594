"""What lowering knows of macros, as data: the table ``getput_rules/macros/lowering.toml``."""

from __future__ import annotations

import functools
import tomllib
from importlib.util import find_spec
from pathlib import Path

import msgspec


class Container(msgspec.Struct, frozen=True):
    """A ``container_of``: the positions of its arguments, and the member read from the pointer first, if any."""

    pointer: int
    type: int
    member: int
    through: str = ""


class Flow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names that matter by what they do to control flow, or by doing nothing at all (see the table's comments)."""

    noreturn: tuple[str, ...]
    stop_if: tuple[str, ...]
    stop_unless: tuple[str, ...]
    nothing: tuple[str, ...]
    configuration: tuple[str, ...]
    opaque: tuple[str, ...]
    words: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table as it stands in the file; argument positions count from 0."""

    transparent: dict[str, int]
    identity: dict[str, int]
    load: dict[str, int]
    assign: dict[str, tuple[int, int]]
    store: dict[str, tuple[int, int]]
    exchange: dict[str, tuple[int, int]]
    swap: dict[str, tuple[int, int]]
    pure: dict[str, str]
    container: dict[str, Container]
    scoped: dict[str, str]
    once: dict[str, int]
    returns: dict[str, str]
    declares: dict[str, int]
    flow: Flow
    errno: dict[str, int]


class Meaning(msgspec.Struct, frozen=True):
    """What one macro means: the ``section`` of the table that lists it and what stands there."""

    section: str
    position: int = 0
    value: int = 0
    word: str = ""
    container: Container | None = None


class LoweringMacros:
    """The table, ready for look-ups.

    ``meanings`` goes by the bytes of a macro's name; ``errno`` from the bytes of an error's name to its (positive)
    number; ``once`` from a block macro whose first argument is a cleanup class to how many statements follow that one;
    ``words`` holds the statements that mean nothing.
    """

    __slots__ = ("errno", "meanings", "once", "words")

    def __init__(self, table: Table) -> None:
        meanings: dict[bytes, Meaning] = {}
        for section in ("transparent", "identity", "load", "declares"):
            for name, position in getattr(table, section).items():
                meanings[name.encode()] = Meaning(section, position=position)
        for section in ("assign", "store", "exchange", "swap"):
            for name, (position, value) in getattr(table, section).items():
                meanings[name.encode()] = Meaning(section, position=position, value=value)
        for section in ("pure", "scoped", "returns"):
            for name, word in getattr(table, section).items():
                meanings[name.encode()] = Meaning(section, word=word)
        for name, container in table.container.items():
            meanings[name.encode()] = Meaning("container", container=container)
        for section in ("noreturn", "stop_if", "stop_unless", "nothing", "configuration", "opaque"):
            for name in getattr(table.flow, section):
                meanings[name.encode()] = Meaning(section)
        self.meanings = meanings
        self.errno = {name.encode(): number for name, number in table.errno.items()}
        self.once = {name.encode(): statements for name, statements in table.once.items()}
        self.words = frozenset(name.encode() for name in table.flow.words)


def read_macros(toml: str) -> LoweringMacros:
    """The macros from the table's text; raises ``msgspec.ValidationError`` or ``tomllib.TOMLDecodeError``."""
    return LoweringMacros(msgspec.convert(tomllib.loads(toml), Table))


@functools.cache
def bundled_macros() -> LoweringMacros:
    """The table that comes with getput, read once a process."""
    # Found without importing the rules, which stand above this layer.
    spec = find_spec("getput_rules")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("getput_rules is not installed")
    folder = Path(next(iter(spec.submodule_search_locations))) / "macros"
    return read_macros((folder / "lowering.toml").read_text("utf-8"))
