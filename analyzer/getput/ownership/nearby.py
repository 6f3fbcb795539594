"""What the text around an exit or a call says against a finding, where the counts say nothing."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from getput.model import Confidence
from getput.ownership.excuses import cast_away, explained, put_by_the_same_words, uncounted
from getput.ownership.naming import CALL, DROPPING_NAME, PAGES
from getput.ownership.remarks import said_at_the_get, said_on_the_way_out
from getput.ownership.view import Accepted, ExitKind, FunctionReport, Leak, marks
from getput.ownership.view_of_files import WORD
from getput.pattern import either, pattern

if TYPE_CHECKING:
    from getput.csource.syntax import FunctionSource
    from getput.ownership.unit import Unit

LABEL = pattern(rb"\n[ \t]*[A-Za-z_]\w*:[ \t]*(?=\n)")
DOWN = pattern(r"stop|disable|_down|_off|undo|unwind|clean|abort|suspend|deinit")
QUEUES = pattern(
    rb"[!(\s]*(?:(?:kthread_)?(?:queue|mod|schedule)_(?:delayed_)?work\w*|mod_timer|hrtimer_start\w*|irq_work_queue|task_work_add"
    rb"|tasklet_schedule)[ \t]*\("
)
FLAG = pattern(rb"[!(\s]*([A-Za-z_]\w*(?:(?:->|\.)\w+)*)\s*\)")  # a condition that is one flag
NUMBERED = pattern(rb"\b(?:pfn|phys|virt)_to_(?:page|folio)\s*\(|\bpfn_folio\s*\(")
# A put, or the like, behind one flag; a jump; a loop; an answer that says "later"; an action registered that failing to register runs.
GUARD = pattern(rb"\bif\s*\(\s*!?\s*([A-Za-z_]\w*)\s*\)\s*\{?\s*(\w+)\s*\(")
# The head of a condition up to the part that decides, and one that asks for no more than how something went.
CONDITION_HEAD = pattern(rb"\bif\s*\((?=[^;{}]*\Z)")
OUTCOME = pattern(rb"\s*!?\s*\(?\s*(?:ret(?:val)?|rc|err(?:or)?|res(?:ult)?|status|r)\b[^&|]*")
STATE = pattern(rb"[!(\s]*IS_ENABLED\s*\(\s*CONFIG_PM\b|[!(\s]*pm_runtime_(?:\w*enabled|\w*suspended|active)\s*\(")
ELEMENT_OF = pattern(rb"([A-Za-z_]\w*(?:(?:->|\.)\w+)*)\[")
JUMP = pattern(rb"\b(?:goto[ \t]+(\w+)|return|break)\b")
LOOP = pattern(rb"\b(?:for|while|do)\b")
UNDER_WAY = pattern(rb"==\s*-(?:EINPROGRESS|EIOCBQUEUED|EALREADY)\b")
STATEMENT = pattern(rb"[;{}][^;{}]*\Z")
ACTION = pattern(rb"\bdevm_add_action_or_reset\s*\(\s*[^,;]+,\s*&?(\w+)\s*,")
CONDITION = 300  # bytes that a condition may be long
REMARK = 1000  # bytes in which the comment above a condition stands


def weighed(unit: Unit, source: FunctionSource, report: FunctionReport) -> FunctionReport:
    """*report* of *source*, its leaks doubted where the text explains them, and without what the author throws away by a cast."""
    found = tuple(
        [_leak(unit, source, report, leak) for leak in report.leaks if not _voided(unit, source, report, leak)]
    )
    thrown = tuple([one for one in report.incidents if not explained(unit, source, one)])
    if found == report.leaks and thrown == report.incidents:
        return report
    return replace(report, leaks=found, incidents=thrown)


def _voided(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """``(void)get(...)``: the author knows that something comes back, and that it is nothing; or puts it by the words that named it."""
    at = leak.standing.count.taken[0].at
    return not leak.standing.count.label and (
        cast_away(unit, at) or put_by_the_same_words(unit, source, at, report.counter)
    )


def _leak(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> Leak:
    some = leak.kind in ("error", "path")  # of the exits: others do not lose it
    explained = (
        (some and _on_the_way_out(unit, source, report, leak))
        or (leak.kind == "always" and _whatever_the_exit(unit, source, report, leak))
        or (leak.kind == "path" and report.counter in PAGES and _numbered(unit, source, leak))
        or (leak.standing.count.family == "fwnode" and uncounted(unit))
        or _walked_down(unit, source, report, leak)
        or _goes_on(unit, leak)
        or _action_ran(unit, report, leak)
        or (report.counter == "clk" and _running(unit, leak))
        or (report.users and (_knows_state(unit, leak) or _restored(unit, source, report, leak)))
    )
    if explained:
        return replace(leak, confidence=Confidence.LOW)
    if some and _skipped(unit, source, report, leak):
        return replace(leak, accepted=Accepted.ANYWHERE)
    return leak


def _asked(leak: Leak) -> list[int]:
    """The offsets of what the path asks, in its order."""
    return [mark.at for mark in marks(leak.standing.trace) if mark.kind in ("true", "false")]


def _asked_since(leak: Leak) -> list[int]:
    """Of those the ones behind the get, in the text."""
    get = leak.standing.count.taken[0].at
    return [at for at in _asked(leak) if at > get]


def _on_the_way_out(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether something between the last thing that matters and the exit puts the object, or says why nobody does."""
    return (
        _undone(unit, source, report, leak)
        or _queued(unit, report, leak)
        or _flagged(unit, leak)
        or _left_out(unit, source, report, leak)
        or _said(unit, source, report, leak)
    )


def _whatever_the_exit(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether a reference that no exit drops goes on as something else, or is said to stay."""
    return (report.counter in PAGES and _converted(unit, source, leak)) or _kept_by_word(unit, source, leak)


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
    places = [] if count.fresh else [at for at in _asked_since(leak) if QUEUES.match(unit.text, at)]
    if leak.kind == "path":
        return bool(places)
    puts = unit.vocabulary.puts(report.counter)
    branches = (unit.text[at : unit.text.find(b";", at)] for at in places)
    return any(word.decode("ascii") in puts for branch in branches for word in CALL.findall(branch))


def _flagged(unit: Unit, leak: Leak) -> bool:
    """Whether the last thing that the path asks is a flag which the function sets where its get has failed: here it cannot be set."""
    count = leak.standing.count
    asked = _asked(leak)
    flag = FLAG.match(unit.text, asked[-1]) if asked and count.label and asked[-1] > count.taken[0].at else None
    if flag is None or flag[1].decode("ascii") == count.label:
        return False
    between = unit.text[count.taken[0].at : asked[-1]]
    if flag[1] not in between:
        return False
    failing = rb"\bif\s*\([^{};]*\b%s\b[^{};]*\)\s*(\{(?:[^{}]|\{[^{}]*\})*\}|[^{};]*;)" % re.escape(
        count.label.encode()
    )
    sets = re.compile(rb"(?<![\w>.])%s\s*=\s*(?:1|0|true|false)\s*;" % re.escape(flag[1]))
    return any(sets.search(branch) for branch in re.findall(failing, between))


def _way_out(unit: Unit, source: FunctionSource, leak: Leak) -> tuple[int, int]:
    """The offsets between which the path does nothing but leave: from the label that it last jumps to, to the exit."""
    end = leak.shown.at
    begin = source.start
    for mark in marks(leak.standing.trace):
        jump = JUMP.search(unit.text, mark.at, end) if mark.kind != "false" else None
        if jump is None or not jump[1]:
            continue
        label = re.compile(rb"\n[ \t]*%s[ \t]*:" % jump[1]).search(unit.text, jump.end(), end)
        if label is not None:
            begin = label.end()
    return begin, end


def _said(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether a comment between the last thing that the path asks, or the label behind that, and the exit says that nothing is put there."""
    begin, end = _way_out(unit, source, leak)
    if begin == source.start:
        begin = max((mark.at for mark in marks(leak.standing.trace) if mark.at < end), default=begin)
        above = STATEMENT.search(unit.text, max(source.start, begin - REMARK), begin)
        begin = begin if above is None else above.start()
    return said_on_the_way_out(unit.text, begin, end, unit.vocabulary.puts(report.counter))


def _skipped(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether the path went past a put of the object by a condition on some state of the program: its author knows when none is due."""
    count = leak.standing.count
    if not count.label:
        return False
    dropping = unit.vocabulary.puts(report.counter)
    puts = dropping & unit.words_of(source)  # of dozens: the pattern is made for each leak
    if dropping and not puts:
        return False
    call = rb"\b%s\s*\(\s*&?%s\b" % (either(puts), re.escape(count.label.encode("ascii", "replace")))
    put = re.compile(rb"\)\s*(?:(?=[a-z])%s[^;]*;|(\{[^{}]*%s[^{}]*\}))" % (call, call))
    at_drop = {mark.at for mark in marks(leak.standing.trace) if mark.kind == "drop"}
    for at in _asked(leak):
        if at < count.taken[0].at:
            continue
        head = CONDITION_HEAD.search(unit.text, max(source.start, at - CONDITION), at)
        guard = put.search(unit.text, at, min(source.end, at + CONDITION))
        if head is None or guard is None or at_drop.intersection(range(at, guard.end())):
            continue
        asked = unit.text[head.end() : guard.start()]
        if (
            b";" not in asked
            and b"{" not in asked
            and not OUTCOME.fullmatch(asked)
            and count.label.encode() not in asked
            and not (guard[1] and JUMP.search(guard[1]))
        ):
            return True
    return False


def _kept_by_word(unit: Unit, source: FunctionSource, leak: Leak) -> bool:
    """Whether the comment above the get says what becomes of the reference later on."""
    at = leak.standing.count.taken[0].at
    above = STATEMENT.search(unit.text, max(source.start, at - REMARK), at)
    return above is not None and said_at_the_get(unit.text, above.start(), at)


def _left_out(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether the way out has the put behind a flag that this very path has set: the author left it out."""
    begin, end = _way_out(unit, source, leak)
    puts = unit.vocabulary.puts(report.counter)
    for one in GUARD.finditer(unit.text, begin, end):
        if one[2].decode("ascii") not in puts:
            continue
        last = max((mark.at for mark in marks(leak.standing.trace) if mark.at < begin), default=begin)
        stop = JUMP.search(unit.text, last, begin)
        sets = re.compile(rb"(?<![\w>.])%s\s*=\s*(?:\d+|true|false)\s*;" % re.escape(one[1]))
        if stop is not None and sets.search(unit.text, last, stop.start()):
            return True
    return False


def _walked_down(unit: Unit, source: FunctionSource, report: FunctionReport, leak: Leak) -> bool:
    """Whether the object went into an array that the way out walks through: element by element, under names of their own."""
    count = leak.standing.count
    if not count.label or count.iterator:
        return False
    begin, end = _way_out(unit, source, leak)
    loop = LOOP.search(unit.text, begin, end)
    if loop is None or unit.text.find(b"[", loop.start(), end) == -1:
        return False
    label = re.escape(count.label.encode("ascii", "replace"))
    value = rb"(?:\w+\(%s\b[^;]*|%s)" % (label, label) if report.counter in PAGES else label
    holders = {
        word for text in _assigned(unit, source, label) for word in WORD.findall(text)
    }  # what the object is a part of
    value = b"|".join([value, *sorted(holders)])
    stored = re.compile(rb"([A-Za-z_]\w*(?:(?:->|\.)\w+)*)\[[^\]]*\]\s*=\s*(?:%s)\s*;" % value)
    own = ELEMENT_OF.match(count.label.encode("ascii", "replace"))
    arrays = {one[1] for one in stored.finditer(unit.text, count.taken[0].at, _until(source, leak))}
    arrays |= {own[1]} if own is not None else set()
    return any(
        re.compile(rb"(?<![\w>.])%s\[" % re.escape(array)).search(unit.text, loop.start(), end) for array in arrays
    )


def _assigned(unit: Unit, source: FunctionSource, label: bytes) -> list[bytes]:
    """What the function assigns to the variable *label*."""
    return re.findall(rb"(?<![\w>.])%s\s*=(?!=)\s*([^;{}]*);" % label, unit.text[source.start : source.end])


def _until(source: FunctionSource, leak: Leak) -> int:
    """Up to where the path has passed through the text behind the get: to the last condition, or everywhere, if it came round again."""
    found = [mark.at for mark in marks(leak.standing.trace)]
    get = leak.standing.count.taken[0].at
    after = found[found.index(get) :] if get in found else found
    again = any(later < earlier for earlier, later in pairwise(after))
    return source.end if again or not after else after[-1]


def _goes_on(unit: Unit, leak: Leak) -> bool:
    """Whether the path ends with an answer that says that what was asked for is not done yet: who ends it drops the reference."""
    last = next((mark for mark in reversed(marks(leak.standing.trace)) if mark.kind in ("true", "false", "case")), None)
    if last is None or last.kind != "true":
        return False
    begin = STATEMENT.search(unit.text, max(0, last.at - CONDITION), last.at)
    end = unit.text.find(b";", last.at)
    return begin is not None and UNDER_WAY.search(unit.text, begin.start(), end) is not None


def _action_ran(unit: Unit, report: FunctionReport, leak: Leak) -> bool:
    """Whether what failed last is to register an action that puts such an object: it has been run, whatever it calls the object."""
    asked = _asked(leak)
    begin = max((at for at in [leak.standing.count.taken[0].at, *asked[:-1]]), default=0)
    puts = unit.vocabulary.puts(report.counter)
    for one in ACTION.finditer(unit.text, begin, leak.shown.at):
        action = unit.by_name.get(one[1].decode("ascii"))
        if action is not None and unit.words_of(action) & puts:
            return True
    return False


def _running(unit: Unit, leak: Leak) -> bool:
    """Whether a clock stays enabled where nothing fails: who keeps it running must not put it."""
    count = leak.standing.count
    if leak.shown.kind is ExitKind.ERROR or not count.label:
        return False
    label = re.escape(count.label.encode("ascii", "replace"))
    between = unit.text[count.taken[0].at : leak.shown.at]
    on = re.search(rb"\bclk_(?:prepare_)?enable\s*\(\s*%s\s*\)" % label, between)
    return on is not None and re.search(rb"\bclk_disable\w*\s*\(\s*%s\s*\)" % label, between) is None


def _knows_state(unit: Unit, leak: Leak) -> bool:
    """Whether the path asks, after the get, if runtime PM is on, or the device in use: that says whether a count is there."""
    return any(STATE.match(unit.text, at) for at in _asked_since(leak))


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
    puts = either(unit.vocabulary.puts(report.counter))
    place = rb"\b%s\s*\([^;]*%s\b" % (puts, re.escape(count.label.encode("ascii", "replace")))
    return re.search(place, unit.text[source.start : count.taken[0].at]) is not None
