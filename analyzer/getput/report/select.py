"""What of an answer is shown, and what it means for the exit status."""

from __future__ import annotations

from collections.abc import Container

from msgspec.structs import replace

from getput.config import Settings
from getput.model import Answer, Finding, Status


def wanted(answer: Answer, settings: Settings) -> Answer:
    """*answer* with the findings that the settings want, by file, line and rule, each as severe as they say."""
    there = {path: settings.at(path) for path in {finding.file for finding in answer.findings}}
    findings = [
        _settled(finding, there[finding.file]) for finding in answer.findings if _wants(finding, there[finding.file])
    ]
    return replace(answer, findings=tuple(sorted(findings, key=_place)))


def shown(answer: Answer, statuses: Container[Status]) -> Answer:
    """*answer* with the findings of these statuses, and those that a verdict on a fix rests on."""
    needed = {id(finding) for one in answer.verified for finding in (*one.fixed, *one.left, *one.brought)}
    findings = [one for one in answer.findings if one.status in statuses or id(one) in needed]
    return replace(answer, findings=tuple(findings))


def fails(answer: Answer, settings: Settings) -> bool:
    """Whether a wanted answer holds something introduced that is bad enough to fail."""
    return any(
        finding.status is Status.INTRODUCED and settings.fail_on.fails(finding.severity) for finding in answer.findings
    )


def unjudged(answer: Answer) -> bool:
    """Whether something went wrong and nothing of the input could be judged.  A patch without C is no failure."""
    files = {file.status for patch in answer.patches for file in patch.files}
    return (bool(answer.errors) or "failed" in files) and "analysed" not in files


def _place(finding: Finding) -> tuple[str, int, str, int, str, str]:
    return (finding.file, finding.line, finding.rule, finding.column, finding.status.value, finding.message)


def _wants(finding: Finding, settings: Settings) -> bool:
    return settings.runs(finding.rule) and finding.confidence.rank >= settings.least_of(finding.rule).rank


def _settled(finding: Finding, settings: Settings) -> Finding:
    severity = settings.severity_of(finding.rule, finding.severity)
    return finding if severity is finding.severity else replace(finding, severity=severity)
