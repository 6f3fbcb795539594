"""One finding as a part of the page: a line of the list, and below it all that shows why."""

from __future__ import annotations

from getput.model import Answer, Exhibit, Finding, Side, Step
from getput.report.page.docs import silencing
from getput.report.page.listing import listing
from getput.report.page.markup import attribute, sentence, text

ROOMY = 620  # the height of a picture, in pixels, that is shown at once


def item(finding: Finding, answer: Answer, ident: str, place: str, *, several: bool, lazy: bool, opened: bool) -> str:
    """The finding as an item of the list.

    *ident* is unique in the page, *place* what it is filtered by, *several* are the inputs of the page.  The body of a *lazy* one is text for a
    browser with scripts until it is opened, and plain for one without.
    """
    data = {
        "rule": finding.rule,
        "family": finding.family,
        "confidence": finding.confidence.value,
        "status": finding.status.value,
        "place": place,
    }
    attributes = "".join(f' data-{name}="{attribute(value)}"' for name, value in data.items())
    inside = _body(finding, answer, ident, several=several)
    inside = f"<noscript>{inside}</noscript>" if lazy else inside
    return (
        f'<li class="f" id="{ident}"{attributes}><details{" open" if opened else ""}>{_head(finding)}'
        f'<div class="body">{inside}</div></details></li>'
    )


def _head(finding: Finding) -> str:
    hidden = ", suppressed" if finding.suppressed is not None else ""
    return (
        f'<summary><span class="sev {finding.severity.value}" role="img" aria-label="{finding.severity.value}"></span>'
        f'<h2 class="said">{sentence(finding.message)}</h2>'
        f'<span class="where"><span class="file">{text(finding.file)}:{finding.line}</span>'
        f' <span class="fn">{text(finding.function)}()</span></span>'
        f'<span class="tags"><span class="tag {finding.status.value}">{finding.status.value}{hidden}</span>'
        f'<span class="tag {finding.confidence.value}">{finding.confidence.value} confidence</span>'
        f'<span class="tag id">{text(finding.rule)}</span></span></summary>'
    )


def _body(finding: Finding, answer: Answer, ident: str, *, several: bool) -> str:
    parts = [
        _source(finding, ident),
        _elsewhere(finding),
        _fix(finding),
        _facts(finding, answer, several=several),
        _silence(finding),
    ]
    return "".join(parts)


# --- the source ------------------------------------------------------------------------------------------------------


def _source(finding: Finding, ident: str) -> str:
    exhibit = finding.exhibit
    if exhibit is None:
        return ""
    both = exhibit.before is not None and exhibit.after is not None
    heads = [
        f'<div class="h"><span>{name}</span> {text(side.file)}</div>'
        for name, side in (("before", exhibit.before), ("after", exhibit.after))
        if side is not None
    ]
    head = f'<div class="r heads">{"".join(heads)}</div>' if both else ""
    view = _views(ident, exhibit.side) if both else ""
    return (
        f'<div class="bar"><p class="key">{_key(finding, exhibit)}</p>{view}</div>'
        f'<div class="show {"two" if both else "one"}-sided"><div class="src"><div class="code {"two" if both else "one"} on-{exhibit.side}" role="group" '
        f'aria-label="Source of {attribute(finding.function)}()">{head}{listing(exhibit)}</div></div>{_graphs(finding, exhibit)}</div>'
    )


def _views(ident: str, side: str) -> str:
    """Which of two sides are shown: works without scripts."""
    options = (("before", "Before", ""), ("both", "Side by side", " checked"), ("after", "After", ""))
    return (
        f'<fieldset class="view at-{side}"><legend class="hid">Shown images</legend>'
        + "".join(
            f'<label><input type="radio" name="v-{ident}" class="v-{name}"{checked}><span>{label}</span></label>'
            for name, label, checked in options
        )
        + "</fieldset>"
    )


def _key(finding: Finding, exhibit: Exhibit) -> str:
    """What the numbers mean."""
    shown = exhibit.shown
    if shown is None or not shown.way:
        return "No single way shows this: the lines that it is about are marked."
    if not shown.counts:
        return "The way that the finding is about runs beside the source."
    said = f"The number before a line is the count of <code>{text(finding.object)}</code> after it: taken minus dropped, on this way."
    taken = min((note.line for note in shown.notes if note.kind == "take"), default=0)
    again = any(line < taken for line, _ in shown.counts)
    return said + (" Lines that the way passes in a later turn of the loop show what it is then." if again else "")


def _graphs(finding: Finding, exhibit: Exhibit) -> str:
    sides = [
        (name, side) for name, side in (("before", exhibit.before), ("after", exhibit.after)) if side and side.graph
    ]
    if not sides:
        return ""
    opened = all(_height(side) <= ROOMY for _, side in sides)
    figures = "".join(
        f'<figure><div class="pan" tabindex="0" role="group" aria-label="Graph {name}">{_named(side.graph, finding)}</div>'
        + (f"<figcaption>{name}</figcaption>" if len(sides) > 1 else "")
        + "</figure>"
        for name, side in sides
    )
    return (
        f'<details class="more graph"{" open" if opened else ""}><summary>Control-flow graph</summary>'
        f'<div class="figures">{figures}</div></details>'
    )


def _height(side: Side) -> float:
    _, _, rest = side.graph.partition(' height="')
    return float(rest.partition('"')[0] or 0)


def _named(svg: str, finding: Finding) -> str:
    """The picture with a name for who cannot see it."""
    return svg.replace("<svg ", f'<svg aria-label="Control-flow graph of {attribute(finding.function)}()" ', 1)


# --- what stands below it --------------------------------------------------------------------------------------------


def _elsewhere(finding: Finding) -> str:
    """The steps of the way that lie outside of the source that is shown."""
    shown = finding.exhibit.shown if finding.exhibit is not None else None
    steps = [step for step in finding.path if shown is None or not _inside(step, shown)]
    if not steps:
        return ""
    rows = "".join(
        f'<li><span class="file">{text(step.file)}:{step.line}</span> {sentence(step.note)}'
        + (f"<pre>{text(step.text.strip())}</pre>" if step.text.strip() else "")
        + "</li>"
        for step in steps
    )
    return f'<section class="part"><h3>{"Elsewhere" if shown is not None else "The way there"}</h3><ol class="steps">{rows}</ol></section>'


def _inside(step: Step, side: Side) -> bool:
    return step.file == side.file and side.first <= step.line < side.first + len(side.lines)


def _fix(finding: Finding) -> str:
    if not finding.fix:
        return ""
    return (
        '<section class="part fix"><h3>Suggested fix</h3><button type="button" class="copy js" data-copy="pre">Copy the diff</button>'
        f'<pre class="diff">{"".join(map(_diff_line, printable_lines(finding.fix)))}</pre></section>'
    )


def printable_lines(diff: str) -> list[str]:
    """The lines of a diff without their ends."""
    return diff.rstrip("\n").split("\n")


def _diff_line(line: str) -> str:
    kind = "hunk" if line.startswith(("@@", "---", "+++", "diff ")) else {"+": "add", "-": "del"}.get(line[:1], "")
    return f'<span class="{kind}">{text(line)}\n</span>' if kind else text(line) + "\n"


def _facts(finding: Finding, answer: Answer, *, several: bool) -> str:
    """What else is known: which changed line, which patch, what is counted, the fingerprint."""
    rows = [*_causes(finding, answer)]
    if finding.suppressed is not None:
        until = f", until {finding.suppressed.expires}" if finding.suppressed.expires else ""
        rows.append(("Suppressed", text(f"{finding.suppressed.reason}{until}")))
    if several:
        rows.append(("Input", text(answer.input)))
    rows.append(("Counted", f"<code>{text(finding.object)}</code> ({text(finding.family)})"))
    copy = '<button type="button" class="copy js" data-copy="code">Copy</button>'
    rows.append(("Fingerprint", f"<code>{text(finding.fingerprint)}</code> {copy}"))
    return '<dl class="facts">' + "".join(f"<div><dt>{name}</dt><dd>{said}</dd></div>" for name, said in rows) + "</dl>"


def _causes(finding: Finding, answer: Answer) -> list[tuple[str, str]]:
    out = []
    anchor = finding.anchor
    if anchor is not None:
        sign, how = ("-", "the removal of") if anchor.side == "before" else ("+", "")
        line = (
            f'<code class="{"del" if sign == "-" else "add"}">{sign}{text(anchor.text)}</code>' if anchor.text else ""
        )
        out.append(("Introduced by", f'{how} <span class="file">{text(anchor.file)}:{anchor.line}</span> {line}'))
    for what, index in (("Patch", finding.patch), ("Mended by", finding.mended_by)):
        if index is None or (what == "Patch" and len(answer.patches) < 2):
            continue
        patch = answer.patches[index]
        out.append((what, f"{index + 1} of {len(answer.patches)}: {text(patch.subject)}"))
    return out


def _silence(finding: Finding) -> str:
    said = silencing(finding.rule)
    if not said:
        return ""
    return (
        f'<details class="more"><summary>If this is wrong: how to silence it</summary><div class="doc">{said}{_suppressing(finding)}'
        f'<p><a href="#rule-{attribute(finding.rule)}">All about <code>{text(finding.rule)}</code></a></p></div></details>'
    )


def _suppressing(finding: Finding) -> str:
    """The command that silences this one finding, with the reason to be filled in."""
    command = f'getput suppress {finding.fingerprint} --reason "..."'
    return f"<p>This one alone, with the reason for it:</p><pre>{text(command)}</pre>" if finding.fingerprint else ""
