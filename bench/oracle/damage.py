"""What goes wrong in a function: something is forgotten, done twice, or goes elsewhere."""

from __future__ import annotations

import random
from dataclasses import replace

from program import Body, Func, Stmt

PUTS = (
    "put",
    "give",
    "store",
    "clear",
    "take",
    "goto",
    "ret",
    "end",
    "put-stored",
    "clear-stored",
    "return-scoped",
    "mark",
)  # what may be forgotten


def places(body: Body) -> list[Stmt]:
    """Every statement, inner ones too."""
    return [one for stmt in body for one in (stmt, *[deep for inner in stmt.bodies for deep in places(inner)])]


def rewritten(body: Body, target: Stmt, new: Body) -> Body:
    """*body* with other statements in the place of one."""
    out: list[Stmt] = []
    for stmt in body:
        if stmt is target:
            out += new
        elif stmt.bodies:
            inner = tuple(rewritten(each, target, new) for each in stmt.bodies)
            changed = any(
                a is not b for one, two in zip(inner, stmt.bodies, strict=True) for a, b in zip(one, two, strict=False)
            ) or any(len(one) != len(two) for one, two in zip(inner, stmt.bodies, strict=True))
            out.append(Stmt(stmt.kind, stmt.args, inner) if changed else stmt)
        else:
            out.append(stmt)
    return tuple(out)


def with_new(func: Func, target: Stmt, new: Body) -> Func:
    """*func* with other statements in the place of one."""
    return replace(
        func, body=rewritten(func.body, target, new), tails=tuple(rewritten(tail, target, new) for tail in func.tails)
    )


def damaged(choice: random.Random, func: Func) -> Func:
    """One thing is forgotten, done twice, or goes elsewhere."""
    every = places(func.body) + [one for tail in func.tails for one in places(tail)]
    puts = [one for one in every if one.kind in PUTS]
    pick = choice.random()
    if puts and pick < 0.5:
        return with_new(func, choice.choice(puts), ())
    gotos = [one for one in every if one.kind == "goto"]
    if gotos and pick < 0.65:
        return with_new(func, choice.choice(gotos), (Stmt("goto", (choice.randrange(len(func.tails)),)),))
    ifs = [one for one in every if one.kind == "if"]
    if ifs and pick < 0.75:
        one = choice.choice(ifs)
        return with_new(func, one, (Stmt("if", (("not", one.args[0]),), one.bodies),))
    if puts and pick < 0.85:
        one = choice.choice(puts)
        return with_new(func, one, (one, Stmt(one.kind, one.args)))
    leaves = [one for one in every if one.kind in ("return", "break", "continue")][:-1]
    if leaves and pick < 0.95:
        return with_new(func, choice.choice(leaves), ())
    return func
