"""The reference: a function is run outright, once for every answer that anything outside it can give.

Nothing of the engine is used here.  An object is a value that knows how many references the running function owes; whatever is still owed when a
function is left, and has neither been returned nor stored where it outlives the function, has leaked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from choices import Chooser
from frame import Called, Frame, Obj, TooFarError, WildError
from program import USAGES, Func, Program, Stmt

LEFT = Stmt("left")
MOST_PATHS = 6000


class TooManyPathsError(Exception):
    """The program has more paths than are followed."""


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
