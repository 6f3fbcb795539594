"""What the text around an exit or a call says against a finding, where the counts say nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from getput.model import Confidence
from getput.ownership.contracts import Verb
from getput.ownership.naming import CALL, DROPPING_NAME, PAGES
from getput.ownership.view import ExitKind, FunctionReport, Incident, Leak, marks
from getput.pattern import pattern

if TYPE_CHECKING:
    from getput.csource.syntax import FunctionSource
    from getput.ownership.unit import Unit

LABEL = pattern(rb"\n[ \t]*[A-Za-z_]\w*:[ \t]*(?=\n)")
VOIDED = pattern(rb"\(\s*void\s*\)\s*\Z")
DOWN = pattern(r"stop|disable|_down|_off|undo|unwind|clean|abort|suspend|deinit")
QUEUES = pattern(
    rb"[!(\s]*(?:(?:kthread_)?(?:queue|mod|schedule)_(?:delayed_)?work\w*|mod_timer|hrtimer_start\w*|irq_work_queue|task_work_add"
    rb"|tasklet_schedule)[ \t]*\("
)
FLAG = pattern(rb"[!(\s]*([A-Za-z_]\w*(?:(?:->|\.)\w+)*)\s*\)")  # a condition that is one flag
NUMBERED = pattern(rb"\b(?:pfn|phys|virt)_to_(?:page|folio)\s*\(|\bpfn_folio\s*\(")
BEFORE = 40  # bytes in front of a call in which its cast stands


def weighed(unit: Unit, source: FunctionSource, report: FunctionReport) -> FunctionReport:
    """*report* of *source*, its leaks doubted where the text explains them, and without what the author throws away by a cast."""
    found = tuple([_leak(unit, source, report, leak) for leak in report.leaks if not _voided(unit, leak)])
    thrown = tuple([one for one in report.incidents if not _explained(unit, one)])
    if found == report.leaks and thrown == report.incidents:
        return report
    return replace(report, leaks=found, incidents=thrown)


def _explained(unit: Unit, incident: Incident) -> bool:
    """Whether the text says what the counts do not: a cast, or a reference of another kind."""
    if incident.kind == "discarded":
        return _cast_away(unit, incident.at)
    return incident.kind == "use-after-put" and _held_otherwise(unit, incident)


def _held_otherwise(unit: Unit, incident: Incident) -> bool:
    """Whether the object was held, before it was put, by a get that moves another of its counts."""
    count, site = incident.count, incident.site
    if site is None or not count.taken or not count.label:
        return False
    label = re.escape(count.label.split("->")[0].encode("ascii", "replace"))
    between = unit.text[count.taken[0].at : site.at]
    names = (word.decode("ascii") for word in re.findall(rb"\b(\w+)\s*\(\s*&?%s\b" % label, between))
    contracts = (unit.tables.contracts.get(name) for name in names)
    return any(
        effect.verb is Verb.TAKE and effect.target.arg == 0 and unit.tables.counter_of(effect.family) != incident.key[1]
        for contract in contracts
        if contract is not None
        for effect in contract.effects
    )


def _voided(unit: Unit, leak: Leak) -> bool:
    """``(void)get(...)``: the author knows that something comes back, and that it is nothing."""
    return not leak.standing.count.label and _cast_away(unit, leak.standing.count.taken[0].at)


def _cast_away(unit: Unit, at: int) -> bool:
    """Whether what the call at an offset returns is cast to void."""
    return VOIDED.search(unit.text, max(0, at - BEFORE), at) is not None


def _leak(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> Leak:
    explained = (
        (leak.kind in ("error", "path") and _undone(unit, source, report, leak))
        or (leak.kind == "always" and report.counter in PAGES and _converted(unit, source, leak))
        or (leak.kind == "path" and report.counter in PAGES and _numbered(unit, source, leak))
        or (leak.kind in ("error", "path") and _queued(unit, report, leak))
        or (leak.kind in ("error", "path") and _flagged(unit, leak))
        or (report.users and _restored(unit, source, report, leak))
    )
    return replace(leak, confidence=Confidence.LOW) if explained else leak


def _converted(unit: Unit, source: FunctionSource, leak: Leak) -> bool:
    """Whether the page goes on as an address or a number, by which who gets that will find it again."""
    if leak.standing.several and not leak.standing.count.passed:
        return False  # nobody has seen them on this way
    label = re.escape(leak.standing.count.label.encode("ascii", "replace"))
    place = rb"\b(?:page_address|page_to_\w+)\s*\(\s*&?%s\b" % label
    return bool(label) and re.search(place, unit.text[source.start : source.end]) is not None


def _numbered(unit: Unit, source: FunctionSource, leak: Leak) -> bool:
    """Whether the page was found and taken by its number, where nothing fails: who has the number finds the page again."""
    if leak.shown.kind is ExitKind.ERROR:
        return False
    count = leak.standing.count
    at = count.taken[0].at
    if NUMBERED.search(unit.text, at, unit.text.find(b";", at)):
        return True
    found = rb"\b%s\s*=\s*(?:%s)" % (re.escape(count.label.encode()), NUMBERED.pattern)
    return bool(count.label) and re.search(found, unit.text[source.start : at]) is not None


def _queued(unit: Unit, report: FunctionReport, leak: Leak) -> bool:
    """Whether the path asks, after a get on somebody else's object, if work or a timer was set off: the reference is its own then.  An exit that
    fails may leave it so only where the function drops it as the answer is no."""
    count = leak.standing.count
    asked = [
        mark.at for mark in marks(leak.standing.trace) if mark.kind in ("true", "false") and mark.at > count.taken[0].at
    ]
    places = [] if count.fresh else [at for at in asked if QUEUES.match(unit.text, at)]
    if leak.kind == "path":
        return bool(places)
    puts = unit.vocabulary.puts(report.counter)
    branches = (unit.text[at : unit.text.find(b";", at)] for at in places)
    return any(word.decode("ascii") in puts for branch in branches for word in CALL.findall(branch))


def _flagged(unit: Unit, leak: Leak) -> bool:
    """Whether the last thing that the path asks is a flag which the function sets where its get has failed: here it cannot be set."""
    count = leak.standing.count
    asked = [mark.at for mark in marks(leak.standing.trace) if mark.kind in ("true", "false")]
    flag = FLAG.match(unit.text, asked[-1]) if asked and count.label and asked[-1] > count.taken[0].at else None
    if flag is None or flag[1].decode("ascii") == count.label:
        return False
    failing = rb"\bif\s*\([^{};]*\b%s\b[^{};]*\)\s*(\{(?:[^{}]|\{[^{}]*\})*\}|[^{};]*;)" % re.escape(
        count.label.encode()
    )
    sets = re.compile(rb"(?<![\w>.])%s\s*=\s*(?:1|0|true|false)\s*;" % re.escape(flag[1]))
    between = unit.text[count.taken[0].at : asked[-1]]
    return any(sets.search(branch) for branch in re.findall(failing, between))


def _undone(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether the way out calls a function of this file that takes things down, and puts such an object: it may get at it in its own way."""
    end = leak.shown.at
    begin = max((mark.at for mark in marks(leak.standing.trace) if mark.at < end), default=source.start)
    for label in LABEL.finditer(unit.text, begin, end):
        begin = label.end()
    puts = unit.vocabulary.puts(report.counter)
    for word in CALL.findall(unit.text, begin, end):
        name = word.decode("ascii")
        takes_down = name != source.name and (DOWN.search(name) or DROPPING_NAME.search(name))
        if takes_down and name in unit.by_name and unit.words_of(unit.by_name[name]) & puts:
            return True
    return False


def _restored(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether the function lets go of the same object further up: then it takes it back, for its caller."""
    count = leak.standing.count
    if any(site.at < count.taken[0].at for site in count.dropped):
        return True
    if not count.label:
        return False
    puts = "|".join(sorted(map(re.escape, unit.vocabulary.puts(report.counter)))).encode("ascii")
    place = rb"\b(?:%s)\s*\([^;]*%s\b" % (puts, re.escape(count.label.encode("ascii", "replace")))
    return re.search(place, unit.text[source.start : count.taken[0].at]) is not None
