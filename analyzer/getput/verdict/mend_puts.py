"""Fixes of puts that are too many or in the wrong place, of results thrown away, and of pointers stored without a reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from getput.csource.outline import CASE, DECLARATION, EXPRESSION, IF, LABELED, RETURN, Statement
from getput.pattern import pattern
from getput.verdict import edits
from getput.verdict.case import PLACE, Case
from getput.verdict.edits import Edit, ImpossibleError
from getput.verdict.mend_leaks import Candidate, answer, at_exit, declaration, returned

SURPLUS = frozenset(
    {"put-too-many", "put-after-failed-get", "put-of-borrowed", "put-of-managed-reference", "put-repeated-by-iterator"}
)
NAMES = {"of_node": "np", "fwnode": "fwnode", "device": "dev", "pci_dev": "pdev", "dentry": "dentry", "clk": "clk"}
SHORT_CIRCUIT = pattern(rb"&&|\|\||\?")
ASSIGNMENT = pattern(rb"^\s*([A-Za-z_][\w>.\[\]\s-]*?)\s*=\s*([^=;].*);\s*$", re.DOTALL)


def puts(case: Case) -> Iterator[Candidate]:
    """The candidates, best first."""
    rule = case.finding.rule
    if rule in SURPLUS:
        yield from surplus(case)
    elif rule == "use-after-put":
        yield from moved(case)
    elif rule == "leak-by-overwrite":
        yield from before_overwrite(case)
    elif rule == "get-discarded":
        yield from kept(case)
    elif rule == "stored-without-reference":
        yield from counted_store(case)
    elif rule == "free-of-counted":
        yield from put_instead(case)


# --- too many ----------------------------------------------------------------------------------------------------------


def dropping_statements(case: Case) -> list[Statement]:
    """The statements that are nothing but a put that the finding is about: the one it stands at, then those before it."""
    sites = [case.at, *[site.at for site in reversed(case.count.dropped)]] if case.count is not None else [case.at]
    out = []
    for at in dict.fromkeys(sites):
        call = case.outline.call(at)
        one = case.alone(call[0], call[1]) if call is not None else None
        if one is not None:
            out.append(one)
    return out


def surplus(case: Case) -> Iterator[Candidate]:
    """The text without the put."""
    for one in dropping_statements(case):
        yield "without the put", partial(edits.without, case.outline, one)


# --- too early ---------------------------------------------------------------------------------------------------------


def moved(case: Case) -> Iterator[Candidate]:
    """The put behind the use."""
    if case.count is None or not case.count.dropped:
        return
    site = case.count.dropped[-1]
    call = case.outline.call(site.at)
    one = case.alone(call[0], call[1]) if call is not None else None
    used = case.outline.at(case.at)
    if call is None or one is None or used is None or used.start < one.start:
        return
    line = case.outline.said(call[0], call[1])
    block = used
    while block.up != one.up and block.up >= 0:
        block = case.outline.statements[block.up]
    inner = used
    while not case.outline.listed(inner):
        inner = case.outline.statements[inner.up]
    expr = call[2][0] if call[2] else ""

    def later(after: Statement) -> list[Edit]:
        gone = edits.without(case.outline, one)
        if after.kind == RETURN:
            return [*gone, *at_exit(case, expr, line, after)]
        return [*gone, *edits.after(case.outline, after, [f"{line};"])]

    for after in dict.fromkeys((block, inner)):
        yield "the put after the use", partial(later, after)
    following = [each for each in case.outline.children(case.outline.statements[one.up]) if each.start > block.start]
    for each in following:
        if each.kind in (RETURN, EXPRESSION):
            yield "the put after the last use", partial(later, each)
    yield "without the put", partial(edits.without, case.outline, one)


# --- overwritten -------------------------------------------------------------------------------------------------------


def before_overwrite(case: Case) -> Iterator[Candidate]:
    """A put before the assignment, or behind it where that still needs the object."""
    one = case.outline.at(case.at)
    if one is None or one.kind != EXPRESSION:
        return
    assigned = ASSIGNMENT.match(case.outline.code(one.start, one.end))
    for expr in case.expressions():
        needed = assigned is not None and set(case.roots(expr)) & {
            word for word, _ in case.outline.words(one.start + assigned.start(2), one.end)
        }
        for call in case.releases(expr):
            if not needed:
                yield "a put before the pointer is overwritten", partial(at_exit, case, expr, call, one)
            elif assigned is not None and expr in case.locals:
                yield "a put of the pointer before", partial(in_two_steps, case, expr, call, one)


def in_two_steps(case: Case, expr: str, call: str, one: Statement) -> list[Edit]:
    """The new value in a variable of its own until the old object is put."""
    name = fresh(case, ("next", "tmp", "new"))
    text = case.outline.said(one.start, one.end)
    value = text.partition("=")[2].strip().removesuffix(";")
    if "\n" in value:
        raise ImpossibleError
    lines = [f"{name} = {value};", f"{call};"]
    return [
        *edits.declared(case.outline, [declaration(case.locals[expr], name)]),
        *edits.before(case.outline, one, lines, f"{expr} = {name};"),
    ]


def fresh(case: Case, names: tuple[str, ...]) -> str:
    """The first of *names* that the function does not use.  Raises ImpossibleError."""
    taken = {word for word, _ in case.outline.words(case.source.start, case.source.end)}
    for name in names:
        if name not in taken:
            return name
    raise ImpossibleError


# --- thrown away -------------------------------------------------------------------------------------------------------


def kept(case: Case) -> Iterator[Candidate]:
    """The result in a variable, and a put of that; or a put of the result where nothing is done with it."""
    site = case.site
    call = case.outline.call(case.at) if site is None else case.outline.call(site.at)
    if call is None:
        return
    start, end, _ = call
    one = case.outline.at(start)
    if one is None:
        return
    effect = case.taking(site) if site is not None else None
    family = effect.family if effect is not None else case.finding.family
    known = case.unit.tables.families.get(family)
    kind = case.policy.type.get(family)
    text = case.outline.said(start, end)
    special = case.policy.put.get(site.callee) if site is not None else None
    names = [special] if special is not None else list(known.puts[:2]) if known is not None else []
    for put in names:
        if case.dropping(put) != 0:
            continue
        if case.alone(start, end) is not None:
            yield "a put of the result", partial(list, [Edit(start, end, f"{put}({text})".encode())])
        elif kind is not None:
            for tested in (False, True):
                how = partial(in_variable, case, one, (start, end), kind, put, family, tested)
                yield "a variable and a put", how


def in_variable(
    case: Case, one: Statement, call: tuple[int, int], kind: str, put: str, family: str, tested: bool
) -> list[Edit]:
    """The call of a get inside *one* as an assignment before it, and the put behind it, or, where *tested*, before it."""
    outline, (start, end) = case.outline, call
    if SHORT_CIRCUIT.search(outline.code(one.start, start)) or one.kind in (CASE, LABELED):
        raise ImpossibleError
    if one.kind not in (EXPRESSION, RETURN, IF, DECLARATION) or (
        one.kind == IF and not one.head[0] <= start < one.head[1]
    ):
        raise ImpossibleError
    name = fresh(case, (NAMES.get(family, "ref"), "node", "tmp"))
    text = outline.said(start, end)
    if "\n" in text:
        raise ImpossibleError
    rest = outline.said(one.start, start) + name + outline.said(end, one.end)
    line = f"{put}({name});"
    if one.kind == DECLARATION:
        return declared_before(case, one, f"{declaration(kind, name)[:-1]} = {text};", (start, end, name), line)
    new = [declaration(kind, name)]
    if one.kind == RETURN:
        if tested or not case.returns:
            raise ImpossibleError
        value = returned(case, one).replace(text, name, 1)
        answered, more = answer(case)
        return [
            *edits.declared(outline, [*new, *more]),
            *edits.before(outline, one, [f"{name} = {text};", f"{answered} = {value};", line], f"return {answered};"),
        ]
    if one.kind == IF:
        if not tested and b"return" in outline.code(one.start, one.end):
            return asked(case, one, (start, end), new, name, line)
        if not tested:
            return [
                *edits.declared(outline, new),
                *edits.before(outline, one, [f"{name} = {text};"]),
                Edit(start, end, name.encode()),
                *edits.after(outline, one, [line]),
            ]
        if not compared(outline.code(*one.head), start - one.head[0], end - one.head[0]):
            raise ImpossibleError
        return [
            *edits.declared(outline, new),
            *edits.before(outline, one, [f"{name} = {text};", line]),
            Edit(start, end, name.encode()),
        ]
    if tested:
        raise ImpossibleError
    if outline.listed(one):
        return [
            *edits.declared(outline, new),
            *edits.before(outline, one, [f"{name} = {text};"]),
            Edit(start, end, name.encode()),
            *edits.after(outline, one, [line]),
        ]
    return [*edits.declared(outline, new), *edits.before(outline, one, [f"{name} = {text};", rest], line)]


def asked(case: Case, one: Statement, call: tuple[int, int], new: list[str], name: str, line: str) -> list[Edit]:
    """``if (f(get()))`` as ``ret = f(name)`` before it."""
    outline, (start, end) = case.outline, call
    low, high = one.head[0] + 1, one.head[1] - 1
    text = outline.said(start, end)
    outer = outline.call(low)
    if outer is None or outer[1] != high or outer[0] == start:
        raise ImpossibleError  # more than one call is asked about
    known = [other for other in ("ret", "err", "rc", "error") if case.locals.get(other) == "int"]
    if not known:
        raise ImpossibleError
    value = outline.said(low, start) + name + outline.said(end, high)
    return [
        *edits.declared(outline, new),
        *edits.before(outline, one, [f"{name} = {text};", f"{known[0]} = {value};", line]),
        Edit(low, high, known[0].encode()),
    ]


def compared(code: bytes, start: int, end: int) -> bool:
    """Whether a condition asks no more of a result than whether it is there, or the same as another pointer."""
    before, behind = code[:start].rstrip(), code[end:].lstrip()
    return (
        before.endswith((b"(", b"!", b"==", b"!="))
        and not re.search(rb"\w\s*\($", before)
        and behind.startswith((b")", b"==", b"!="))
    )


def declared_before(case: Case, one: Statement, line: str, call: tuple[int, int, str], put: str) -> list[Edit]:
    """The variable declared before a declaration whose initialiser calls the get, and put behind all declarations."""
    outline = case.outline
    siblings = outline.children(outline.statements[one.up])
    last = one
    for each in siblings:
        if each.kind == DECLARATION and each.start > last.start:
            last = each
        elif each.start > last.start:
            break
    between = [each for each in siblings if one.start <= each.start <= last.start]
    if any(each.kind != DECLARATION for each in between):
        raise ImpossibleError
    return [
        *edits.before(outline, one, [line]),
        Edit(call[0], call[1], call[2].encode()),
        *edits.after(outline, last, ["", put]),
    ]


# --- stored, freed -----------------------------------------------------------------------------------------------------


def counted_store(case: Case) -> Iterator[Candidate]:
    """A get of what is stored, or the text without the put that takes the reference from under it."""
    get = case.policy.get.get(case.finding.family)
    one = case.outline.at(case.at)
    found = (
        ASSIGNMENT.match(case.outline.code(one.start, one.end)) if one is not None and one.kind == EXPRESSION else None
    )
    if (
        one is not None
        and found is not None
        and get is not None
        and PLACE.fullmatch(found[2].decode("ascii", "replace").strip())
    ):
        start = one.start + found.start(2)
        value = case.outline.said(start, one.start + found.end(2))
        yield "a get where it is stored", partial(list, [Edit(start, start + len(value), f"{get}({value})".encode())])
    yield from surplus(case)


def put_instead(case: Case) -> Iterator[Candidate]:
    """The put instead of what frees the memory."""
    call = case.outline.call(case.at)
    if call is None:
        return
    for expr in case.expressions():
        for put in case.releases(expr):
            yield "a put instead of freeing it", partial(list, [Edit(call[0], call[1], put.encode())])
