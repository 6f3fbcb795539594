"""Patterns of paths, as ``.gitignore`` and MAINTAINERS write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def named(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of *patterns* names the file at *path*, or a folder above it; both from the root of the tree."""
    return any(_pattern(pattern).match(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    """``*`` and ``?`` stay within one folder, ``**`` goes through any number of them, ``[a-z]`` and ``[!a-z]`` are one character."""
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    out = []
    for token in re.findall(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|.", pattern.strip("/"), re.DOTALL):
        if len(token) > 2 and token[0] == "[":
            body = token[1:-1].replace("\\", "\\\\")
            out.append(f"[^{body[1:]}]" if body.startswith("!") else f"[{body}]")
        else:
            out.append(words.get(token) or re.escape(token))
    return re.compile("".join(out) + r"(?:/.*)?\Z", re.DOTALL)
