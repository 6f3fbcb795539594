#!/usr/bin/env python3
"""The engine against the reference: ``python bench/oracle/compare.py [--count N] [--seed S] [--show K] [--only N]``.

Random programs are judged by both.  A *miss* is a variable whose reference some path loses, of which the engine says nothing at any confidence; an
*invention* is one of which it says so with at least medium confidence although no path does; *hushed* is what it says with low confidence only, which is
no disagreement.  Programs that put, or touch, what is gone are compared in
that alone: what a path loses after that nobody can say.  Each disagreement is shrunk before it is told.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from damage import places, with_new
from draw import program
from frame import BrokenError
from outright import TooManyPathsError, Verdict, outright
from program import Func, Program, Stmt, written

from getput.config import Settings
from getput.model import Confidence
from getput.verdict.judge import Judge, Judged

OWNED = {"ctx->dev": "power", "ctx->owner": "module", "ctx->clk": "clock"}
LEAKS = {
    "leak-on-error",
    "leak-always",
    "leak-by-overwrite",
    "get-discarded",
    "leak-on-iterator-exit",
    "count-kept-by-failed-get",
}
WILD = {"put-too-many", "use-after-put", "put-after-failed-get", "put-repeated-by-iterator", "stored-without-reference"}


class Said:
    """What the engine says of one function: variables that leak and what is put or used too often, each with the confidence."""

    def __init__(self) -> None:
        self.leaks: list[tuple[set[str], Confidence]] = []
        self.wild: dict[str, Confidence] = {}
        self.bounded = False
        self.found: list[Judged] = []


def said(judge: Judge, source: Program) -> dict[str, Said]:
    """By function, what the engine says of a program."""
    text, out = written(source)
    vars_at = {}
    for stmt, line in out.at.items():
        if stmt.kind in ("get", "call", "fill", "again", "take", "get-or-null", "children", "walk"):
            vars_at[line] = stmt.args[0]
        elif stmt.kind == "scoped":
            vars_at[line + 1] = stmt.args[0]
        elif stmt.kind == "if" and "got" in names(stmt.args):
            vars_at[line] = next(
                name for name in names(stmt.args) if name in {var for func in source.funcs for var, _ in func.variables}
            )
    unit = judge.unit(text.encode(), "drivers/acme/acme.c")
    found = judge.judge(unit, unit.sources, None)
    assert not unit.failures, text
    answers = {func.name: Said() for func in source.funcs}
    for one in found:
        answer = answers[one.function]
        answer.found.append(one)
        if one.rule in LEAKS:
            takes = {vars_at.get(unit.line(mark.at), "") for mark in one.found.way if mark.kind == "take"}
            answer.leaks.append((takes | {one.found.object, OWNED.get(one.found.object, "?")}, one.found.confidence))
        elif one.rule in WILD:
            answer.wild[one.rule] = max(
                answer.wild.get(one.rule, Confidence.LOW), one.found.confidence, key=lambda c: c.rank
            )
        else:
            answer.wild[one.rule] = one.found.confidence
    for name in unit.bounded:
        if name in answers:
            answers[name].bounded = True
    return answers


def disagreements(judge: Judge, source: Program, least: Confidence = Confidence.LOW) -> list[tuple[str, str, str]]:
    """(function, "missed" or "invented", what).  Raises BrokenError, TooManyPathsError."""
    out: list[tuple[str, str, str]] = []
    truth: dict[str, Verdict] = {func.name: outright(source, func.name) for func in source.funcs}
    for func in source.funcs[:-1]:
        if truth[func.name].wild or not (func.param or truth[func.name].conventional):
            raise BrokenError
    for name, answer in said(judge, source).items():
        real = truth[name]
        shown = {what for what, sure in answer.wild.items() if sure.rank >= Confidence.MEDIUM.rank}
        if real.wild:
            kinds = {kind for kind, _ in real.wild}
            if (
                kinds != {"stored-without-reference"}
                and not {what for what, sure in answer.wild.items() if sure.rank >= least.rank} & WILD
            ):
                out.append((name, "missed", "/".join(sorted(kinds))))
            continue
        out += [(name, "invented", what) for what in sorted(shown)]
        if answer.bounded:
            continue
        known = {what for whats, sure in answer.leaks if sure.rank >= least.rank for what in whats}
        loud = [whats for whats, sure in answer.leaks if sure.rank >= Confidence.MEDIUM.rank]
        out += [(name, "missed", f"leak of {what}") for what in sorted(real.variables - known)]
        out += [(name, "missed", f"use of {what}") for what in sorted(real.used_on - known)]
        sure = {what for whats in loud for what in whats}
        out += [(name, "hushed", f"leak of {what}") for what in sorted((real.variables & known) - sure)]
        lost = real.variables | real.used
        out += [(name, "invented", f"leak of {'/'.join(sorted(what))}") for what in loud if not what & lost]
    return out


# --- smaller ---------------------------------------------------------------------------------------------------------


def smaller(source: Program) -> list[Program]:
    """Programs with a little less in them."""
    out: list[Program] = []
    for index, func in enumerate(source.funcs):
        every = places(func.body) + [one for tail in func.tails for one in places(tail)]
        for stmt in every:
            options: list[tuple[Stmt, ...]] = [()]
            options += [inner for inner in stmt.bodies if inner]
            if stmt.kind == "if":
                cond = stmt.args[0]
                if stmt.bodies[1]:
                    options.append((Stmt("if", stmt.args, (stmt.bodies[0], ())),))
                if cond[0] in ("and", "or"):
                    options += [(Stmt("if", (part,), stmt.bodies),) for part in cond[1:]]
                if cond[0] != "ask":
                    options.append((Stmt("if", (("ask",),), stmt.bodies),))
            if stmt.kind in ("call", "get-or-null", "fill"):
                options.append((Stmt("get", (stmt.args[0],)),))
            if stmt.kind == "give":
                options.append((Stmt("put", (stmt.args[0],)),))
            for new in options:
                if stmt is func.body[-1] and not new:
                    continue
                funcs = list(source.funcs)
                funcs[index] = with_new(func, stmt, new)
                out.append(Program(tuple(funcs)))
    for index, func in enumerate(source.funcs[:-1]):
        if not any(func.name in stmt.args for stmt in places(source.funcs[-1].body)):
            out.append(Program(source.funcs[:index] + source.funcs[index + 1 :]))
    return out


def tidy(func: Func) -> Func:
    """Without the variables that nothing names."""
    used = {
        name
        for stmt in [*places(func.body), *[one for tail in func.tails for one in places(tail)]]
        for name in names(stmt.args)
    }
    return replace(func, variables=tuple(one for one in func.variables if one[0] in used))


def names(args: object) -> set[str]:
    """Every word in nested tuples."""
    if isinstance(args, str):
        return {args}
    return {name for one in args for name in names(one)} if isinstance(args, tuple) else set()


def legal(body: tuple[Stmt, ...], inside: frozenset[str]) -> bool:
    """Whether every ``break`` and ``continue`` has something to leave."""
    for stmt in body:
        if stmt.kind in ("break", "continue") and stmt.kind not in inside:
            return False
        within = {"switch": inside | {"break"}, "if": inside, "scoped": inside}.get(
            stmt.kind, frozenset({"break", "continue"})
        )
        if not all(legal(inner, within) for inner in stmt.bodies):
            return False
    return True


def sane(source: Program) -> bool:
    """Whether it is C, and every function ends with a return."""
    for func in source.funcs:
        if not all(legal(each, frozenset()) for each in (func.body, *func.tails)):
            return False
        ends = [func.body[-1:], func.tails[-1][-1:]] if func.tails else [func.body[-1:]]
        if any(not end or end[0].kind != "return" for end in ends):
            return False
    return True


def shrunk(
    judge: Judge, source: Program, what: tuple[str, str, str], least: Confidence, limit: float = 20.0
) -> Program:
    """The smallest program found that shows the same kind of disagreement."""
    end = time.monotonic() + limit
    kind = (what[1], what[2].split(" of ")[0])
    again = True
    while again and time.monotonic() < end:
        again = False
        for one in smaller(source):
            if not sane(one):
                continue
            try:
                seen = disagreements(judge, one, least)
            except (BrokenError, TooManyPathsError, KeyError):
                continue
            if any((how, which.split(" of ")[0]) == kind for _, how, which in seen):
                source = one
                again = True
                break
            if time.monotonic() > end:
                break
    return Program(tuple(tidy(func) for func in source.funcs))


# --- the whole -------------------------------------------------------------------------------------------------------


def drawn(seed: int, number: int, helpers: bool = True) -> Program:
    """Program *number* of a seed."""
    return program(random.Random(f"{seed} {number}"), helpers)


def main() -> int:
    """Compare, and tell."""
    parser = argparse.ArgumentParser(description="The engine against the reference.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", type=int, default=5, help="disagreements that are shrunk and printed")
    parser.add_argument("--only", type=int)
    parser.add_argument("--plain", action="store_true", help="without helpers")
    parser.add_argument("--hushed", action="store_true", help="also show what is said with low confidence only")
    parser.add_argument("--medium", action="store_true", help="count what is said with low confidence as not said")
    args = parser.parse_args()
    least = Confidence.MEDIUM if args.medium else Confidence.LOW
    judge = Judge(None, Settings())
    tally: Counter[str] = Counter()
    shown = 0
    numbers = range(args.first, args.first + args.count) if args.only is None else [args.only]
    for number in numbers:
        source = drawn(args.seed, number, not args.plain)
        if not sane(source):
            tally["no C"] += 1
            continue
        try:
            found = disagreements(judge, source, least)
        except (BrokenError, TooManyPathsError) as error:
            tally[type(error).__name__] += 1
            continue
        tally["compared"] += 1
        tally["functions"] += len(source.funcs)
        for what in found:
            tally[f"{what[1]} {what[2].split(' of ')[0]}"] += 1
        if args.only is not None:
            text = written(source)[0]
            print(
                text,
                found,
                [
                    (one.rule, one.function, one.line, one.found.confidence.value)
                    for each in said(judge, source).values()
                    for one in each.found
                ],
            )
        elif (told := [what for what in found if args.hushed or what[1] != "hushed"]) and shown < args.show:
            shown += 1
            small = shrunk(judge, source, told[0], least)
            print(f"--- {number}: {found}")
            print(written(small)[0])
            for each in said(judge, small).values():
                for one in each.found:
                    print("   said:", one.rule, one.function, one.line, one.found.confidence.value, one.found.object)
            print(
                "   truth:",
                {
                    func.name: (
                        outright(small, func.name).leaked,
                        [kind for kind, _ in outright(small, func.name).wild],
                    )
                    for func in small.funcs
                },
                flush=True,
            )
    print(dict(sorted(tally.items())))
    return 1 if any(key.startswith(("missed", "invented")) for key in tally) else 0


if __name__ == "__main__":
    sys.exit(main())
