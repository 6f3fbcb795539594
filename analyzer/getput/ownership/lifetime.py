"""References that outlive a function: who in the file stores one in a member, and who puts it again."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from getput.csource.syntax import FunctionSource
from getput.ownership import members
from getput.ownership.balance import balances, lapsed, uneven
from getput.ownership.contract_changes import no_longer_dropped, no_longer_ended, no_longer_given
from getput.ownership.contracts import Verb
from getput.ownership.device.faults import page_faults
from getput.ownership.held import unheld
from getput.ownership.naming import LOOKUP_NAME, MANAGED
from getput.ownership.pending import cancelled
from getput.ownership.put_changes import compared, kept_by_failure, overput, unput
from getput.ownership.stranded import stranded
from getput.ownership.twins import counts_owners
from getput.ownership.unit import Unit
from getput.ownership.view import ExitKind, FileReport, Managed, Standing, Stored, Taker, summarized
from getput.pattern import pattern

ASSIGNED = pattern(rb"(?:->|\.)(\w+)\s*=[^=]")
BRINGS_UP = pattern(r"alloc|register|create|_new_")  # what they return is undone by an unregister or a free of its own
ENDS = pattern(r"(?:^|_)(?:remove|disconnect|unbind|detach|exit|release|free|destroy|fini|close|dtr)(?:_|$)")
MEMBER = pattern(rb"(?:->|\.)[ \t]*(\w+)")
BEGINS = pattern(r"(?:^|_)(?:probe|bind|attach|connect)(?:_|$)")
CALLED = pattern(rb"\w\s*\(")
READ = pattern(rb"\b(\w+)[ \t]*=[ \t]*\w+(?:->|\.)(?:\w+(?:->|\.))*(\w+)[ \t]*;")
GETTER = pattern(rb"(\w+)\s*\(\s*([^();]*(?:\([^()]*\))?[^();]*)\s*\)")
ARGUMENT = pattern(
    rb"[ \t]*\((?:[ \t]*(?P<variable>\w+)[ \t]*\)|(?:[^;(){}]|\([^;(){}]*\))*?[\w>.\[\]-]+(?:->|\.)(?P<field>\w+)\s*[,)])"
)
PUT = rb"\b(\w+)[ \t]*\((?:[^;(){}]|\([^;(){}]*\))*?([\w>.\[\]-]+(?:->|\.)%s)\s*[,)]"
MANAGING = pattern(rb"(?:->|\.)(\w+)[ \t]*=\s*(\w+)[ \t]*\(")
NEVER_UNBOUND = b"suppress_bind_attrs"  # a driver that stays with its devices
MAX_TAKERS = 16  # functions followed for one counter of one file
MAX_CALLS = 4  # callees of callees in which a put is looked for


def file_report(
    unit: Unit, focus: frozenset[str] | None, touched: frozenset[str], only: frozenset[str] | None = None
) -> FileReport:
    """What rules about a whole file may see.  *focus* are the words of the changed lines: only members and counters among them are
    followed; None follows all.  Members hold one of *only*, if they are given."""
    stored: list[Stored] = []
    vocabulary = unit.vocabulary
    counters: Sequence[str] = vocabulary.followed
    if focus is not None:
        counters = sorted({counter for word in vocabulary.words & focus for counter in vocabulary.counters[word]})
    fields = None if focus is None else focus & members_in(unit, touched)
    taken = vocabulary.taken_by(unit.mentioned())
    for counter in counters:
        if fields is not None and not fields:
            break
        if only is not None and counter not in only:
            continue
        if counter in taken or (focus is not None and unit.mentions(vocabulary.puts(counter))):
            stored += members_of(unit, counter, fields)
    functions = tuple([unit.member(source) for source in unit.sources])
    ended = bool(stored) and NEVER_UNBOUND not in unit.text
    teardowns = tuple(
        source.name for source in unit.sources if ended and ENDS.search(source.name) and unit.is_entry(source.name)
    )
    setups = tuple(sorted(brought_up_by(unit))) if stored else ()
    report = FileReport(unit.path, functions, tuple(stored), touched, tuple(managed(unit, focus)), teardowns, setups)
    report = msgspec.structs.replace(report, page_faults=page_faults(unit, touched))
    new = uneven(unit)
    if focus is None:
        return msgspec.structs.replace(report, balances=tuple(new))
    compared_with = balances(unit, counters, touched)
    both = list(compared(unit, touched))
    lost = [*unput(unit, both), *kept_by_failure(both)]
    told = {(name, one.family) for one in compared_with for name in one.names}
    return msgspec.structs.replace(
        report,
        balances=(*compared_with, *new),
        lapsed=tuple(lapsed(unit, touched)),
        cancelled=tuple(cancelled(unit, touched)),
        unheld=tuple(unheld(unit, touched)),
        ungiven=tuple(no_longer_given(unit, touched)),
        handed=(
            *no_longer_dropped(unit, touched),
            *no_longer_ended(unit, touched, frozenset([one.field for one in stored])),
        ),
        unput=tuple([row for row in lost if (row[0], row[1].standing.count.family) not in told]),
        overput=tuple(overput(unit, both)),
        stranded=tuple(stranded(unit, touched)),
    )


def members_in(unit: Unit, touched: frozenset[str]) -> frozenset[str]:
    """The members that the functions *touched* by the patch name, in either image."""
    out: set[bytes] = set()
    for one in (unit, unit.twin):
        for name in sorted(touched):
            source = one.by_name.get(name) if one is not None else None
            if one is not None and source is not None:
                out.update(MEMBER.findall(one.text, source.start, source.end))
    return frozenset([word.decode("ascii") for word in out])


def members_of(unit: Unit, counter: str, focus: frozenset[str] | None) -> list[Stored]:
    """Every member in which some function of the file leaves a reference of *counter*, or did so before."""
    takers: dict[tuple[str, str], list[Taker]] = {}
    direct: set[tuple[str, str]] = set()  # what a helper leaves there is counted where the helper itself was followed
    for taker, field, family, helped in stores(unit, counter, focus):
        takers.setdefault((field, family), []).append(taker)
        if not helped:
            direct.add((field, family))
    takers = {key: sites for key, sites in takers.items() if key in direct}
    dropped = unit.vocabulary.puts(counter)
    if focus is not None and unit.twin is not None:
        for field in sorted(focus & fields_put(unit.twin, dropped)):
            if all(known != field for known, _ in takers):
                takers[field, counter] = []
    out = []
    settled: set[Taker] = set()  # one of the members that hold what they took is put
    for (field, family), sites in sorted(takers.items()):
        here = members.droppers(unit, field, counter, frozenset(site.function for site in sites))
        before: tuple[str, ...] = ()
        lost: tuple[str, ...] = ()
        uncounted: tuple[Taker, ...] = ()
        if unit.twin is not None:
            before = members.droppers(unit.twin, field, counter, frozenset())
            lost = tuple(name for name in before if name in unit.by_name and not reaches(unit, name, here))
            if counts_owners(unit, family):
                uncounted = tuple(no_longer_counted(unit, unit.twin, field, counter))
        if here:
            settled.update(sites)
        declared = members.declares(unit.text, field, members.within_functions(unit))
        out.append(Stored(field, family, counter, tuple(sites), here, before, declared, lost, uncounted))
    return [one for one in out if one.droppers or not one.takers or settled.isdisjoint(one.takers)]


def stores(unit: Unit, counter: str, focus: frozenset[str] | None) -> list[tuple[Taker, str, str, bool]]:
    """(who and where, member, family, whether a helper made it) of every reference of *counter* that stays in a member when its
    function ends well."""
    taking = unit.vocabulary.taking(counter)
    out: dict[tuple[Taker, str, str, bool], None] = {}
    followed = 0
    helpers = frozenset([name for name, one in unit.by_name.items() if not unit.words_of(one).isdisjoint(taking)])
    for source in unit.sources:
        if (focus is not None and not assigns(unit, source, focus)) or not takes(unit, source, taking, helpers):
            continue
        followed += 1
        if followed > MAX_TAKERS and focus is not None:
            break
        if focus is None and not unit.touches(source, counter):
            continue  # what it names takes nothing for it
        report = unit.report(source, counter)
        if report is None:
            continue
        for one in report.exits:
            if one.kind is ExitKind.ERROR:
                continue
            for standing in one.standings:
                if not stays(standing):
                    continue
                site = standing.count.taken[0]
                for field in standing.fields:
                    if focus is None or field in focus:
                        taker = Taker(source.name, site.callee, site.at, unit.is_entry(source.name))
                        helped = summarized(site) and not LOOKUP_NAME.search(site.callee)
                        out[taker, field, standing.count.family, helped] = None
    return list(out)


def stays(standing: Standing) -> bool:
    """Whether the function leaves a reference of its own taking in memory that outlives it."""
    count = standing.count
    if not count.taken or standing.high <= 0 or standing.escaped or not count.fresh:
        return False
    return standing.held_by not in ("", "local", "freed") and not BRINGS_UP.search(count.taken[0].callee)


def takes(unit: Unit, source: FunctionSource, taking: frozenset[str], helpers: frozenset[str]) -> bool:
    """Whether *source* names one of *taking*, or another function of the file that does (one of *helpers*)."""
    words = unit.words_of(source)
    if not words.isdisjoint(taking):
        return True
    return not words.isdisjoint(helpers) and any(name != source.name for name in words & helpers)


def assigns(unit: Unit, source: FunctionSource, focus: frozenset[str]) -> bool:
    """Whether *source* writes a member whose name is in *focus*."""
    known = unit.assigned.get(source.start)
    if known is None:
        found = set(ASSIGNED.findall(unit.text, source.start, source.end))
        known = unit.assigned[source.start] = frozenset([name.decode("ascii") for name in found])
    return not known.isdisjoint(focus)


def fields_put(unit: Unit, puts: frozenset[str]) -> frozenset[str]:
    """The members that are put somewhere in the file, by their name or through a variable."""
    out: set[bytes] = set()
    starts = [source.start for source in unit.sources]
    for name in sorted(puts):
        word = name.encode("ascii")
        at = unit.text.find(word)
        while at != -1:
            end = at + len(word)
            argument = ARGUMENT.match(unit.text, end)
            at, put = unit.text.find(word, end), at
            if argument is None or unit.text[put - 1 : put] in members.WORD_BYTES:
                continue
            if argument["field"] is not None:
                out.add(argument["field"])
                continue
            index = bisect_right(starts, put) - 1
            if index >= 0:
                lent = READ.findall(unit.text, starts[index], put)
                out.update(field for variable, field in lent if variable == argument["variable"])
    return frozenset(field.decode("ascii") for field in out)


def brought_up_by(unit: Unit) -> set[str]:
    """The operations that bring a device up, and the functions of the file that do so for them."""
    out: set[str] = set()
    waiting = {source.name for source in unit.sources if BEGINS.search(source.name) and unit.is_entry(source.name)}
    for _ in range(MAX_CALLS):
        out |= waiting
        waiting = {callee.name for name in waiting for callee in unit.callees(unit.by_name[name])} - out
    return out


def reaches(unit: Unit, name: str, wanted: tuple[str, ...]) -> bool:
    """Whether function *name* is one of *wanted*, or calls one, by way of functions of the file."""
    seen: set[str] = set()
    waiting = [name]
    for _ in range(MAX_CALLS):
        if any(one in wanted for one in waiting):
            return True
        seen.update(waiting)
        called = {word for one in waiting for word in unit.words_of(unit.by_name[one]) if word in unit.by_name}
        waiting = sorted(called - seen)
    return False


def no_longer_counted(unit: Unit, other: Unit, field: str, counter: str) -> list[Taker]:
    """The functions that store in *field* what they took a reference on in the *other* image, and take none any longer."""
    taking = unit.vocabulary.taking(counter)
    member = re.compile(rb"(?:->|\.)%s\Z" % field.encode("ascii"))
    out = []
    for source in unit.sources:
        before = other.by_name.get(source.name)
        if before is None or not other.words_of(before) & taking:
            continue
        if other.text[before.start : before.end] == unit.text[source.start : source.end]:
            continue
        counted = gotten(other, before, taking)
        still = gotten(unit, source, taking)
        gone = {expression: callee for expression, callee in counted.items() if expression not in still}
        itself = next((callee for expression, callee in sorted(gone.items()) if member.search(expression)), "")
        for at, expression in members.writes(unit, source, field):
            api = gone.get(expression, itself)
            if api and expression not in still and not CALLED.search(expression):
                out.append(Taker(source.name, api, at, unit.is_entry(source.name)))
    return out


def gotten(unit: Unit, source: FunctionSource, taking: frozenset[str]) -> dict[bytes, str]:
    """The expressions that functions among *taking* are called with in *source*, and which function that is."""
    return {
        argument.strip(): callee.decode("ascii")
        for callee, argument in GETTER.findall(unit.text, source.start, source.end)
        if callee.decode("ascii") in taking
    }


# --- devres ------------------------------------------------------------------------------------------------------------


def managed(unit: Unit, focus: frozenset[str] | None) -> list[Managed]:
    """Puts of members in which the file only ever stores what devres drops."""
    if b"devm_" not in unit.text:
        return []
    out = []
    contracts = unit.tables.contracts
    found: dict[str, str] = {}
    for member, callee in MANAGING.findall(unit.text):
        if MANAGED.match(callee.decode("ascii")):
            found.setdefault(member.decode("ascii"), callee.decode("ascii"))
    for field, api in sorted(found.items()):
        contract = contracts.get(api)
        if contract is None or (focus is not None and field not in focus):
            continue
        families = {effect.family for effect in contract.effects if effect.verb is Verb.BORROW}
        if len(families) != 1 or not only_managed(unit, field, families):
            continue
        family = families.pop()
        puts = unit.vocabulary.puts(unit.tables.counter_of(family))
        for source in unit.sources:
            words = unit.words_of(source)
            if field not in words or puts.isdisjoint(words):
                continue  # no put of the member: the words are known already, and cost less than the search
            if api.encode("ascii") in unit.text[source.start : source.end]:
                continue  # followed path by path
            for match in re.finditer(PUT % field.encode("ascii"), unit.text[source.start : source.end]):
                if match[1].decode("ascii") in puts:
                    place = match[2].decode("ascii")
                    put = match[1].decode("ascii")
                    out.append(Managed(field, family, api, source.name, put, place, source.start + match.start()))
    return out


def only_managed(unit: Unit, field: str, families: set[str]) -> bool:
    """Whether everything that the file stores in *field* comes from devres, or is nothing."""
    for _, expression in members.written(unit.text, field):
        callee = re.match(rb"(\w+)\s*\(", expression)
        if callee is None:
            if expression not in (b"NULL", b"0") and not expression.startswith(b"ERR_PTR"):
                return False
            continue
        name = callee[1].decode("ascii")
        contract = unit.tables.contracts.get(name)
        if name != "ERR_PTR" and (
            contract is None
            or not MANAGED.match(name)
            or not any(effect.verb is Verb.BORROW and effect.family in families for effect in contract.effects)
        ):
            return False
    return True
