"""``--format patchwork``: what a check of patchwork is made of, one object a line, one line a patch.

{"state": "warning", "context": "getput", "description": "1 introduced: leak-on-error in demo_read()", "target_url": null}

Nothing is sent: ``POST /api/patches/ID/checks/`` takes the object, with a maintainer's token.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from getput.model import Answer, Severity, Status
from getput.report import Look
from getput.report.escape import printable

CONTEXT = "getput"
LONGEST = 255  # characters of a description


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:
    """The worst of each patch; one line for an input in which no patch was found."""
    for answer in answers:
        checks = [_check(answer, index) for index in range(len(answer.patches))]
        for state, description in checks or [("warning", _trouble(answer) or "no patch in it")]:
            check = {
                "state": state,
                "context": CONTEXT,
                "description": shortened(printable(description)),
                "target_url": look.url or None,
            }
            yield json.dumps(check) + "\n"


def _check(answer: Answer, index: int) -> tuple[str, str]:
    """State and description of one patch.  What could not be judged is a warning: it is neither good nor bad."""
    patch = answer.patches[index]
    found = [one for one in answer.findings if one.patch == index and one.status is Status.INTRODUCED]
    if found:
        bad = any(one.severity is Severity.ERROR for one in found)
        said = ", ".join(dict.fromkeys(f"{one.rule} in {one.function}()" for one in found))
        notes = all(one.severity is Severity.NOTE for one in found)
        return "fail" if bad else "success" if notes else "warning", f"{len(found)} introduced: {said}"
    failed = [file for file in patch.files if file.status == "failed"]
    if failed:
        return "warning", f"not judged: {failed[0].reason or failed[0].path}"
    judged = sum(file.status == "analysed" for file in patch.files)
    return "success", "nothing introduced" if judged else "no C source is touched"


def _trouble(answer: Answer) -> str:
    return f"not judged: {answer.errors[0].message}" if answer.errors else ""


def shortened(text: str, longest: int = LONGEST) -> str:
    """*text*, cut where it is too long."""
    return text if len(text) <= longest else text[: longest - 3] + "..."
