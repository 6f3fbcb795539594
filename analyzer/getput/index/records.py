"""What is kept of each file: what the rules found in its functions, and how much of it could be judged."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from getput.index.scope import Scope
from getput.model import Answer, FileAnswer, Finding, PatchAnswer, Problem, Stats
from getput.ownership.view import Kept

TOO_LARGE = "larger than 10 MB"


class FunctionRecord(msgspec.Struct, frozen=True, array_like=True):
    """All functions of one name in a file (there may be several, under ``#ifdef``).

    ``unparsed`` and ``bounded`` are how many of them could not be followed, or not to the end: for counters that are proven, and for the others.
    """

    name: str
    findings: tuple[Finding, ...] = ()
    unparsed: tuple[int, int] = (0, 0)
    bounded: tuple[int, int] = (0, 0)


class Open(msgspec.Struct, frozen=True, array_like=True):
    """A finding about what a member holds: other files of the folder may refute it."""

    finding: Finding
    kept: Kept


class FileRecord(msgspec.Struct, frozen=True, array_like=True):
    """One file: how many functions it has, those of them about which something is to be said, what rules about the
    whole file found, and of that what is ``open`` until the rest of its folder was asked."""

    functions: int = 0
    problem: str = ""  # why nothing of it could be judged
    told: tuple[FunctionRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    open: tuple[Open, ...] = ()

    def missed(self, scope: Scope) -> tuple[int, int]:
        """How many functions could not be followed for what is in *scope*, and how many not to the end."""
        sides = 2 if scope is Scope.ALL else 1
        unparsed = sum(max(one.unparsed[:sides]) for one in self.told)
        return unparsed, sum(max(one.bounded[:sides]) for one in self.told)


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(FileRecord).decode


def answer_of(
    name: str, records: Iterable[tuple[str, FileRecord]], errors: Iterable[Problem], index: str, scope: Scope
) -> Answer:
    """What *records* (file, what was found there) say about the input called *name*; *errors* were met before.  What could not be followed is
    counted in *scope*."""
    files: list[FileAnswer] = []
    findings: list[Finding] = []
    problems = list(errors)
    functions = unparsed = bounded = 0
    for path, record in records:
        functions += record.functions
        if record.problem == TOO_LARGE:
            files.append(FileAnswer(path, "skipped", TOO_LARGE))
        elif record.problem:
            files.append(FileAnswer(path, "failed", record.problem))
            problems.append(Problem(path, record.problem))
        else:
            failed, cut = record.missed(scope)
            files.append(FileAnswer(path, "analysed", None, None, record.functions, failed, cut))
            unparsed += failed
            bounded += cut
        findings += record.findings
        for one in record.told:
            findings += one.findings
    patch = PatchAnswer(subject="", message_id=None, commit=None, applied=None, files=tuple(files))
    stats = Stats(functions, unparsed, bounded, index=index)
    return Answer(name, (patch,), tuple(findings), tuple(problems), stats)
