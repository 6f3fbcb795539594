"""``--format text``: what gcc and clang would print, so that editors and CI find the places, and people read on.

drivers/soc/demo.c: In function 'demo_probe':
drivers/soc/demo.c:42:10: warning: 'np' is not put on this error exit (high confidence) [leak-on-error]
   42 |                 return ret;
      |                 ^
drivers/soc/demo.c:36:7: note: of_get_parent() takes the reference
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from getput.model import Answer, Finding, Severity, Status, Step, Verdict, Verified
from getput.report import Look
from getput.report.escape import printable
from getput.report.select import unjudged

TAB = 8
DOTS = "..."
_BOLD, _RED, _MAGENTA, _CYAN, _GREEN, _PLAIN = (
    "\x1b[1m",
    "\x1b[1;31m",
    "\x1b[1;35m",
    "\x1b[1;36m",
    "\x1b[1;32m",
    "\x1b[0m",
)
_TINTS = {Severity.ERROR: _RED, Severity.WARNING: _MAGENTA, Severity.NOTE: _CYAN}


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:
    """The findings of each answer, function by function, then a line that sums it up."""
    for answer in answers:
        lines = [line for finding_lines in _functions(answer, look) for line in finding_lines]
        lines += [verdict(one, answer) for one in answer.verified]
        if not look.quiet:
            lines.append(summary(answer))
        if lines:
            yield "\n".join(lines) + "\n"


def summary(answer: Answer) -> str:
    """One line: what was found, how much was judged, and how much could not be."""
    counts = [(status, sum(finding.status is status for finding in answer.findings)) for status in Status]
    found = ", ".join(f"{count} {status.value}" for status, count in counts if count) or _nothing(answer)
    return f"{printable(answer.input)}: {found}; {extent(answer)}"


def extent(answer: Answer) -> str:
    """How much was judged, and how much could not be."""
    stats = answer.stats
    parts = [f"{_many(stats.functions, 'function')} judged"]
    if stats.unparsed:
        parts.append(f"{stats.unparsed} could not be parsed")
    if stats.bounded:
        parts.append(f"{stats.bounded} only in part")
    files = [file.status for patch in answer.patches for file in patch.files]
    for status in ("skipped", "failed"):
        if status in files:
            parts.append(f"{_many(files.count(status), 'file')} {status}")
    ways = sorted({patch.applied for patch in answer.patches if patch.applied})
    if ways:
        parts.append(f"applied: {', '.join(ways)}")
    if stats.index != "none":
        parts.append(f"index {stats.index}")
    for count, what in ((stats.suppressed, "suppressed"), (stats.baseline, "in the baseline")):
        if count:
            parts.append(f"{count} {what}")
    if stats.elapsed_ms:
        parts.append(f"{stats.elapsed_ms} ms")
    return ", ".join(parts)


VERDICTS = {
    Verdict.COMPLETE: "mended on every path that was followed",
    Verdict.PARTLY: "mended in part",
    Verdict.OVERDONE: "brings another",
    Verdict.UNSEEN: "what it mends is not seen; nothing is said of it",
}


def verdict(one: Verified, answer: Answer) -> str:
    """One line: what became of a patch that claims to mend a count."""
    counts = ((len(one.fixed), "fixed"), (len(one.left), "left"), (len(one.brought), "introduced"))
    found = ", ".join(f"{count} {what}" for count, what in counts if count)
    title = printable(answer.patches[one.patch].subject) or printable(answer.input)
    return f"{title}: {VERDICTS[one.verdict]}" + (f" ({found})" if found else "")


def _nothing(answer: Answer) -> str:
    if unjudged(answer):
        return "not judged"
    return "nothing introduced" if _compared(answer) else "nothing found"


def _compared(answer: Answer) -> bool:
    """Whether a before stood against an after: in a tree as it stands every finding existed before."""
    return any(patch.applied for patch in answer.patches)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _functions(answer: Answer, look: Look) -> Iterator[list[str]]:
    color = look.color
    every: Iterable[Finding] = answer.findings
    if look.suppressed and answer.suppressed:
        every = sorted([*every, *answer.suppressed], key=lambda finding: (finding.file, finding.line, finding.rule))
    for (file, function), findings in groupby(every, key=lambda finding: (finding.file, finding.function)):
        yield [
            f"{_tint(printable(file) + ':', _BOLD, color)} In function '{_tint(printable(function), _BOLD, color)}':"
        ]
        for finding in findings:
            yield _finding(finding, answer, look)


def _finding(finding: Finding, answer: Answer, look: Look) -> list[str]:
    color = look.color
    lines = [_headline(finding, _compared(answer), color)]
    here = (finding.file, finding.line)
    quotes = [step.text for step in finding.path if (step.file, step.line) == here and step.text]
    lines += _quote(quotes[0] if quotes else "", finding.line, finding.column, look)
    for step in finding.path:
        lines += _note(step, look)
    lines += _causes(finding, answer, look)
    if finding.fix:
        lines.append(_head(finding.file, finding.line, None, "note", _CYAN, "this mends it:", color))
        lines += ["    " + printable(line) for line in finding.fix.splitlines()]
    said = []
    if look.fingerprints:
        said.append(f"fingerprint {finding.fingerprint}")
    if finding.suppressed is not None:
        until = f", until {finding.suppressed.expires}" if finding.suppressed.expires else ""
        said.append(f"suppressed{until}: {printable(finding.suppressed.reason)}")
    lines += [_head(finding.file, finding.line, None, "note", _CYAN, text, color) for text in said]
    return lines


def _headline(finding: Finding, compared: bool, color: bool) -> str:
    """``path:line:col: warning: message (high confidence) [rule]``; ``fixed:`` for what a patch mends."""
    remark = f"{finding.confidence.value} confidence"
    if finding.suppressed is not None:
        remark = f"suppressed, {remark}"
    if compared and finding.status is Status.EXISTING:
        remark = f"existed before, {remark}"
    label, tint = finding.severity.value, _TINTS[finding.severity]
    if finding.status is Status.FIXED:
        label, tint = "fixed", _GREEN
    text = f"{printable(finding.message)} ({remark}) [{_tint(finding.rule, tint, color)}]"
    return _head(finding.file, finding.line, finding.column, label, tint, text, color)


def _note(step: Step, look: Look) -> list[str]:
    head = _head(step.file, step.line, step.column, "note", _CYAN, printable(step.note), look.color)
    return [head, *_quote(step.text, step.line, step.column, look)]


def _causes(finding: Finding, answer: Answer, look: Look) -> list[str]:
    """Which changed line, which patch of the series brought it, and which one takes it away again."""
    lines = []
    color = look.color
    anchor = finding.anchor
    if anchor is not None and (anchor.side == "before" or (anchor.file, anchor.line) not in _places(finding)):
        how = "introduced by the removal of this line" if anchor.side == "before" else "introduced by this line"
        lines.append(_head(anchor.file, anchor.line, None, "note", _CYAN, how, color))
        lines += _quote(anchor.text, anchor.line, None, look, mark="-" if anchor.side == "before" else "+")
    if len(answer.patches) > 1:
        lines += [
            _head(finding.file, finding.line, None, "note", _CYAN, f"{what} {_patch(index, answer)}", color)
            for what, index in (("this is about", finding.patch), ("mended again by", finding.mended_by))
            if index is not None
        ]
    return lines


def _places(finding: Finding) -> set[tuple[str, int]]:
    return {(finding.file, finding.line)} | {(step.file, step.line) for step in finding.path}


def _patch(index: int, answer: Answer) -> str:
    return f"patch {index + 1} of {len(answer.patches)}: {printable(answer.patches[index].subject)}"


def _head(file: str, line: int, column: int | None, label: str, tint: str, text: str, color: bool) -> str:
    place = f"{printable(file)}:{line}:" + (f"{column}:" if column else "")
    return f"{_tint(place, _BOLD, color)} {_tint(label + ':', tint, color)} {text}"


def _quote(text: str, line: int, column: int | None, look: Look, mark: str = " ") -> list[str]:
    """The source line as gcc shows it, with a caret under *column* (1-based, in bytes) where there is one."""
    if not text:
        return []
    caret = 0
    if column:
        before = text.encode("utf-8", "surrogateescape")[: column - 1].decode("utf-8", "replace")
        caret = len(_shown(before))
    source, caret = _cut(_shown(text), caret, look.width - len(f"{line:>5} |{mark}") if look.width else 0)
    quoted = [f"{line:>5} |{mark}{source}".rstrip()]
    if column:
        quoted.append(f"      | {' ' * caret}{_tint('^', _GREEN, look.color)}")
    return quoted


def _cut(text: str, caret: int, width: int) -> tuple[str, int]:
    """What of *text* fits into *width* characters (0: all of it), and where the caret stands in it; dots stand for what was cut off."""
    if not width or len(text) <= width or width < 3 * len(DOTS):
        return text, caret
    start = 0
    if caret > width - 2 * len(DOTS):
        start = min(caret - width // 2, len(text) - width)
    part = text[start : start + width]
    if start:
        part = DOTS + part[len(DOTS) :]
    if start + width < len(text):
        part = part[: -len(DOTS)] + DOTS
    return part, caret - start


def _shown(text: str) -> str:
    return printable(text).expandtabs(TAB)


def _tint(text: str, tint: str, color: bool) -> str:
    return f"{tint}{text}{_PLAIN}" if color else text
