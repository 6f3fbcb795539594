"""Settings: what the command line, ``.getput.toml`` and git's configuration say, once they are put together.

Documented for users in ``docs/configuration.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from getput.model import Confidence, Severity

FILE_NAME = ".getput.toml"
EVERY = "*"  # in a mapping of rules: every rule

Value = TypeVar("Value", Severity, Confidence)


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


class Part(msgspec.Struct, frozen=True):
    """What is settled otherwise for the files that one of the patterns in ``match`` names.

    ``severity`` and ``least`` map a rule's id, or ``*`` for every rule, to what holds there.
    """

    match: tuple[str, ...]
    enable: frozenset[str] = frozenset()
    disable: frozenset[str] = frozenset()
    severity: Mapping[str, Severity] = {}
    least: Mapping[str, Confidence] = {}


class Settings(msgspec.Struct, frozen=True):
    """Everything a user can settle.  An empty ``enable`` means every rule; ``disable`` wins over it.

    ``severity`` maps a rule's id to another severity than its own, ``least`` to another least confidence than
    ``min_confidence``; ``iterators`` are block macros beyond those of the tree's ``.clang-format``; ``tables`` are files
    of API entries beyond the bundled ones, the later the stronger; ``parts`` hold for some files only, the later wins.
    """

    enable: frozenset[str] = frozenset()
    disable: frozenset[str] = frozenset()
    severity: Mapping[str, Severity] = {}
    least: Mapping[str, Confidence] = {}
    iterators: tuple[str, ...] = ()
    tables: tuple[Path, ...] = ()
    min_confidence: Confidence = Confidence.MEDIUM
    fail_on: FailOn = FailOn.WARNING
    parts: tuple[Part, ...] = ()
    suppressions: Path | None = None
    baseline: Path | None = None

    def runs(self, rule: str) -> bool:
        """Whether the rule with this id is wanted, for some file at least."""
        if rule not in self.disable and (not self.enable or rule in self.enable):
            return True
        return any(rule in part.enable for part in self.parts)

    def at(self, path: str) -> Settings:
        """What holds for the file at *path* (from the tree's root): no parts are left in it."""
        if not self.parts:
            return self
        from getput.config.paths import named

        settings = replace(self, parts=())
        for part in self.parts:
            if named(path, part.match):
                settings = settings.within(part)
        return settings

    def within(self, part: Part) -> Settings:
        """These settings with what *part* says on top."""
        return replace(
            self,
            enable=self.enable | part.enable if self.enable else self.enable,
            disable=(self.disable - part.enable) | part.disable,
            severity=_over(self.severity, part.severity),
            least=_over(self.least, part.least),
        )

    def severity_of(self, rule: str, own: Severity) -> Severity:
        """How severe a finding of *rule*, whose *own* severity is this, is to be."""
        return self.severity.get(rule, self.severity.get(EVERY, own))

    def least_of(self, rule: str) -> Confidence:
        """How sure a finding of *rule* must be to be wanted."""
        return self.least.get(rule, self.least.get(EVERY, self.min_confidence))

    @property
    def least_anywhere(self) -> Confidence:
        """No finding that is less sure than this is wanted anywhere."""
        levels = [self.min_confidence, *self.least.values()]
        levels += [level for part in self.parts for level in part.least.values()]
        return min(levels, key=lambda level: level.rank)

    @property
    def named_rules(self) -> tuple[str, ...]:
        """Every rule id that the settings name, sorted: whoever knows the rules can check them."""
        names = set(self.enable | self.disable | self.severity.keys() | self.least.keys())
        for part in self.parts:
            names |= part.enable | part.disable | part.severity.keys() | part.least.keys()
        return tuple(sorted(names - {EVERY}))


def _over(below: Mapping[str, Value], above: Mapping[str, Value]) -> Mapping[str, Value]:
    """*above* on top of *below*: what is said of every rule there hides what was said of one before."""
    return dict(above) if EVERY in above else {**below, **above}


class Said(msgspec.Struct, frozen=True):
    """What one place says; None where it says nothing of it.  Files stand in it as they are to be opened."""

    enable: frozenset[str] | None = None
    disable: frozenset[str] | None = None
    severity: Mapping[str, Severity] = {}
    least: Mapping[str, Confidence] = {}
    iterators: tuple[str, ...] = ()
    tables: tuple[Path, ...] = ()
    min_confidence: Confidence | None = None
    fail_on: FailOn | None = None
    parts: tuple[Part, ...] = ()
    suppressions: Path | None = None
    baseline: Path | None = None


def settled(places: Sequence[Said]) -> Settings:
    """The settings of all *places*, of which the later wins.

    Tables, iterators and parts add up; of everything else that two places name, the later one's is taken as it stands.
    """
    settings = Settings()
    for said in places:
        settings = Settings(
            enable=settings.enable if said.enable is None else said.enable,
            disable=settings.disable if said.disable is None else said.disable,
            severity={**settings.severity, **said.severity},
            least={**settings.least, **said.least},
            iterators=(*settings.iterators, *said.iterators),
            tables=(*settings.tables, *said.tables),
            min_confidence=said.min_confidence or settings.min_confidence,
            fail_on=said.fail_on or settings.fail_on,
            parts=(*settings.parts, *said.parts),
            suppressions=said.suppressions or settings.suppressions,
            baseline=said.baseline or settings.baseline,
        )
    return settings


def load(path: Path | None, tree: Path | None, below: Sequence[Said] = ()) -> Settings:
    """The settings of *path*, or of ``.getput.toml`` at the top of *tree* if there is one, on top of those of *below*.

    Raises ConfigError where the file cannot be read, is no TOML, or says something that getput does not know.
    """
    if path is None:
        if tree is None or not (tree / FILE_NAME).is_file():
            return settled(below)
        path = tree / FILE_NAME
    from getput.config.file import read

    return settled([*below, read(path)])
