"""What the text around an exit or a call says against a finding, where the counts say nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from getput.model import Confidence
from getput.ownership.naming import DROPPING_NAME
from getput.ownership.view import FunctionReport, Leak, marks

if TYPE_CHECKING:
    from getput.csource.syntax import FunctionSource
    from getput.ownership.unit import Unit

LABEL = re.compile(rb"\n[ \t]*[A-Za-z_]\w*:[ \t]*(?=\n)")
CALL = re.compile(rb"\b([A-Za-z_]\w*)[ \t]*\(")
VOIDED = re.compile(rb"\(\s*void\s*\)\s*\Z")
DOWN = re.compile(r"stop|disable|_down|_off|undo|unwind|clean|abort|suspend|deinit")
BEFORE = 40  # bytes in front of a call in which its cast stands


def weighed(unit: Unit, source: FunctionSource, report: FunctionReport) -> FunctionReport:
    """*report* of *source*, its leaks doubted where the text explains them, and without what the author throws away by a cast."""
    found = tuple([_leak(unit, source, report, leak) for leak in report.leaks if not _voided(unit, leak)])
    thrown = tuple([one for one in report.incidents if one.kind != "discarded" or not _cast_away(unit, one.at)])
    if found == report.leaks and thrown == report.incidents:
        return report
    return replace(report, leaks=found, incidents=thrown)


def _voided(unit: Unit, leak: Leak) -> bool:
    """``(void)get(...)``: the author knows that something comes back, and that it is nothing."""
    return not leak.standing.count.label and _cast_away(unit, leak.standing.count.taken[0].at)


def _cast_away(unit: Unit, at: int) -> bool:
    """Whether what the call at an offset returns is cast to void."""
    return VOIDED.search(unit.text, max(0, at - BEFORE), at) is not None


def _leak(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> Leak:
    undone = leak.kind in ("error", "path") and _undone(unit, source, report, leak)
    if undone or (report.users and _restored(unit, source, report, leak)):
        return replace(leak, confidence=Confidence.LOW)
    return leak


def _undone(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether the way out calls a function of this file that takes things down, and puts such an object: it may get at it in its own way."""
    end = leak.shown.at
    begin = max((mark.at for mark in marks(leak.standing.trace) if mark.at < end), default=source.start)
    for label in LABEL.finditer(unit.text, begin, end):
        begin = label.end()
    puts = unit.vocabulary.puts(report.counter)
    for word in CALL.findall(unit.text, begin, end):
        name = word.decode("ascii")
        if name in unit.by_name and (DOWN.search(name) or DROPPING_NAME.search(name)) and name != source.name:
            if unit.words_of(unit.by_name[name]) & puts:
                return True
    return False


def _restored(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether the function lets go of the same object further up: then it takes it back, for its caller."""
    count = leak.standing.count
    if not count.label:
        return False
    puts = "|".join(sorted(map(re.escape, unit.vocabulary.puts(report.counter)))).encode("ascii")
    place = rb"\b(?:%s)\s*\([^;]*%s\b" % (puts, re.escape(count.label.encode("ascii", "replace")))
    return re.search(place, unit.text[source.start : count.taken[0].at]) is not None
