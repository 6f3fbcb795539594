"""Functions that resemble each other by name or by what they are given as: a step of counting that all had, and one no longer has.

Relatives of a function are those of its file whose names differ from its own in one word (``foo_rx_stop``, ``foo_tx_stop``), and those of its folder that
stand for the same operation of the same kind of table (``.remove`` in ``struct foo_ops``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from getput.flow.ir import Call, Declare
from getput.ownership.contracts import Verb
from getput.ownership.view import Diverged, Sibling
from getput.pattern import pattern
from getput.verdict.siblings import MAX_SITES, place, sources_beside, text_beside

if TYPE_CHECKING:
    from getput.csource.syntax import FunctionSource
    from getput.ownership.unit import Unit
    from getput.verdict.contracts import World
    from getput.verdict.folder import Folders

LEAST = 2  # relatives that make a habit
TABLE = pattern(rb"\bstruct\s+(\w+)\s+\w+(?:\s*\[[^\]]*\])?\s*=\s*\{")
GIVEN = pattern(rb"\.\s*(\w+)\s*=\s*&?(\w+)\s*[,}]")
MAX_TABLE = 20_000  # bytes of an initialiser that are looked at


class Operation(NamedTuple):
    """A member of a kind of table that is given a function: ``.remove`` in a ``struct foo_ops``."""

    table: bytes
    member: bytes


class Lost(msgspec.Struct, frozen=True):
    """A call of ``api`` that a function of a file made before the patch, and no longer makes; ``rest`` is what of the same family it still calls."""

    path: str
    function: str
    api: str
    family: str
    rest: frozenset[str]
    at: int


class Calls(msgspec.Struct, frozen=True):
    """What a function calls: by name the first offset of each, and whether locals of it clean up after themselves."""

    names: dict[str, int]
    cleans: bool


def lost(before: Unit | None, after: Unit | None, touched: Iterable[FunctionSource]) -> Iterator[Lost]:
    """The steps of counting that *touched* functions, which stand in both images of one file, no longer make, and nothing stands in for."""
    if before is None or after is None or before.path != after.path:
        return
    found = []
    away: set[tuple[str, bool]] = set()  # (family, whether it takes) of what any of them no longer does
    for source in touched:
        known = before.by_name.get(source.name)
        if known is None:
            continue
        gone = before.words_of(known) - after.words_of(source)
        if not any(step(after, name) for name in gone):
            continue
        was, now = calls(before, known), calls(after, source)
        if was is None or now is None:
            continue
        missing = [(name, step(after, name)) for name in was.names if name not in now.names]
        moved = [(name, one) for name, one in missing if one is not None]
        away.update(one for _, one in moved)
        if now.names.keys() - was.names.keys() or (now.cleans and not was.cleans):
            continue  # something new may do it
        for name, one in moved:
            rest = frozenset([other for other in now.names if (step(after, other) or ("",))[0] == one[0]])
            at = after.text.find(source.name.encode(), source.start)
            found.append((Lost(after.path, source.name, name, one[0], rest, at), one))
    for each, (family, takes) in found:
        if (family, not takes) not in away:  # else both ends are gone
            yield each


def step(unit: Unit, name: str) -> tuple[str, bool] | None:
    """(family, whether it takes) of a call that moves a count, as the tables know it."""
    contract = unit.tables.contracts.get(name)
    if contract is None:
        return None
    moved = [
        one for one in contract.effects if one.verb in (Verb.TAKE, Verb.DROP, Verb.INIT) and one.family != "memory"
    ]
    return (moved[0].family, moved[0].verb is not Verb.DROP) if len(moved) == 1 else None


def calls(unit: Unit, source: FunctionSource) -> Calls | None:
    """What *source* calls; None where it cannot be read."""
    function = unit.function(source)
    if function is None or function.damaged:
        return None
    names: dict[str, int] = {}
    cleans = False
    for block in function.blocks:
        for instr in block.instrs:
            if isinstance(instr, Call) and instr.callee is not None:
                names[instr.callee] = min(instr.at, names.get(instr.callee, instr.at))
            elif isinstance(instr, Declare) and instr.cleanup is not None:
                cleans = True
    return Calls(names, cleans)


def alike(one: str, other: str) -> bool:
    """Whether two names differ in one word."""
    words, others = one.split("_"), other.split("_")
    return (
        len(words) == len(others) > 2
        and sum(a != b for a, b in zip(words, others, strict=True)) == 1
        and words[0] == others[0]
    )


def operations(unit: Unit) -> dict[str, set[Operation]]:
    """What the functions of a file are given as, by name."""
    out: dict[str, set[Operation]] = {}
    for table in TABLE.finditer(unit.text, 0, unit.written):
        depth, at, end = 1, table.end(), min(table.end() + MAX_TABLE, unit.written)
        while depth and at < end:
            byte = unit.text[at : at + 1]
            depth += (byte == b"{") - (byte == b"}")
            at += 1
        for member, function in GIVEN.findall(unit.text, table.end(), at):
            if function.decode() in unit.by_name:
                out.setdefault(function.decode(), set()).add(Operation(table[1], member))
    return out


def relatives(unit: Unit, name: str) -> list[str]:
    """The functions of a file that are relatives of *name* in it, sorted."""
    given = operations(unit)
    mine = given.get(name, set())
    return sorted(
        source.name
        for source in unit.sources
        if source.name != name and (alike(name, source.name) or mine & given.get(source.name, set()))
    )


class Related:
    """Looks for the relatives of a function that still do what it no longer does."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders

    def diverged(self, one: Lost, old: World, new: World, touched: frozenset[tuple[str, str]]) -> Diverged | None:
        """What the relatives of a function still do, where all of them do; *touched* are (file, name) of the functions that the patch touches."""
        before, after = old.unit(one.path), new.unit(one.path)
        if before is None or after is None or one.function not in after.by_name:
            return None
        again = calls(after, after.by_name[one.function])
        if again is None or one.api in again.names:
            return None  # a later patch brings it back
        siblings = []
        for path, name in self.relatives(one, before, old):
            was, now = called(old, path, name), called(new, path, name)
            if was is None or now is None:
                return None
            if not one.rest <= was.names.keys():
                continue  # it does something else
            if one.api not in was.names or one.api not in now.names or (path, name) in touched:
                return None
            unit = new.unit(path)
            assert unit is not None
            siblings.append(Sibling(name, one.api, place(unit, now.names[one.api])))
        if len(siblings) < LEAST:
            return None
        siblings.sort(key=lambda each: (each.place.path, each.place.line))
        says = ("is gone", "are gone")
        steps = ((one.function, one.api),)
        return Diverged(one.family, one.at, steps, tuple(siblings[:MAX_SITES]), says, ("stays", "stay"))

    def relatives(self, one: Lost, before: Unit, old: World) -> Iterator[tuple[str, str]]:
        """(file, name) of the relatives of a function: those of its own file, then those of its folder."""
        for name in relatives(before, one.function):
            yield one.path, name
        mine = operations(before).get(one.function, set())
        if not mine:
            return
        marks = [(b"struct " + operation.table, operation.member) for operation in sorted(mine)]
        for path in sources_beside(self.folders, one.path, old.texts):
            text = text_beside(self.folders, one.path, path, old.texts) or b""
            if path == one.path or not any(table in text and member in text for table, member in marks):
                continue
            unit = old.unit(path)
            if unit is not None:
                yield from ((path, name) for name, given in sorted(operations(unit).items()) if mine & given)


def called(world: World, path: str, name: str) -> Calls | None:
    """What a function of *world* calls; None where it does not stand there, or cannot be read."""
    unit = world.unit(path)
    return None if unit is None or name not in unit.by_name else calls(unit, unit.by_name[name])
