"""How rules put what they found into one sentence."""

from __future__ import annotations

from getput.model import Confidence
from getput.ownership.contracts import Source
from getput.ownership.state import Count, Site
from getput.ownership.view import (
    Exit,
    ExitKind,
    Found,
    FunctionReport,
    Incident,
    Leak,
    Mark,
    Standing,
    guessed,
    marks,
    moved_on,
    summarized,
)


def name_of(count: Count) -> str:
    """The object as the source calls it, or the call it came from."""
    if count.label:
        return count.label
    return f"{count.taken[0].callee}()" if count.taken else "?"


def api_of(count: Count) -> str:
    """Who took the reference."""
    return count.taken[0].callee if count.taken else ""


def way_since(way: list[Mark], at: int) -> tuple[Mark, ...]:
    """The part of *way* that begins where the reference was taken (offset *at*)."""
    for index, mark in enumerate(way):
        if mark.kind == "take" and mark.at == at:
            return tuple(way[index:])
    return tuple(way)


def way_out(standing: Standing, exit_: Exit, at: int) -> tuple[Mark, ...]:
    """The way from where the reference was taken (offset *at*) to an exit."""
    return (*way_since(marks(standing.trace), at), Mark("exit", exit_.at, ""))


def found_leak(leak: Leak) -> Found:
    """One lost reference as a finding."""
    count = leak.standing.count
    site = count.taken[-1 if leak.kind == "failed-get" else 0]
    name, api = name_of(count), site.callee
    way = way_out(leak.standing, leak.shown, site.at)
    where = "this error exit" if leak.shown.kind is ExitKind.ERROR else "this exit"
    if leak.kind == "iterator":
        text = f"the reference that {api}() holds on '{name}' is not dropped when the loop is left here"
        asked = f"Does this leak the reference that {api}() holds on {name} when the loop is left here?"
    elif leak.kind == "failed-get":
        text = f"{api}() counts '{name}' even when it fails, and {where} does not drop that count"
        asked = f"{api}() counts {name} even when it fails: does {where} leak that count?"
    elif leak.kind == "always":
        text = f"the reference on '{name}' taken by {api}() is never dropped"
        asked = f"Does this leak the reference on {name} taken by {api}()?"
    else:
        text = f"the reference on '{name}' taken by {api}() is not dropped on {where}, and {leak.evidence}"
        asked = f"Does {where} leak the reference on {name} taken by {api}()?  ({leak.evidence})"
    if leak.standing.held_by == "freed":
        text += " (what it was stored in has been freed)"
    if leak.rest:
        text += f" ({len(leak.rest)} more exit{'s' if len(leak.rest) > 1 else ''} like it)"
    kind = leak.shown.kind.value if leak.kind in ("error", "path") else leak.kind
    return Found(
        name,
        count.family,
        count.role,
        api,
        kind,
        leak.shown.at,
        text,
        leak.confidence,
        way,
        leak.accepted,
        also=tuple([(one.at, way_out(standing, one, site.at)) for one, standing in leak.rest]),
        question=asked,
    )


def found_handed(leak: Leak, start: int) -> Found:
    """A reference that was handed in to the function at offset *start* and is dropped on other exits."""
    count = leak.standing.count
    name, api = name_of(count), count.dropped[-1].callee
    text = f"the reference on '{name}' that {api}() drops on other exits is not dropped on this one"
    asked = f"Does this exit leak the reference on {name}, which {api}() drops on other exits?"
    if leak.kind == "ended":
        text = f"the reference on '{name}' that {api}() dropped here, whatever the way, is not dropped any more"
        asked = f"Who drops the reference on {name} now, which {api}() dropped here?"
    way = (Mark("given", start, ""), *marks(leak.standing.trace), Mark("exit", leak.shown.at, ""))
    kind, at = leak.shown.kind.value, leak.shown.at
    role, sure = count.role, leak.confidence
    return Found(name, count.family, role, api, kind, at, text, sure, way, leak.accepted, question=asked)


def found_discarded(leak: Leak) -> Found:
    """A reference that never had a name, at the call that took it."""
    count = leak.standing.count
    api, at = api_of(count), count.taken[0].at
    text, asked = TEXTS["discarded"].format(api=api), QUESTIONS["discarded"].format(api=api)
    way, name, sure = (Mark("take", at, api),), f"{api}()", leak.confidence
    return Found(name, count.family, count.role, api, "discarded", at, text, sure, way, leak.accepted, question=asked)


TEXTS = {
    "over-put": "'{name}' is put once too often: {earlier}",
    "put-after-handover": "'{name}' is put although its reference was handed over: {earlier}",
    "put-after-failed-get": "'{name}' is put although {api}() failed and took no reference",
    "put-borrowed": "'{name}' is put although no reference was taken on it",
    "iterator-puts-again": "'{name}' is put here and once more when the iterator moves on",
    "use-after-put": "'{name}' is used after {drop}() dropped the reference on it",
    "use-after-own-put": "'{name}' is used after {drop}() dropped a reference on it that this function was given",
    "put-uninitialised": "'{name}' is put before anything was assigned to it",
    "never-added": "{drop}() is called on '{name}', which was never added",
    "put-while-added": "'{name}' is put while it is still added: it must be deleted or unregistered",
    "put-twice": "'{name}' is put twice on this path, and the function took no reference on it",
    "stored-without-reference": "a pointer to '{name}' stays stored although {drop}() dropped the only reference on it",
    "owned-without-reference": "no reference was taken on what is stored in '{name}', and the object that {drop}() made drops one when it goes",
    "return-after-put": "'{name}' is returned after {drop}() dropped the only reference on it",
    "free-counted": "'{name}' is freed directly although it is reference counted; it must be put",
    "overwritten": "'{name}' is overwritten while it holds the only pointer to a reference taken by {api}()",
    "revived": "{drop}() sets a count on '{name}' after page_free(), though {note} pages must go back with a count of zero",
    "refused": "{api}() may refuse to take a reference on '{name}', and its answer is not looked at",
    "consumed": "{drop}() drops a reference on '{name}', on which none was taken",
    "discarded": "the reference returned by {api}() is thrown away",
}


# The same as questions, without quotes around names: mails quote code.
QUESTIONS = {
    "over-put": "Is {name} put once too often here?  ({earlier})",
    "put-after-handover": "Is the reference on {name} still there to be put, after it was handed over?  ({earlier})",
    "put-after-failed-get": "Does this put {name} although {api}() failed and took no reference?",
    "put-borrowed": "Which reference on {name} does this put, as none was taken here?",
    "iterator-puts-again": "Does this put {name} once more than it was taken?  The iterator drops it when it moves on.",
    "use-after-put": "Can {name} be gone where it is used here, after {drop}() dropped the reference on it?",
    "use-after-own-put": "Can {name} be gone where it is used here, after {drop}() dropped a reference on it that this function was given?",
    "put-uninitialised": "Can {name} be put here before anything was assigned to it?",
    "never-added": "Does this call {drop}() on {name}, although it was never added?",
    "put-while-added": "Is {name} still added when it is put here?  Should it not be deleted or unregistered first?",
    "put-twice": "Is {name} put twice on this path, although no reference was taken on it here?",
    "stored-without-reference": "Does a pointer to {name} stay stored although {drop}() drops the only reference on it?",
    "owned-without-reference": "Does what is stored in {name} need a reference of its own?  The object that {drop}() made drops one when it goes.",
    "return-after-put": "Does this return {name} after {drop}() dropped the only reference on it?",
    "free-counted": "Should {name} be put here instead of being freed, as it is reference counted?",
    "overwritten": "Does this overwrite {name} while it holds the only pointer to the reference taken by {api}()?",
    "revived": "Does {drop}() set a count on {name} after page_free(), though {note} pages must go back with a count of zero?",
    "refused": "Can {api}() refuse to take a reference on {name} here?  Nobody looks at its answer.",
    "consumed": "Which reference on {name} does {drop}() drop here, as none was taken?",
    "discarded": "Does this throw away the reference that {api}() returns?",
}


def helper_drops(kind: str, site: Site | None) -> bool:
    """Whether a use comes after the put of a helper: what that drops may be one reference of several."""
    if site is None or kind not in ("use-after-put", "use-after-own-put"):
        return False
    return summarized(site) or (
        kind == "use-after-own-put" and (site.contract is None or site.contract.source is not Source.TABLE)
    )


def found_incident(report: FunctionReport, incident: Incident) -> Found:
    """One incident as a finding."""
    count = incident.count
    name, api = name_of(count), api_of(count)
    dropped = incident.site or (count.dropped[-1] if count.dropped else None)
    earlier = count.escaped or (
        f"{count.dropped[-1].callee}() dropped it before" if count.dropped else "no reference is left"
    )
    drop = dropped.callee if dropped else "the put"
    text, asked = (
        said[incident.note if incident.note in TEXTS else incident.kind].format(
            name=name, api=api, earlier=earlier, drop=drop, note=incident.note
        )
        for said in (TEXTS, QUESTIONS)
    )
    way = marks(incident.trace)
    if count.taken:
        way = list(way_since(way, count.taken[0].at))
    confidence = Confidence.HIGH if count.fresh else Confidence.MEDIUM
    vague = incident.kind == "put-twice" or (incident.kind == "overwritten" and moved_on(count))
    if vague or helper_drops(incident.kind, dropped):
        confidence = Confidence.LOW
    if incident.kind == "put-after-failed-get" and count.taken and summarized(count.taken[-1]):
        confidence = Confidence.LOW
    if guessed(count) or count.passed or report.bounded or incident.kind == "put-after-handover":
        confidence = confidence.at_most(Confidence.MEDIUM)  # who takes a reference over may do so in its own way
    kind = {"use-after-put": "use", "use-after-own-put": "use", "return-after-put": "use"}.get(
        incident.kind, incident.kind
    )
    who = api or (dropped.callee if dropped else "")
    return Found(
        name,
        count.family,
        count.role,
        who,
        kind,
        incident.at,
        text,
        confidence,
        (*way, Mark("here", incident.at, "")),
        accepted=incident.accepted,
        question=asked,
    )
