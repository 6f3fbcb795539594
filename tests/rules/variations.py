"""Other ways to write the same program: each takes the text of a file and gives one that means the same.

What is changed where is chosen by the text of a line alone, so that the lines which two images share stay alike.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from getput.csource.lower import Unlowerable, lower_function
from getput.csource.macros import bundled
from getput.csource.parse import parse_function
from getput.csource.split import functions

WORD = re.compile(rb"[A-Za-z_]\w*")
STRING = re.compile(rb'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/', re.DOTALL)
MEMBER = re.compile(
    rb"(?:->|\.)\s*(\w+)|(\w+)\s*(?:\[[^\]]*\])?;|offsetof\([^)]*\)|container_of\([^;]*\)|for_each_\w*entry\w*\([^;{]*\)"
)
STRUCT = re.compile(rb"(?:struct|union)[^{};()]*\{.*?^\}", re.DOTALL | re.MULTILINE)


def drawn(line: bytes, salt: int, one_in: int) -> bool:
    """Whether *line* is one of those that are changed."""
    return zlib.crc32(line.strip() + bytes([salt])) % one_in == 0


def inside(text: bytes) -> list[tuple[int, int]]:
    """Where the bodies of the functions lie."""
    return [(text.index(b"{", one.start), one.end) for one in functions(text) if b"{" in text[one.start : one.end]]


def members_of(text: bytes) -> set[bytes]:
    """Every word that may be the name of a member in *text*."""
    members = {word for one in STRUCT.finditer(text) for word in WORD.findall(one[0])}
    return members | {word for one in MEMBER.finditer(text) if one[1] or not one[2] for word in WORD.findall(one[0])}


def renamed(text: bytes, both: bytes) -> bytes:
    """Locals and parameters under other names, as far as nothing else in *both* images has theirs.  Flags keep theirs: it says what they are."""
    members = members_of(both)
    out, done = bytearray(), 0
    for source in functions(text):
        try:
            graph = lower_function(text, parse_function(text, source, bundled()))
        except Unlowerable:
            continue
        mine = {name.encode() for name in [*graph.locals, *(param.name for param in graph.params)] if name} - members
        new = {name: b"v%x" % zlib.crc32(name) for name in mine if not name.endswith(b"flags")}
        kept = {one.span() for one in STRING.finditer(text, source.start, source.end)}
        out += text[done : source.start]
        done = source.start
        for word in WORD.finditer(text, source.start, source.end):
            if word[0] in new and not any(low <= word.start() < high for low, high in kept):
                out += text[done : word.start()] + new[word[0]]
                done = word.end()
    return bytes(out + text[done:])


def respaced(text: bytes, both: bytes) -> bytes:
    """Four blanks for a tab, blank lines and comments between lines and at their ends."""
    out = []
    for line in text.split(b"\n"):
        whole = not line.endswith(b"\\") and not line.startswith(b"#") and line.strip()
        spaced = line if line.startswith(b"#") or line.endswith(b"\\") else line.replace(b"\t", b"    ")
        if whole and line.endswith((b";", b"{", b"}")) and drawn(line, 1, 3):
            spaced += b" /* as it is */"
        out.append(spaced)
        if whole and line.endswith(b";") and drawn(line, 2, 3):
            out += [b"", b"    /* and so", b"     * it goes on */"]
    return b"\n".join(out)


def joined(text: bytes, both: bytes) -> bytes:
    """The arguments of a call on lines of their own."""
    bodies = inside(text)
    out, done = bytearray(), 0
    for found in re.finditer(rb", (?=[^\n\"']*\);\n)", text):
        if any(low < found.start() < high for low, high in bodies):
            line = text[text.rfind(b"\n", 0, found.start()) + 1 : found.start()]
            if b"#" not in line and b'"' not in line and b"/*" not in line and line.count(b"(") > line.count(b")"):
                out += text[done : found.start()] + b",\n\t\t\t"
                done = found.end()
    return bytes(out + text[done:])


def padded(text: bytes, both: bytes) -> bytes:
    """Calls that have nothing to do with anything behind statements, and a function of that kind at the end."""
    bodies = inside(text)
    lines = text.split(b"\n")
    out, at = [], 0
    for number, line in enumerate(lines):
        out.append(line)
        end = at + len(line)
        after = next((other.strip() for other in lines[number + 1 :] if other.strip()), b"")
        statement = re.match(rb"(\t+)\w[^:]*;$", line) and not re.match(rb"\s*(?:return|goto|break|continue)\b", line)
        if (
            statement
            and any(low < at < high for low, high in bodies)
            and not after.startswith(b"else")
            and line.count(b"(") == line.count(b")")
            and drawn(line, 3, 2)
        ):
            indent = re.match(rb"\t+", line)
            out.append((indent[0] if indent else b"\t") + b"cond_resched();")
        at = end + 1
    return b"\n".join(out) + b"\nstatic int acme_unrelated(int number)\n{\n\treturn number + 1;\n}\n"


VARIATIONS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "renamed": renamed,
    "respaced": respaced,
    "joined": joined,
    "padded": padded,
}
