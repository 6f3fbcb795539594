"""Whether there is an object to put at a place, as the text tells; and the question that a put needs there if that is not known."""

from __future__ import annotations

import re

from getput.csource.outline import IF, JUMPS, RETURN, Statement
from getput.ownership.contracts import NEG, ZERO, Source
from getput.ownership.view import ExitKind
from getput.verdict.case import Case


def put_lines(case: Case, expr: str, call: str, at: int) -> list[str]:
    """The statement *call* as it may stand at an offset: behind a question where there may be nothing to put."""
    question = asked(case, expr, call, at)
    return [f"{call};"] if not question else [f"if ({question})", f"\t{call};"]


def asked(case: Case, expr: str, call: str, at: int) -> str:
    """What has to be asked before *call* at an offset; empty where nothing has to be."""
    site = case.site
    effect = case.taking(site) if site is not None else None
    if site is None or site.contract is None or effect is None:
        return ""
    if effect.target.arg >= 0:
        return by_status(case, effect.when) if effect.target.path else ""
    missing = site.contract.results & (ZERO | NEG)
    if harmless(case, expr, call):
        missing &= ~ZERO
    if not missing or known(case, expr, at):
        return ""
    return {ZERO: expr, NEG: f"!IS_ERR({expr})"}.get(missing, f"!IS_ERR_OR_NULL({expr})")


def by_status(case: Case, when: int) -> str:
    """The question whether a get that hands out through a pointer worked, where its answer is kept and not asked about."""
    site = case.site
    name = case.assigned(site.at) if site is not None else ""
    if site is None or case.locals.get(name) != "int" or when != ZERO:
        return ""
    tests = [one for one in case.outline.statements if one.kind == IF and one.start > site.at]
    if any(re.search(rf"\b{name}\b", case.outline.said(*one.head)) for one in tests[:1]):
        return ""
    return f"!{name}"


def shared(case: Case, one: Statement | None) -> bool:
    """Whether an exit (None: the end of the function) is also where the function ends well and keeps the reference for good reason."""
    if one is not None and one.kind != RETURN:
        return False
    leak = case.leak
    if leak is None:
        return case.kind == "failed-get" and (one is None or case.outline.top(one))
    if leak.kind in ("always", "iterator") or (leak.kind != "failed-get" and leak.shown.kind is not ExitKind.ERROR):
        return False
    report = case.unit.report(case.source, case.counter)
    lost = (leak.shown, *[exit_ for exit_, _ in leak.rest])
    for exit_ in report.exits if report is not None else ():
        here = case.outline.at(exit_.at)
        if exit_ in lost or (here != one if one is not None else here is not None and here.kind == RETURN):
            continue
        for standing in exit_.standings:
            if standing.key == leak.standing.key and standing.high > 0 and not standing.take_failed:
                if leak.kind == "failed-get" or exit_.kind is not ExitKind.ERROR:
                    return True
    return any(exit_.assumed and case.outline.at(exit_.at) == one for exit_ in lost)


def failing(case: Case, name: str) -> str:
    """The question whether the answer kept in a variable is a failure; empty where its type does not tell."""
    if case.locals.get(name, case.returns) != "int":
        return ""
    code = case.outline.code(case.source.start, case.source.end)
    return f"{name} < 0" if re.search(rb"\b" + name.encode() + rb"\s*<\s*0", code) else name


def harmless(case: Case, expr: str, call: str) -> bool:
    """Whether *call* does nothing where the pointer is NULL."""
    name, _, args = call.partition("(")
    contract = case.contract(name)
    if contract is None or contract.source is Source.GUESS or not args.startswith(expr):
        return False
    return any(effect.null_safe for effect in contract.effects)


def known(case: Case, expr: str, at: int) -> bool:
    """Whether the text asked before an offset whether there is an object, and went another way if not."""
    outline, site = case.outline, case.site
    word = re.escape(expr)
    fails = re.compile(
        rf"!\s*{word}(?![\w>.(\[-])|(?<!!)\bIS_ERR(?:_OR_NULL)?\(\s*{word}\s*\)|{word}\s*==\s*NULL\b|NULL\s*==\s*{word}\b"
    )
    works = re.compile(
        rf"(?:^|[(&]|&&)\s*{word}\s*(?:$|\)|&&)|!\s*IS_ERR(?:_OR_NULL)?\(\s*{word}\s*\)|{word}\s*!=\s*NULL\b"
    )
    here = outline.at(at)
    around = [] if here is None else [here, *outline.around(here)]
    for one in outline.statements:
        if one.kind != IF or site is None or one.start < site.at or one.start > at:
            continue
        condition = outline.said(one.head[0] + 1, one.head[1] - 1)
        then, other = outline.branch(one, other=False), outline.branch(one, other=True)
        if one in around:
            inside = then is not None and then.start <= at < then.end
            if fails.search(condition):
                return not inside and other is not None and other.start <= at < other.end
            if works.search(condition) and "||" not in condition:
                return inside
        elif fails.search(condition) and leaves(case, then) and "&&" not in condition:
            return True
    return False


def leaves(case: Case, arm: Statement | None) -> bool:
    """Whether a branch ends with a jump."""
    if arm is None or arm.kind in JUMPS:
        return arm is not None
    inner = case.outline.children(arm)
    return bool(inner) and inner[-1].kind in JUMPS
