"""``.getput.toml``, or the file that ``--config`` names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from getput.config import EVERY, ConfigError, FailOn, Part, Said
from getput.model import Confidence, Severity
from getput.spelling import meant
from getput.untrusted import text as text_of
from getput.untrusted import toml

Level = TypeVar("Level", Severity, Confidence)


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    enable: frozenset[str] | None = None
    disable: frozenset[str] | None = None
    severity: dict[str, Severity] = {}
    min_confidence: dict[str, Confidence] = {}


class _Parser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    iterators: tuple[str, ...] = ()


class _Apis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tables: tuple[str, ...] = ()


class _Path(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    match: tuple[str, ...]
    enable: frozenset[str] = frozenset()
    disable: frozenset[str] = frozenset()
    severity: Severity | dict[str, Severity] = {}
    min_confidence: Confidence | dict[str, Confidence] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: _Rules = _Rules()
    parser: _Parser = _Parser()
    apis: _Apis | tuple[str, ...] = _Apis()
    paths: tuple[_Path, ...] = ()
    min_confidence: Confidence | None = None
    fail_on: FailOn | None = None
    suppressions: str | None = None
    baseline: str | None = None


# By the place where they stand.
KEYS: dict[str, type[msgspec.Struct]] = {
    "": _File,
    "rules": _Rules,
    "parser": _Parser,
    "apis": _Apis,
    "paths[...]": _Path,
}
LEVELS = {"min_confidence": Confidence, "severity": Severity, "fail_on": FailOn}


def read(path: Path) -> Said:
    """What the file at *path* says; files that it names are relative to it.

    Raises ConfigError where it cannot be read, is no TOML, or says something that getput does not know.
    """
    try:
        said = msgspec.convert(toml(text_of(path)), _File)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_readable(str(error))}") from error
    key, tables = ("apis", said.apis) if isinstance(said.apis, tuple) else ("apis.tables", said.apis.tables)
    return Said(
        enable=said.rules.enable,
        disable=said.rules.disable,
        severity=said.rules.severity,
        least=said.rules.min_confidence,
        iterators=said.parser.iterators,
        tables=tuple(_named(path, name, key) for name in tables),
        min_confidence=said.min_confidence,
        fail_on=said.fail_on,
        parts=tuple(_part(one) for one in said.paths),
        suppressions=None if said.suppressions is None else path.parent / said.suppressions,
        baseline=None if said.baseline is None else _named(path, said.baseline, "baseline"),
    )


def _part(said: _Path) -> Part:
    return Part(said.match, said.enable, said.disable, _of_rules(said.severity), _of_rules(said.min_confidence))


def _of_rules(said: Level | dict[str, Level]) -> Mapping[str, Level]:
    """What is said of every rule, or of some."""
    return said if isinstance(said, dict) else {EVERY: said}


def _named(config: Path, name: str, key: str) -> Path:
    """A file that must be there."""
    file = config.parent / name
    if not file.is_file():
        raise ConfigError(f"{config}: {key}: no file {file}")
    return file


def _readable(message: str) -> str:
    """msgspec's ``problem - at `$.rules.enable[...]``` as ``rules.enable[...]: problem``, and what would be right."""
    problem, _, place = message.replace(" | null", "").partition(" - at ")
    place = place.strip("`").removeprefix("key in ").strip("`").removeprefix("$").removeprefix(".")
    said = f"{place}: " if place else ""
    if problem.startswith("Object contains unknown field"):
        key = problem.rpartition(" ")[2].strip("`")
        struct = KEYS.get("paths[...]" if place.startswith("paths[") else place)
        known = () if struct is None else msgspec.structs.fields(struct)
        names = [field.encode_name for field in known]
        return f"{said}unknown key `{key}`{meant(key, names, 'one of ' + ', '.join(names))}"
    level = LEVELS.get(place.rpartition(".")[2].removesuffix("[...]"))
    if level is not None and problem.startswith("Invalid enum value"):
        word = problem.rpartition(" ")[2].strip("'")
        return f"{said}{problem}: one of {', '.join(level)}{meant(word, level)}"
    return said + problem
