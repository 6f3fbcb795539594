"""References that a callee leaves in a structure on the caller's stack: when the caller returns, nobody can put them any more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from getput.ownership.naming import CALL
from getput.ownership.put_changes import objects
from getput.ownership.twins import calls, fewer, touched_in_both
from getput.ownership.unit import Unit
from getput.ownership.view import Stranded
from getput.pattern import pattern

MEMBER = pattern(r"(\w+)\.\w[\w.]*")
STRUCT = pattern(rb"\bstruct\s+\w+\s+\w+\s*[=;,]")


def stranded(unit: Unit, touched: frozenset[str]) -> Iterator[Stranded]:
    """The members of structures on the stack of functions *touched* by the patch, filled by somebody who got the address, that the function put in
    the other image and no longer puts."""
    for source, other, before in touched_in_both(unit, touched):
        new, old = unit.member(source).text, other.member(before).text
        if STRUCT.search(new) is None or not set(CALL.findall(old)).issuperset(CALL.findall(new)):
            continue
        for counter in sorted(other.counters(before)):
            was = other.report(before, counter) if fewer(new, old, unit.vocabulary.puts(counter)) else None
            if was is None:
                continue
            now = unit.report(source, counter)
            left = {} if now is None else objects(now)
            for (family, label), rows in sorted(objects(was).items()):
                place = MEMBER.fullmatch(label)
                if place is None or (family, label) in left or not on_stack(new, place[1]):
                    continue
                if not all(one.low < 0 and not one.count.taken and not one.escaped for _, one in rows):
                    continue
                filler = re.search(rb"\b(\w+)\s*\([^;]*?&\s*%s\b(?!\s*[.])" % place[1].encode(), new)
                if filler is None:
                    continue
                name = filler[1].decode("ascii")
                if calls(new, [name]) == calls(old, [name]):
                    put = rows[0][1].count.dropped[-1].callee
                    yield Stranded(label, family, name, put, source.name, source.start + filler.start())


def on_stack(text: bytes, name: str) -> bool:
    """Whether *name* is a structure of the function itself, which is not copied to anywhere."""
    word = re.escape(name.encode())
    declared = re.search(rb"\bstruct\s+\w+\s+%s\s*(?:=|;|,)" % word, text)
    return declared is not None and re.search(rb"(?:=|\breturn|memcpy\s*\(.*,)\s*&?%s\s*[;,]" % word, text) is None
