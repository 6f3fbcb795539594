"""The file names in a diff: quoting, prefixes, and names that must not be followed."""

from __future__ import annotations

import posixpath
import re

from getput.pattern import pattern

NULL = "/dev/null"

_ESCAPE = pattern(rb'\\([0-7]{1,3}|[abfnrtv"\\])')
_PLAIN = {b"a": 7, b"b": 8, b"f": 12, b"n": 10, b"r": 13, b"t": 9, b"v": 11, b'"': 34, b"\\": 92}
_QUOTED = pattern(r'"((?:[^"\\]|\\.)*)"')
_TIME = pattern(r" +\d{4}-\d\d-\d\d \d\d:\d\d.*$")
_BACKUP = (".orig", ".old", ".bak", "~")


def unquoted(name: str) -> str:
    r"""The name that git's C-style quoting stands for: ``"a/\303\251.c"`` is ``a/é.c``; other names as they are."""
    if len(name) < 2 or name[0] != '"' or name[-1] != '"':
        return name
    raw = _ESCAPE.sub(_escaped, name[1:-1].encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def _escaped(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    return bytes([_PLAIN[code] if code in _PLAIN else int(code, 8) & 255])


def side(rest: str) -> str:
    """The name in what follows ``--- `` or ``+++ ``, its prefix still on, a time stamp cut off."""
    quoted = _QUOTED.match(rest)
    if quoted:
        return unquoted(quoted.group(0))
    name = rest.split("\t", 1)[0].rstrip("\r ")
    return _TIME.sub("", name)


def both(rest: str) -> tuple[str, str] | None:
    """The two names in what follows ``diff --git ``, prefixes still on; None where names with spaces leave it open."""
    rest = rest.rstrip("\r")
    quoted = _QUOTED.match(rest)
    if quoted:
        return unquoted(quoted.group(0)), side(rest[quoted.end() :].lstrip(" "))
    half = len(rest) // 2
    if len(rest) % 2 and rest[half] == " ":
        old, new = rest[:half], rest[half + 1 :]
        if old == new or _below(old) == _below(new):
            return old, new
    if rest.endswith('"'):
        old, _, new = rest.partition(' "')
        return old, unquoted('"' + new)
    parts = rest.split(" ")
    if len(parts) == 2:
        return parts[0], parts[1]
    old, found, new = rest.partition(" b/")
    return (old, "b/" + new) if found else None


def stripped(old: str | None, new: str | None, git: tuple[str, str] | None) -> tuple[str | None, str | None]:
    """Both names from the tree's root.

    *old* and *new* are those of the ``---`` and ``+++`` lines (None for /dev/null), *git* those of ``diff --git``.
    ``a/ b/``, ``i/ w/`` and any other first component in which both sides differ is a prefix; equal names have none.
    """
    pair = git or (old, new)
    if pair[0] is not None and pair[1] is not None:
        if pair[0] == pair[1]:
            return _tidy(old), _tidy(new)
        if _below(pair[0]) is not None and _below(pair[0]) == _below(pair[1]):
            return _tidy(_cut(old)), _tidy(_cut(new))
        if git is None:
            for end in _BACKUP:
                if pair[0] == pair[1] + end:
                    return _tidy(new), _tidy(new)
    return _tidy(_known(old, "a/")), _tidy(_known(new, "b/"))


def refused(path: str) -> str | None:
    """Why *path* must not be followed from the tree's root; None for a good one."""
    if not path:
        return "it has no name"
    if path.startswith("/") or path[1:3] in (":/", ":\\"):
        return "an absolute path"
    if ".." in path.split("/"):
        return "the path leads out of the tree"
    if "\0" in path or "\n" in path:
        return "not the name of a file"
    return None


def _below(name: str) -> str | None:
    """*name* without its first component."""
    return name.partition("/")[2] or None


def _cut(name: str | None) -> str | None:
    return None if name is None else name.partition("/")[2]


def _known(name: str | None, prefix: str) -> str | None:
    return name.removeprefix(prefix) if name is not None else None


def _tidy(name: str | None) -> str | None:
    """*name* without ``./`` and doubled slashes; what leads out of the tree is left as it is, to be refused."""
    if name is None or not name or name.startswith("/") or ".." in name:
        return name
    return posixpath.normpath(name) if "//" in name or "./" in name else name
