"""Fixes by scope: the iterator whose cursor is dropped however its loop is left, where the tree has it and the subsystem wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from getput.csource.outline import DECLARATION, LOOPS, Statement
from getput.pattern import pattern
from getput.verdict import edits
from getput.verdict.case import Case
from getput.verdict.edits import Edit, ImpossibleError

Candidate = tuple[str, Callable[[], list[Edit]]]
SCOPES = pattern(rb"\b__free\(|_scoped\(")
DECLARATORS = pattern(r"(?P<type>[\w\s]+?)(?P<names>\**\s*\w+(?:\s*,\s*\**\s*\w+)*)\s*;")


def scoped(case: Case, *, first: bool) -> Iterator[Candidate]:
    """The iterator's scoped form: *first* of all candidates in a function that cleans up by scope already, else after them."""
    site = case.site
    named = case.policy.scoped.get(site.callee) if site is not None else None
    loop = case.outline.at(site.at) if site is not None else None
    if site is None or named is None or loop is None or loop.kind not in LOOPS:
        return
    if not case.policy.wants_scopes(case.unit.path) or not case.has(named):
        return
    if first == (SCOPES.search(case.outline.code(case.source.start, case.source.end)) is not None):
        yield f"{named.name}()", partial(in_scope, case, loop, named.name)


def in_scope(case: Case, loop: Statement, name: str) -> list[Edit]:
    """The loop with the other iterator: its cursor is no longer declared before it, nor put in it.  Raises ImpossibleError."""
    outline, site = case.outline, case.site
    exprs = case.expressions()
    if site is None or not exprs or exprs[0] not in case.locals:
        raise ImpossibleError
    cursor = exprs[0]
    if any(
        not loop.start <= at < loop.end for at in outline.uses(cursor, outline.statements[0].start, case.source.end)[1:]
    ):
        raise ImpossibleError  # it is used outside of the loop
    out = [Edit(site.at, site.at + len(site.callee), name.encode()), *undeclared(case, cursor)]
    for put in case.puts(case.unit, case.source):
        if put.what == cursor:
            alone = case.alone(put.start, put.end)
            if alone is None:
                raise ImpossibleError
            out += edits.without(outline, alone)
    return out


def undeclared(case: Case, cursor: str) -> list[Edit]:
    """The function without the declaration of *cursor*.  Raises ImpossibleError."""
    for one in case.outline.statements:
        if one.kind != DECLARATION or not case.outline.uses(cursor, one.start, one.end):
            continue
        found = DECLARATORS.fullmatch(case.outline.said(one.start, one.end))
        if found is None:
            raise ImpossibleError
        names = [name.strip() for name in found["names"].split(",")]
        left = [name for name in names if name.lstrip("* ") != cursor]
        if len(left) == len(names):
            raise ImpossibleError
        if not left:
            return edits.without(case.outline, one)
        return [Edit(one.start, one.end, f"{found['type']}{', '.join(left)};".encode())]
    raise ImpossibleError
