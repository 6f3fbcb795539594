"""Whether what an edit makes of a file would still compile, as far as labels and locals tell."""

from __future__ import annotations

import re
from collections import Counter

from getput.csource.outline import GOTO, LABELED, Outline
from getput.csource.split import functions
from getput.flow.ir import Function
from getput.ownership.unit import Unit
from getput.pattern import pattern
from getput.verdict.case import Case

SCOPED = pattern(rb"\b\w+_scoped\s*\(([^()]*)\)")  # declares its cursor


def tidied(case: Case, text: bytes) -> bytes:
    """*text* without the labels to which an edit took the last jump."""
    for source in functions(text):
        old = case.unit.by_name.get(source.name)
        if old is None or b"goto" not in case.unit.text[old.start : old.end]:
            continue
        if case.unit.text[old.start : old.end] == text[source.start : source.end]:
            continue
        outline = Outline(text, source, case.unit.macros)
        jumps = {one.label for one in outline.statements if one.kind == GOTO}
        left = outline.labels.keys() - jumps - idle(case.unit, source.name)
        for label in sorted(left):
            body = text[source.start : source.end]
            line = re.compile(rb"^[ \t]*" + label.encode() + rb":[ \t]*\n", re.MULTILINE)
            text = text[: source.start] + line.sub(b"", body, count=1) + text[source.end :]
        if left:
            return text
    return text


def sound(case: Case, text: bytes) -> bool:
    """Whether each function of *text*, the file as an edit makes it, can be read, has the labels that it jumps to and no others, and declares the
    variables that it names, and no others, as far as the two images know them for locals of this function."""
    for source in functions(text):
        old = case.unit.by_name.get(source.name)
        if old is not None and case.unit.text[old.start : old.end] == text[source.start : source.end]:
            continue
        outline = Outline(text, source, case.unit.macros)
        jumps = {one.label for one in outline.statements if one.kind == GOTO}
        labels = {one.label for one in outline.statements if one.kind == LABELED}
        if outline.errors or jumps - labels or not labels - jumps <= idle(case.unit, source.name):
            return False
        before = set() if old is None else undeclared(Outline(case.unit.text, old, case.unit.macros))
        if (undeclared(outline) - before) & locals_of(case, source.name):
            return False
        if old is not None and unused(outline) - unused(Outline(case.unit.text, old, case.unit.macros)):
            return False
    return True


def undeclared(outline: Outline) -> set[str]:
    """The names that a function uses and does not declare in words that can be read: what others declare, and macros."""
    words = {word for word, _ in outline.words(outline.source.start, outline.source.end)}
    scoped = {
        word.decode("ascii") for found in SCOPED.findall(outline.view) for word in re.findall(rb"[A-Za-z_]\w*", found)
    }
    return words - {name for name, _, _ in outline.names} - scoped


def unused(outline: Outline) -> set[str]:
    """The locals that a function declares and does not name again."""
    said = Counter(word for word, _ in outline.words(outline.source.start, outline.source.end))
    return {name for name, _, _ in outline.names if said[name] < 2}


def idle(unit: Unit, function: str) -> set[str]:
    """The labels of a function to which nobody jumps."""
    source = unit.by_name.get(function)
    if source is None:
        return set()
    outline = Outline(unit.text, source, unit.macros)
    return outline.labels.keys() - {one.label for one in outline.statements if one.kind == GOTO}


def locals_of(case: Case, function: str) -> set[str]:
    """The names that are locals of a function in either image, and parameters in none."""
    images: list[Function] = []
    for unit in (case.unit, case.before):
        source = unit.by_name.get(function) if unit is not None else None
        lowered = unit.function(source) if unit is not None and source is not None else None
        if lowered is not None:
            images.append(lowered)
    return {name for one in images for name in one.locals} - {param.name for one in images for param in one.params}
