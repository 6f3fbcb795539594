"""Findings of standing code with what they can be seen by, for formats that show it: each file is read once more."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from getput.cli.jobs import ProcessDiedError, in_order
from getput.cli.progress import counted
from getput.config import Settings
from getput.index.names import Names
from getput.model import Answer, Exhibit, Finding, Problem
from getput.verdict.current import PARTIAL, USED, Current
from getput.verdict.exhibit import standing
from getput.verdict.judge import Judge
from getput.verdict.survey import UnjudgeableError, text_of


class _Shown(NamedTuple):
    """What the findings of one file can be seen by, in their order; or why they cannot."""

    exhibits: list[Exhibit | None]
    problem: str = ""


def exhibited(answer: Answer, tree: Path, settings: Settings, jobs: int, *, show: bool) -> Answer:
    """*answer* with exhibits; a file that cannot be read again becomes an error of it."""
    groups = [tuple(found) for _, found in groupby(answer.findings, key=lambda finding: finding.file)]
    done = in_order(_start, (tree, settings, answer.stats.index in (USED, PARTIAL)), _look, groups, jobs, _died)
    findings: list[Finding] = []
    errors = list(answer.errors)
    for group, shown in zip(groups, counted(done, len(groups), "files read again", show), strict=True):
        findings += [replace(one, exhibit=exhibit) for one, exhibit in zip(group, shown.exhibits, strict=True)]
        if shown.problem:
            errors.append(Problem(group[0].file, shown.problem))
    return replace(answer, findings=tuple(findings), errors=tuple(errors))


class _Worker:
    """What one process keeps between files."""

    judge: Judge
    tree: Path
    names: Names | None


def _start(tree: Path, settings: Settings, index: bool) -> None:
    _Worker.judge = Judge(tree, settings)
    _Worker.tree = tree
    _Worker.names = Current(tree, settings).names if index else None


def _look(findings: tuple[Finding, ...]) -> _Shown:
    """The findings of one file."""
    path = findings[0].file
    try:
        below = _Worker.tree / path
        text = text_of(below if below.is_file() else Path(path))  # a file beside the tree is named as it was given
        return _Shown(standing(_Worker.judge, _Worker.names, path, text, findings))
    except UnjudgeableError as error:
        return _Shown([None] * len(findings), str(error))
    except Exception as error:  # noqa: BLE001 -- the other files wait
        return _Shown([None] * len(findings), f"internal error: {type(error).__name__}: {error}")


def _died(findings: tuple[Finding, ...], error: ProcessDiedError) -> _Shown:
    return _Shown([None] * len(findings), str(error))
