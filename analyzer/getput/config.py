"""Settings: what ``.getput.toml``, or the file that ``--config`` names, says.

Documented for users in ``docs/configuration.md``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from getput.model import Confidence, Severity

FILE_NAME = ".getput.toml"


class ConfigError(Exception):
    """A configuration that cannot be used; the message names the file and the key."""


class FailOn(StrEnum):
    """The least severity of an introduced finding that makes the exit status 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"

    def fails(self, severity: Severity) -> bool:
        """Whether an introduced finding of this severity makes the command fail."""
        return self is not FailOn.NEVER and severity.rank >= Severity(self.value).rank


class Settings(msgspec.Struct, frozen=True):
    """Everything a user can settle.  An empty ``enable`` means every rule; ``disable`` wins over it.

    ``severity`` maps a rule's id to another severity than its own; ``iterators`` are block macros beyond those of the
    tree's ``.clang-format``; ``tables`` are files of API entries beyond the bundled ones, the later the stronger.
    """

    enable: frozenset[str] = frozenset()
    disable: frozenset[str] = frozenset()
    severity: Mapping[str, Severity] = {}
    iterators: tuple[str, ...] = ()
    tables: tuple[Path, ...] = ()
    min_confidence: Confidence = Confidence.MEDIUM
    fail_on: FailOn = FailOn.WARNING

    def runs(self, rule: str) -> bool:
        """Whether the rule with this id is wanted."""
        return rule not in self.disable and (not self.enable or rule in self.enable)

    @property
    def named_rules(self) -> tuple[str, ...]:
        """Every rule id that the settings name, sorted: whoever knows the rules can check them."""
        return tuple(sorted(self.enable | self.disable | self.severity.keys()))


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    enable: frozenset[str] = frozenset()
    disable: frozenset[str] = frozenset()
    severity: dict[str, Severity] = {}


class _Parser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    iterators: tuple[str, ...] = ()


class _Apis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tables: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: _Rules = _Rules()
    parser: _Parser = _Parser()
    apis: _Apis = _Apis()
    min_confidence: Confidence = Confidence.MEDIUM
    fail_on: FailOn = FailOn.WARNING


def load(path: Path | None, tree: Path | None) -> Settings:
    """The settings of *path*, or of ``.getput.toml`` at the top of *tree*, or the defaults where there is none.

    Raises ConfigError where the file cannot be read, is no TOML, or says something that getput does not know.
    """
    if path is None:
        if tree is None or not (tree / FILE_NAME).is_file():
            return Settings()
        path = tree / FILE_NAME
    try:
        said = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_readable(str(error))}") from error
    return Settings(
        enable=said.rules.enable,
        disable=said.rules.disable,
        severity=said.rules.severity,
        iterators=said.parser.iterators,
        tables=tuple(_table(path, name) for name in said.apis.tables),
        min_confidence=said.min_confidence,
        fail_on=said.fail_on,
    )


def _table(config: Path, name: str) -> Path:
    """A table's path is relative to the file that names it."""
    table = config.parent / name
    if not table.is_file():
        raise ConfigError(f"{config}: apis.tables: no file {table}")
    return table


def _readable(message: str) -> str:
    """msgspec's ``problem - at `$.rules.enable[...]``` as ``rules.enable[...]: problem``."""
    problem, _, place = message.partition(" - at ")
    place = place.strip("`").removeprefix("key in ").strip("`").removeprefix("$").removeprefix(".")
    problem = problem.replace("Object contains unknown field", "unknown key")
    return f"{place}: {problem}" if place else problem
