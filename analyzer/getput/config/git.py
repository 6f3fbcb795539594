"""The section ``[getput]`` of git's configuration, in the words of ``git config --null --show-origin --get-regexp``."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from getput.config import EVERY, ConfigError, FailOn, Part, Said
from getput.model import Confidence, Severity
from getput.spelling import meant

# git gives names of keys in lower case, and lets them be written in any.
KEYS = {
    one.lower(): one
    for one in ("minConfidence", "failOn", "enable", "disable", "iterators", "apis", "suppressions", "baseline")
}
OF_A_RULE = {one.lower(): one for one in ("severity", "minConfidence")}
OF_A_PATH = {one.lower(): one for one in ("severity", "minConfidence", "enable", "disable")}

Choice = TypeVar("Choice", bound=StrEnum)


def read(text: bytes, tree: Path) -> Said:
    """What git's configuration says.  Files that it names are relative to *tree*; ``~`` is the user's folder.

    Raises ConfigError for a key or a value that getput does not know; the message names the file and the key.
    """
    lists: dict[str, list[str]] = {}
    single: dict[str, tuple[str, str]] = {}
    severity: dict[str, Severity] = {}
    least: dict[str, Confidence] = {}
    parts: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for where, under, key, value in _entries(text):
        if not under:
            _known(where, key, KEYS)
            if key in ("enable", "disable", "iterators", "apis"):
                extend(lists.setdefault(key, []), value, apart=key != "apis")
            else:
                single[key] = (where, value)
        elif "/" in under or "*" in under:
            _known(where, key, OF_A_PATH)
            parts.setdefault(under, {}).setdefault(key, []).append((where, value))
        else:
            _known(where, key, OF_A_RULE)
            if key == "severity":
                severity[under] = one_of(Severity, where, value)
            else:
                least[under] = one_of(Confidence, where, value)
    return Said(
        enable=frozenset(lists["enable"]) if "enable" in lists else None,
        disable=frozenset(lists["disable"]) if "disable" in lists else None,
        severity=severity,
        least=least,
        iterators=tuple(lists.get("iterators", ())),
        tables=tuple(_file(name, tree) for name in lists.get("apis", ())),
        min_confidence=one_of(Confidence, *single["minconfidence"]) if "minconfidence" in single else None,
        fail_on=one_of(FailOn, *single["failon"]) if "failon" in single else None,
        parts=tuple(_part(pattern, said) for pattern, said in parts.items()),
        suppressions=_file(single["suppressions"][1], tree) if "suppressions" in single else None,
        baseline=_file(single["baseline"][1], tree) if "baseline" in single else None,
    )


def _entries(text: bytes) -> Iterator[tuple[str, str, str, str]]:
    """Where each entry stands (for messages), its subsection, its key in lower case, and its value."""
    pieces = text.decode("utf-8", "surrogateescape").split("\0")
    for origin, entry in zip(pieces[::2], pieces[1::2], strict=False):
        name, mark, value = entry.partition("\n")
        under, _, key = name.partition(".")[2].rpartition(".")
        where = f"{origin.removeprefix('file:')}: {name}"
        if not mark:
            raise ConfigError(f"{where}: has no value")
        yield where, under, key, value


def _known(where: str, key: str, keys: dict[str, str]) -> None:
    if key not in keys:
        raise ConfigError(f"{where}: unknown key{meant(key, keys.values(), 'one of ' + ', '.join(keys.values()))}")


def extend(words: list[str], value: str, *, apart: bool) -> None:
    """Add the words of *value* (separated by commas or blanks if they stand *apart*); an empty one takes back what was said before."""
    if not value.strip():
        words.clear()
    words += value.replace(",", " ").split() if apart else [value] * bool(value.strip())


def one_of(choices: type[Choice], where: str, value: str) -> Choice:
    """The choice that *value* names.  Raises ConfigError."""
    try:
        return choices(value)
    except ValueError:
        known = [one.value for one in choices]
        raise ConfigError(f"{where}: {value!r} is none of {', '.join(known)}{meant(value, known)}") from None


def _part(pattern: str, said: dict[str, list[tuple[str, str]]]) -> Part:
    """What holds for the files that *pattern* names."""
    rules: dict[str, list[str]] = {"enable": [], "disable": []}
    for key, words in rules.items():
        for _, value in said.get(key, ()):
            extend(words, value, apart=True)
    severity: dict[str, Severity] = {}
    least: dict[str, Confidence] = {}
    for one in said.get("severity", ()):
        severity[EVERY] = one_of(Severity, *one)
    for one in said.get("minconfidence", ()):
        least[EVERY] = one_of(Confidence, *one)
    return Part((pattern,), frozenset(rules["enable"]), frozenset(rules["disable"]), severity, least)


def _file(name: str, tree: Path) -> Path:
    """A file as git means it."""
    return tree / Path(name).expanduser()
