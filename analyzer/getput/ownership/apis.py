"""The API tables: what the kernel's functions, iterators and cleanup classes do to a count, read from TOML.

A table is one file for one family of APIs, or for a few that belong together::

    family = "of_node"                # of the entries that do not name theirs
    tree = "6.12.117"                 # the kernel that the proofs point into

    [api]
    of_find_node_by_name = "take result; drop arg0 null-safe; fails NULL; at drivers/of/base.c:896"
    device_add = "no effect; fails negative; at drivers/base/core.c:3633 -- still owes put_device()"

    [iterator]
    for_each_child_of_node = "arg1 counted; at include/linux/of.h:1461"

    [cleanup]
    device_node = "drop; ignores NULL; at include/linux/of.h:138"

    [sink]
    list_add = "arg0; at include/linux/list.h:169"

    [families]
    pci_dev = "PCI device; counter device; put pci_dev_put"

An entry is one string: clauses (:mod:`getput.ownership.clauses` has the grammar), the proof (``; at FILE:LINE``),
perhaps ``; in VERSION`` where the proof is in another kernel than ``tree``, perhaps a note after ``--``.  Families have
no proof.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Iterator as AnyIterator
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import msgspec

from getput.ownership import clauses
from getput.ownership.contracts import Cleanup, Contract, Family, Iterator
from getput.pattern import pattern
from getput.spelling import meant
from getput.untrusted import text as text_of
from getput.untrusted import toml

SECTION = pattern(r"^\[(\w+)\]$", re.MULTILINE)
ENTRY = pattern(r'^(\w+) = "([^"\\]*)"\n', re.MULTILINE)
REST = pattern(r"^[^#\n]", re.MULTILINE)  # anything but comments and empty lines
# Of tables that are wrong: compiled when there is one.
HEAD = r"\s*\[{1,2}\s*[\"']?(\w+)[\"']?\s*\]"
KEY = r"\s*[\"']?(\w+)[\"']?\s*="
AT = r" \(at line (\d+), column \d+\)"  # in a complaint of tomllib's
PLACE = pattern(r"[\w./-]+:\d+")
NAMES = {"api": "call", "sink": "call", "iterator": "call", "cleanup": "class", "families": "family"}  # of what kind
CLEANUP = "__free({})"  # how a cleanup class is called where functions have names too

Value = TypeVar("Value", bound=Iterator | Cleanup)


class BadTableError(ValueError):
    """A table that breaks the grammar; the message names the file and the entry."""


class Proof(msgspec.Struct, frozen=True):
    """Why an entry is believed.

    ``place`` is ``file:line`` in the kernel ``tree`` (a version); ``clauses`` is what the entry says, ``note`` what
    surprises in it, ``table`` its file.
    """

    family: str
    place: str
    tree: str
    clauses: str
    note: str
    table: str


class Proofs(Mapping[str, Proof]):
    """Why the entries of *rows* are believed, by name: made when somebody asks, which most runs never do."""

    def __init__(self, rows: list[Rows]) -> None:
        self.rows = rows

    @functools.cached_property
    def found(self) -> dict[str, Proof]:
        """All of them."""
        found: dict[str, Proof] = {}
        for section in ("api", "sink", "iterator", "cleanup"):
            for part, name, text in of_section(self.rows, section):
                said, place, version, note = split(text)
                family = family_of(section, name, said, part.family)
                key = CLEANUP.format(name) if section == "cleanup" else name
                found[key] = Proof(family, place, version or part.tree, said, note, part.table)
        return found

    def __getitem__(self, name: str) -> Proof:
        return self.found[name]

    def __iter__(self) -> AnyIterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


class Tables(msgspec.Struct, frozen=True):
    """Everything known of APIs, by name.

    ``proofs`` has one for each contract and iterator, and for each cleanup class under ``__free(name)``.
    """

    contracts: dict[str, Contract]
    iterators: dict[str, Iterator]
    cleanups: dict[str, Cleanup]
    families: dict[str, Family]
    proofs: Proofs
    members: dict[str, str]  # those that hold a count -> whose

    def counter_of(self, family: str) -> str:
        """What APIs of *family* count; the family itself where no table knows it."""
        known = self.families.get(family)
        return known.counter if known is not None else family


class Rows(msgspec.Struct, frozen=True):
    """The entries of one section of one table, as text; ``family`` is that of the entries that do not name theirs."""

    section: str
    entries: dict[str, str]
    family: str
    tree: str
    table: str


def shipped() -> list[Path]:
    """The tables that come with getput."""
    spec = find_spec("getput_rules")
    if spec is None or not spec.submodule_search_locations:
        raise BadTableError("the package getput_rules, which holds the API tables, is not installed")
    return sorted(Path(spec.submodule_search_locations[0], "apis").glob("*.toml"))


@functools.cache
def load(extra_paths: tuple[Path, ...] = ()) -> Tables:
    """The shipped tables, and those in *extra_paths* (files), whose entries replace earlier ones of the same name.

    Raises :class:`BadTableError` where a table breaks the grammar, OSError where one cannot be read.
    """
    rows = read(shipped())
    users = frozenset(map(str, extra_paths))
    for path in extra_paths:
        newer = read([path])
        for old in rows:
            for new in newer:
                for name in shared(old, new):
                    del old.entries[name]
        rows += newer
    return tables(rows, users)


def read(paths: Iterable[Path]) -> list[Rows]:
    """The entries of the tables at *paths*, in which a name may stand once."""
    found: list[Rows] = []
    known: dict[str, dict[str, Rows]] = {}  # by what kind of thing a name means
    for path in paths:
        try:
            data = parsed(text_of(path))
        except ValueError as error:
            raise BadTableError(unreadable(path, error)) from error
        for rows in sections(path, data):
            names = known.setdefault(NAMES[rows.section], {})
            twice = names.keys() & rows.entries.keys()
            if twice:
                name = min(twice)
                where, other = place_of(path, rows.section, name), names[name]
                raise BadTableError(f"{where}: {name}: stands in [{other.section}] of {Path(other.table).name} too")
            names.update(dict.fromkeys(rows.entries, rows))
            found.append(rows)
    return found


def parsed(text: str) -> dict[str, object]:
    """*text* as TOML.

    Entries of the usual form, one string on one line, are read by a pattern: five times as fast as tomllib alone.
    """
    head, *parts = SECTION.split(text)
    data: dict[str, object] = {}
    top: dict[str, str] = {}
    for section, body in zip(["", *parts[::2]], [head, *parts[1::2]], strict=True):
        usual = ENTRY.findall(body)
        entries = dict(usual)
        if len(entries) < len(usual) or REST.search(ENTRY.sub("", body)):
            return toml(text)  # something else than the usual form, or something stands twice
        if section:
            data[section] = entries
        else:
            top = entries
    if len(data) < len(parts) // 2:
        return toml(text)
    return top | data


def sections(path: Path, data: dict[str, object]) -> Iterable[Rows]:
    """The sections of the table *data*, which was read from *path*."""
    family, tree = data.pop("family", ""), data.pop("tree", "")
    if not isinstance(family, str) or not isinstance(tree, str):
        raise BadTableError(f"{path}: 'family' and 'tree' are strings")
    for section, entries in data.items():
        if section in NAMES and not isinstance(entries, dict):
            said = f'is a section of entries: [{section}], then lines of NAME = "CLAUSES"'
            raise BadTableError(f"{place_of(path, section, section)}: {section!r} {said}")
        if section not in NAMES or not isinstance(entries, dict):
            what = ", ".join(f"[{one}]" for one in NAMES)
            hint = meant(section, NAMES, f"a table has 'family', 'tree', {what}")
            raise BadTableError(f"{place_of(path, section, section)}: unknown key {section!r}{hint}")
        for name, text in entries.items():
            if not isinstance(text, str):
                raise BadTableError(f"{place_of(path, section, name)}: {name}: an entry is a string")
        yield Rows(section, entries, family, tree, str(path))


def shared(one: Rows, other: Rows) -> set[str]:
    """The names that stand in both, where they mean the same kind of thing."""
    return one.entries.keys() & other.entries.keys() if NAMES[one.section] == NAMES[other.section] else set()


def tables(rows: list[Rows], users: frozenset[str] = frozenset()) -> Tables:
    """The values of all entries of *rows*.  The tables called as in *users* are the user's own, who vouches for their families."""
    families: dict[str, Family] = {}
    for part, name, text in of_section(rows, "families"):
        try:
            family = clauses.counted(name, text)
            families[name] = msgspec.structs.replace(family, proven=True) if part.table in users else family
        except ValueError as error:
            raise BadTableError(f"{place_of(part.table, part.section, name)}: {name}: {error}") from None
    known = {*families, clauses.ANY_FAMILY}
    return Tables(
        contracts=contracts(rows, "api", clauses.api, known) | contracts(rows, "sink", clauses.sink, known),
        iterators=values(rows, "iterator", clauses.iterator, known),
        cleanups=values(rows, "cleanup", clauses.cleanup, known),
        families=families,
        proofs=Proofs(rows),
        members={member: name for name, family in families.items() for member in family.members},
    )


def contracts(
    rows: list[Rows],
    section: str,
    parse: Callable[[str, str], clauses.Meaning],
    known: set[str],
) -> dict[str, Contract]:
    """The contracts of *section*, whose families must be *known*."""
    found: dict[str, Contract] = {}
    meanings: dict[tuple[str, str], clauses.Meaning] = {}  # many say the same
    for part, name, text in of_section(rows, section):
        try:
            said, place, _, _ = split(text)
            meaning = meanings.get((said, part.family))
            if meaning is None:
                meaning = meanings[said, part.family] = parse(said, part.family)
                for family in (meaning.family, *[e.family for e in meaning.effects], *[of for _, of in meaning.owns]):
                    of_known(family, known)
        except ValueError as error:
            raise BadTableError(f"{place_of(part.table, part.section, name)}: {name}: {error}") from None
        found[name] = meaning.of(name, place)
    return found


def values(
    rows: list[Rows],
    section: str,
    parse: Callable[[str, str, str, str], Value],
    known: set[str],
) -> dict[str, Value]:
    """The iterators or cleanup classes of *section*, the same way."""
    found: dict[str, Value] = {}
    for part, name, text in of_section(rows, section):
        try:
            said, place, _, _ = split(text)
            value = parse(name, said, part.family, place)
            of_known(value.family, known)
        except ValueError as error:
            raise BadTableError(f"{place_of(part.table, part.section, name)}: {name}: {error}") from None
        found[name] = value
    return found


def family_of(section: str, name: str, said: str, family: str) -> str:
    """The family of an entry of *section* that says *said*, in a table of *family*."""
    if section in ("api", "sink"):
        return (clauses.api if section == "api" else clauses.sink)(said, family).family
    return (clauses.iterator if section == "iterator" else clauses.cleanup)(name, said, family, "").family


def of_section(rows: list[Rows], section: str) -> Iterable[tuple[Rows, str, str]]:
    """Every entry of the sections called *section*: where it stands, its name, its text."""
    for part in rows:
        if part.section == section:
            for name, text in part.entries.items():
                yield part, name, text


def of_known(family: str, known: set[str]) -> None:
    """Raises ValueError unless *family* is *known*."""
    if not family:
        raise ValueError("of which family? 'family' at the top of the table, or '; of FAMILY' here")
    if family not in known:
        raise ValueError(f"unknown family {family!r}{meant(family, known, 'what is new stands in [families]')}")


def place_of(table: str | Path, section: str, name: str) -> str:
    """``file:line`` of the entry *name*, or of the head of its section, in a table that was read before; the file alone where it stands otherwise."""
    here = ""
    for number, line in enumerate(Path(table).read_text("utf-8").splitlines(), 1):
        head = re.match(HEAD, line)
        if head is not None:
            here = head[1]
        key = re.match(KEY, line)
        if (head is not None and head[1] == name == section) or (
            key is not None and key[1] == name and here in (section, "")
        ):
            return f"{table}:{number}"
    return str(table)


def unreadable(path: Path, error: ValueError) -> str:
    """Why the table at *path* is no TOML, its line first."""
    at = re.search(AT, str(error))
    return f"{path}: {error}" if at is None else f"{path}:{at[1]}: {re.sub(AT, '', str(error))}"


def split(text: str) -> tuple[str, str, str, str]:
    """The clauses, the place of the proof, the kernel version where it differs, and the note of an entry."""
    rest, _, note = text.partition(" -- ")
    said, _, where = rest.partition("; at ")
    place, _, version = where.partition("; in ")
    if not PLACE.fullmatch(place):
        raise ValueError("the clauses end with the proof: '; at FILE:LINE', where the function stands")
    return said, place, version, note
