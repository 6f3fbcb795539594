"""The API tables: what the kernel's functions, iterators and cleanup classes do to a count, read from TOML.

A table is one file for one family of APIs, or for a few that belong together::

    family = "of_node"                # of the entries that do not name theirs
    tree = "6.12.117"                 # the kernel that the proofs point into

    [api]
    of_find_node_by_name = "take result; drop arg0 null-safe; fails NULL; at drivers/of/base.c:896"
    device_add = "no effect; fails negative; at drivers/base/core.c:3633 -- put_device() is still owed when it fails"

    [iterator]
    for_each_child_of_node = "arg1 counted; at include/linux/of.h:1461"

    [cleanup]
    device_node = "drop; ignores NULL; at include/linux/of.h:138"

    [sink]
    list_add = "arg0; at include/linux/list.h:169"

    [families]
    pci_dev = "PCI device; counter device; put pci_dev_put"

An entry is one string: clauses (:mod:`getput.ownership.clauses` has the grammar), then perhaps ``; in VERSION`` where the proof
is in another kernel than ``tree``, then perhaps a note after ``--``.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import msgspec

from getput.ownership.clauses import ANY_FAMILY, cleanup_of, contract_of, family_of, iterator_of, sink_of
from getput.ownership.contracts import Cleanup, Contract, Family, Iterator

SECTION = re.compile(r"^\[(\w+)\]$", re.MULTILINE)
ENTRY = re.compile(r'^(\w+) = "([^"\\]*)"$', re.MULTILINE)
SECTIONS = ("api", "sink", "iterator", "cleanup", "families")
APART = ("cleanup", "families")  # kfree is a function and a cleanup class: names of their own
CLEANUP = "__free({})"  # how a cleanup class is called where functions have names too

Row = tuple[str, str, str, str]  # (clauses and note, default family, kernel version, file)
Entry = TypeVar("Entry", bound=Contract | Iterator | Cleanup)


class BadTable(ValueError):
    """A table that breaks the grammar; the message names the file and the entry."""


class Proof(msgspec.Struct, frozen=True):
    """Why an entry is believed.

    ``place`` is ``file:line`` in the kernel ``tree`` (a version); ``table`` is the file of the entry, ``clauses`` its
    text without the note.
    """

    family: str
    place: str
    tree: str
    clauses: str
    note: str
    table: str


class Tables(msgspec.Struct, frozen=True):
    """Everything known of APIs, by name.

    ``proofs`` has one for each contract and iterator, and for each cleanup class under ``__free(name)``.
    """

    contracts: dict[str, Contract]
    iterators: dict[str, Iterator]
    cleanups: dict[str, Cleanup]
    families: dict[str, Family]
    proofs: dict[str, Proof]


def shipped() -> list[Path]:
    """The tables that come with getput."""
    spec = find_spec("getput_rules")
    if spec is None or not spec.submodule_search_locations:
        raise BadTable("the package getput_rules, which holds the API tables, is not installed")
    return sorted(Path(spec.submodule_search_locations[0], "apis").glob("*.toml"))


@functools.cache
def load(extra_paths: tuple[Path, ...] = ()) -> Tables:
    """The shipped tables, and those in *extra_paths* (files), whose entries replace shipped ones of the same name.

    Raises :class:`BadTable` where a table breaks the grammar, OSError where one cannot be read.
    """
    reader = Reader()
    reader.read(shipped())
    for path in extra_paths:
        reader.read([path])
    return reader.tables()


class Reader:
    """Collects the entries of tables, then turns them into values.  Within one :meth:`read` a name may stand once."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in SECTIONS}

    def read(self, paths: Iterable[Path]) -> None:
        """Take in the tables at *paths*."""
        seen: dict[str, str] = {}
        for path in paths:
            try:
                data = parsed(path.read_text("utf-8"))
            except ValueError as error:
                raise BadTable(f"{path}: {error}") from error
            self.table(path, data, seen)

    def table(self, path: Path, data: dict[str, object], seen: dict[str, str]) -> None:
        """Take in one table; *seen* says where a name stood before."""
        default, tree = data.pop("family", ""), data.pop("tree", "")
        if not isinstance(default, str) or not isinstance(tree, str):
            raise BadTable(f"{path}: 'family' and 'tree' are strings")
        for section, entries in data.items():
            if section not in SECTIONS or not isinstance(entries, dict):
                raise BadTable(f"{path}: unknown key {section!r}")
            here, table, rows = f"[{section}] of {path.name}", str(path), self.rows[section]
            apart = section if section in APART else ""
            others = [] if apart else [self.rows[name] for name in SECTIONS if name != section and name not in APART]
            for name, text in entries.items():
                if not isinstance(text, str):
                    raise BadTable(f"{path}: {name}: an entry is a string")
                key = f"{apart} {name}"
                if seen.setdefault(key, here) is not here:
                    raise BadTable(f"{path}: {name}: stands in {seen[key]} too")
                for other in others:
                    other.pop(name, None)  # an entry of a user's table takes the place of a shipped one
                rows[name] = (text, default, tree, table)

    def tables(self) -> Tables:
        """Everything read, as values."""
        families: dict[str, Family] = {}
        for name, (text, _, _, table) in self.rows["families"].items():
            try:
                families[name] = family_of(name, text)
            except ValueError as error:
                raise BadTable(f"{table}: {name}: {error}") from None
        known = {*families, ANY_FAMILY}
        proofs: dict[str, Proof] = {}
        return Tables(
            contracts=self.values("api", contract_of, known, proofs) | self.values("sink", sink_of, known, proofs),
            iterators=self.values("iterator", iterator_of, known, proofs),
            cleanups=self.values("cleanup", cleanup_of, known, proofs),
            families=families,
            proofs=proofs,
        )

    def values(
        self,
        section: str,
        parse: Callable[[str, str, str], tuple[Entry, str]],
        known: set[str],
        proofs: dict[str, Proof],
    ) -> dict[str, Entry]:
        """The entries of *section* by name, as *parse* reads them (name, clauses, default family: value, family).

        Their families must be *known*; their proofs are added to *proofs*.
        """
        found: dict[str, Entry] = {}
        form = CLEANUP if section == "cleanup" else "{}"
        for name, (text, default, tree, table) in self.rows[section].items():
            rest, _, note = text.partition(" -- ")
            clauses, _, version = rest.partition("; in ")
            try:
                value, family = parse(name, clauses, default)
            except ValueError as error:
                raise BadTable(f"{table}: {name}: {error}") from None
            for used in (family, *[effect.family for effect in getattr(value, "effects", ())]):
                if used not in known:
                    raise BadTable(f"{table}: {name}: unknown family {used!r}")
            found[name] = value
            proofs[form.format(name)] = Proof(family, value.proof, version or tree, clauses, note, table)
        return found


def parsed(text: str) -> dict[str, object]:
    """*text* as TOML.

    Entries of the usual form, one string on one line, are read by a pattern: three times as fast as tomllib alone.
    """
    if '"""' in text or "'''" in text:
        return tomllib.loads(text)
    head, *sections = SECTION.split(text)
    data: dict[str, object] = tomllib.loads(head)
    for section, body in zip(sections[::2], sections[1::2], strict=True):
        usual = ENTRY.findall(body)
        entries: dict[str, object] = dict(usual)
        rest = tomllib.loads(ENTRY.sub("", body))
        if section in data or len(entries) < len(usual) or not entries.keys().isdisjoint(rest):
            return tomllib.loads(text)  # something stands twice: tomllib says where
        data[section] = entries | rest
    return data
