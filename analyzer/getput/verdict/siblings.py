"""Functions that shared a step of counting before a patch and do not after it.

A *guard* is what the way to such a step asks of a named constant: ``if (pgmap->type == MEMORY_DEVICE_PRIVATE)``.  Where several functions of a folder ask
the same before they count, that is one decision written down several times; a patch that changes it in some of them is asked about the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from getput.flow.guards import Guard, guards
from getput.flow.ir import Call
from getput.ownership.contracts import Verb
from getput.ownership.pages import COUNTER, SETTERS
from getput.ownership.view import Diverged, Place, Sibling
from getput.pattern import pattern
from getput.verdict.place import text_at

if TYPE_CHECKING:
    from getput.csource.syntax import FunctionSource
    from getput.ownership.unit import Unit
    from getput.verdict.contracts import World
    from getput.verdict.folder import Folders

CONSTANTS = pattern(rb"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")
MOVES = frozenset({Verb.TAKE, Verb.DROP, Verb.INIT, Verb.UNSURE})
MAX_SITES = 40


class Counting(msgspec.Struct, frozen=True):
    """A call of ``api`` at an offset, which moves a count of ``family``, and what the way there asks."""

    function: str
    api: str
    family: str
    at: int
    guards: frozenset[Guard]


class Shed(msgspec.Struct, frozen=True):
    """A step of counting in a file that asked ``guard`` before the patch, and does so no longer; ``at`` is its offset now."""

    path: str
    function: str
    api: str
    family: str
    guard: Guard
    at: int


def shed(before: Unit | None, after: Unit | None, touched: Iterable[FunctionSource]) -> Iterator[Shed]:
    """What the *touched* functions, which stand in both images of one file, no longer ask before they count."""
    if before is None or after is None or before.path != after.path:
        return
    for source in touched:
        known = before.by_name.get(source.name)
        if known is None or constants(before, known) == constants(after, source):
            continue
        was, now = steps(before, known), steps(after, source)
        fresh = after.words_of(source) - before.words_of(known)
        seen: set[tuple[str, Guard]] = set()
        for one in now:
            for guard in sorted({guard for step in was if step.api == one.api for guard in step.guards}, key=order):
                key = (one.api, guard)
                if key in seen or any(guard in step.guards for step in now if step.api == one.api):
                    continue
                if any(guard not in step.guards for step in was if step.api == one.api):
                    continue  # it did not always ask
                if any(may_ask(after, name, guard) for name in fresh):
                    continue  # it has somebody else ask
                seen.add(key)
                yield Shed(after.path, source.name, one.api, one.family, guard, one.at)


def may_ask(unit: Unit, name: str, guard: Guard) -> bool:
    """Whether a function of this name asks the question of a guard: one of the file that names its constants, or one that nothing is known of."""
    if name in unit.by_name:
        return guard.constants <= unit.words_of(unit.by_name[name])
    return not moves(unit, name) and re.search(rb"\b%s\s*\(" % name.encode(), unit.text) is not None


def order(guard: Guard) -> tuple[str, list[str]]:
    """A key to sort guards by."""
    return (guard.subject, sorted(guard.constants))


def constants(unit: Unit, source: FunctionSource) -> list[bytes]:
    """The constants that a function names, as often as it does."""
    return sorted(CONSTANTS.findall(unit.text, source.start, source.end))


def steps(unit: Unit, source: FunctionSource) -> list[Counting]:
    """The calls in *source* that move a count, as the tables know them, in the graph's order."""
    words = unit.words_of(source)
    if words.isdisjoint(unit.vocabulary.words):
        return []
    function = unit.function(source)
    if function is None:
        return []
    asked = guards(function)
    out = []
    for number, block in enumerate(function.blocks):
        for instr in block.instrs:
            if isinstance(instr, Call) and instr.callee is not None:
                family = moves(unit, instr.callee)
                if family:
                    out.append(Counting(source.name, instr.callee, family, instr.at, asked[number]))
    return out


def moves(unit: Unit, name: str) -> str:
    """The family whose count a call of *name* moves, "" for none."""
    contract = unit.tables.contracts.get(name)
    if contract is not None:
        return next((one.family for one in contract.effects if one.verb in MOVES and one.family != "memory"), "")
    return COUNTER if name in SETTERS else ""


class Guarded:
    """Looks for the functions of a folder that ask what others no longer do."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders

    def diverged(self, every: list[Shed], old: World, new: World) -> Diverged | None:
        """What is left behind of one guard, which *every* step of one patch has shed (the first is where that is told)."""
        first = every[0]
        guard = first.guard
        names = {(one.path, one.function) for one in every}
        families = {one.family for one in every}
        before = list(self.sites(first.path, guard, old))
        if not consistent(before, guard, families):
            return None
        asked = {(path, step.function) for path, _, step in before if guard in step.guards}
        left: list[Sibling] = []
        seen: set[tuple[str, str]] = set()
        for path, unit, step in self.sites(first.path, guard, new):
            key = (path, step.function)
            if key in names:
                if guard in step.guards and step.api in {one.api for one in every if (one.path, one.function) == key}:
                    return None  # a later patch takes it back
                continue
            if guard not in step.guards or key not in asked or key in seen:
                continue
            if step.family in families or len(guard.constants) > 1:
                seen.add(key)
                left.append(Sibling(step.function, step.api, place(unit, step.at)))
        if not left or not any(unit_of(new, one) for one in every):
            return None
        left.sort(key=lambda one: (one.place.path, one.place.line))
        what = f"{guard.subject} ({', '.join(sorted(guard.constants))})"
        shown = tuple(dict.fromkeys((one.function, one.api) for one in every))
        says = (f"no longer depends on {what}", f"no longer depend on {what}")
        return Diverged(first.family, first.at, shown, tuple(left[:MAX_SITES]), says, ("still does", "still do"))

    def sites(self, path: str, guard: Guard, world: World) -> Iterator[tuple[str, Unit, Counting]]:
        """The steps of counting in the folder of *path* whose way asks any of the guard's constants, by file and function."""
        words = [name.encode() for name in sorted(guard.constants)]
        for other in sources_beside(self.folders, path, world.texts):
            text = text_beside(self.folders, path, other, world.texts)
            if text is None or not any(word in text for word in words):
                continue
            unit = world.unit(other)
            if unit is None:
                continue
            for source in unit.sources:
                if guard.constants.isdisjoint(unit.words_of(source)):
                    continue
                for step in steps(unit, source):
                    if any(one.subject == guard.subject and one.constants & guard.constants for one in step.guards):
                        yield other, unit, step


def sources_beside(folders: Folders, path: str, texts: Mapping[str, bytes | None]) -> list[str]:
    """The sources in the folder of *path*, and those of a series (*texts*) there, sorted."""
    folder = path.rpartition("/")[0]
    found = folders.texts(folder or ".") or {}
    return sorted({*found, *(other for other in texts if other.rpartition("/")[0] == folder)})


def text_beside(folders: Folders, path: str, other: str, texts: Mapping[str, bytes | None]) -> bytes | None:
    """The text of the file *other* in the folder of *path*."""
    if other in texts:
        return texts[other]
    return (folders.texts(path.rpartition("/")[0] or ".") or {}).get(other)


def consistent(sites: list[tuple[str, Unit, Counting]], guard: Guard, families: set[str]) -> bool:
    """Whether those who count the same ask the same."""
    return all(guard in step.guards for _, _, step in sites if step.family in families)


def unit_of(world: World, one: Shed) -> bool:
    """Whether the function that shed its guard still stands there."""
    unit = world.unit(one.path)
    return unit is not None and one.function in unit.by_name


def place(unit: Unit, at: int) -> Place:
    """A place of a file."""
    line, column = unit.lines.position(at)
    return Place(unit.path, line, column, text_at(unit.lines, line))
