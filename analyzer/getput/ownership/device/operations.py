"""What a pagemap's operations must do: be there for the type of its memory, and drop what a page carries when it is free."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from getput.csource.lower_text import COMMENT
from getput.ownership import members
from getput.ownership.contracts import Verb
from getput.ownership.device.driver import SET_OPS, TYPE, Driver, Operations
from getput.ownership.device.table import known
from getput.ownership.view import Mark, PageFault
from getput.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from getput.csource.syntax import FunctionSource
    from getput.ownership.unit import Unit

PAYLOAD = "zone_device_data"
DECLARED = pattern(rb"\bstruct\s+dev_pagemap\s+(\w+)\s*=\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
STORED = pattern(rb"(?:->|\.)zone_device_data\s*=\s*([\w>.\s-]+?)\s*;")
TAKES = pattern(r"(?:^|_)(?:get|ref|hold|grab)(?:_|$)|^kref_get")
MAX_CALLS = 3  # callees of the function that gets the pages back, in which a put is looked for


def incomplete(unit: Unit, owner: Driver) -> Iterator[PageFault]:
    """Types that are asked for with operations that they do not allow, at the function that asks."""
    by_name = {one.name: one for one in owner.operations}
    for source in unit.sources:
        text = COMMENT.sub(lambda match: b" " * len(match[0]), unit.text[source.start : source.end])
        tables = [by_name[name.decode()] for name in SET_OPS.findall(text) if name.decode() in by_name]
        if len(tables) != 1:
            continue
        for match in TYPE.finditer(text):
            missing = lacking(tables[0], match[1].decode())
            if missing:
                at = source.start + match.start(1)
                way = (Mark("here", tables[0].at), Mark("here", at))
                note = " and ".join(f".{name}" for name in missing)
                yield PageFault("operation-missing", source.name, tables[0].name, match[1].decode(), at, way, note)
                break
    yield from mapped_as_declared(unit, by_name)


def mapped_as_declared(unit: Unit, by_name: dict[str, Operations]) -> Iterator[PageFault]:
    """The same for a pagemap that is declared with its type and its operations, at the function that maps it."""
    for match in DECLARED.finditer(COMMENT.sub(lambda found: b" " * len(found[0]), unit.text[: unit.written])):
        kind, table = TYPE.search(match[2]), SET_OPS.search(match[2])
        here = None if table is None else by_name.get(table[1].decode())
        if kind is None or here is None:
            continue
        missing = lacking(here, kind[1].decode())
        user = next((one for one in unit.sources if match[1].decode() in unit.words_of(one)), None)
        if missing and user is not None:
            at = unit.text.find(match[1], user.start)
            way = (Mark("here", here.at), Mark("here", match.start(1)), Mark("here", at))
            note = " and ".join(f".{name}" for name in missing)
            yield PageFault("operation-missing", user.name, here.name, kind[1].decode(), at, way, note)


def lacking(table: Operations, kind: str) -> list[str]:
    """The operations that memory of this type must have and the table has not."""
    spelt = known().operations
    out = []
    for name in spelt.required.get(kind, ()):
        names = spelt.free if name == "free" else (name,)
        if not any(one in table.members for one in names):
            out.append(names[0])
    return out


def kept(unit: Unit, owner: Driver) -> Iterator[PageFault]:
    """References that pages carry in their own member, and that the function which gets the pages back does not drop."""
    frees = [unit.by_name[name] for name in sorted(owner.frees) if name in unit.by_name]
    if not frees:
        return
    for source in unit.sources:
        text = unit.text[source.start : source.end]
        for match in STORED.finditer(text):
            value = re.sub(rb"\s+", b"", match[1])
            taken = counted(unit, text[: match.start()], value)
            if taken and not any(drops(unit, free) for free in frees):
                name, at = taken
                stored = source.start + match.start(1)
                way = (Mark("take", source.start + at, name), Mark("here", frees[0].start), Mark("here", stored))
                label = value.decode("ascii", "replace")
                yield PageFault("payload-kept", source.name, label, name, stored, way, frees[0].name)
                break


def counted(unit: Unit, text: bytes, value: bytes) -> tuple[str, int] | None:
    """The call before the end of *text* that takes a reference on *value*, or gives one to it, and its offset there."""
    for match in re.finditer(rb"(?<![\w>.])%s\s*=\s*(\w+)\s*\(" % re.escape(value), text):
        contract = unit.tables.contracts.get(match[1].decode())
        if contract is not None and any(one.verb is Verb.TAKE and one.target.arg < 0 for one in contract.effects):
            return match[1].decode(), match.start(1)
    for match in re.finditer(rb"\b(\w+)\s*\(([^();]*)\)", text):
        callee = match[1].decode()
        first = re.sub(rb"\s+|^&", b"", match[2].split(b",")[0])
        same = first in (value, value + b"->ref", value + b"->kref", value + b"->refcount")
        if same and takes(unit, callee):
            return callee, match.start()
    return None


def takes(unit: Unit, callee: str) -> bool:
    """Whether a function takes a reference on its first argument, by the tables or by its name."""
    contract = unit.tables.contracts.get(callee)
    if contract is not None:
        return any(effect.verb is Verb.TAKE and effect.target.arg == 0 for effect in contract.effects)
    return TAKES.search(callee) is not None


def drops(unit: Unit, source: FunctionSource) -> bool:
    """Whether a function, or one of the file that it calls, puts what a page carries."""
    puts = unit.vocabulary.words
    seen = [source]
    for one in seen:
        text = COMMENT.sub(b"", unit.text[one.start : one.end])
        if members.puts_member(text, PAYLOAD.encode(), dropping(unit, puts), members.unknown_to(unit)):
            return True
        if named_put(unit, text):
            return True
        if len(seen) <= MAX_CALLS:
            seen += [callee for callee in unit.callees(one) if callee not in seen]
    return False


def named_put(unit: Unit, text: bytes) -> bool:
    """Whether a function of the file that sounds like a put gets what the page carries."""
    names = {PAYLOAD.encode(), *re.findall(rb"\b(\w+)\s*=[^;=]*(?:->|\.)zone_device_data\b", text)}
    for callee, arguments in members.CALLS.findall(text):
        word = callee.decode()
        if unit.is_function(word) and members.puts_by_name(word) and names & set(re.findall(rb"\w+", arguments)):
            return True
    return False


def dropping(unit: Unit, words: frozenset[str]) -> frozenset[str]:
    """Those of *words* that drop something."""
    contracts = unit.tables.contracts
    return frozenset(
        [
            word
            for word in words
            if word in contracts and any(effect.verb is Verb.DROP for effect in contracts[word].effects)
        ]
    )
