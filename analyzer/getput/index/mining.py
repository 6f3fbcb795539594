"""Pairs of a get and its put that no table knows, as the callers in a tree show them: who calls the one calls the other too.

What a body shows (it raises or lowers a count that is known) is known from the index; of the rest only the names speak.  The callers decide:
a pair is told where nearly every file that calls the get calls the put.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import msgspec

from getput.index.names import Definition
from getput.index.store import Store
from getput.ownership.contracts import Verb

OPPOSITES = (
    ("get", ("put",)),
    ("hold", ("put", "release", "drop", "unhold")),
    ("ref", ("unref", "put", "deref")),
    ("grab", ("put", "drop", "release", "ungrab")),
    ("find", ("put", "release")),
    ("lookup", ("put", "release")),
    ("acquire", ("release", "put")),
    ("pin", ("unpin",)),
    ("inc", ("dec", "put")),
    ("tryget", ("put",)),
)  # a word that takes, and what drops again
# Nothing that is counted.
OTHER = re.compile(r"(?:^|_)(?:lock|mutex|spin\w*|sem|user|(?:[usl]e?|be)\d+|in\d?_addr)(?:_|$)")
WORDS = re.compile(r"[a-z0-9]+")
LEAST = 3  # files that call a get, for a pair to be told
SHARE = 0.7  # of these that call the put
BODY, NAME = "body", "name"


class Pair(msgspec.Struct, frozen=True):
    """A get and its put: ``counter`` is what both move where a body shows it, else empty; ``callers`` files call the get, ``both`` of them the put;
    ``place`` is the file that defines the get."""

    get: str
    put: str
    counter: str
    known: str  # "body" or "name"
    callers: int
    both: int
    place: str

    @property
    def share(self) -> float:
        """Of the files that call the get, how many call the put: 0 to 1."""
        return self.both / self.callers


def mined(store: Store, known: Collection[str], round_: int) -> list[Pair]:
    """Every pair that the index in *store* shows as after *round_*, without those of which *known* (the tables) names both; best supported first."""
    gets, puts = _moving(store, round_)
    defined = _defined(store)
    calls = _calls(store, defined.keys())
    out = []
    for get, places in sorted(defined.items()):
        candidates = [put for put in opposites(get) if put in defined and not (get in known and put in known)]
        if not candidates or len(calls[get]) < LEAST:
            continue
        both, put = max((len(calls[get] & calls[one]), one) for one in candidates)
        shared = gets.get(get, set()) & puts.get(put, set())
        if (get in gets and put in puts and not shared) or (not shared and OTHER.search(get)):
            continue
        pair = Pair(get, put, min(shared, default=""), BODY if shared else NAME, len(calls[get]), both, min(places))
        if pair.share >= SHARE and both >= LEAST:
            out.append(pair)
    return sorted(out, key=lambda pair: (pair.known, -pair.both, -pair.share, pair.get))


def opposites(name: str) -> list[str]:
    """The names that a put of what *name* gets may have: one word changed, or that word at the end of what stands before it."""
    out: dict[str, None] = {}
    words = [(match[0], match.span()) for match in WORDS.finditer(name)]
    for take, drops in OPPOSITES:
        for word, (begin, end) in words:
            if word != take:
                continue
            for drop in drops:
                out[name[:begin] + drop + name[end:]] = None
                out[name[:begin] + drop] = None
    return [one for one in out if one != name]


def _moving(store: Store, round_: int) -> tuple[Mapping[str, set[str]], Mapping[str, set[str]]]:
    """The counters that each function is known to raise (in what it returns or is given), and to lower."""
    gets: dict[str, set[str]] = defaultdict(set)
    puts: dict[str, set[str]] = defaultdict(set)
    for name, path, static, raw in store.all_definitions():
        for counter, contract in Definition(path, bool(static), raw).at(round_).items():
            for effect in contract.effects:
                if effect.verb is Verb.TAKE:
                    gets[name].add(counter)
                elif effect.verb is Verb.DROP:
                    puts[name].add(counter)
    return gets, puts


def _defined(store: Store) -> dict[str, list[str]]:
    """The functions that other files may call, and which files define each."""
    paths = {row.id: row.path for row in store.files().values()}
    out: dict[str, list[str]] = defaultdict(list)
    for file, blob in store.facts("defines"):
        path = paths[file]
        if path.startswith("tools/"):
            continue
        header = path.endswith(".h")
        for word in words_in(blob):
            if word[0] != "-" or header:
                out[word.lstrip("-")].append(path)
    return out


def _calls(store: Store, names: Iterable[str]) -> dict[str, set[int]]:
    """The files that call each of *names*, other than those that define it."""
    wanted = frozenset(names)
    here = {file: frozenset(word.lstrip("-") for word in words_in(blob)) for file, blob in store.facts("defines")}
    out: dict[str, set[int]] = defaultdict(set)
    for file, blob in store.facts("calls"):
        for name in wanted.intersection(words_in(blob)) - here.get(file, frozenset()):
            out[name].add(file)
    return out


def words_in(blob: bytes) -> list[str]:
    """The names in a column of facts."""
    return blob.decode("ascii", "replace").split()
