"""Random small functions, judged by the engine and, as an oracle, run outright in Python over every outcome of every condition.

The subset is one in which the engine promises to be exact: references that only the function knows, conditions that know nothing of each
other except tests of the references themselves.  The engine must say that a reference leaks if, and only if, some run leaks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from getput.config import Settings
from getput.model import Confidence
from getput.verdict.judge import Judge, Judged

OBJECTS = 3
FLAGS = 2
LEAKS = {"leak-on-error", "leak-always", "leak-by-overwrite"}


@dataclass(frozen=True)
class Stmt:
    """One statement: ``what`` it does to object ``obj``; bodies for branches and loops."""

    what: str  # take, put, clear, use, if, if-flag, if-not-flag, if-null, if-held, switch, while, do, return, goto, break, continue
    obj: int = 0  # or the number of a flag
    then: tuple[Stmt, ...] = ()
    other: tuple[Stmt, ...] = ()


# --- the program as C ---------------------------------------------------------------------------------------------


@dataclass
class Writer:
    """Writes statements as C; conditions nobody knows anything of get numbers."""

    lines: list[str] = field(default_factory=list)
    asked: int = 0

    def body(self, stmts: tuple[Stmt, ...], depth: int) -> None:
        for stmt in stmts:
            self.stmt(stmt, depth)

    def condition(self, stmt: Stmt) -> str:
        if stmt.what == "if-null":
            return f"!np{stmt.obj}"
        if stmt.what == "if-held":
            return f"np{stmt.obj}"
        if stmt.what == "if-flag":
            return f"flag{stmt.obj}"
        if stmt.what == "if-not-flag":
            return f"!flag{stmt.obj}"
        self.asked += 1
        return f"ask{self.asked}(ctx)"

    def stmt(self, stmt: Stmt, depth: int) -> None:
        tabs, name = "\t" * depth, f"np{stmt.obj}"
        if stmt.what == "take":
            self.lines.append(f'{tabs}{name} = of_find_node_by_path("/{stmt.obj}");')
        elif stmt.what == "put":
            self.lines.append(f"{tabs}of_node_put({name});")
        elif stmt.what == "clear":
            self.lines.append(f"{tabs}{name} = NULL;")
        elif stmt.what == "use":
            self.lines.append(f"{tabs}count(ctx);")
        elif stmt.what == "return":
            self.lines.append(f"{tabs}return {'-EINVAL' if stmt.obj else '0'};")
        elif stmt.what == "goto":
            self.lines.append(f"{tabs}goto out{stmt.obj};")
        elif stmt.what in ("break", "continue"):
            self.lines.append(f"{tabs}{stmt.what};")
        elif stmt.what == "switch":
            self.lines.append(f"{tabs}switch ({self.condition(stmt)}) {{")
            self.lines.append(f"{tabs}case 1:")
            self.body(stmt.then, depth + 1)
            self.lines += [f"{tabs}\tbreak;", f"{tabs}case 2:", f"{tabs}case 3 ... 7:"]
            self.body(stmt.other, depth + 1)
            self.lines.append(f"{tabs}}}")
        elif stmt.what == "do":
            self.lines.append(f"{tabs}do {{")
            self.body(stmt.then, depth + 1)
            self.lines.append(f"{tabs}}} while ({self.condition(stmt)});")
        else:
            word = "while" if stmt.what == "while" else "if"
            self.lines.append(f"{tabs}{word} ({self.condition(stmt)}) {{")
            self.body(stmt.then, depth + 1)
            if stmt.other:
                self.lines.append(f"{tabs}}} else {{")
                self.body(stmt.other, depth + 1)
            self.lines.append(f"{tabs}}}")


def as_c(stmts: tuple[Stmt, ...]) -> str:
    """The function, its unwinding at the end: ``out2`` puts object 2 and falls into ``out1``."""
    writer = Writer()
    for number in range(OBJECTS):
        writer.lines.append(f"\tstruct device_node *np{number} = NULL;")
    writer.lines.append("")
    writer.body(stmts, 1)
    writer.lines.append("\treturn 0;")
    for number in reversed(range(OBJECTS)):
        writer.lines.append(f"out{number}:")
        writer.lines.append(f"\tof_node_put(np{number});")
    writer.lines.append("\treturn -EIO;")
    head = ", ".join(["struct acme_ctx *ctx", *(f"bool flag{number}" for number in range(FLAGS))])
    return f"int acme({head})\n{{\n" + "\n".join(writer.lines) + "\n}\n"


# --- the program run outright ----------------------------------------------------------------------------------------

# Per object: "null", "held" (one reference, known by its variable), "gone" (put, the variable still points there).
State = tuple[str, ...]


@dataclass
class Run:
    """All runs with the same flags: the objects that some run leaks, and whether some run puts one twice."""

    flags: tuple[bool, ...]
    leaked: set[int] = field(default_factory=set)
    wild: bool = False
    broken: list[set[State]] = field(default_factory=list)  # of each loop around: where it was broken out of
    again: list[set[State]] = field(default_factory=list)  # and where it was sent to its condition

    def body(self, stmts: tuple[Stmt, ...], states: set[State]) -> set[State]:
        for stmt in stmts:
            states = {after for state in states for after in self.stmt(stmt, state)}
        return states

    def stmt(self, stmt: Stmt, state: State) -> Iterator[State]:
        what, here = stmt.what, state[stmt.obj]
        if what == "take":
            if here == "held":
                self.leaked.add(stmt.obj)
            yield put(state, stmt.obj, "held")
            yield put(state, stmt.obj, "null")
        elif what == "put":
            self.wild = self.wild or here == "gone"
            yield put(state, stmt.obj, "gone") if here == "held" else state
        elif what == "clear":
            if here == "held":
                self.leaked.add(stmt.obj)
            yield put(state, stmt.obj, "null")
        elif what == "use":
            yield state
        elif what == "return":
            self.leave(state)
        elif what == "goto":
            self.unwind(state, stmt.obj)
        elif what == "if":
            yield from self.body(stmt.then, {state})
            yield from self.body(stmt.other, {state})
        elif what in ("if-flag", "if-not-flag"):
            taken = self.flags[stmt.obj] == (what == "if-flag")
            yield from self.body(stmt.then if taken else stmt.other, {state})
        elif what in ("if-null", "if-held"):
            taken = (here == "null") == (what == "if-null")
            yield from self.body(stmt.then if taken else stmt.other, {state})
        elif what == "switch":
            yield state
            yield from self.body(stmt.then, {state})
            yield from self.body(stmt.other, {state})
        elif what == "break":
            self.broken[-1].add(state)
        elif what == "continue":
            self.again[-1].add(state)
        else:
            yield from self.loop(stmt, state)

    def loop(self, stmt: Stmt, state: State) -> set[State]:
        """Rounds until they bring nothing new."""
        self.broken.append(set())
        new, asked = {state}, set() if stmt.what == "do" else {state}
        while new:
            self.again.append(set())
            new = (self.body(stmt.then, new) | self.again.pop()) - asked
            asked |= new
        return asked | self.broken.pop()

    def unwind(self, state: State, first: int) -> None:
        for number in reversed(range(first + 1)):
            self.wild = self.wild or state[number] == "gone"
            state = put(state, number, "gone") if state[number] == "held" else state
        self.leave(state)

    def leave(self, state: State) -> None:
        self.leaked |= {number for number, here in enumerate(state) if here == "held"}


def put(state: State, obj: int, here: str) -> State:
    """*state* with one object changed."""
    return (*state[:obj], here, *state[obj + 1 :])


def outright(stmts: tuple[Stmt, ...]) -> tuple[set[int], bool]:
    """Every run of the function: the objects that some run leaks, and whether some run puts one twice."""
    runs = [Run(flags) for flags in product((False, True), repeat=FLAGS)]
    for run in runs:
        for state in run.body(stmts, {("null",) * OBJECTS}):
            run.leave(state)
    return {number for run in runs for number in run.leaked}, any(run.wild for run in runs)


# --- the two compared ----------------------------------------------------------------------------------------------

OBJ = st.integers(0, OBJECTS - 1)
SIMPLE = st.one_of(
    st.builds(Stmt, st.just("take"), OBJ),
    st.builds(Stmt, st.just("put"), OBJ),
    st.builds(Stmt, st.just("clear"), OBJ),
    st.builds(Stmt, st.just("use")),
)
LEAVE = st.one_of(st.builds(Stmt, st.just("return"), st.integers(0, 1)), st.builds(Stmt, st.just("goto"), OBJ))


def bodies(leaf, leave):
    """Bodies of branches: a few statements, and sometimes a way out as the last one."""
    return st.builds(lambda some, last: tuple(some) + last, st.lists(leaf, max_size=3), leave)


def branches(inner, leave=LEAVE):
    """A condition around more statements."""
    body = bodies(inner, st.one_of(st.just(()), st.just(()), leave.map(lambda stmt: (stmt,))))
    kinds = st.sampled_from(["if", "if", "if-null", "if-held"])
    return st.builds(Stmt, kinds, OBJ, body, st.one_of(st.just(()), body))


def flagged(inner):
    """A condition that other conditions repeat, around statements that come back."""
    body = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.builds(
        Stmt, st.sampled_from(["if-flag", "if-not-flag"]), st.integers(0, FLAGS - 1), body, st.one_of(st.just(()), body)
    )


STRAIGHT = st.recursive(SIMPLE, branches, max_leaves=10)
SWITCH = st.builds(Stmt, st.just("switch"), st.just(0), *[st.lists(SIMPLE, min_size=1, max_size=2).map(tuple)] * 2)
ROUND = st.recursive(
    st.one_of(SIMPLE, SWITCH),
    partial(branches, leave=st.one_of(LEAVE, st.sampled_from([Stmt("break"), Stmt("continue")]))),
    max_leaves=8,
)
LOOP = st.builds(Stmt, st.sampled_from(["while", "do"]), st.just(0), st.lists(ROUND, min_size=1, max_size=3).map(tuple))
PROGRAMS = st.lists(st.one_of(STRAIGHT, flagged(SIMPLE), SWITCH), min_size=1, max_size=8).map(tuple)
LOOPING = st.lists(st.one_of(STRAIGHT, flagged(SIMPLE), LOOP), min_size=1, max_size=6).map(tuple)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(None, Settings())


def judged(judge: Judge, text: str) -> list[Judged]:
    """Everything the rules find in the one function of *text*."""
    unit = judge.unit(text.encode(), "drivers/acme/acme.c")
    out = judge.judge(unit, unit.sources, None)
    assert len(unit.sources) == 1
    assert not unit.failures
    assume(not unit.bounded)
    return out


def leaking(found: list[Judged]) -> set[str]:
    """The objects said to leak."""
    return {
        one.found.object for one in found if one.rule in LEAKS and one.found.confidence.rank >= Confidence.MEDIUM.rank
    }


OFTEN = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def compared(judge: Judge, stmts: tuple[Stmt, ...]) -> None:
    """The engine and the oracle say the same of one function."""
    text = as_c(stmts)
    leaked, twice = outright(stmts)
    found = judged(judge, text)
    if not twice:  # after it, a put may drop what another run of the function was given
        assert leaking(found) == {f"np{number}" for number in leaked}, text
    assert ("put-too-many" in {one.rule for one in found}) == twice, text


@OFTEN
@given(stmts=PROGRAMS)
def test_branches(judge, stmts):
    compared(judge, stmts)


@OFTEN
@given(stmts=LOOPING)
def test_loops(judge, stmts):
    compared(judge, stmts)


@OFTEN
@given(stmts=LOOPING)
def test_the_same_text_gives_the_same_findings(judge, stmts):
    text = as_c(stmts)
    assert judged(judge, text) == judged(judge, text)
