"""The reference: a function is run outright, once for every answer that anything outside it can give.

Nothing of the engine is used here.  An object is a value that knows how many references the running function owes; whatever is still owed when a
function is left, and has neither been returned nor stored where it outlives the function, has leaked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from program import FAMILIES, FLAGS, USAGES, Cond, Func, Program, Stmt

LEFT = Stmt("left")
MOST = 6  # references on one object, of which the engine tells no more apart
ROUNDS = 2  # of a loop, on any path
MOST_PATHS = 6000
NUMBERS = (-1, 0, 1, 2, 3)  # what a parameter may be


class TooManyPathsError(Exception):
    """The program has more paths than are followed."""


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


@dataclass(eq=False)
class Obj:
    """One object: ``owed`` references; where, and as what variable of which function, it was taken; ``mine``: known by no one else."""

    owed: int
    func: str
    var: str
    mine: bool = True


@dataclass
class Chooser:
    """Answers, one path after the other: the given ones, then always the first."""

    given: list[int]
    limits: list[int] = field(default_factory=list)
    asked: int = 0

    def choose(self, count: int) -> int:
        """One of *count* answers."""
        if self.asked == len(self.given):
            self.given.append(0)
        self.limits.append(count)
        self.asked += 1
        return self.given[self.asked - 1]

    def next(self) -> list[int] | None:
        """The answers of the next path; None after the last."""
        given = self.given[: self.asked]
        while given and given[-1] + 1 >= self.limits[len(given) - 1]:
            given.pop()
        if not given:
            return None
        given[-1] += 1
        return given


@dataclass
class Verdict:
    """Over all paths of one function: the variables whose references leak, and the puts and uses of what is gone."""

    leaked: set[tuple[str, str]] = field(default_factory=set)  # (variable, kind of exit)
    wild: set[tuple[str, Stmt]] = field(default_factory=set)
    users: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # (usage, kind of exit) -> "kept", "ended"
    answers: set[tuple[str, bool]] = field(
        default_factory=set
    )  # (kind of exit, whether the caller gets an object there)
    paths: int = 0

    @property
    def used_on(self) -> set[str]:
        """What is still in use where the function fails, although a use ends where it succeeds."""
        return {
            name
            for (name, kind), what in self.users.items()
            if kind == "error" and "kept" in what and self.users.get((name, "success")) == {"ended"}
        }

    @property
    def used(self) -> set[str]:
        """What is still in use at any exit."""
        return {name for (name, _), what in self.users.items() if "kept" in what}

    @property
    def conventional(self) -> bool:
        """Whether it hands something out when it succeeds, and nothing when it does not, and does both."""
        return self.answers == {("success", True), ("failure", False)}

    @property
    def variables(self) -> set[str]:
        """The variables whose references leak."""
        return {name for name, _ in self.leaked}


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
            try:
                self.body(stmt.bodies[0])
            except Jumped as jump:
                if jump.where == "break":
                    return
                if jump.where != "continue":
                    raise

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
            try:
                self.body(stmt.bodies[0])
            except Jumped as jump:
                if jump.where == "break":
                    return
                if jump.where != "continue":
                    raise
        raise TooFarError

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


class TooFarError(Exception):
    """The path goes round a loop more often than is followed."""


def failure(fails: str) -> Any:
    """What a get returns that fails."""
    return None if fails == "NULL" else "err"


@dataclass
class Called:
    """What a callee gave back."""

    value: Any
    out: Any
    filled: bool


class Run:
    """One path through one function and those that it calls."""

    def __init__(self, program: Program, chooser: Chooser) -> None:
        self.program = program
        self.chooser = chooser
        self.objects: list[Obj] = []
        self.stored: dict[Any, Any] = {}
        self.leaked: list[Obj] = []
        self.filled = False
        self.users: dict[str, int] = dict.fromkeys(USAGES, 0)
        self.ended: set[str] = set()  # those that were used, and no longer are

    def called(self, name: str, arg: Any) -> Called:
        """Run a function; what it leaves behind on its own is lost."""
        func = self.program.named(name)
        frame = Frame(self, func, arg)
        value = frame.call()
        out = frame.out[1] if frame.out else None
        self.filled = isinstance(out, Obj)
        self.leave(func, value, out)
        return Called(value, out, frame.out is not None)

    def leave(self, func: Func, value: Any, out: Any) -> None:
        """What is still owed when *func* is left."""
        kept = {id(one) for one in (value, out, *self.stored.values()) if isinstance(one, Obj)}
        for obj in list(self.objects):
            if obj.func != func.name:
                continue
            if obj.owed > 0 and id(obj) not in kept:
                self.leaked.append(obj)
                self.objects.remove(obj)


def paths(program: Program, name: str) -> Iterator[tuple[Run, Any]]:
    """Every path through a function, with the way it ended: the value, or what went wrong."""
    given: list[int] | None = []
    count = 0
    while given is not None:
        count += 1
        if count > MOST_PATHS:
            raise TooManyPathsError
        chooser = Chooser(given)
        run = Run(program, chooser)
        func = program.named(name)
        arg = Obj(0, name, "arg", mine=False) if func.param else None
        try:
            ended: Any = run.called(name, arg).value
        except (WildError, TooFarError) as error:
            ended = error
        yield run, ended
        given = chooser.next()


def dangling(run: Run) -> bool:
    """Whether something is left stored that no reference keeps."""
    return any(isinstance(one, Obj) and one.mine and one.owed <= 0 for one in run.stored.values())


def outright(program: Program, name: str) -> Verdict:
    """What every run of a function comes to.  Raises BrokenError, TooManyPathsError."""
    out = Verdict()
    for run, ended in paths(program, name):
        out.paths += 1
        if isinstance(ended, WildError):
            out.wild.add((ended.kind, ended.stmt))
        elif dangling(run) and not isinstance(ended, TooFarError):
            out.wild.add(("stored-without-reference", LEFT))
        elif not isinstance(ended, TooFarError):
            for use, number in run.users.items():
                if number > 0 or use in run.ended:
                    out.users.setdefault((use, exit_of(ended)), set()).add("kept" if number > 0 else "ended")
            given = (isinstance(ended, Obj) and ended.mine) or run.filled
            out.answers.add(
                ("failure" if ended in (None, "err") or (isinstance(ended, int) and ended < 0) else "success", given)
            )
            out.leaked |= {(obj.var, exit_of(ended)) for obj in run.leaked if obj.func == name}
    return out


def exit_of(value: Any) -> str:
    """What the caller sees."""
    if isinstance(value, int):
        return "error" if value < 0 else "success"
    return "void" if value is None else "error" if value == "err" else "success"
