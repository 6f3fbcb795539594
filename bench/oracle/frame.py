"""One call of one function, statement by statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from program import FAMILIES, FLAGS, Cond, Func, Stmt

if TYPE_CHECKING:
    from outright import Run

MOST = 6  # references on one object, of which the engine tells no more apart
ROUNDS = 2  # of a loop, on any path
NUMBERS = (-1, 0, 1, 2, 3)  # what a parameter may be


class BrokenError(Exception):
    """The path touches what is no object: the program is not one to judge."""


class WildError(Exception):
    """The path puts, or touches, what it has no reference to any more."""

    def __init__(self, stmt: Stmt, kind: str) -> None:
        self.stmt, self.kind = stmt, kind


class Returned(Exception):  # noqa: N818 -- ways out of a body
    """The function returns."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Jumped(Exception):  # noqa: N818
    """To a label, or out of a loop, or to its head."""

    def __init__(self, where: Any) -> None:
        self.where = where


class TooFarError(Exception):
    """The path goes round a loop more often than is followed."""


@dataclass(eq=False)
class Obj:
    """One object: ``owed`` references; where, and as what variable of which function, it was taken; ``mine``: known by no one else."""

    owed: int
    func: str
    var: str
    mine: bool = True


@dataclass
class Called:
    """What a callee gave back."""

    value: Any
    out: Any
    filled: bool


class Frame:
    """One call of one function."""

    def __init__(self, run: Run, func: Func, arg: Any) -> None:
        self.run = run
        self.func = func
        self.vars: dict[str, Any] = {name: None for name, _ in func.variables}
        self.vars["arg"] = arg
        self.numbers: dict[str, int] = {}
        self.marks: set[str] = set()
        self.ret = 0
        self.out: Any = None

    def number(self, name: str) -> int:
        """The value of a parameter, chosen when it is first asked."""
        if name not in self.numbers:
            domain = (0, 1) if name in FLAGS else NUMBERS
            self.numbers[name] = domain[self.run.chooser.choose(len(domain))]
        return int(self.numbers[name])

    def call(self) -> Any:
        """Run it; what comes back."""
        try:
            try:
                self.body(self.func.body)
                start = 0
            except Jumped as jump:
                if not isinstance(jump.where, int) or jump.where >= len(self.func.tails):
                    raise BrokenError from jump
                start = jump.where
            for tail in self.func.tails[start:]:
                self.body(tail)
        except Returned as returned:
            return returned.value
        return None

    def body(self, stmts: tuple[Stmt, ...]) -> None:
        """Statements, one after the other."""
        for stmt in stmts:
            self.stmt(stmt)

    def stmt(self, stmt: Stmt) -> None:  # noqa: PLR0912, PLR0915 -- one line a kind
        """One statement."""
        run, args = self.run, stmt.args
        match stmt.kind:
            case "get":
                self.vars[args[0]] = self.taken(args[0])
            case "again" | "take":
                got = self.vars[args[-1]]
                if got == "err" or (got is None and not FAMILIES[self.func.families[args[-1]]].safe):
                    raise BrokenError
                if got is not None:
                    self.alive(got, stmt, "use-after-put")
                    got.owed += 1
                    if got.owed > MOST:
                        raise BrokenError
                if stmt.kind == "again":
                    self.vars[args[0]] = got
            case "put":
                self.put(stmt, self.vars[args[0]], self.func.families[args[0]])
            case "call":
                called = run.called(args[1], None)
                self.vars[args[0]] = self.adopt(called.value, args[0])
            case "fill":
                called = run.called(args[1], None)
                self.ret = called.value
                if called.filled:
                    self.vars[args[0]] = self.adopt(called.out, args[0])
            case "give":
                if self.vars[args[0]] in (None, "err"):
                    raise BrokenError
                run.called(args[1], self.vars[args[0]])
            case "mark":
                self.marks.add(args[0])
            case "begin":
                self.ret = 0 if self.begin(args[0]) else -5
            case "end":
                if self.run.users[args[0]] <= 0:
                    raise BrokenError  # it may end what its caller began
                self.run.users[args[0]] -= 1
                self.run.ended.add(args[0])
            case "get-or-null":
                self.vars[args[0]] = None
                if self.holds(args[1]):
                    self.vars[args[0]] = self.taken(args[0])
            case "reload":
                key = ("store", self.func.families[args[1]], args[1])
                if key not in run.stored:
                    raise BrokenError  # what others have stored
                self.vars[args[0]] = run.stored[key]
            case "put-stored":
                key = ("store", self.func.families[args[0]], args[0])
                if key not in run.stored:
                    raise BrokenError
                self.put(stmt, run.stored[key], self.func.families[args[0]])
            case "clear-stored":
                run.stored["store", self.func.families[args[0]], args[0]] = None
            case "scoped":
                self.scoped(stmt)
            case "use-scoped":
                pass
            case "return-scoped":
                value = self.vars[args[0] + "_"]
                self.vars[args[0] + "_"] = None
                raise Returned(value)
            case "children" | "walk":
                self.children(stmt)
            case "alias":
                self.vars[args[0]] = self.vars[args[1]]
            case "clear":
                self.vars[args[0]] = None
            case "ret":
                self.ret = self.value(args[0])
            case "use":
                got = self.vars[args[0]]
                if got in (None, "err"):
                    raise BrokenError
                self.alive(got, stmt, "use-after-put")
            case "show":
                pass
            case "store" | "publish":
                if isinstance(self.vars[args[0]], Obj):
                    self.alive(self.vars[args[0]], stmt, "stored-without-reference")
                run.stored[stmt.kind, self.func.families[args[0]], args[0]] = self.vars[args[0]]
            case "out":
                if isinstance(self.vars[args[0]], Obj):
                    self.alive(self.vars[args[0]], stmt, "stored-without-reference")
                self.out = ("filled", self.vars[args[0]])
            case "return":
                value = None if args[0] is None else self.value(args[0])
                if isinstance(value, Obj):
                    self.alive(value, stmt, "use-after-put")
                raise Returned(value)
            case "goto" | "break" | "continue":
                raise Jumped(args[0] if args else stmt.kind)
            case "if":
                self.body(stmt.bodies[0] if self.holds(args[0]) else stmt.bodies[1])
            case "switch":
                self.switch(stmt)
            case _:
                self.loop(stmt)

    def taken(self, var: str) -> Any:
        """What a get of *var* answers."""
        family = FAMILIES[self.func.families[var]]
        return self.fresh(var) if self.run.chooser.choose(2) == 0 else failure(family.fails)

    def begin(self, name: str) -> bool:
        """Begin a use of what others own; whether that worked."""
        worked = self.run.chooser.choose(2) == 0
        self.run.users[name] = self.run.users.get(name, 0) + worked
        return worked

    def scoped(self, stmt: Stmt) -> None:
        """A variable that is put where its scope is left, in whatever way."""
        name = stmt.args[0] + "_"
        self.vars[name] = self.taken(stmt.args[0])
        try:
            self.body(stmt.bodies[0])
        except (Returned, Jumped):
            self.end_scope(name)
            raise
        self.end_scope(name)

    def end_scope(self, name: str) -> None:
        """Put what a scope's variable holds."""
        got = self.vars.pop(name)
        if isinstance(got, Obj):
            got.owed -= 1

    def children(self, stmt: Stmt) -> None:
        """An iterator that holds its cursor, and drops the one before."""
        name = stmt.args[0]
        self.vars[name] = None
        walked: list[Obj] = []
        for turn in range(ROUNDS + 1):
            got = self.vars[name]
            if turn and isinstance(got, Obj):
                self.put(stmt, got, self.func.families[name])
                walked.append(got)
                if sum(one.owed > 0 for one in walked) > 1:
                    raise BrokenError  # what several rounds keep is one object to the engine
            if turn == ROUNDS or self.run.chooser.choose(2) == 0:
                self.vars[name] = None
                return
            self.vars[name] = self.fresh(name)
            if not self.round(stmt.bodies[0]):
                return

    def switch(self, stmt: Stmt) -> None:
        """The arm of the parameter's value, or the default, or none."""
        number = self.number("x")
        arms = dict(zip(stmt.args[0], stmt.bodies, strict=True))
        try:
            self.body(arms[number] if number in arms else arms.get(None, ()))
        except Jumped as jump:
            if jump.where != "break":
                raise

    def loop(self, stmt: Stmt) -> None:
        """As many rounds as there may be."""
        for turn in range(ROUNDS + 1):
            if stmt.kind == "for":
                if turn == ROUNDS or self.run.chooser.choose(2) == 0:
                    return
            elif stmt.kind == "while" or turn > 0:
                if not self.holds(stmt.args[0]):
                    return
                if turn == ROUNDS:
                    raise TooFarError
            if not self.round(stmt.bodies[0]):
                return
        raise TooFarError

    def round(self, body: tuple[Stmt, ...]) -> bool:
        """One round of a loop; whether there may be another."""
        try:
            self.body(body)
        except Jumped as jump:
            if jump.where == "break":
                return False
            if jump.where != "continue":
                raise
        return True

    def fresh(self, var: str) -> Obj:
        """A new object."""
        obj = Obj(1, self.func.name, var)
        self.run.objects.append(obj)
        return obj

    def adopt(self, value: Any, var: str) -> Any:
        """What a callee gave is this function's now."""
        if isinstance(value, Obj) and value.mine:
            value.func, value.var = self.func.name, var
        return value

    def alive(self, got: Obj, stmt: Stmt, kind: str) -> None:
        """Whether a reference is left."""
        if got.mine and got.owed <= 0:
            raise WildError(stmt, kind)

    def put(self, stmt: Stmt, got: Any, family: str) -> None:
        """Drop one."""
        if got == "err" or (got is None and not FAMILIES[family].safe):
            raise BrokenError
        if got is None:
            return
        if got.mine and got.owed <= 0:
            raise WildError(stmt, "put-too-many")
        got.owed -= 1

    def value(self, what: Any) -> Any:
        """What is returned or assigned."""
        match what:
            case ("ask",):
                return (0, -5, 1)[self.run.chooser.choose(3)]
            case ("ptr_err_or_zero", name):
                return -5 if self.vars[name] == "err" else 0
            case ("ptr_err", name):
                return -5 if self.vars[name] == "err" else 4096
            case ("err_ptr", _) | ("err_ret",):
                return "err" if what[0] == "err_ptr" or self.ret < 0 else None
            case "ret":
                return self.ret
            case "NULL":
                return None
            case str():
                return self.vars[what]
        return what

    def holds(self, cond: Cond) -> bool:
        """Whether a condition holds."""
        match cond:
            case ("ask",):
                return self.run.chooser.choose(2) == 1
            case ("mark", name):
                return name in self.marks
            case ("flag", name):
                return self.number(name) != 0
            case ("there", name):
                return self.vars[name] is not None
            case ("null", name):
                return self.vars[name] is None
            case ("err", name):
                return self.vars[name] == "err"
            case ("bad", name):
                return self.vars[name] in (None, "err")
            case ("got", name):
                self.vars[name] = self.taken(name)
                return not isinstance(self.vars[name], Obj)
            case ("begun", name):
                return self.begin(name)
            case ("there-scoped", name):
                return self.vars[name + "_"] is not None
            case ("ret",):
                return self.ret != 0
            case ("negative",):
                return self.ret < 0
            case ("x", operator, number):
                x = self.number("x")
                return {"<": x < number, "==": x == number, ">": x > number, "!=": x != number}[operator]
            case ("not", inner):
                return not self.holds(inner)
            case ("and", left, right):
                return self.holds(left) and self.holds(right)
            case ("or", left, right):
                return self.holds(left) or self.holds(right)
        raise AssertionError(cond)


def failure(fails: str) -> Any:
    """What a get returns that fails."""
    return None if fails == "NULL" else "err"
