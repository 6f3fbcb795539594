"""``--format gitlab``: a code quality report, which GitLab shows in a merge request.

[{"description": "demo_read(): ...", "check_name": "leak-on-error", "fingerprint": "...", "severity": "major",
  "location": {"path": "drivers/demo/demo.c", "lines": {"begin": 13}}}]

https://docs.gitlab.com/ci/testing/code_quality/
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from getput.model import Answer, Severity, Status
from getput.report import Look
from getput.report.escape import printable
from getput.report.place import spot, told

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "minor"}


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:  # noqa: ARG001
    """One array for all answers.  What is found in two of them has two fingerprints, for GitLab shows one of each."""
    seen: Counter[str] = Counter()
    between = "["
    for answer in answers:
        for finding in answer.findings:
            if finding.status is Status.FIXED:
                continue
            where = spot(finding, answer)
            mark = finding.fingerprint
            seen[mark] += 1
            entry = {
                "description": printable(told(finding)),
                "check_name": finding.rule,
                "fingerprint": mark if seen[mark] == 1 else f"{mark}-{seen[mark]}",
                "severity": SEVERITIES[finding.severity],
                "location": {"path": printable(where.file), "lines": {"begin": where.line}},
            }
            yield between + "\n" + json.dumps(entry)
            between = ","
    yield "[]\n" if between == "[" else "\n]\n"
