"""What a comment at the place says: that a reference is kept on purpose, or who drops it.  Its author has thought of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from getput.csource.lower_text import COMMENT
from getput.pattern import either, pattern

LINE = pattern(rb"[^\n]*")
# Within one sentence: not put, kept, or left to somebody else.
NOT_PUT = pattern(
    rb"(?:\bnot|n't|\bnever|\bno need to|\bwithout|\bavoid\w*)\s[^.;]{0,60}?"
    rb"(?:\b|_)(?:put|drop|releas(?:e|ing)|disabl(?:e|ing)|gat(?:e|ing)|unprepar(?:e|ing)|decrement\w*)(?:\b|_)",
    re.IGNORECASE,
)
KEEPS = pattern(
    rb"\b(?:keep(?:s|ing)?|kept|leav(?:e|es|ing)|left|remains?|stays?)\b[^.;]{0,60}?"
    rb"\b(?:ref(?:erence|count|cnt)?s?|counts?|enabled|running|powered|on)\b",
    re.IGNORECASE,
)
HANDED = pattern(
    rb"\bref(?:erence|count|cnt)?s?\b[^.;]{0,60}?"
    rb"\b(?:dropped|released|put|consumed|transferred|owned|taken over|passed|stolen|inherited|donated)\b",
    re.IGNORECASE,
)
LASTS = pattern(
    rb"\bref(?:erence|count|cnt)?s?\b[^;]*\b(?:keep|kept|held|until|till|while|reviv\w*|dropped|released|put|freed|later|lifetime)\b"
    rb"|\b(?:keep|hold|until|till|while|never|not)\b[^;]*\bref(?:erence|count|cnt)?s?\b",
    re.IGNORECASE,
)
STAR = pattern(rb"\s*\n[ \t]*\*?[ \t]*|\s+")


def said_on_the_way_out(text: bytes, begin: int, end: int, puts: frozenset[str]) -> bool:
    """Whether a comment between two offsets, or behind the second on its line, says that nothing is put there; one may be a put that was taken out."""
    until = LINE.match(text, end)
    out = re.compile(rb"\b%s\s*\(" % either(puts)) if puts else None
    for words in comments(text, begin, end if until is None else until.end()):
        if NOT_PUT.search(words) or KEEPS.search(words) or HANDED.search(words) or (out and out.search(words)):
            return True
    return False


def said_at_the_get(text: bytes, begin: int, at: int) -> bool:
    """Whether the comment above the get at offset *at*, behind *begin*, speaks of the reference and what becomes of it later."""
    return any(LASTS.search(words) for words in comments(text, begin, at))


def comments(text: bytes, begin: int, end: int) -> Iterable[bytes]:
    """The comments between two offsets, each on one line."""
    for one in COMMENT.finditer(text, begin, end):
        yield STAR.sub(b" ", one[0])
