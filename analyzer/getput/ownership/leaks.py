"""Which references are lost, where, and by what evidence: the second look before a leak is said.

A reference that only this function knew must be gone, given back or handed on at every exit.  A borrowed object's count must be the same on
all exits that look alike to the caller, and an error exit must not leave one with a caller who will not drop it.
"""

from __future__ import annotations

from msgspec.structs import replace

from getput.model import Confidence
from getput.ownership.contracts import ANY, NEG, Source, Verb
from getput.ownership.doubt import doubt, guarded, lent_only, never, unclear
from getput.ownership.heirs import dropped, handed_on_well, kept_beside, left_behind, shown_to_nobody
from getput.ownership.meant import told_elsewhere
from getput.ownership.naming import DROPPING_NAME, EMBEDDED, NODES, PROBES, REGISTERS, TAKING_NAME
from getput.ownership.state import ELEMENT, ONE_OF_SEVERAL, Count
from getput.ownership.view import Accepted, Exit, ExitKind, FunctionReport, Leak, Standing, marks, summarized
from getput.pattern import pattern

CONSTRUCTOR = pattern(r"class_\w+_constructor\Z")  # include/linux/cleanup.h
COUNTERPART = pattern(r"(?:^|_)(?:remove|disconnect|unbind|detach|exit)(?:_|$)")
OPERATION = pattern(
    r"remove|suspend|resume|disconnect|unbind|exit|release|show|store|ioctl|work|irq|handler"
)  # they keep nothing
# What points into a node, and is gone with it.
INTO_NODE = pattern(r"\b(?:void|char|__be32|u\d+|property|resource)\b")
ANOTHER_ERROR = "another error exit drops it"
OTHER_PATHS = "other paths drop it"
HOLDER_FREED = "what points to it is freed"
COUNTS_ANYWAY = "the get counts even when it fails"
COUNTERPART_ONLY = "does not run when this function fails"
# What drivers look up and hand to others that take references of their own; of other kinds an unknown callee may be the new owner.
CLEAR = frozenset({"of_node", "fwnode", "device", "clk", "regulator", "phy", "buffer_head", "gpio_desc"})
Row = tuple[Exit, Standing]


def leaks(report: FunctionReport) -> list[Leak]:
    """Every reference that *report* shows lost, one entry a taking site.  What a guard's constructor takes, the destructor that a macro makes drops."""
    if CONSTRUCTOR.match(report.name):
        return []
    groups: dict[tuple[int, str], list[Row]] = {}
    for one in report.exits:
        for standing in one.standings:
            if standing.count.taken:
                site = standing.count.taken[0]
                groups.setdefault((site.at, standing.count.family), []).append((one, standing))
    out: list[Leak] = []
    for where in sorted(groups):
        rows = groups[where]
        leak = fresh_leak(report, rows) if rows[0][1].count.fresh else borrowed_leak(report, rows)
        if leak is not None and not any(same_loss(leak, other) for other in out):
            out.append(leak)
    return out


def same_loss(one: Leak, other: Leak) -> bool:
    """Whether two gets of one variable are lost at the same exit: one bug, told once."""
    return (one.shown.at, one.standing.count.label, one.standing.count.family, one.kind) == (
        other.shown.at,
        other.standing.count.label,
        other.standing.count.family,
        other.kind,
    ) and bool(one.standing.count.label)


def may_leak(report: FunctionReport, one: Exit, standing: Standing) -> bool:
    """Whether an object at this exit is owed a put: one that was initialised here is only when the function fails."""
    first = standing.count.taken[0].callee
    if first == "kobject_init":
        return False  # nothing was allocated for it yet
    if standing.count.earlier and standing.count.init and REGISTERS.search(first):
        return False  # what an earlier turn of a loop registered stays so
    fails = one.kind is ExitKind.ERROR and not one.assumed
    return not standing.count.init or (fails and report.counter in ("device", "kobject"))


def registered(standing: Standing) -> bool:
    """Whether the reference is the one that a registration made, which lives until somebody unregisters it."""
    return not standing.count.init and REGISTERS.search(standing.count.taken[0].callee) is not None


def fresh_leak(report: FunctionReport, rows: list[Row]) -> Leak | None:
    """A reference that only this function knew."""
    lost = [
        (one, st)
        for one, st in rows
        if st.high > 0
        and (not st.escaped or kept_beside(report, st))
        and st.held_by in ("", "freed", "local")
        and may_leak(report, one, st)
    ]
    given = [(one, st) for one, st in rows if dropped(st) and not (st.take_failed and st.count.init)]
    if not lost and any(one.kind is ExitKind.ERROR for one, _ in given):
        lost = [
            (one, st)
            for one, st in rows
            if one.kind is ExitKind.ERROR
            and st.count.init
            and st.high > 0
            and not st.escaped
            and st.held_by in ("", "local")
        ]
    if not lost:
        held = [
            (one, st)
            for one, st in rows
            if st.high > 0
            and not st.escaped
            and one.kind is ExitKind.ERROR
            and may_leak(report, one, st)
            and not NODES.intersection(st.fields)
        ]
        siblings = [one for one, st in given if one.kind is ExitKind.ERROR and st.count.held]  # stored there, too
        if held and siblings:
            lost, evidence = held, ANOTHER_ERROR
            return leak("error", lost, evidence, Confidence.MEDIUM, report)
        return abandoned(report, held)
    lost = [(one, st) for one, st in lost if not (st.several and unclear(report, one, st))] or lost
    first = lost[0][1]
    if registered(first):
        lost = [(one, st) for one, st in lost if one.kind is ExitKind.ERROR]
        if not lost or not any(one.kind is ExitKind.ERROR for one, _ in given):
            return None
    if first.count.iterator:
        kind, evidence = "iterator", "the iterator holds a reference on its cursor"
    elif all(st.take_failed for _, st in lost):
        kind, evidence = "failed-get", COUNTS_ANYWAY
    elif given or first.count.taken[0].at in report.settled or any(st.escaped for _, st in rows):
        given = given or ([] if first.count.taken[0].at not in report.settled else rows)
        kind = "error" if all(one.kind is ExitKind.ERROR for one, _ in lost) else "path"
        evidence = OTHER_PATHS if given else "other paths hand it on"
        if kind == "path" and not shown_to_nobody(report, lost) and handed_on_well(report, rows, lost):
            return leak(kind, lost, evidence, Confidence.HIGH, report, accepted=Accepted.ANYWHERE)
    else:
        kind, evidence = "always", "no path drops it"
        keeps = report.counter != "of_node" or INTO_NODE.search(report.returns) is not None
        if "*" in report.returns and lost[0][0].kind is not ExitKind.ERROR and keeps:
            # may live on in what is returned, unless that is the address of registers, or nobody is told of a reference
            accepted = Accepted.STANDING if report.mapped or left_behind(report) else Accepted.ANYWHERE
            return leak(kind, lost, evidence, Confidence.HIGH, report, accepted=accepted)
        if report.boot and report.users:
            return leak(kind, lost, evidence, Confidence.HIGH, report, accepted=Accepted.ANYWHERE)
    return leak(kind, lost, evidence, Confidence.HIGH, report)


def borrowed_leak(report: FunctionReport, rows: list[Row]) -> Leak | None:
    """A count on somebody else's object: what do exits that look alike leave behind?"""
    balanced = any(dropped(st) for _, st in rows)  # then it was taken for the time of this function
    more = [
        (one, st)
        for one, st in rows
        if st.high > 0
        and not st.escaped
        and not NODES.intersection(st.fields if not balanced else st.stored)
        and may_leak(report, one, st)
    ]
    if not more or (registered(more[0][1]) and summarized(more[0][1].count.taken[0])):
        return None
    errors = [
        (one, st)
        for one, st in more
        if one.kind is ExitKind.ERROR
        and not (one.assumed and report.counter == "page_folio" and st.held_by not in ("", "freed", "local"))
    ]  # what is stored for good is not lost where the failure is a mere guess
    given_errors = [one for one, st in rows if one.kind is ExitKind.ERROR and dropped(st)]
    kept = [(one, st) for one, st in rows if one.kind is not ExitKind.ERROR and (st.high > 0 or st.escaped)]
    given = [(one, st) for one, st in rows if one.kind is not ExitKind.ERROR and dropped(st)]
    went_on = {
        one.at for one, st in more if not st.take_failed
    }  # where nothing comes back, only an early return tells of a failure
    failed = [
        (one, st)
        for one, st in more
        if st.take_failed and (one.kind is ExitKind.ERROR or (one.kind is ExitKind.VOID and one.at not in went_on))
    ]
    held_free = [(one, st) for one, st in errors if st.held_by in ("", "freed")]
    failed = [(one, st) for one, st in failed if counts_although_failed(st.count)]
    handed_in = (
        report.counter == "device" and bool(failed) and failed[0][1].count.init and failed[0][1].count.role != "local"
    )
    if failed and not given_although_failed(rows):
        if report.entry or not (len(report.exits) <= 2 and len({one.at for one in report.exits}) == 1):
            evidence = COUNTS_ANYWAY
            accepted = Accepted.ANYWHERE if handed_in else Accepted.NO
            return leak("failed-get", failed, evidence, Confidence.MEDIUM, report, accepted=accepted)
    freed = [(one, st) for one, st in errors if st.held_by == "freed" and not st.take_failed]
    if freed:
        return leak("error", freed, HOLDER_FREED, Confidence.HIGH, report)
    always_fails = all(one.kind is ExitKind.ERROR for one in report.exits)  # it says no, and has done its work
    if held_free and given and not kept:
        return leak("error", held_free, "the successful exits drop it", Confidence.HIGH, report)
    if errors and given_errors:
        begun_here = all(
            st.count.init and (st.take_failed or st.count.taken[0].callee == "device_initialize") for _, st in errors
        )  # and not known to the bus
        accepted = Accepted.NO if report.users or begun_here else Accepted.ANYWHERE
        if report.counter == "of_node":
            accepted = min(accepted, Accepted.STANDING)
        accepted = Accepted.ANYWHERE if always_fails else accepted
        return leak("error", errors, ANOTHER_ERROR, Confidence.HIGH, report, accepted=accepted)
    begun = [(one, st) for one, st in errors if st.count.init and st.count.role == "global" and not st.held_by]
    if begun and report.counter == "device":
        return leak("error", begun, "nobody puts what could not be added", Confidence.MEDIUM, report)
    found = held_for_a_while(report, rows, more)
    if found is not None:
        return found
    if errors and kept and report.entry:
        found = abandoned(report, errors)
        if found is not None:
            return found
    if held_free and kept:
        alone = not report.users and not any(st.count.passed for _, st in held_free)
        sure = Confidence.MEDIUM if alone else Confidence.LOW
        evidence = "no caller drops what a failing call left behind"
        return leak("error", held_free, evidence, sure, report, accepted=Accepted.ANYWHERE)
    nowhere = [(one, st) for one, st in more if not st.held_by]
    if (
        report.entry
        and len(nowhere) == len(rows) == len(report.exits)
        and not rows[0][1].count.init
        and not report.users
        and OPERATION.search(report.name)
        and not DROPPING_NAME.search(rows[0][1].count.taken[0].callee)
    ):
        return leak("always", nowhere, "no path drops it", Confidence.HIGH, report)
    unlike = [(one, st) for one, st in more if one.kind is not ExitKind.ERROR and not st.held_by]
    if unlike and given:
        alike = [one for one, _ in given if one.kind is unlike[0][0].kind]
        if alike:
            sure = (
                Confidence.MEDIUM
                if alike[0].kind is ExitKind.VOID and not unlike[0][1].count.passed
                else Confidence.LOW
            )
            evidence = "another exit, alike to the caller, drops it"
            return leak("path", unlike, evidence, sure, report, accepted=Accepted.ANYWHERE)
    return None


def held_for_a_while(report: FunctionReport, rows: list[Row], more: list[Row]) -> Leak | None:
    """A page that the function came upon and counted, for itself or for what it stored it in: what is left with neither, nobody will drop."""
    lost = [
        (one, st)
        for one, st in more
        if st.count.role == "local" and st.count.label and not st.held_by and not st.take_failed
    ]
    if TAKING_NAME.search(report.name):  # it takes for its caller, who knows how it was found
        lost = [(one, st) for one, st in lost if one.kind in (ExitKind.ERROR, ExitKind.VOID)]
    if report.counter != "page_folio" or not lost:
        return None
    site = lost[0][1].count.taken[0].at
    if site in report.settled or any(dropped(st) and not st.take_failed for _, st in rows):
        evidence = OTHER_PATHS
    elif any((st.escaped and st.escaped != ONE_OF_SEVERAL) or st.held_by for _, st in rows if st.high > 0):
        evidence = "other paths hand it on"
    else:
        return None
    kind = "error" if all(one.kind is ExitKind.ERROR for one, _ in lost) else "path"
    accepted = Accepted.ANYWHERE if any(st.count.passed for _, st in lost) else Accepted.NO
    return leak(kind, lost, evidence, Confidence.MEDIUM, report, accepted=accepted)


def abandoned(report: FunctionReport, rows: list[Row]) -> Leak | None:
    """A reference stored by an operation that then fails, where only the operation's counterpart drops it: that one will not run."""
    if not report.entry:
        return None
    for one, standing in rows:
        beside = report.users or report.counter in EMBEDDED  # counts that no member needs to lead to
        for field in (*standing.fields, "") if beside else standing.fields or ("",):
            names = [name for name in report.droppers.get(field, ()) if COUNTERPART.search(name)]
            if names and standing.held_by != "param":
                evidence = f"{names[0]}(), which drops it, {COUNTERPART_ONLY}"
                probes = PROBES.search(report.name) is not None
                own = probes and taken_here(standing.count)
                certain = (beside and probes) or own or (standing.held_by == "devm" and standing.count.fresh)
                sure = Confidence.MEDIUM if certain else Confidence.LOW
                shown = without_keepers(standing) if own else standing
                return leak("error", [(one, shown)], evidence, sure, report)
    return None


def taken_here(count: Count) -> bool:
    """Whether the function itself took the reference, on an object that it was handed or found, and by a get that a table knows."""
    first = count.taken[0].contract
    return first is not None and first.source is Source.TABLE and not count.init and count.role in ("param", "field")


def without_keepers(standing: Standing) -> Standing:
    """A reference that the operation's counterpart drops: who was shown it meanwhile did not get it to keep."""
    seen = tuple(name for name in standing.count.passed if DROPPING_NAME.search(name) or name == ELEMENT)
    return replace(standing, count=replace(standing.count, passed=seen))


def again(standing: Standing) -> bool:
    """Whether the path passes the get more than once: where a loop asks for something else in each turn it cannot be taken."""
    site = standing.count.taken[0].at
    return sum(mark.kind == "take" and mark.at == site for mark in marks(standing.trace)) > 1


def counts_although_failed(count: Count) -> bool:
    """Whether the last get is known to count whatever it returns."""
    contract = count.taken[-1].contract
    if contract is None or contract.source is Source.GUESS or count.role == "global":
        return False
    whatever = ANY if contract.source is Source.SUMMARY else NEG  # an unknown allocator's NEG is no answer
    return any(
        effect.when & whatever == whatever for effect in contract.effects if effect.verb in (Verb.TAKE, Verb.INIT)
    )


def given_although_failed(rows: list[Row]) -> bool:
    """Whether a path on which the get failed drops the count somewhere else (then the rest is told as a plain error leak)."""
    return any(dropped(st) and st.take_failed for _, st in rows)


def leak(
    kind: str,
    lost: list[Row],
    evidence: str,
    confidence: Confidence,
    report: FunctionReport,
    *,
    accepted: Accepted = Accepted.NO,
) -> Leak:
    """Choose the exit to show and settle how sure we are."""
    order = sorted(
        lost, key=lambda row: (never(report, row[1]), row[0].kind is not ExitKind.ERROR, again(row[1]), row[0].at)
    )
    shown, standing = order[0]
    sure = (
        min((doubt(report, one, st, confidence) for one, st in order), key=lambda c: c.rank)
        if len(order) < 4
        else doubt(report, shown, standing, confidence)
    )
    # made here, so it goes here: the function says so itself, or has given the device a name
    ours = (
        standing.count.init
        and report.counter in ("device", "kobject")
        and (evidence in (ANOTHER_ERROR, OTHER_PATHS) or standing.count.taken[0].callee == "device_initialize")
    )
    accepted = max(accepted, tolerated(report, kind, shown, standing, evidence, ours=ours, lost=lost))
    rest = {one.at: (one, st) for one, st in reversed(order) if one.at != shown.at}
    return Leak(kind, standing, shown, evidence, sure, accepted, tuple([rest[at] for at in sorted(rest)]))


def tolerated(
    report: FunctionReport,
    kind: str,
    shown: Exit,
    standing: Standing,
    evidence: str,
    *,
    ours: bool,
    lost: list[Row],
) -> Accepted:
    """How far code lives with a leak like this one; *ours*: the object is made and dropped by the function itself."""
    count = standing.count
    assumed = shown.assumed and not any(one.at == shown.at and not one.assumed for one, _ in lost)
    seen = count.passed and report.counter not in CLEAR  # by somebody who may be its new owner
    if (
        never(report, standing)
        or guarded(report, lost)
        or (assumed and kind in ("error", "path") and COUNTERPART_ONLY not in evidence)
        or (count.role == "global" and not ours)  # anybody can drop it
        or (seen and not count.label)  # made for a callee
    ):
        return Accepted.ANYWHERE
    told = told_elsewhere(count, report.counter)
    module = report.counter == "module"  # goes with what the module made
    shared = seen and not (report.users or ours or (shown.kind is ExitKind.ERROR and lent_only(report, count)))
    if not (told or module or shared):
        return Accepted.NO
    # a new function shows by itself whose the reference is: it drops it on other paths, or nobody is told to
    owed = evidence == OTHER_PATHS and shown.kind in (ExitKind.ERROR, ExitKind.VOID)
    explained = (
        (told and not owed)
        or (module and evidence != ANOTHER_ERROR)
        or (shared and not (owed or evidence == HOLDER_FREED or kind == "always"))
    )
    return Accepted.ANYWHERE if explained else Accepted.STANDING
