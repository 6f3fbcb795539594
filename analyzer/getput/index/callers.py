"""Who calls a function or a macro: the files that may are known from the facts, the places are read from their texts."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from getput.csource.lines import LineMap
from getput.csource.mask import quieted
from getput.csource.split import functions
from getput.index.names import seen_from
from getput.index.store import Store
from getput.untrusted import contents

_STATIC = re.compile(rb"\bstatic\b")
_DEFINE = re.compile(rb"[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)")
_HANDED_OUT = rb"\.(\w+)[ \t\n]*=[ \t\n]*&?%s\b(?![ \t\n]*\()"


class Defined(msgspec.Struct, frozen=True):
    """A function or a macro (``kind``): its file, its line (1-based), whether only its file and those that include it can call it."""

    path: str
    line: int
    kind: str
    static: bool


class Caller(msgspec.Struct, frozen=True):
    """One place: ``how`` is ``call`` (*name* is the function that calls), ``macro`` (the macro whose text does), or ``pointer`` (the member
    that it is handed out as)."""

    path: str
    line: int
    name: str
    how: str


class Group(msgspec.Struct, frozen=True):
    """Those who call the same: one definition, several that cannot be told apart, or none where the tree has none."""

    defined: tuple[Defined, ...]
    callers: tuple[Caller, ...]


def callers(store: Store, tree: Path, name: str) -> list[Group]:
    """Who calls *name*, grouped by what it means where it is called; in the order of the definitions, those without one last."""
    texts = {path: text for path, text in _texts(store, tree, name) if name.encode() in text}
    every = [one for path, text in texts.items() for one in definitions(text, path, name)]
    groups: dict[tuple[Defined, ...], list[Caller]] = {(one,): [] for one in every}
    for path, text in texts.items():
        found = list(places(text, path, name))
        if found:
            groups.setdefault(tuple(seen_from(path, every)), []).extend(found)
    ordered = sorted(groups, key=lambda group: (not group, [(one.path, one.line) for one in group]))
    return [Group(group, tuple(groups[group])) for group in ordered]


def _texts(store: Store, tree: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """The files that call, define or hand out *name*, as they stand; one that is gone meanwhile is left out."""
    for path in store.files_with(name):
        try:
            yield path, contents(tree / path, within=tree)
        except OSError:
            continue


def definitions(text: bytes, path: str, name: str) -> Iterator[Defined]:
    """The functions and macros called *name* that *text* defines, in its order."""
    lines = LineMap(text)
    found = []
    for source in functions(text):
        if source.name == name:
            static = _STATIC.search(text, source.start, text.find(b"{", source.start)) is not None
            found.append(Defined(path, lines.position(source.start)[0], "function", static))
    for match in re.finditer(rb"^[ \t]*#[ \t]*define[ \t]+%s\b" % re.escape(name.encode()), text, re.MULTILINE):
        found.append(Defined(path, lines.position(match.start())[0], "macro", True))
    yield from sorted(found, key=lambda one: one.line)


def places(text: bytes, path: str, name: str) -> Iterator[Caller]:
    """Where *text* calls *name* or hands it out, in its order."""
    word = re.escape(name.encode())
    code = quieted(text)
    sources = functions(text)
    starts = [source.start for source in sources]
    lines = LineMap(text)
    for match in re.finditer(rb"\b%s[ \t\n]*\(|%s" % (word, _HANDED_OUT % word), code):
        at = match.start()
        line = lines.position(at)[0]
        if match[1] is not None:
            yield Caller(path, line, match[1].decode("ascii", "replace"), "pointer")
            continue
        index = bisect_right(starts, at) - 1
        if index >= 0 and at < sources[index].end:
            if at > code.find(b"{", starts[index]):  # else it is its own head
                yield Caller(path, line, sources[index].name, "call")
            continue
        macro = _macro(code, at)
        if macro and macro != name:
            yield Caller(path, line, macro, "macro")


def _macro(code: bytes, at: int) -> str:
    """The macro whose definition *at* stands in, or nothing."""
    start = code.rfind(b"\n", 0, at) + 1
    while start >= 2 and code[start - 2] == 0x5C:
        start = code.rfind(b"\n", 0, start - 1) + 1
    found = _DEFINE.match(code, start)
    return found[1].decode("ascii", "replace") if found else ""


def how_many(groups: Iterable[Group]) -> int:
    """The places in all of *groups*."""
    return sum(len(group.callers) for group in groups)
