"""Release functions of a file: what happens when the last reference goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getput.csource.lower_text import COMMENT
from getput.ownership.core import FREED
from getput.ownership.view import Incident
from getput.pattern import pattern

if TYPE_CHECKING:
    from getput.ownership.unit import Unit

KTYPE = pattern(rb"\bkobj_type[ \t]+\w+[ \t]*=[ \t]*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
RELEASE = pattern(rb"(?:\.|->)release[ \t]*=[ \t]*&?(\w+)")
ENDS = pattern(rb"\w*(?:free|put|release|destroy|unregister|delete|remove|kref)\w*\s*\(")


def without_idle(unit: Unit, incidents: tuple[Incident, ...]) -> tuple[Incident, ...]:
    """*incidents* without memory that is given back after the last put, or without one, where a release function of the file frees
    nothing: then who owns the memory frees it.  A kobject whose type has no release function is there after its last put, too."""
    freed = [one for one in incidents if one.kind == "free-counted" or one.note == FREED]
    kobjects = [one for one in incidents if one.key[1] == "kobject" and (one in freed or one.kind == "use-after-put")]
    if not freed and not kobjects:
        return incidents
    nothing = idle(unit)
    gone = freed if nothing else []
    if nothing or any(b"release" not in body for body in KTYPE.findall(unit.text)):
        gone = [*gone, *kobjects]
    return tuple(one for one in incidents if one not in gone)


def idle(unit: Unit) -> bool:
    """Whether a release function of the file does nothing, or only says that it was called, to the log or to who waits for that."""
    for name in sorted(set(RELEASE.findall(unit.text))):
        source = unit.by_name.get(name.decode("ascii"))
        if source is None:
            continue
        body = COMMENT.sub(b"", unit.text[unit.text.index(b"{", source.start) : source.end])
        if not ENDS.search(body):
            return True
    return False
