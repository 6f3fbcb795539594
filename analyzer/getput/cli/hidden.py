"""What of an answer the user does not want to hear of: what is suppressed, and what the baseline holds."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec.structs import replace

from getput.cli import UsageError
from getput.config import Settings
from getput.model import Answer, Confidence, Finding, Status
from getput.verdict.baseline import BadBaselineError, write
from getput.verdict.baseline import read as baseline_of
from getput.verdict.suppress import BadSuppressionsError, Suppressions
from getput.verdict.suppress import read as suppressions_of
from getput_rules.packs import every_rule


class Hidden:
    """Files of suppressions and baselines as they bear on the answers of one run; only *statuses* are counted and kept.

    Raises UsageError where a file that is named cannot be read.
    """

    def __init__(self, args: argparse.Namespace, file: Path | None, settings: Settings, statuses: Collection[Status]):
        import datetime

        self.file = file
        self.settings = settings
        self.statuses = statuses
        self.out: Path | None = args.write_baseline
        self.written: list[Finding] = []
        self.rules = {rule.id: rule for rule in every_rule()}
        baseline = args.baseline or settings.baseline
        try:
            self.known = frozenset() if baseline is None else baseline_of(baseline)
            entries = () if file is None else suppressions_of(file)
        except (BadBaselineError, BadSuppressionsError) as error:
            raise UsageError(str(error)) from error
        self.suppressions = Suppressions(entries, datetime.datetime.now(datetime.UTC).date())

    def over(self, full: Answer, wanted: Answer) -> Answer:
        """*wanted* without what is not to be said; *full* is what it was taken from.  That something is fixed is said all the same."""
        self.suppressions.note(full, self._told)
        said, suppressed = self.suppressions.divide(wanted.findings)
        if self.out is not None:
            self.written += [one for one in said if one.status is not Status.FIXED]
        suppressed = tuple(one for one in suppressed if one.status in self.statuses)
        seen = sum(self._seen(one) and one.status in self.statuses for one in said)
        stats = replace(wanted.stats, suppressed=len(suppressed), baseline=seen)
        findings = tuple(one for one in said if not self._seen(one))
        return replace(wanted, findings=findings, suppressed=suppressed, stats=stats)

    def _seen(self, finding: Finding) -> bool:
        """Whether the baseline holds *finding*."""
        return finding.status is not Status.FIXED and finding.fingerprint in self.known

    def notes(self) -> Iterator[str]:
        """What is to be said of the files when every answer has passed."""
        for said in self.suppressions.stale():
            yield f"{self.file}: note: {said}"

    def finish(self) -> None:
        """Write the baseline that was asked for.  Raises UsageError."""
        if self.out is None:
            return
        try:
            write(self.out, self.written)
        except OSError as error:
            raise UsageError(f"{self.out}: {error.strerror}") from error

    def _told(self, ident: str, whole: bool) -> bool:
        rule = self.rules.get(ident)
        if rule is None or not self.settings.runs(ident) or rule.check_changed or rule.check_diverged:
            return False
        if not whole:
            return rule.alone
        return rule.check_file is None or self.settings.least_anywhere.rank <= Confidence.MEDIUM.rank
