"""One random function, written so that every reference is dropped, in the ways in which kernel code does that."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from program import FAMILIES, FLAGS, MARKS, USAGES, Body, Cond, Func, Stmt

NAMES = "abcdefgh"


@dataclass(frozen=True)
class Held:
    """A variable that owes a put, and the condition under which it does ("" for always)."""

    var: str
    family: str
    flag: str = ""


class Writer:
    """One function in the making."""

    def __init__(self, choice: random.Random, returns: str, helpers: tuple[Func, ...], size: int) -> None:
        self.choice = choice
        self.returns = returns
        self.helpers = helpers
        self.left = size
        self.variables: list[tuple[str, str]] = []
        self.labels = choice.random() < 0.5  # unwinding by labels, else on the spot
        self.order: list[Held] = []  # whose labels stand at the end
        self.out = ""
        self.marks = list(MARKS)
        self.rounds = 0  # loops around
        self.inner = False  # whether others call it

    # --- small things ---------------------------------------------------------------------------------------------

    def variable(self, family: str) -> str:
        """A new pointer, or now and then one that is free again."""
        name = NAMES[len(self.variables) % len(NAMES)] + (
            str(len(self.variables)) if len(self.variables) >= len(NAMES) else ""
        )
        self.variables.append((name, family))
        return name

    def cond(self) -> Cond:
        """A condition about nothing that is counted."""
        pick = self.choice.random()
        if pick < 0.5:
            return ("ask",)
        if pick < 0.7:
            flag: Cond = ("flag", self.choice.choice(FLAGS))
            return flag if self.choice.random() < 0.6 else ("not", flag)
        if pick < 0.85:
            return self.choice.choice(
                [("x", "<", 0), ("x", ">", 0), *[("x", how, number) for how in ("==", "!=") for number in range(3)]]
            )
        parts = [self.cond(), ("ask",)]  # of two that could be asked again the engine would have to know both
        self.choice.shuffle(parts)
        return (self.choice.choice(["and", "or"]), *parts)

    def failed(self, var: str, family: str) -> Cond:
        """That a get has failed."""
        if FAMILIES[family].fails == "NULL":
            return ("null", var)
        return self.choice.choice([("err", var), ("err", var), ("bad", var)])

    def drop(self, held: Held) -> Body:
        """The put of what is held."""
        put: Stmt
        if held.family in USAGES:
            return (Stmt("end", (held.family,)),)
        if held.family == "scoped":
            return ()
        givers = [one for one in self.helpers if one.param == held.family]
        if givers and not held.flag and self.choice.random() < 0.4:
            put = Stmt("give", (held.var, self.choice.choice(givers).name))
        else:
            put = Stmt("put", (held.var,))
        if not held.flag:
            if self.choice.random() < 0.1 and FAMILIES[held.family].fails == "NULL":
                return (Stmt("if", (("there", held.var),), ((put,), ())),)
            return (put,)
        if FAMILIES[held.family].safe and self.choice.random() < 0.3:
            return (put,)
        if held.flag in MARKS and FAMILIES[held.family].fails != "NULL":
            return (Stmt("if", (("mark", held.flag),), ((put,), ())),)
        guard: Cond = (
            ("mark" if held.flag in MARKS else "flag", held.flag) if self.choice.random() < 0.6 else ("there", held.var)
        )
        return (Stmt("if", (guard,), ((put,), ())),)

    def leave(self, held: tuple[Held, ...], *, failing: bool = True, told: bool = False) -> Body:
        """A way out of the function with everything dropped; *told*: ``ret`` says why."""
        if self.returns == "int":
            value = "ret" if told else self.choice.choice([-22, -12, -5])
            value = value if failing else 0
        elif self.returns == "void":
            value = None
        elif FAMILIES[self.returns].fails == "NULL":
            value = "NULL"
        else:
            value = ("err_ret",) if told and failing else ("err_ptr", -22)
        if self.labels and failing and self.choice.random() < 0.85:
            for number, one in enumerate(reversed(held)):
                if one in self.order:  # those above have labels, those below do not
                    known = held[: len(held) - number]
                    if self.order[: len(known)] != list(known):
                        break
                    inner = [stmt for each in reversed(held[len(known) :]) for stmt in self.drop(each)]
                    why = () if told or self.returns != "int" else (Stmt("ret", (self.choice.choice([-22, -12]),)),)
                    return (*inner, *why, Stmt("goto", (("label", one),)))
        puts = [stmt for one in reversed(held) for stmt in self.drop(one)]
        return (*puts, Stmt("return", (value,)))

    # --- blocks ---------------------------------------------------------------------------------------------------

    def block(self, held: tuple[Held, ...], outer: int, depth: int, top: bool = False) -> Body:
        """Statements after which as much is held as before; what is held beyond *outer* was taken in the innermost loop (-1: none)."""
        out: list[Stmt] = []
        for _ in range(self.choice.randint(1, 3)):
            if self.left <= 0:
                break
            self.left -= 1
            out += self.piece(held, outer, depth, top)
        return tuple(out)

    def piece(self, held: tuple[Held, ...], outer: int, depth: int, top: bool) -> Body:
        """One thing that is done."""
        pick = self.choice.random()
        if depth > 4 or pick < 0.12:
            return self.little(held)
        if pick < 0.55:
            return self.acquire(held, outer, depth, top)
        if pick < 0.68:
            told = self.choice.random() < 0.6 and self.returns == "int"
            ask: Body = (Stmt("ret", (("ask",),)),) if told else ()
            test: Cond = self.choice.choice([("ret",), ("negative",)]) if told else self.cond()
            return (*ask, Stmt("if", (test,), (self.way_out(held, outer, told), ())))
        if pick < 0.8:
            other = self.block(held, outer, depth + 1) if self.choice.random() < 0.5 else ()
            return (Stmt("if", (self.cond(),), (self.block(held, outer, depth + 1) or (Stmt("show"),), other)),)
        if pick < 0.86:
            arms = self.choice.choice([(0, 1), (1, 2, None), (0, None)])
            return (Stmt("switch", (arms,), tuple(self.block(held, -1, depth + 1) for _ in arms)),)
        if pick < 0.93 and depth < 3:
            kind = self.choice.choice(["while", "do", "for"])
            condition = () if kind == "for" else (("ask",),)
            self.rounds += 1
            inside = self.block(held, len(held), depth + 1) or (Stmt("show"),)
            self.rounds -= 1
            return (Stmt(kind, condition, (inside,)),)
        return self.little(held)

    def way_out(self, held: tuple[Held, ...], outer: int, told: bool) -> Body:
        """Out of the function, or of the loop."""
        if outer >= 0 and self.choice.random() < 0.4:  # what a scope holds goes by itself
            puts = [stmt for one in reversed(held[outer:]) for stmt in self.drop(one)]
            return (*puts, Stmt(self.choice.choice(["break", "continue"])))
        return self.leave(held, told=told, failing=told or self.choice.random() < 0.8)

    def little(self, held: tuple[Held, ...]) -> Body:
        """Something that moves no count in the end."""
        sure = [one for one in held if not one.flag and one.family in FAMILIES]
        if not sure or self.choice.random() < 0.3:
            return (Stmt("show"),)
        one = self.choice.choice(sure)
        again = FAMILIES[one.family].again
        if again and self.choice.random() < 0.4:
            if "get_file" in again or self.choice.random() < 0.3:
                return (Stmt("take", (one.var,)), *self.block(held, -1, 5), Stmt("put", (one.var,)))
            other = self.variable(one.family)
            return (Stmt("again", (other, one.var)), Stmt("put", (other,)))
        if self.choice.random() < 0.2:
            other = self.variable(one.family)
            return (Stmt("alias", (other, one.var)), Stmt("use", (other,)))
        return (Stmt("use", (one.var,)),)

    def acquire(self, held: tuple[Held, ...], outer: int, depth: int, top: bool) -> Body:
        """A get, what is done with it, and the put."""
        pick = self.choice.random()
        if pick < 0.12:
            return self.usage(held, outer, depth)
        if pick < 0.2:
            return self.scope(held, outer, depth)
        if pick < 0.26 and depth < 3:
            return self.walk(held, depth)
        family = self.choice.choice(sorted(FAMILIES))
        var = self.variable(family)
        one = Held(var, family)
        take, failed = self.getting(var, family)
        pick = self.choice.random()
        if pick < 0.06 and outer < 0 and self.marks and not self.rounds:
            one = replace(one, flag=self.marks.pop())
            inside = (*take, Stmt("if", (failed,), (self.leave(held), ())), Stmt("mark", (one.flag,)))
            rest = self.block((*held, one), outer, depth + 1)
            put = Stmt("if", (("mark", one.flag),), ((Stmt("put", (var,)),), ()))
            return (Stmt("if", (self.cond(),), (inside, ())), *rest, put)
        if pick < 0.12 and outer < 0 and FAMILIES[family].fails == "NULL":  # only under a condition
            one = replace(one, flag=self.choice.choice(FLAGS))
            inside = (*take, Stmt("if", (failed,), (self.leave(held), ())))
            rest = self.block((*held, one), outer, depth + 1)
            return (Stmt("if", (("flag", one.flag),), (inside, ())), *rest, *self.drop(one))
        if pick < 0.16 and outer < 0 and FAMILIES[family].safe and FAMILIES[family].fails == "NULL":
            maybe = Stmt("get-or-null", (var, self.choice.choice([("ask",), ("flag", FLAGS[0])])))
            return (maybe, *self.block(held, outer, depth + 1), Stmt("put", (var,)))
        if pick < 0.19 and take and take[0].kind == "get" and FAMILIES[family].fails == "ERR" and self.returns == "int":
            tell = (
                Stmt("ret", (("ptr_err_or_zero", var),)),
                Stmt("if", (("ret",),), (self.way_out(held, outer, True), ())),
            )
            return (*take, *tell, *self.block((*held, one), outer, depth + 1), *self.done(one, held, top))
        if pick < 0.3:  # what follows only if it is there
            inside = (*self.block((*held, one), outer, depth + 1), *self.done(one, held, top))
            return (*take, Stmt("if", (("not", failed),), (inside, ())))
        told = (
            self.returns == "int"
            and FAMILIES[family].fails == "ERR"
            and failed[0] in ("err", "got")
            and self.choice.random() < 0.7
        )
        if take and take[0].kind == "fill":
            told = self.returns == "int"
        why = (Stmt("ret", (("ptr_err", var),)),) if told and not (take and take[0].kind == "fill") else ()
        bail: Body = (*why, *self.way_out(held, outer, told))
        if self.labels and outer < 0 and top and self.order == list(held):
            self.order.append(one)
        rest = self.block((*held, one), outer, depth + (not top), top)
        end = self.done(one, held, top)
        if self.choice.random() < 0.15 and not (take and take[0].kind == "fill"):
            other = self.variable(family)
            rest = (*rest, Stmt("alias", (other, var)))
            end = (Stmt("put", (other,)),)
        return (*take, Stmt("if", (failed,), (bail, ())), *rest, *end)

    def usage(self, held: tuple[Held, ...], outer: int, depth: int) -> Body:
        """The use of something, and its end."""
        name = self.choice.choice(sorted(USAGES))
        if any(one.family == name for one in held):
            return (Stmt("show"),)
        one = Held(name, name)
        inside = (*self.block((*held, one), outer, depth + 1), *self.drop(one))
        if not USAGES[name].negative:
            if self.choice.random() < 0.4:
                return (Stmt("if", (("begun", name),), (inside, ())),)
            return (Stmt("if", (("not", ("begun", name)),), (self.way_out(held, outer, False), ())), *inside)
        test: Cond = self.choice.choice([("ret",), ("negative",)])
        told = self.returns == "int"
        return (Stmt("begin", (name,)), Stmt("if", (test,), (self.way_out(held, outer, told), ())), *inside)

    def scope(self, held: tuple[Held, ...], outer: int, depth: int) -> Body:
        """A variable that puts itself."""
        var = self.variable("node")
        labels, self.labels = self.labels, False  # no jumps out of scopes: the compiler forbids them into one
        one = Held(var, "scoped")
        bail = Stmt("if", (("not", ("there-scoped", var)),), (self.way_out(held, outer, False), ()))
        inside = (*((bail,) if self.choice.random() < 0.7 else ()), *self.block((*held, one), outer, depth + 1))
        if self.returns == "node" and self.choice.random() < 0.3 and outer < 0 and not self.rounds:
            puts = [stmt for each in reversed(held) for stmt in self.drop(each)]
            inside = (*inside, *puts, Stmt("return-scoped", (var,)))
        self.labels = labels
        return (Stmt("scoped", (var,), (inside,)),)

    def walk(self, held: tuple[Held, ...], depth: int) -> Body:
        """A walk over children."""
        var = self.variable("node")
        one = Held(var, "node")
        self.rounds += 1
        inside: Body = self.block((*held, one), -1, depth + 2)
        self.rounds -= 1
        out = self.leave((*held, one)) if self.choice.random() < 0.6 else ()
        if out:
            inside = (*inside, Stmt("if", (self.cond(),), (out, ())))
        after: Body = ()
        for _ in range(0 if self.rounds else self.choice.choice([0, 0, 1, 2])):  # one of the children is kept
            other = self.variable("node")
            inside = (*inside, Stmt("if", (("and", ("null", other), ("ask",)),), ((Stmt("again", (other, var)),), ())))
            after = (*after, Stmt("put", (other,)))
        if self.choice.random() < 0.4:
            inside = (*inside, Stmt("if", (self.cond(),), ((Stmt("break"),), ())))
            after = (Stmt("put", (var,)), *after)
        kind = "children" if self.choice.random() < 0.6 else "walk"
        return (Stmt(kind, (var,), (inside or (Stmt("show"),),)), *after)

    def getting(self, var: str, family: str) -> tuple[Body, Cond]:
        """A get of any kind, and the condition that it has failed."""
        getters = [one for one in self.helpers if one.returns == family]
        fillers = [one for one in self.helpers if one.out == family]
        if self.choice.random() < 0.1:
            return (), ("got", var)
        pick = self.choice.random()
        if getters and pick < 0.4:
            return (Stmt("call", (var, self.choice.choice(getters).name)),), self.failed(var, family)
        if fillers and pick < 0.7 and not self.rounds:  # it might put what it writes over
            return (Stmt("fill", (var, self.choice.choice(fillers).name)),), self.choice.choice(
                [("ret",), ("negative",)]
            )
        return (Stmt("get", (var,)),), self.failed(var, family)

    def done(self, one: Held, held: tuple[Held, ...], top: bool) -> Body:
        """What becomes of a reference in the end."""
        pick = self.choice.random()
        if pick < 0.14 and self.inner:
            return self.drop(one)
        if pick < 0.03 and FAMILIES[one.family].fails == "NULL":
            return (
                Stmt("store", (one.var,)),
                *self.block(held, -1, 5),
                Stmt("put-stored", (one.var,)),
                Stmt("clear-stored", (one.var,)),
            )
        if pick < 0.05:
            other = self.variable(one.family)
            return (
                Stmt("store", (one.var,)),
                Stmt("reload", (other, one.var)),
                Stmt("put", (other,)),
                Stmt("clear-stored", (one.var,)),
            )
        if pick < 0.1:
            return (Stmt("store", (one.var,)),)
        if pick < 0.14:
            return (Stmt("publish", (one.var,)),)
        if one.family == self.returns and pick < 0.6:
            puts = [stmt for each in reversed(held) for stmt in self.drop(each)]
            return (*puts, Stmt("return", (one.var,)))
        if one.family == self.out and pick < 0.6:
            puts = [stmt for each in reversed(held) for stmt in self.drop(each)]
            return (Stmt("out", (one.var,)), *puts, Stmt("return", (0,)))
        if pick < 0.66 and top:
            return (*self.drop(one), Stmt("clear", (one.var,)))
        return self.drop(one)

    # --- the function ------------------------------------------------------------------------------------------------

    def function(self, name: str) -> Func:
        """All of it."""
        body = self.block((), -1, 0, True)
        body = body or (Stmt("show"),)
        end: Body
        if self.returns == "int":
            end = (Stmt("return", (-22 if self.out else self.choice.choice([0, 0, "ret"]),)),)
        elif self.returns == "void":
            end = (Stmt("return", (None,)),)
        else:
            end = (Stmt("return", ("NULL" if FAMILIES[self.returns].fails == "NULL" else ("err_ptr", -2),)),)
        labels = {one: len(self.order) - 1 - number for number, one in enumerate(self.order)}
        last = end if self.returns != "int" else (Stmt("return", ("ret",)),)
        tails = tuple((*self.drop(one), *(last if number == 0 else ())) for number, one in enumerate(self.order))[::-1]
        func = Func(name, self.returns, tuple(self.variables), (*body, *end), tails, out=self.out)
        return replace(func, body=resolved(func.body, labels))


def resolved(body: Body, labels: dict[Held, int]) -> Body:
    """Jumps with the numbers of their labels."""
    out = []
    for stmt in body:
        args = stmt.args
        if stmt.kind == "goto":
            args = (labels[args[0][1]],)
        out.append(Stmt(stmt.kind, args, tuple(resolved(inner, labels) for inner in stmt.bodies)))
    return tuple(out)
