"""Members of structures, as the text shows them: which functions put what one holds, which write it, and with what.

All of this goes by words, generously: a function that names the member and calls any put of the counter on it, or an unknown function
that sounds like one, counts as one that puts it.  That can hide a leak; it cannot invent one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from getput.csource.codetext import WORD_BYTES as WORD_CHARS
from getput.csource.lower_text import COMMENT
from getput.ownership.view_of_files import WORD
from getput.pattern import pattern

if TYPE_CHECKING:
    from getput.csource.syntax import FunctionSource
    from getput.ownership.unit import Unit

CALLS = pattern(rb"\b([A-Za-z_]\w*)\s*\((?=([^;{}]*))")  # one call may stand in the arguments of another
SOUNDS_LIKE_PUT = pattern(r"(?:^|_)(?:put|release|unref|drop|destroy|free)(?:_|$)")
FREES_MEMORY = pattern(
    r"^(?:k|v|kv|devm_k)free\w*$|^kmem_cache_free$|^(?:un)?register_|_unregister$|^free_irq$|^dma_free|^gpio_free|release_(?:driver|firmware|region|mem)"
)
ANY_NAME = pattern("")
ACTIONS = pattern(rb"\b(?:devm|drmm)_add_action\w*\s*\(([^;{}]*)")
ASSIGNED = pattern(rb"(?:\[[^\]]*\])?[ \t]*=(?!=)\s*([^;]*);")  # behind a member
ARROWS = (b"->", b".")
WORD_BYTES = frozenset(b"%c" % char for char in WORD_CHARS)
LONGEST = 400  # bytes in front of an assignment in which the variable is looked for


def puts_by_name(word: str) -> bool:
    """Whether an unknown function of this name may put what it is given."""
    return SOUNDS_LIKE_PUT.search(word) is not None and FREES_MEMORY.search(word) is None


def droppers(
    unit: Unit, field: str, counter: str, but: frozenset[str], named: re.Pattern[str] = ANY_NAME
) -> tuple[str, ...]:
    """The functions of *unit* (*named* so, and not in *but*) that put what member *field* holds; "" for any object of *counter*."""
    puts = unit.vocabulary.puts(counter)
    out = []
    name = field.encode("ascii")
    unknown = unknown_to(unit)
    text = unit.text
    for source in unit.sources:
        if name and next(places(text, name, source.start, source.end), None) is None:
            continue
        if field:
            out += [action for action in actions_on(unit, source, name, puts) if named.search(action)]
        if source.name in but or not named.search(source.name):
            continue
        body = COMMENT.sub(b"", text[source.start : source.end])
        if not field:
            if any(word.decode("ascii") in puts for word in WORD.findall(body)):
                out.append(source.name)
        elif puts_member(body, name, puts, unknown):
            out.append(source.name)
    return tuple(out)


def actions_on(unit: Unit, source: FunctionSource, field: bytes, puts: frozenset[str]) -> Iterator[str]:
    """The functions of the file that call one of *puts* and that *source* registers as an action, to be run on what the member holds."""
    for arguments in ACTIONS.findall(unit.text, source.start, source.end):
        words = WORD.findall(arguments)
        if field in words:
            for name in (word.decode("ascii") for word in words):
                action = unit.by_name.get(name)
                if action is not None and unit.words_of(action) & puts:
                    yield name


def places(text: bytes, field: bytes, start: int, end: int) -> Iterator[int]:
    """The offsets behind each ``->field`` and ``.field`` in a part of *text*: a search for the bare name, for a pattern made for each field
    takes longer to compile than to run."""
    at = text.find(field, start, end)
    while at != -1:
        behind = at + len(field)
        if text.endswith(ARROWS, start, at) and (behind == end or text[behind : behind + 1] not in WORD_BYTES):
            yield behind
        at = text.find(field, at + 1, end)


def unknown_to(unit: Unit) -> Callable[[str], bool]:
    """Whether neither the tables nor the file know a function."""
    known = unit.tables.contracts
    return lambda word: word not in known and not unit.is_function(word)


def puts_member(text: bytes, field: bytes, puts: frozenset[str], unknown: Callable[[str], bool]) -> bool:
    """Whether *text* calls one of *puts*, or an *unknown* function that sounds like one, with the member or a variable that holds it."""
    found = list(places(text, field, 0, len(text)))
    if not found:
        return False
    names = {field, *[word for at in found if (word := holder(text, at - len(field)))]}
    for callee, arguments in CALLS.findall(text):
        word = callee.decode("ascii")
        if (word in puts or (unknown(word) and puts_by_name(word))) and names & set(WORD.findall(arguments)):
            return True
    return False


def holder(text: bytes, at: int) -> bytes:
    """The variable to which the expression is assigned that names a member at the offset *at*; nothing where it is none."""
    equals = text.rfind(b"=", 0, at)
    if equals == -1 or text.find(b";", equals, at) != -1:
        return b""
    before = text[max(0, equals - LONGEST) : equals].rstrip()
    return before[len(before.rstrip(WORD_CHARS)) :]


def declares(text: bytes, field: str, outside: Callable[[int], bool]) -> bool:
    """Whether a structure in *text* declares a pointer member of this name, at an offset that lies *outside* of functions."""
    pattern = rb"^[ \t]+(?:const )?(?:struct )?\w+[ \t]*\*[ \t]*" + field.encode() + rb"(?:\[[^\]]*\])?;"
    return any(outside(match.start()) for match in re.finditer(pattern, text, re.MULTILINE))


def within_functions(unit: Unit) -> Callable[[int], bool]:
    """Whether an offset of *unit* lies outside of all its functions."""
    starts = [source.start for source in unit.sources]

    def outside(at: int) -> bool:
        index = bisect_right(starts, at) - 1
        return index < 0 or at >= unit.sources[index].end

    return outside


def written(text: bytes, field: str) -> list[tuple[int, bytes]]:
    """(offset, expression) of every assignment to the member *field* in *text*."""
    name = field.encode()
    out = []
    done = 0
    for behind in places(text, name, 0, len(text)):
        start = behind - len(name)
        start -= 1 if text[start - 1 : start] == b"." else 2
        found = ASSIGNED.match(text, behind) if start >= done else None
        if found is not None:
            out.append((start, found[1].strip()))
            done = found.end()
    return out


def writes(unit: Unit, source: FunctionSource, field: str) -> list[tuple[int, bytes]]:
    """The same for one function, offsets from the file's beginning."""
    text = unit.text[source.start : source.end]
    return [(source.start + at, expression) for at, expression in written(text, field)]
