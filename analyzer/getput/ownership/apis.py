"""The API tables: what the kernel's functions, iterators and cleanup classes do to a count, read from TOML.

A table is one file for one family of APIs, or a few that belong together::

    family = "of_node"                # of the entries that do not name theirs
    tree = "6.12.117"                 # the kernel that the proofs point into

    [api]
    of_find_node_by_name = "take result; drop arg0 null-safe; fails NULL; at drivers/of/base.c:896"
    of_node_get = "take arg0 null-safe; returns arg0; at drivers/of/dynamic.c:34 -- a note on what surprises"

    [iterator]
    for_each_child_of_node = "arg1 counted; at include/linux/of.h:1461"

    [cleanup]
    device_node = "drop; ignores NULL; at include/linux/of.h:138"

    [sink]
    list_add = "arg0; at include/linux/list.h:169"

    [families]
    pci_dev = "PCI device; counter device; put pci_dev_put"

Clauses are separated by ``;``, a note may follow after ``--``.  Those of an API:

* an effect: ``VERB TARGET [null-safe] [last] [of FAMILY] [if CONDITION]``.  VERB is one of :class:`~getput.ownership.contracts.Verb`; TARGET
  is ``result``, ``arg0``, ``*arg0`` (what it points to), ``arg0->np``, ``*arg0->np``; CONDITION is ``result``, ``not result`` or ``result``
  compared with 0.  ``take result`` happens when the result is valid; everything else without a condition happens always;
* ``fails WHAT``: what comes back when it fails: ``NULL``, ``ERR_PTR``, ``NULL or ERR_PTR``, ``negative``, ``zero-or-negative``,
  ``false`` or ``never``; ``success zero-or-positive`` where a function that fails with a negative number does not succeed with 0 alone;
* ``returns arg0``, ``release arg1`` (the function called at zero, or when the undoing is done), ``looks like get``, ``no return``,
  ``no effect`` (worth saying where one would expect one);
* ``of FAMILY``: the family of the entry; ``at FILE:LINE``: the proof, required; ``in VERSION``: where it is not that of ``tree``.

A family has a noun for messages, the usual functions that drop one (``put``), and the ``counter`` it shares with others, if any.
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

from getput.ownership.contracts import (
    ANY,
    NEG,
    POS,
    ZERO,
    Cleanup,
    Contract,
    Effect,
    Family,
    Iterator,
    Source,
    Target,
    Verb,
)

ANY_FAMILY = "*"  # of sinks: they keep whatever they are given

FAILS = {
    "NULL": ZERO | POS,
    "ERR_PTR": NEG | POS,
    "NULL or ERR_PTR": ANY,
    "negative": NEG | ZERO,
    "zero-or-negative": ANY,
    "false": ZERO | POS,
    "never": POS,
}
SUCCESS = {"zero": NEG | ZERO, "positive": NEG | POS, "zero-or-positive": ANY}
CONDITIONS = {
    "result": POS,
    "not result": ZERO,
    "result > 0": POS,
    "result >= 0": ZERO | POS,
    "result == 0": ZERO,
    "result < 0": NEG,
    "result <= 0": ZERO | NEG,
}
IGNORES = {"nothing": 0, "NULL": ZERO, "ERR_PTR": NEG, "NULL or ERR_PTR": ZERO | NEG}

EFFECT = re.compile(
    r"(?P<verb>[a-z]+) (?P<target>result|\*?arg\d(?:->\w+)*)(?P<null> null-safe)?(?P<last> last)?(?: of (?P<family>\w+|\*))?(?: if (?P<when>.+))?"
)
TARGET = re.compile(r"(?P<star>\*?)arg(?P<arg>\d)(?P<fields>(?:->\w+)*)")
PLACE = re.compile(r"[\w./-]+:\d+")
SECTION = re.compile(r"^\[(\w+)\]$", re.MULTILINE)
ENTRY = re.compile(r'^(\w+) = "([^"\\]*)"$', re.MULTILINE)
SECTIONS = ("api", "sink", "iterator", "cleanup", "families")
CLEANUP = "__free({})"  # how a cleanup class is called where functions have names too

Row = tuple[str, str, str, str]  # (clauses and note, default family, kernel version, file)
Entry = TypeVar("Entry", Contract, Iterator, Cleanup)


class BadTable(ValueError):
    """A table that breaks the grammar; the message names the file and the entry."""


class Proof(msgspec.Struct, frozen=True):
    """Why an entry is believed: ``place`` is ``file:line`` in the kernel ``tree`` (a version); ``table`` is the file of the entry."""

    family: str
    place: str
    tree: str
    note: str
    table: str


class Tables(msgspec.Struct, frozen=True):
    """Everything known of APIs, by name.  ``proofs`` has one for each contract and iterator, and for each cleanup class under ``__free(name)``."""

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
            here = f"[{section}] of {path.name}"
            apart = section if section in ("cleanup", "families") else ""  # kfree is a function and a cleanup class
            others = [self.rows[name] for name in SECTIONS if name != section and not apart and name not in ("cleanup", "families")]
            rows, table = self.rows[section], str(path)
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
        self, section: str, parse: Callable[[str, str, str], tuple[Entry, str]], known: set[str], proofs: dict[str, Proof]
    ) -> dict[str, Entry]:
        """The entries of one section, as *parse* reads them (name, clauses, default family → value, family); their proofs go to *proofs*."""
        found: dict[str, Entry] = {}
        form = CLEANUP if section == "cleanup" else "{}"
        for name, (text, default, tree, table) in self.rows[section].items():
            text, _, note = text.partition(" -- ")
            text, _, version = text.partition("; in ")
            try:
                value, family = parse(name, text, default)
                families = {family} if section != "api" else {family, *[effect.family for effect in value.effects]}  # type: ignore[attr-defined]
                if not families <= known:
                    raise ValueError(f"unknown family {min(families - known)!r}")
            except ValueError as error:
                raise BadTable(f"{table}: {name}: {error}") from None
            found[name] = value
            proofs[form.format(name)] = Proof(family, value.proof, version or tree, note, table)
        return found


def parsed(text: str) -> dict[str, object]:
    """*text* as TOML.  Entries of the usual form, one string on one line, are read by a pattern: three times as fast as tomllib alone."""
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


def family_of(name: str, text: str) -> Family:
    """The family that the clauses *text* describe."""
    noun, *clauses = [clause.strip() for clause in text.split(";")]
    counter, puts = "", ""
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word == "counter":
            counter = once(counter, rest, "counter")
        elif word == "put":
            puts = once(puts, rest, "put")
        else:
            raise ValueError(f"unknown clause {clause!r}")
    return Family(name, counter or name, noun, tuple(puts.split()))


# --- the clauses ------------------------------------------------------------------------------------------------


def contract_of(name: str, text: str, family: str) -> tuple[Contract, str]:
    """The contract that the clauses *text* describe, and its family; ValueError says what is wrong with them."""
    clauses = [clause.strip() for clause in text.split(";")]
    at = fails = success = looks_like = ""
    returns = release = -1
    noreturn = nothing = False
    effects: list[str] = []
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word == "at":
            at = once(at, rest, "at")
        elif word == "fails":
            fails = once(fails, rest, "fails")
        elif word == "of":
            family = rest
        elif word == "success":
            success = once(success, rest, "success")
        elif word == "returns":
            returns = argument(rest)
        elif word == "release":
            release = argument(rest)
        elif clause in ("looks like get", "looks like put"):
            looks_like = rest.removeprefix("like ")
        elif clause == "no return":
            noreturn = True
        elif clause == "no effect":
            nothing = True  # said where one would expect an effect
        else:
            effects.append(clause)
    moved = tuple([effect_of(clause, family) for clause in effects])
    contract = Contract(
        name,
        moved,
        Source.TABLE,
        results_of(fails, success) & (ZERO | POS if any([effect.last for effect in moved]) else ANY),
        noreturn,
        place_of(at),
        looks_like,
        returns,
        release,
    )
    for effect in contract.effects:
        if effect.target.arg < 0 and effect.verb is Verb.TAKE and not fails:
            raise ValueError("'take result' needs a 'fails' clause")
        if not effect.when & contract.results:
            raise ValueError("an effect's condition contradicts what the function returns")
    if not effects and not (looks_like or noreturn or nothing):
        raise ValueError("says nothing: name an effect, or 'no effect'")
    return contract, family


def sink_of(name: str, text: str, family: str) -> tuple[Contract, str]:
    """The contract of a function that stores its arguments: it keeps what it is given, of whatever family."""
    targets, *clauses = [clause.strip() for clause in text.split(";")]
    when, at = "", ""
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word == "at":
            at = once(at, rest, "at")
        elif word == "if":
            when = " " + clause
        else:
            raise ValueError(f"unknown clause {clause!r}")
    effects = tuple([effect_of(f"keep {target}{when}", ANY_FAMILY) for target in targets.split()])
    return Contract(name, effects, Source.TABLE, proof=place_of(at)), ANY_FAMILY


def iterator_of(name: str, text: str, family: str) -> tuple[Iterator, str]:
    """The iterator that the clauses *text* describe, and its family."""
    head, *clauses = [clause.strip() for clause in text.split(";")]
    cursor, *words = head.split()
    at = ""
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word == "at":
            at = once(at, rest, "at")
        elif word == "of":
            family = rest
        else:
            raise ValueError(f"unknown clause {clause!r}")
    if words not in ([], ["counted"], ["counted", "scoped"]):
        raise ValueError(f"unknown words {' '.join(words)!r}: an iterator is 'counted', 'counted scoped', or neither")
    target = target_of(cursor)
    if target.arg < 0:
        raise ValueError("the cursor of an iterator is an argument")
    iterator = Iterator(name, target.arg, family, "counted" in words, "scoped" in words, place_of(at), target.path)
    return iterator, family


def cleanup_of(name: str, text: str, family: str) -> tuple[Cleanup, str]:
    """The cleanup class that the clauses *text* describe, and its family."""
    verb, *clauses = [clause.strip() for clause in text.split(";")]
    at = ignores = ""
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word == "at":
            at = once(at, rest, "at")
        elif word == "of":
            family = rest
        elif word == "ignores":
            ignores = once(ignores, rest, "ignores")
        else:
            raise ValueError(f"unknown clause {clause!r}")
    if ignores not in IGNORES:
        raise ValueError(f"'ignores' is one of {', '.join(IGNORES)}")
    return Cleanup(name, family, verb_of(verb), IGNORES[ignores], place_of(at)), family


def once(before: str, value: str, what: str) -> str:
    """*value*, if the clause did not stand before."""
    if before or not value:
        raise ValueError(f"'{what}' stands twice or says nothing")
    return value


def place_of(text: str) -> str:
    """A proof, checked for its form."""
    if not PLACE.fullmatch(text):
        raise ValueError("needs a proof: 'at FILE:LINE'")
    return text


def results_of(fails: str, success: str) -> int:
    """The results that a function can have."""
    if fails and fails not in FAILS:
        raise ValueError(f"'fails' is one of {', '.join(FAILS)}")
    if not success:
        return FAILS.get(fails, ANY)
    if fails != "negative" or success not in SUCCESS:
        raise ValueError("'success zero', 'positive' or 'zero-or-positive' goes with 'fails negative'")
    return SUCCESS[success]


@functools.cache
def effect_of(clause: str, family: str) -> Effect:
    """The effect that *clause* names, of *family* unless it names its own."""
    match = EFFECT.fullmatch(clause)
    if match is None:
        raise ValueError(f"unknown clause {clause!r}")
    verb, target, when = verb_of(match["verb"]), target_of(match["target"]), match["when"]
    if when is not None and when not in CONDITIONS:
        raise ValueError(f"unknown condition {when!r}: one of {', '.join(CONDITIONS)}")
    if match["last"] and verb is not Verb.DROP:
        raise ValueError("'last' goes with 'drop'")
    bits = CONDITIONS[when] if when else POS if verb is Verb.TAKE and target.arg < 0 else ANY
    return Effect(verb, target, match["family"] or family, bits, bool(match["null"]), bool(match["last"]))


def verb_of(word: str) -> Verb:
    """The verb that *word* names."""
    try:
        return Verb(word)
    except ValueError:
        raise ValueError(f"unknown verb {word!r}: one of {', '.join(Verb)}") from None


def target_of(text: str) -> Target:
    """The object that *text* names: ``result``, ``arg0``, ``*arg0``, ``arg0->np``."""
    if text == "result":
        return Target(-1)
    match = TARGET.fullmatch(text)
    if match is None:
        raise ValueError(f"unknown target {text!r}")
    fields = tuple(f"->{field}" for field in match["fields"].split("->")[1:])
    return Target(int(match["arg"]), (("*", *fields) if match["star"] else fields))


def argument(text: str) -> int:
    """The index in ``arg0``."""
    target = target_of(text)
    if target.arg < 0 or target.path:
        raise ValueError(f"not an argument: {text!r}")
    return target.arg
