"""``--format checkpatch``: the lines of checkpatch.pl, for whatever reads them: b4, NIPA, editors.

WARNING: demo_read(): the reference on 'np' taken by ... (line 14)
#22: FILE: drivers/demo/demo.c:13:
+	if (ret)

total: 0 errors, 1 warnings, 9 lines checked

As in checkpatch.pl, ``--terse`` leaves the first line of each, behind the place: ``0001-demo.patch:22: WARNING: ...``, in the file with ``--showfile``;
``--show-types`` names the type, and a clean patch is told of only without ``--terse`` and ``--quiet``: b4 takes any line for a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from getput.model import Answer, Finding, Severity, Status
from getput.report import Look
from getput.report.escape import printable
from getput.report.place import quoted, spot, told
from getput.report.select import unjudged

LEVELS = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "CHECK"}
_TINTS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[32m"}
_PLAIN, _BLUE = "\x1b[0m", "\x1b[34m"


class Place(NamedTuple):
    """Where a finding stands: in the input (line 0 where it is not in a patch), and in the file; and the line, as the patch has it."""

    where: str
    at: int
    file: str
    line: int
    text: str


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:
    """The findings of each answer, then the counts.  What a patch mends is no complaint."""
    for answer in answers:
        found = [one for one in answer.findings if one.status is not Status.FIXED]
        lines = [line for one in found for line in _report(one, answer, look)]
        quiet = look.quiet or look.terse
        if not (look.no_summary or look.quiet or (look.terse and not found)):
            lines.append(_total(found, answer))
        if not quiet and not unjudged(answer):
            said = (
                "has reference counts to look at, please review" if found else "has no obvious reference-count problems"
            )
            lines += ["", f"{printable(answer.input)} {said}."]
        if lines:
            yield "\n".join(lines) + "\n"


def _report(one: Finding, answer: Answer, look: Look) -> Iterator[str]:
    place = _place(one, answer)
    level, kind = LEVELS[one.severity], ""
    if look.show_types:
        kind = f"{type_of(one)}:"
    if look.color:
        level, kind = f"{_TINTS[one.severity]}{level}", f"{_BLUE}{kind}" if kind else ""
    text = f"{level}:{kind}{_PLAIN if look.color else ''} {printable(told(one))}"
    at = f"{printable(place.file)}:{place.line}"
    if look.showfile or (look.terse and not place.at):
        text = f"{at}: {text}"
    elif look.terse:
        text = f"{printable(place.where)}:{place.at}: {text}"
    yield text
    if look.terse:
        return
    if not look.showfile:
        yield f"#{place.at or place.line}: FILE: {at}:"
    yield from [printable(place.text)] if place.text else []
    yield ""


def type_of(one: Finding) -> str:
    """The rule's name, as checkpatch.pl writes its types: ``LEAK_ON_ERROR``."""
    return one.rule.replace("-", "_").upper()


def _place(one: Finding, answer: Answer) -> Place:
    found = quoted(one, answer)
    where = spot(one, answer)
    if found is None:
        return Place(answer.input, 0, where.file, where.line, f"+{where.text}" if where.text else "")
    letter, section, _, row = found
    line = row.after if row.tag != "-" else where.line
    return Place(letter.where, letter.line + row.at, section.new or section.old or one.file, line, letter.lines[row.at])


def _total(found: Iterable[Finding], answer: Answer) -> str:
    """The line that counts: lines of hunks; functions, where there is no patch."""
    counts = {level: sum(one.severity is level for one in found) for level in Severity}
    checks = f"{counts[Severity.NOTE]} checks, " if counts[Severity.NOTE] else ""
    letters = [patch.letter for patch in answer.patches if patch.letter is not None]
    lines = sum(hunk.end - hunk.head - 1 for letter in letters for part in letter.sections for hunk in part.hunks)
    checked = f"{lines} lines" if letters or not answer.stats.functions else f"{answer.stats.functions} functions"
    return f"total: {counts[Severity.ERROR]} errors, {counts[Severity.WARNING]} warnings, {checks}{checked} checked"
