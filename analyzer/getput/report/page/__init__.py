"""``--format html``: one page for a browser, with nothing from outside, that shows every finding in its source.

It reads without scripts; with them it filters, and opens large findings only when they are asked for.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from importlib.resources import files
from string import Template

from msgspec.structs import replace

from getput import __version__
from getput.model import Answer, Confidence, Finding, Status
from getput.report import Look
from getput.report.page.docs import manual
from getput.report.page.finding import item
from getput.report.page.markup import attribute, text
from getput.report.table import subsystem
from getput.report.text import extent, verdict

LAZY = 30  # findings from which on their bodies wait until they are opened
FEW = 3  # inputs that are named in the title
OPEN = 3  # findings that are shown at once

Named = tuple[Answer, Finding, str]  # with what is unique about it in the page


def render(answers: Iterable[Answer], look: Look) -> Iterator[str]:
    """The page."""
    every = [_with_suppressed(answer) if look.suppressed else answer for answer in answers]
    named = _named(every)
    places = _places([finding for _, finding, _ in named])
    script = _part("page.js")
    yield Template(_part("page.html")).substitute(
        policy=_policy(script),
        title=text(_title(every, len(named))),
        style=_part("page.css"),
        script=script,
        inputs=text(_inputs(every)),
        overview=_overview([finding for _, finding, _ in named]),
        answers=_judged(every),
        filters=_filters(named, places) if len(named) > 1 else "",
        kind="list many" if len(named) >= LAZY else "list",
        nothing="" if named else '<p class="empty">Nothing to show.</p>',
        findings="".join(
            item(
                finding,
                answer,
                ident,
                places[id(finding)],
                several=len(every) > 1,
                lazy=len(named) >= LAZY,
                opened=len(named) <= OPEN,
            )
            for answer, finding, ident in named
        ),
        rules=_rules({finding.rule for _, finding, _ in named}),
        version=text(__version__),
    )


def _with_suppressed(answer: Answer) -> Answer:
    """*answer* with what is suppressed among its findings."""
    findings = sorted([*answer.findings, *answer.suppressed], key=lambda one: (one.file, one.line, one.rule))
    return replace(answer, findings=tuple(findings))


def _part(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _policy(script: str) -> str:
    """What the page may do: its own style and script, and nothing that came with a patch."""
    told = b64encode(sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{told}'; base-uri 'none'; form-action 'none'"


def _inputs(answers: Sequence[Answer]) -> str:
    """What was judged, by name, or how many things."""
    return " + ".join(answer.input for answer in answers) if len(answers) <= FEW else f"{len(answers)} inputs"


def _title(answers: Sequence[Answer], count: int) -> str:
    return f"{count} {'finding' if count == 1 else 'findings'}: {_inputs(answers)}"


def _named(answers: Sequence[Answer]) -> list[Named]:
    """Every finding with an identifier; the same in two answers is told apart."""
    seen: Counter[str] = Counter()
    out = []
    for answer in answers:
        for finding in answer.findings:
            base = "f-" + "".join(one for one in finding.fingerprint if one.isalnum() and one.isascii())
            seen[base] += 1
            out.append((answer, finding, base if seen[base] == 1 else f"{base}-{seen[base]}"))
    return out


def _places(findings: Sequence[Finding]) -> dict[int, str]:
    """What each finding (by its identity) is filtered by: its part of the tree, or its file where all lie in one part."""
    parts = {id(finding): subsystem(finding) for finding in findings}
    if len(set(parts.values())) > 1:
        return parts
    return {id(finding): finding.file for finding in findings}


def _overview(findings: Sequence[Finding]) -> str:
    """How many, by status and confidence, in words."""
    statuses = Counter(finding.status for finding in findings)
    levels = Counter(finding.confidence for finding in findings)
    found = ", ".join(f"<b>{statuses[status]}</b> {status.value}" for status in Status if statuses[status])
    sure = ", ".join(f"{levels[level]} {level.value}" for level in Confidence if levels[level])
    return f"{found} <span>({sure} confidence)</span>" if findings else "<b>No</b> findings"


def _judged(answers: Sequence[Answer]) -> str:
    """What was judged of every input, and what could not be."""
    said = "".join(_answer(answer, several=len(answers) > 1) for answer in answers)
    if len(answers) <= FEW:
        return said
    bad = sum(bool(answer.errors) for answer in answers)
    problems = f", {bad} with problems" if bad else ""
    return f'<details class="judged"><summary>What was judged{problems}</summary>{said}</details>'


def _answer(answer: Answer, *, several: bool) -> str:
    """What was judged, and what could not be."""
    patches = [patch for patch in answer.patches if patch.subject]
    out = []
    if patches:
        rows = "".join(
            f"<li>{text(patch.subject)}"
            + (f" <code>{text(patch.commit[:12])}</code>" if patch.commit else "")
            + "</li>"
            for patch in patches
        )
        out.append(f'<ol class="patches{" alone" if len(patches) == 1 else ""}">{rows}</ol>')
    name = f"{answer.input}: " if several else ""
    out.append(f'<p class="sum">{text(name + extent(answer))}</p>')
    said = [(problem.where, problem.message, "bad") for problem in answer.errors]
    said += [(problem.where, problem.message, "note") for problem in answer.notes]
    lines = "".join(f'<li class="{kind}">{text(where)}: {text(message)}</li>' for where, message, kind in said)
    lines += "".join(f'<li class="note">{text(verdict(one, answer))}</li>' for one in answer.verified)
    if lines:
        out.append(f'<ul class="problems">{lines}</ul>')
    return "".join(out)


# --- filters ---------------------------------------------------------------------------------------------------------


def _filters(named: Sequence[Named], places: dict[int, str]) -> str:
    findings = [finding for _, finding, _ in named]
    values = {
        "rule": ("Rule", [finding.rule for finding in findings]),
        "family": ("Counted", [finding.family for finding in findings]),
        "confidence": ("Confidence", [finding.confidence.value for finding in findings]),
        "status": ("Status", [finding.status.value for finding in findings]),
        "place": ("Place", [places[id(finding)] for finding in findings]),
    }
    selects = "".join(_select(name, label, each) for name, (label, each) in values.items() if len(set(each)) > 1)
    return Template(_part("filters.html")).substitute(selects=selects, count=len(findings))


def _select(name: str, label: str, values: Sequence[str]) -> str:
    counts = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))
    options = "".join(f'<option value="{attribute(value)}">{text(value)} ({count})</option>' for value, count in counts)
    return f'<label><span>{label}</span><select name="{name}"><option value="">all</option>{options}</select></label>'


def _rules(idents: set[str]) -> str:
    said = "".join(map(manual, sorted(idents)))
    return (
        f'<section class="rules" aria-labelledby="rules"><h2 id="rules">The rules</h2>{said}</section>' if said else ""
    )
