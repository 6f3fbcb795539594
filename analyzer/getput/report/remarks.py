"""What a reviewer writes below a quoted line: the question, and the way to it as code.  No line numbers: code is quoted."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from getput.model import Answer, Finding, Step
from getput.report.escape import printable

WIDTH = 78
INDENT = "    "
FIRST, LAST = 3, 4  # steps of a long way that are shown

_NUMBERS = re.compile(r"\s*\((?:line \d+|[^()\s]+:\d+)\)")
_REMARKS = (
    (re.compile(r"the reference is taken here by .*"), "takes the reference"),
    (re.compile(r"the caller hands the reference over here"), "is handed the reference"),
    (re.compile(r"this condition holds"), "true"),
    (re.compile(r"this condition does not hold"), "false"),
    (re.compile(r"\S+\(\) drops it here"), ""),
    (re.compile(r"this case|an iteration of .*|and the function is left here|here"), ""),
)


def remark(finding: Finding, answer: Answer, quoted: str = "") -> list[str]:
    """The lines of a remark on *finding*; *quoted* is the source line above it, which is not repeated where it is the whole way."""
    out = wrapped(asked(finding))
    way = list(_way(finding, quoted))
    if way:
        out += ["", f"The way there, in {finding.function}():"[:WIDTH], "", *way]
    if finding.mended_by is not None and finding.mended_by < len(answer.patches):
        title = printable(answer.patches[finding.mended_by].subject)
        out += ["", *wrapped(f'"{title}" seems to mend this: should it not be part of this patch, for bisection?')]
    if finding.fix:
        out += ["", "Would this mend it?", "", *(printable(line) for line in finding.fix.rstrip("\n").split("\n"))]
    return out


def asked(finding: Finding) -> str:
    """The finding as a question to the author of the patch."""
    if finding.question:
        return finding.question
    text = _NUMBERS.sub("", finding.message)
    return text if text.endswith("?") else f"Could it be that {text}?"


def wrapped(text: str) -> list[str]:
    """*text* in lines that no mail program has to break, none of which reads as a quote."""
    lines = textwrap.wrap(printable(text), WIDTH - 1, break_on_hyphens=False)
    return [f" {line}" if line.startswith(">") else line for line in lines]


def _way(finding: Finding, quoted: str) -> Iterator[str]:
    """The steps as code, each with what happens there as a comment."""
    steps = _merged(finding.path)
    if all(step.text.strip() == quoted.strip() for step in steps) or (len(steps) == 1 and not steps[0].note):
        return
    cut = len(steps) > FIRST + LAST
    file = finding.file
    for number, step in enumerate(steps):
        if cut and FIRST <= number < len(steps) - LAST:
            if number == FIRST:
                yield f"{INDENT}..."
            continue
        if step.file != file:
            file = step.file
            yield from textwrap.wrap(f"{printable(file)}:", WIDTH)
        yield from _step(step)


def _merged(path: Sequence[Step]) -> list[Step]:
    """The steps that have code to show, in short words; what happens on one line stands there once."""
    out: list[Step] = []
    for step in path:
        if not step.text.strip():
            continue
        said = _said(step)
        if out and (out[-1].file, out[-1].line) == (step.file, step.line):
            said = ", ".join(filter(None, dict.fromkeys([out.pop().note, said])))
        out.append(replace(step, note=said))
    return out


def _step(step: Step) -> Iterator[str]:
    code, said = printable(step.text.strip()).expandtabs(8), step.note
    line = f"{INDENT}{code}"
    if said and len(line) + len(said) + 8 <= WIDTH:
        yield f"{line}  /* {said} */"
        return
    yield line if len(line) <= WIDTH else line[: WIDTH - 4].rstrip() + " ..."
    if said:
        yield from textwrap.wrap(
            f"/* {said} */", WIDTH, initial_indent=INDENT * 2, subsequent_indent=f"{INDENT * 2} * "
        )


def _said(step: Step) -> str:
    note = _NUMBERS.sub("", printable(step.note))
    for pattern, short in _REMARKS:
        found = pattern.fullmatch(note)
        if found is not None:
            return found.expand(short)
    return note
