"""Findings that the user does not want to hear of: each by its fingerprint, with a reason, and perhaps for a time.

Kernel trees take no remarks to tools, so these stand in a file outside of them::

    [[suppress]]
    fingerprint = "0123456789abcdef"
    reason = "the controller keeps this reference for as long as it is there"
    expires = 2027-01-31             # until that day, inclusive
    rule = "leak-on-error"           # of which finding this is: makes it possible to say when it is gone
    file = "drivers/demo/demo.c"
    function = "demo_probe"
"""

from __future__ import annotations

import datetime
import json
import os
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from getput.model import Answer, FileAnswer, Finding, Status, Suppressed
from getput.spelling import meant
from getput.untrusted import text as text_of
from getput.untrusted import toml

KEYS = ("fingerprint", "reason", "expires", "rule", "file", "function")
DAY = "a day, like 2027-01-31"


class BadSuppressionsError(Exception):
    """A file of suppressions that cannot be used; the message names it, and the entry."""


class Suppression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry."""

    fingerprint: str
    reason: str
    expires: datetime.date | None = None
    rule: str | None = None
    file: str | None = None
    function: str | None = None

    def holds(self, today: datetime.date) -> bool:
        """Whether it has not expired."""
        return self.expires is None or today <= self.expires

    @property
    def title(self) -> str:
        """What is suppressed, as far as the entry says it."""
        about = " of ".join(part for part in (self.rule, self.function) if part) or self.file
        return f"suppression {self.fingerprint}" + (f" ({about})" if about else "")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    suppress: tuple[Suppression, ...] = ()


def read(path: Path) -> tuple[Suppression, ...]:
    """The entries of the file at *path*.  Raises BadSuppressionsError."""
    try:
        data = toml(text_of(path))
    except OSError as error:
        raise BadSuppressionsError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSuppressionsError(f"{path}: not TOML: {error}") from error
    try:
        said = msgspec.convert(data, _File).suppress
    except msgspec.ValidationError as error:
        raise BadSuppressionsError(f"{path}: {_readable(str(error))}") from error
    for number, one in enumerate(said):
        if not one.reason.strip() or not one.fingerprint.strip():
            raise BadSuppressionsError(f"{path}: suppress[{number}]: a fingerprint and a reason are needed")
    return said


def _readable(message: str) -> str:
    problem, _, place = message.replace(" | null", "").partition(" - at ")
    place = place.strip("`").removeprefix("$").removeprefix(".")
    if problem.startswith("Object contains unknown field"):
        key = problem.rpartition(" ")[2].strip("`")
        known = KEYS if place else ("suppress",)
        problem = f"unknown key `{key}`{meant(key, known, 'one of ' + ', '.join(known))}"
    elif place.endswith(".expires"):
        problem = DAY
    return f"{place}: {problem}" if place else problem


def entry(one: Suppression) -> str:
    """*one* as it stands in a file."""
    lines = ["[[suppress]]"]
    for key in KEYS:
        value = getattr(one, key)
        if value is not None:
            lines.append(f"{key} = {value.isoformat() if key == 'expires' else quoted(value)}")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """*text* as a string of TOML, which escapes as JSON does, and DEL too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def add(path: Path, one: Suppression) -> None:
    """Append *one* to the file at *path*, which is made where there is none.  Raises BadSuppressionsError, OSError."""
    old = text_of(path) if path.exists() else ""
    if path.exists():
        read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    gap = "" if not old else "\n" if old.endswith("\n") else "\n\n"
    new.write_text(old + gap + entry(one), encoding="utf-8")
    new.replace(path)


class Suppressions:
    """The entries as they bear on answers, and what is seen of each."""

    def __init__(self, entries: Iterable[Suppression], today: datetime.date) -> None:
        self.today = today
        self.entries = tuple(entries)
        self.holding = {one.fingerprint: one for one in self.entries if one.holds(today)}
        self.occurred: set[str] = set()
        self.asked: set[str] = set()  # fingerprints whose function was judged, so that they would have occurred

    def divide(self, findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        """Those of *findings* that are to be said, and those that are suppressed, each with the reason.  What is fixed is said."""
        said: list[Finding] = []
        suppressed: list[Finding] = []
        for finding in findings:
            one = self.holding.get(finding.fingerprint)
            if one is None or finding.status is Status.FIXED:
                said.append(finding)
            else:
                until = None if one.expires is None else one.expires.isoformat()
                suppressed.append(replace(finding, suppressed=Suppressed(one.reason, until)))
        return tuple(said), tuple(suppressed)

    def note(self, answer: Answer, told: Callable[[str, bool], bool]) -> None:
        """See what occurs in *answer* (all that the rules found), and what would, if it still could.  ``told(rule, whole)`` says whether
        that rule finds everything it knows of a function that is judged, or only where the *whole* file is."""
        self.occurred.update(finding.fingerprint for finding in answer.findings)
        files: dict[str, list[FileAnswer]] = {}
        for patch in answer.patches:
            for file in patch.files:
                files.setdefault(file.path, []).append(file)
        for one in self.entries:
            here = files.get(one.file or "", [])
            if one.rule and here and all(file.status == "analysed" and _looked_at(one, file, told) for file in here):
                self.asked.add(one.fingerprint)

    def stale(self) -> Iterator[str]:
        """What is to be said of entries that are of no use any more, in their order."""
        for one in self.entries:
            if one.fingerprint not in self.holding:
                yield f"{one.title}: expired on {one.expires}"
            elif one.fingerprint in self.asked and one.fingerprint not in self.occurred:
                yield f"{one.title}: nothing of this fingerprint is found any more"


def _looked_at(one: Suppression, file: FileAnswer, told: Callable[[str, bool], bool]) -> bool:
    """Whether what *one* suppresses would have been found in *file*, did it exist."""
    whole = file.functions is None
    judged = whole or one.function in (file.functions or ())
    return judged and one.rule is not None and told(one.rule, whole)
