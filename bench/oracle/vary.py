"""The same program in other words: what is true of one is true of the other, and so must be what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from program import Body, Func, Program, Stmt

LEAVES = ("return", "goto", "break", "continue", "return-scoped")


def everywhere(func: Func, change: Callable[[Body], Body]) -> Func:
    """*func* with every body changed, inner ones first."""

    def deep(body: Body) -> Body:
        return change(tuple(Stmt(one.kind, one.args, tuple(deep(inner) for inner in one.bodies)) for one in body))

    return replace(func, body=deep(func.body), tails=tuple(deep(tail) for tail in func.tails))


def inverted(func: Func) -> Func:
    """Every condition asked the other way round."""

    def change(body: Body) -> Body:
        return tuple(
            Stmt("if", (opposite(one.args[0]),), (one.bodies[1], one.bodies[0]))
            if one.kind == "if" and one.bodies[1]
            else one
            for one in body
        )

    return everywhere(func, change)


def opposite(cond: tuple[object, ...]) -> tuple[object, ...]:
    """A condition that holds where *cond* does not."""
    return cond[1] if cond[0] == "not" else ("not", cond)  # type: ignore[return-value]


def nested(func: Func) -> Func:
    """What follows a way out stands in the else of its condition."""

    def change(body: Body) -> Body:
        for number, one in enumerate(body[:-1]):
            if one.kind == "if" and not one.bodies[1] and one.bodies[0] and one.bodies[0][-1].kind in LEAVES:
                rest = change(body[number + 1 :])
                return (*body[:number], Stmt("if", (opposite(one.args[0]),), (rest, one.bodies[0])))
        return body

    new = everywhere(func, change)
    if new.body[-1].kind in LEAVES or not (func.returns and func.body[-1].kind == "return"):
        return new
    return replace(new, body=(*new.body, again(func.body[-1])))  # which nothing reaches


def unwound(func: Func) -> Func:
    """Every jump to a label replaced by what stands there."""

    def change(body: Body) -> Body:
        out: list[Stmt] = []
        for one in body:
            if one.kind == "goto" and isinstance(one.args[0], int):
                out += [again(each) for tail in func.tails[one.args[0] :] for each in tail]
            else:
                out.append(one)
        return tuple(out)

    return replace(everywhere(func, change), tails=())


def again(stmt: Stmt) -> Stmt:
    """A statement like *stmt*."""
    return Stmt(stmt.kind, stmt.args, tuple(tuple(map(again, inner)) for inner in stmt.bodies))


def renamed(func: Func) -> Func:
    """Other names for its variables."""
    new = {name: f"{name}{name}_{number}" for number, (name, _) in enumerate(func.variables)}

    def words(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(words(one) for one in value)
        return new.get(value, value) if isinstance(value, str) else value

    def change(body: Body) -> Body:
        return tuple(Stmt(one.kind, words(one.args), one.bodies) for one in body)  # type: ignore[arg-type]

    func = replace(func, variables=tuple((new[name], family) for name, family in func.variables))
    return everywhere(func, change)


def padded(func: Func) -> Func:
    """A call that has nothing to do with anything behind every statement."""

    def change(body: Body) -> Body:
        return tuple(each for one in body for each in ((one,) if one.kind in LEAVES else (one, Stmt("show"))))

    return everywhere(func, change)


VARIATIONS = {"inverted": inverted, "nested": nested, "unwound": unwound, "renamed": renamed, "padded": padded}


def varied(program: Program, name: str) -> Program:
    """Every function of *program* in other words."""
    return Program(tuple(VARIATIONS[name](func) for func in program.funcs))
