"""Patterns of paths, as ``.gitignore`` and MAINTAINERS write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

ANY = ("**/", "**", "*")


def named(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of *patterns* names the file at *path*, or a folder above it; both from the root of the tree.

    ``*`` and ``?`` stay within one folder, ``**`` goes through any number of them, ``[a-z]`` and ``[!a-z]`` are one character.
    """
    return any(_named(path, pattern) for pattern in patterns)


@lru_cache(maxsize=4096)
def _named(path: str, pattern: str) -> bool:
    """All places in the pattern at which its reader can be are followed at once: the time is that of the lengths, multiplied, whatever the pattern;
    a regular expression with many stars would try them one by one."""
    tokens = _tokens(pattern)
    end = len(tokens)
    places = _reached({0}, tokens)
    for character in path:
        if end in places and character == "/":
            return True
        beyond = set()
        for place in places:
            # Within "**/" is a place of its own, written as a negative number: it is left by a slash alone.
            token = tokens[~place] if place < 0 else tokens[place] if place < end else ""
            if token == "**/":
                beyond.add(place if place < 0 else ~place)
                if character == "/":
                    beyond.add((~place if place < 0 else place) + 1)
            elif token == "**" or (token == "*" and character != "/"):
                beyond.add(place)
            elif token and token != "*" and _is(character, token):
                beyond.add(place + 1)
        places = _reached(beyond, tokens)
        if not places:
            return False
    return end in places


def _reached(places: set[int], tokens: tuple[str, ...]) -> set[int]:
    """*places*, and those behind stars, which may stand for nothing."""
    out = set(places)
    for place in places:
        while 0 <= place < len(tokens) and tokens[place] in ANY:
            place += 1  # noqa: PLW2901 -- goes on from there
            out.add(place)
    return out


def _is(character: str, token: str) -> bool:
    """Whether a token that stands for one character stands for this one."""
    if token == "?":
        return character != "/"
    if len(token) > 1:
        one = _class(token)
        return one is not None and one.match(character) is not None
    return character == token


@lru_cache(maxsize=256)
def _class(token: str) -> re.Pattern[str] | None:
    """The characters of ``[...]``; None for a range that runs backwards, which has none."""
    body = token[1:-1].replace("\\", "\\\\").replace("[", "\\[")
    try:
        return re.compile(f"[^{body[1:]}]" if body.startswith("!") else f"[{body}]", re.DOTALL)
    except re.error:
        return None


@lru_cache(maxsize=256)
def _tokens(pattern: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|.", pattern.strip("/"), re.DOTALL))
