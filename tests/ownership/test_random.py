"""Random small functions, judged by the engine and, as an oracle, run outright in Python over every outcome of every condition.

The subset is one in which the engine promises to be exact: references that only the function knows, conditions that know nothing of each
other except tests of the references themselves.  The engine must say that a reference leaks if, and only if, some run leaks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from getput.config import Settings
from getput.model import Confidence
from getput.verdict.judge import Judge, Judged

OBJECTS = 3
LEAKS = {"leak-on-error", "leak-always", "leak-by-overwrite"}


@dataclass(frozen=True)
class Stmt:
    """One statement: ``what`` it does to object ``obj``; bodies for branches and loops."""

    what: str  # take, put, clear, use, if, if-null, if-held, loop, return, goto
    obj: int = 0
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
        else:
            word = "while" if stmt.what == "loop" else "if"
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
    return "int acme(struct acme_ctx *ctx)\n{\n" + "\n".join(writer.lines) + "\n}\n"


# --- the program run outright ----------------------------------------------------------------------------------------

# Per object: "null", "held" (one reference, known by its variable), "gone" (put, the variable still points there).
State = tuple[str, ...]
ROUNDS = 2


@dataclass
class Run:
    """All runs at once: the objects that some run leaks, and whether some run does what the subset rules out."""

    leaked: set[int] = field(default_factory=set)
    wild: bool = False

    def body(self, stmts: tuple[Stmt, ...], states: set[State]) -> set[State]:
        for stmt in stmts:
            states = {after for state in states for after in self.stmt(stmt, state)}
        return states

    def stmt(self, stmt: Stmt, state: State) -> Iterator[State]:
        here = state[stmt.obj]
        what = stmt.what
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
        elif what in ("if-null", "if-held"):
            taken = (here == "null") == (what == "if-null")
            yield from self.body(stmt.then if taken else stmt.other, {state})
        else:
            seen = states = {state}
            for _ in range(ROUNDS):
                states = self.body(stmt.then, states)
                seen = seen | states
            yield from seen

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


def outright(stmts: tuple[Stmt, ...]) -> Run:
    """Every run of the function."""
    run = Run()
    for state in run.body(stmts, {("null",) * OBJECTS}):
        run.leave(state)
    return run


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


def branches(inner):
    """A statement, or a condition around more of them."""
    body = bodies(inner, st.one_of(st.just(()), st.just(()), LEAVE.map(lambda stmt: (stmt,))))
    kinds = st.sampled_from(["if", "if", "if-null", "if-held"])
    return st.builds(Stmt, kinds, OBJ, body, st.one_of(st.just(()), body))


STRAIGHT = st.recursive(SIMPLE, branches, max_leaves=10)
LOOP = st.builds(Stmt, st.just("loop"), st.just(0), st.lists(STRAIGHT, min_size=1, max_size=3).map(tuple))
PROGRAMS = st.lists(STRAIGHT, min_size=1, max_size=8).map(tuple)
LOOPING = st.lists(st.one_of(STRAIGHT, LOOP), min_size=1, max_size=6).map(tuple)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(None, Settings())


def judged(judge: Judge, text: str) -> list[Judged]:
    """Everything the rules find in the one function of *text*."""
    unit = judge.unit(text.encode(), "drivers/acme/acme.c")
    out = judge.judge(unit, unit.sources, None)
    assert len(unit.sources) == 1
    assert not unit.failures
    return out


def leaking(found: list[Judged]) -> set[str]:
    """The objects said to leak."""
    return {
        one.found.object for one in found if one.rule in LEAKS and one.found.confidence.rank >= Confidence.MEDIUM.rank
    }


OFTEN = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@OFTEN
@given(stmts=PROGRAMS)
def test_a_leak_is_said_exactly_where_some_run_leaks(judge, stmts):
    run, text = outright(stmts), as_c(stmts)
    if run.wild:
        judged(judge, text)
        return
    assert leaking(judged(judge, text)) == {f"np{number}" for number in run.leaked}, text


@OFTEN
@given(stmts=LOOPING)
def test_loops_hide_no_leak_and_invent_none(judge, stmts):
    run, text = outright(stmts), as_c(stmts)
    found = judged(judge, text)
    if not run.wild:
        assert bool(leaking(found)) == bool(run.leaked), text


@OFTEN
@given(stmts=LOOPING)
def test_the_same_text_gives_the_same_findings(judge, stmts):
    text = as_c(stmts)
    assert judged(judge, text) == judged(judge, text)
    assert judged(judge, text) == judged(Judge(None, Settings()), text) if len(text) % 16 == 0 else True


@OFTEN
@given(stmts=PROGRAMS)
def test_a_put_too_many_is_said_only_where_some_run_puts_twice(judge, stmts):
    run, text = outright(stmts), as_c(stmts)
    said = {one.rule for one in judged(judge, text) if one.found.confidence.rank >= Confidence.MEDIUM.rank}
    assert ("put-too-many" in said) == run.wild, text
