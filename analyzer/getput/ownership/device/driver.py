"""A file that owns device memory: its operations, the types of its pages, and the members in which its free pages wait."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from getput.csource.lower_text import COMMENT
from getput.ownership.device.table import known
from getput.pattern import pattern

if TYPE_CHECKING:
    from getput.ownership.unit import Unit

MEMBER = pattern(rb"\.(\w+)\s*=\s*&?(\w+)")
TYPE = pattern(rb"(?:->|\.)type\s*=\s*(MEMORY_DEVICE_\w+)")
SET_OPS = pattern(rb"(?:->|\.)ops\s*=\s*&(\w+)")
LINKED = pattern(rb"(?:->|\.)zone_device_data\s*=\s*\w+(?:(?:->|\.)\w+)*(?:->|\.)(\w+)\s*;")
TAKEN_OFF = pattern(rb"(?:->|\.)(\w+)\s*=\s*[\w()*]+(?:(?:->|\.)\w+)*(?:->|\.)zone_device_data\s*;")
POPPED = pattern(
    rb"\b(\w+)\s*=\s*\w+(?:(?:->|\.)\w+)*(?:->|\.)(\w+)\s*;[^{}]*?(?:->|\.)\2\s*=\s*\1->zone_device_data\s*;"
)
PUSHED = rb"(?:->|\.)%s\s*=\s*\w+\s*;"


class Operations(msgspec.Struct, frozen=True):
    """One table of operations: member to function; ``at`` is its offset."""

    name: str
    at: int
    members: dict[str, str]

    @property
    def free(self) -> str:
        """The function that gets the pages back, or nothing."""
        return next((self.members[name] for name in known().operations.free if name in self.members), "")


class Driver(msgspec.Struct, frozen=True):
    """The device memory of one file.  ``types`` are those that it asks for, ``lists`` the members that link free pages."""

    operations: tuple[Operations, ...]
    types: frozenset[str]
    lists: frozenset[str]

    @property
    def countless(self) -> bool:
        """Whether its free pages have no count: all that it owns are of such a type."""
        return bool(self.types) and self.types <= frozenset(known().types.countless)

    @property
    def frees(self) -> frozenset[str]:
        """The functions that get pages back."""
        return frozenset([one.free for one in self.operations if one.free])


def driver(unit: Unit) -> Driver | None:
    """What *unit* owns; None where it has no operations for a pagemap."""
    mark = known().operations.structure.encode()
    text = unit.text[: unit.written]
    if mark not in text:
        return None
    found = tuple(operations(text, mark))
    if not found:
        return None
    bare = COMMENT.sub(lambda match: b" " * len(match[0]), text)
    types = frozenset(name.decode() for name in TYPE.findall(bare))
    return Driver(found, types, lists(bare))


def operations(text: bytes, mark: bytes) -> list[Operations]:
    """The tables of operations that *text* defines."""
    out = []
    for match in re.finditer(rb"\bstruct\s+%s\s+(\w+)\s*=\s*\{([^{}]*)\}" % mark, text):
        body = COMMENT.sub(b"", match[2])
        members = {name.decode(): value.decode() for name, value in MEMBER.findall(body) if value != b"NULL"}
        out.append(Operations(match[1].decode(), match.start(), members))
    return out


def lists(text: bytes) -> frozenset[str]:
    """The members that lead to a page from which ``zone_device_data`` leads to the next free one."""
    linked = set(LINKED.findall(text)) | set(TAKEN_OFF.findall(text))
    popped = {name for _, name in POPPED.findall(text)}
    return frozenset([name.decode() for name in linked if name in popped or re.search(PUSHED % name, text)])
