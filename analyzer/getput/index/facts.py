"""What one text tells without being parsed: its identity, the names it calls, the functions it defines, the pointers it hands out.

Everything here is a quick look at raw bytes, a few milliseconds a megabyte: a name too many costs a look, one too few would be a miss.
"""

from __future__ import annotations

import hashlib
import re
import zlib

import msgspec

from getput.csource.codetext import WORD_BYTES
from getput.csource.expand import SCOPES, scope_calls

_SPACES = bytes(char if char in WORD_BYTES + b"(" else 0x20 for char in range(256))
_CALLS_DEFINED = tuple(b"DEFINE%d" % count for count in range(7))
_SYSCALL = re.compile(rb"(?:\w+_)?SYSCALL_DEFINE\d\s*\(\s*(\w+)")
_ATTRIBUTE = re.compile(
    rb"__(?:printf|scanf|attribute__|aligned|section|acquires?|releases?|must_hold|cond_acquires|assume_aligned|alloc_size)\Z"
)
_STATIC = re.compile(rb"^[ \t]*static\b", re.MULTILINE)
_POINTER = re.compile(rb"\.(\w+)[ \t]*=[ \t]*&?([a-z_]\w*),")
_HEAD_LIMIT = 600  # bytes in front of a brace in which the head of its function is looked for


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """The quick look at one text.

    ``blob`` is git's identity of it (SHA-1, 20 bytes).  The others are names joined by blanks, with a blank before the first and
    behind the last: ``calls`` those that stand in front of a parenthesis, sorted; ``defines`` the functions it defines, in order, static ones with
    a ``-`` in front; ``pointers`` are ``member=function`` pairs of initialisers.  ``keys`` are those of all names that it calls, defines or
    hands out, one behind the other: a quick look for a name before the exact one.
    """

    blob: bytes
    calls: bytes
    defines: bytes
    pointers: bytes
    keys: bytes


def key_of(name: bytes) -> bytes:
    """Three bytes that stand for a name; few names share theirs."""
    return zlib.crc32(name).to_bytes(4, "little")[:3]


def blob_of(text: bytes) -> bytes:
    """The identity that git gives a file of this content (20 bytes)."""
    digest = hashlib.sha1(b"blob %d\0" % len(text), usedforsecurity=False)
    digest.update(text)
    return digest.digest()


def calls_of(text: bytes) -> set[bytes]:
    """Every name in *text* that stands in front of a parenthesis; and what cleanup classes call."""
    *parts, _ = text.replace(b" (", b"(").translate(_SPACES).split(b"(")
    calls = {part.rpartition(b" ")[2] for part in parts}
    calls.discard(b"")
    return calls if calls.isdisjoint(SCOPES) else calls | scope_calls(text)


def facts_of(text: bytes, calls: set[bytes]) -> Facts:
    """The facts of *text*, whose ``calls_of`` are *calls*."""
    pointers = set(_POINTER.findall(text)) if b"\n\t." in text else set()
    defined = _defines(text)
    names = calls.union([name.lstrip(b"-") for name in defined], [handed for _, handed in pointers])
    return Facts(
        blob_of(text),
        _joined(sorted(calls)),
        _joined(defined),
        _joined(sorted([b"%s=%s" % pair for pair in pointers])),
        b"".join([key_of(name) for name in sorted(names)]),
    )


def _joined(names: list[bytes]) -> bytes:
    return b" %s " % b" ".join(names) if names else b""


def _defines(text: bytes) -> list[bytes]:
    """The names of the functions that *text* defines, those of static ones behind a ``-``."""
    out = []
    at = text.find(b"\n{")
    while at != -1:
        low = text.rfind(b"\n\n", max(0, at - _HEAD_LIMIT), at)
        head = text[max(low, at - _HEAD_LIMIT, 0) : at]
        name = _name(head)
        if name:
            out.append(b"-" + name if _is_static(head) else name)
        at = text.find(b"\n{", at + 2)
    return out


def _is_static(head: bytes) -> bool:
    """Whether the function of this head is seen in its file only."""
    return b"\nstatic " in head or (b"static" in head and _STATIC.search(head) is not None)


def _name(head: bytes) -> bytes:
    """The function's name in its head, or nothing."""
    at = head.find(b"(")
    while at != -1:  # looked for from behind: most of a head is a comment
        before = head[:at].rstrip(b" \t\n")
        word = before[len(before.rstrip(WORD_BYTES)) :].lstrip(b"0123456789")
        if word and not _ATTRIBUTE.match(word):
            if not word.endswith(_CALLS_DEFINED):
                return word
            call = _SYSCALL.match(head, len(before) - len(word))
            return b"sys_" + call[1] if call else b""
        at = head.find(b"(", at + 1)
    return b""
