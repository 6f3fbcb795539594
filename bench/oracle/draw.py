"""Random programs: written so that every reference is dropped, and then damaged a little."""

from __future__ import annotations

import random

from damage import damaged, places
from program import FAMILIES, Body, Func, Program, Stmt
from writer import Writer


def helper(choice: random.Random, kind: int, number: int) -> Func:
    """A function that another one uses: to get, to hand out, or to put."""
    family = choice.choice(sorted(FAMILIES))
    for _ in range(100 if kind < 2 else 0):
        writer = Writer(choice, family if kind == 0 else "int", (), choice.randint(2, 4))
        writer.out = family if kind == 1 else ""
        writer.inner = True
        func = writer.function(f"acme_find{number}" if kind == 0 else f"acme_fill{number}")
        every = places(func.body)
        if any(
            one.kind == "out" or (kind == 0 and one.kind == "return" and one.args[0] in func.families) for one in every
        ):
            return func
    extra: Body = (Stmt("show"),) if choice.random() < 0.5 else ()
    return Func(
        f"acme_done{number}", "void", (), (*extra, Stmt("put", ("arg",)), Stmt("return", (None,))), param=family
    )


def program(choice: random.Random, helpers: bool = True, damage: int = 3) -> Program:
    """A program, damaged in at most *damage* places."""
    count = choice.choice([0, 0, 1, 1, 2]) if helpers else 0
    used = tuple(helper(choice, choice.randrange(3), number) for number in range(count))
    returns = choice.choice(["int", "int", "int", "void", "node", "prog"])
    main = Writer(choice, returns, used, choice.randint(3, 12)).function("acme")
    for _ in range(choice.choice([0, 0, 1, 1, 2, damage, 2 * damage])):
        main = damaged(choice, main)
    return Program((*used, main))
