"""Fixes of lost references: a put where it is missing, in the style of the function around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from getput.csource.outline import BREAK, DECLARATION, GOTO, JUMPS, LOOPS, RETURN, Outline, Statement
from getput.pattern import pattern
from getput.verdict import edits
from getput.verdict.case import Case
from getput.verdict.edits import Edit, ImpossibleError
from getput.verdict.mend_guard import failing, put_lines, shared
from getput.verdict.mend_scoped import scoped

Candidate = tuple[str, Callable[[], list[Edit]]]
ANSWERS = ("ret", "err", "rc", "error", "retval", "rv", "status", "result", "r", "res", "val")
LEAKS = frozenset({"leak-on-error", "leak-always", "leak-on-iterator-exit", "count-kept-by-failed-get"})
WORDS = frozenset(
    {b"PTR_ERR", b"ERR_PTR", b"ERR_CAST", b"dev_err_probe", b"PTR_ERR_OR_ZERO"}
)  # calls that only say something
NEW_VALUE = pattern(rb"\w+\s*=(?!=)")
CALLS = pattern(rb"\b([A-Za-z_]\w*)\s*\(")


def leaks(case: Case) -> Iterator[Candidate]:
    """The candidates for a lost reference, best first."""
    site = case.site
    if site is None or case.finding.rule not in LEAKS:
        return
    if case.kind == "failed-get":
        yield from instead(case)
    if case.kind == "iterator":
        yield from scoped(case, first=True)
    for expr in case.expressions():
        calls = case.releases(expr)
        failed = case.policy.failed.get(site.callee) if case.kind == "failed-get" else None
        if failed is not None:
            calls = [f"{failed}({expr})"]
        for call in calls:
            yield from put_at_exits(case, expr, call)
    if case.kind == "iterator":
        yield from scoped(case, first=False)


def instead(case: Case) -> Iterator[Candidate]:
    """The get that does not count when it fails."""
    site = case.site
    named = case.policy.instead.get(site.callee) if site is not None else None
    if site is None or named is None or not case.has(named):
        return
    end = site.at + len(site.callee)
    yield f"{named.name}()", partial(list, [Edit(site.at, end, named.name.encode())])


def put_at_exits(case: Case, expr: str, call: str) -> Iterator[Candidate]:
    """*call* where the reference that *expr* holds is lost, in several ways."""
    lost = case.lost()
    ways = [points(case, at, asked) for at, asked in lost]
    last = after_last_use(case, expr, call, [at for at, _ in lost])
    if case.kind == "always" and last is not None:
        yield "a put after the last use", last
    if case.kind not in ("always", "iterator") or len(ways) > 1:
        yield from unwound(case, expr, call, ways)
    depth = max(len(way) for way in ways)
    for level in range(depth):
        chosen = [way[min(level, len(way) - 1)] for way in ways if way]
        if len(chosen) == len(ways):
            yield "a put before the exit", partial(inline, case, expr, call, chosen)
    if case.kind == "iterator":
        yield from leaving(case, expr, call)
    if case.kind in ("always", "iterator"):
        yield from unwound(case, expr, call, ways)
    if case.kind != "always" and last is not None:
        yield "a put after the last use", last


def points(case: Case, exit_at: int, asked_at: Sequence[int]) -> list[Statement | None]:
    """The statements before which a put may stand for one exit, nearest to where it is decided first; None is the function's end."""
    outline, site = case.outline, case.site
    assert site is not None
    out: list[Statement | None] = []
    here = outline.at(exit_at)
    own = here if here is not None and here.kind == RETURN else None
    for at in asked_at:
        if len(out) > 3 or at < site.at:
            break
        asked = outline.at(at)
        if asked is None:
            continue
        for arm in (outline.branch(asked, other=False), outline.branch(asked, other=True)):
            jump = ending(outline, arm)
            if jump is not None and jump not in out and jump.start > site.at:
                out.append(jump)
    if own is not None and own in out:
        out = [own, *[one for one in out if one != own]]
    elif own is not None and outline.statements[own.up].up >= 0:
        out.insert(0, own)
    elif own not in out:
        out.append(own)
    return out


def ending(outline: Outline, arm: Statement | None) -> Statement | None:
    """The jump with which a branch ends."""
    if arm is None:
        return None
    if arm.kind in JUMPS:
        return arm
    inner = outline.children(arm)
    return inner[-1] if inner and inner[-1].kind in JUMPS else None


# --- a put on the spot -----------------------------------------------------------------------------------------------


def inline(case: Case, expr: str, call: str, where: Sequence[Statement | None]) -> list[Edit]:
    """*call* before each of the statements."""
    out: list[Edit] = []
    for one in dict.fromkeys(where):
        out += at_exit(case, expr, call, one)
    return list(dict.fromkeys(out))


def at_exit(case: Case, expr: str, call: str, one: Statement | None) -> list[Edit]:
    """*call* before one statement, whose value is kept in a variable where the put comes between."""
    both = shared(case, one)
    if one is None:
        end = case.source.end - 1
        if both or not case.valid(expr, end):
            raise ImpossibleError
        return edits.at_end(case.outline, put_lines(case, expr, call, end))
    lines = put_lines(case, expr, call, one.start)
    if not case.valid(expr, one.start):
        raise ImpossibleError
    if one.kind != RETURN:
        return edits.before(case.outline, one, lines)
    value = returned(case, one) if case.returns != "void" else ""
    if not needs_value(case, expr, one):
        if both:
            lines = only_if(failing(case, value) if value in case.locals else "", lines)
        return edits.before(case.outline, one, lines)
    name, new = answer(case)
    if both:
        lines = only_if(failing(case, name), lines)
    return [
        *edits.declared(case.outline, new),
        *edits.before(case.outline, one, [f"{name} = {value};", *lines], f"return {name};"),
    ]


def only_if(question: str, lines: list[str]) -> list[str]:
    """*lines* behind a question.  Raises ImpossibleError where there is none, or they are behind one already."""
    if not question or len(lines) > 1:
        raise ImpossibleError
    return [f"if ({question})", f"\t{lines[0]}"]


def needs_value(case: Case, expr: str, one: Statement) -> bool:
    """Whether what is returned is found out with the object, or by a call that may need it."""
    if case.named(expr, one.start, one.end):
        return True
    code = case.outline.code(one.start + len("return"), one.end)
    return any(name not in WORDS for name in CALLS.findall(code))


def returned(case: Case, one: Statement) -> str:
    """The expression of a ``return``, as written."""
    value = case.outline.said(one.start + len("return"), one.end).strip().removesuffix(";").strip()
    if "\n" in value:
        raise ImpossibleError
    if value.startswith("(") and value.endswith(")") and value.count("(") == 1:
        value = value[1:-1]
    return value


def answer(case: Case) -> tuple[str, list[str]]:
    """A variable for what the function returns: one of its own, or a new one, and its declaration then."""
    known = [name for name in ANSWERS if case.locals.get(name) == case.returns and case.outline.visible(name, case.at)]
    if known:
        return known[0], []
    if not case.returns or case.returns == "void":
        raise ImpossibleError
    taken = {word for word, _ in case.outline.words(case.source.start, case.source.end)}
    name = next((one for one in ANSWERS if one not in taken), None)
    if name is None:
        raise ImpossibleError
    return name, [declaration(case.returns, name)]


def declaration(kind: str, name: str) -> str:
    """A declaration of a variable."""
    return f"{kind}{'' if kind.endswith('*') else ' '}{name};"


# --- a label that unwinds --------------------------------------------------------------------------------------------


def unwound(case: Case, expr: str, call: str, ways: Sequence[Sequence[Statement | None]]) -> Iterator[Candidate]:
    """A ``goto`` to a label that puts the object, where other exits of the function leave that way."""
    labels = [label for label in case.outline.labels if releasing(case, label, expr, call)]
    used = [one for one in case.outline.statements if one.kind == GOTO and one.label in labels]
    if not used:
        return
    for label in dict.fromkeys([one.label for one in sorted(used, key=lambda one: abs(one.start - case.at))] + labels):
        for level in range(2):
            chosen = [way[min(level, len(way) - 1)] for way in ways if way]
            if len(chosen) == len(ways):
                yield "a goto to the label that puts", partial(by_goto, case, expr, label, chosen)


def releasing(case: Case, label: str, expr: str, call: str) -> bool:
    """Whether what stands behind *label* puts the object."""
    tail = case.outline.after_label(label)
    if not tail or case.site is None or case.outline.labels[label].start < case.site.at:
        return False
    text = case.outline.code(tail[0].start, case.source.end).decode("utf-8", "replace")
    name = call.partition("(")[0]
    return any(one.what == expr and one.start >= tail[0].start for one in case.puts(case.unit, case.source)) or (
        f"{name}({expr})" in text
    )


def by_goto(case: Case, expr: str, label: str, where: Sequence[Statement | None]) -> list[Edit]:
    """A jump to *label* instead of each of the statements."""
    out: list[Edit] = []
    tail = case.outline.after_label(label) or []
    final = next((one for one in tail if one.kind == RETURN), None)
    for one in dict.fromkeys(where):
        if (
            one is None
            or one.start > case.outline.labels[label].start
            or not unwinds_alike(case, expr, label, one, tail)
        ):
            raise ImpossibleError
        if one.kind == GOTO:
            if case.outline.after_label(one.label) is None:
                raise ImpossibleError
            text = case.outline.said(one.start, one.end)
            at = one.start + text.rindex(one.label)
            out.append(Edit(at, at + len(one.label), label.encode()))
            continue
        if one.kind != RETURN:
            raise ImpossibleError
        out += instead_of_return(case, one, final, label)
    return list(dict.fromkeys(out))


def instead_of_return(case: Case, one: Statement, final: Statement | None, label: str) -> list[Edit]:
    """``goto label;`` instead of a ``return``, with what it returned in the variable that the label's own returns."""
    said = case.outline.said(one.start + len("return"), one.end).strip().removesuffix(";").strip()
    back = (
        ""
        if final is None
        else case.outline.said(final.start + len("return"), final.end).strip().removesuffix(";").strip()
    )
    if said == back:
        return edits.before(case.outline, one, [], f"goto {label};")
    if back not in case.locals or "\n" in said or not said or not case.outline.visible(back, one.start):
        raise ImpossibleError
    if case.locals[back] != case.returns:
        raise ImpossibleError
    return edits.before(case.outline, one, [f"{back} = {said};"], f"goto {label};")


def unwinds_alike(case: Case, expr: str, label: str, one: Statement, tail: Sequence[Statement]) -> bool:
    """Whether what *label* does besides the put is what an exit at *one* has to do: it drops the object alone, or another jump to it stands
    before, and none of what it does was done in between."""
    outline = case.outline
    others = {
        name for each in tail for name in CALLS.findall(outline.code(each.start, each.end)) if each.kind != RETURN
    }
    mine = {each.name.encode() for each in case.puts(case.unit, case.source) if each.what == expr}
    if others <= mine:
        return True
    site = case.site.at if case.site is not None else case.source.start
    jumps = [each for each in outline.statements if each.kind == GOTO and each.label == label]
    earlier = [each for each in jumps if site < each.start < one.start]
    if earlier:
        done = set(CALLS.findall(outline.code(earlier[-1].end, one.start)))
        return not done & (others - mine)
    later = [each for each in jumps if each.start > one.start]
    if not later:
        return False
    between = outline.code(one.end, later[0].start)
    return not any(
        word in between for word in (b"alloc", b"lock", b"get", b"enable", b"register", b"request", b"init", b"create")
    )


# --- loops -----------------------------------------------------------------------------------------------------------


def leaving(case: Case, expr: str, call: str) -> Iterator[Candidate]:
    """*call* before each jump that leaves the loop of a counting iterator."""
    site = case.site
    loop = case.outline.at(site.at) if site is not None else None
    if loop is None or loop.kind not in LOOPS:
        return
    jumps = [one for one in case.outline.within(loop) if leaves(case.outline, one, loop)]
    for one in jumps:
        yield "a put before the loop is left", partial(at_exit, case, expr, call, one)
    if len(jumps) > 1:
        yield "a put before the loop is left", partial(inline, case, expr, call, jumps)
    behind = case.outline.children(case.outline.statements[loop.up])
    later = [one for one in behind if one.start > loop.end]
    if later and later[0].kind != RETURN:
        yield "a put after the loop", partial(edits.after, case.outline, loop, put_lines(case, expr, call, loop.end))


def leaves(outline: Outline, one: Statement, loop: Statement) -> bool:
    """Whether a jump leaves *loop*."""
    if one.kind in (RETURN, GOTO):
        return one.kind == RETURN or not any(
            label.label == one.label and loop.start <= label.start < loop.end for label in outline.labels.values()
        )
    if one.kind != BREAK:
        return False
    around = next((each for each in outline.around(one) if each.kind in LOOPS or each.kind == "switch_statement"), None)
    return around == loop


# --- the last use ----------------------------------------------------------------------------------------------------


def after_last_use(case: Case, expr: str, call: str, lost: Sequence[int]) -> Callable[[], list[Edit]] | None:
    """*call* once, behind the last statement that uses the object, and before the exits that come earlier; None where that is an exit."""
    outline, site = case.outline, case.site
    first = outline.at(site.at) if site is not None else None
    roots = case.roots(expr)
    if site is None or first is None or not roots:
        return None
    block = first
    while not outline.listed(block):
        block = outline.statements[block.up]
    again = [
        at for at in outline.uses(roots[0], first.end, case.source.end) if NEW_VALUE.match(outline.code(at, at + 200))
    ]
    until = again[0] if again and expr == roots[0] else case.source.end
    if case.kept(expr, until):
        return None
    uses = case.named(expr, site.at, until)
    last = outline.at(uses[-1]) if uses else first
    while last is not None and last.up != block.up:
        last = outline.statements[last.up] if last.up >= 0 else None
    if last is None or last.kind in JUMPS or last.start < block.start:
        return None
    after_declarations = [each for each in outline.children(outline.statements[last.up]) if each.start > last.start]
    final, lines = last, put_lines(case, expr, call, last.end)
    if last.kind == DECLARATION:
        for each in after_declarations:
            if each.kind != DECLARATION:
                break
            final = each
        lines.insert(0, "")
    early = [one for at in lost if at < final.end and (one := outline.at(at)) is not None]

    def build() -> list[Edit]:
        out = edits.after(outline, final, lines)
        for one in early:
            if one.kind != RETURN:
                raise ImpossibleError
            out += at_exit(case, expr, call, one)
        return out

    return build
