"""Regular expressions that are compiled when they are first asked: a start needs few of the hundreds that the engine has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, AnyStr, cast

ASKED = ("search", "match", "fullmatch", "findall", "finditer", "sub", "split")


class _Later:
    """Stands for a compiled pattern; once asked for anything, it has the methods of the compiled one."""

    def __init__(self, text: str | bytes, flags: int) -> None:
        self.wanted = (text, flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made: re.Pattern[Any] = re.compile(*self.wanted)
        self.__dict__.update({asked: getattr(made, asked) for asked in ASKED})
        return getattr(made, name)


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What ``re.compile(text, flags)`` returns, made when it is first used."""
    return cast("re.Pattern[AnyStr]", _Later(text, flags))


def either(names: Iterable[str]) -> bytes:
    """The text of a pattern that matches any of *names*, whatever characters stand in them; one that matches everywhere where there are none."""
    return b"(?:%s)" % "|".join(map(re.escape, sorted(names))).encode("ascii", "replace")
