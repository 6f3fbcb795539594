"""Fixes of what stands in a tree: each file judged alone, as ``scan`` without an index does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from getput.config import Settings
from getput.index.scope import scope_of
from getput.model import Answer, Finding, Stats
from getput.ownership.unit import Unit
from getput.verdict.case import Case, Unfit, case_of
from getput.verdict.fixes import Judgement, Mender
from getput.verdict.survey import Alone, UnjudgeableError, text_of


class Standing:
    """One file as it stands."""

    def __init__(self, alone: Alone, path: str, text: bytes) -> None:
        self.alone = alone
        self.path = path
        self.words = text
        judge = alone.surveyor.judge
        record = judge.folders.answered(path, alone.surveyor.first(text, path)[1], judge.settings.min_confidence)
        found = [*record.findings, *[one for told in record.told for one in told.findings]]
        stats = Stats(record.functions, *record.missed(alone.scope))
        self.judgement = Judgement(tuple(found), stats, 0)
        self.unit: Unit | None = None

    def text(self, path: str) -> bytes:  # noqa: ARG002
        """The file."""
        return self.words

    def other(self, path: str, text: bytes) -> Standing:
        """The same with another text."""
        return Standing(self.alone, path, text)

    def case(self, finding: Finding) -> Case:
        """What is known around a finding.  Raises Unfit."""
        if all(one.fingerprint != finding.fingerprint for one in self.judgement.findings):
            raise Unfit("it is found with the index only")
        if self.unit is None:
            self.unit = self.alone.surveyor.judge.unit(self.words, self.path, guesses=False)
        return case_of(finding, self.unit, None, self.alone.tree)


def with_fixes(tree: Path, settings: Settings, answer: Answer) -> Answer:
    """*answer* of a scan of *tree* with a fix for each finding that can be mended, each against the file as it stands."""
    alone = Alone(tree, settings, scope_of(settings))
    courts: dict[str, Standing | None] = {}
    return replace(answer, findings=tuple(with_fix(alone, courts, answer.findings)))


def with_fix(alone: Alone, courts: dict[str, Standing | None], findings: Sequence[Finding]) -> list[Finding]:
    """*findings* in their order, those that can be mended with a fix."""
    out = []
    for finding in findings:
        path = finding.file
        if path not in courts:
            courts.clear()  # they come file by file
            try:
                courts[path] = Standing(alone, path, text_of(alone.tree / path))
            except UnjudgeableError:
                courts[path] = None
        court = courts[path]
        fix = (
            None if court is None else Mender(alone.surveyor.judge.settings.min_confidence).offer(court, finding)[0].fix
        )
        out.append(finding if fix is None else replace(finding, fix=fix))
    return out
