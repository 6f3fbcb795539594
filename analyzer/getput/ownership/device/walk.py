"""All paths of a function for one small question: states are plain values, equal ones at one block are followed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from getput.flow.ir import Advance, Branch, Function, Instr, Jump, Return, Switch
from getput.ownership.view import Mark

S = TypeVar("S", bound=Hashable)
MAX_STATES = 4000  # of one function; beyond that nothing is said of it
Way = tuple[Mark, ...]


class Question(Generic[S]):
    """What is asked of every path; a subclass says how a state moves."""

    def step(self, state: S, instr: Instr, at: Callable[[], Way]) -> S:
        """The state after an instruction; *at* gives the way there."""
        raise NotImplementedError

    def assume(self, state: S, _end: Branch, _truth: bool) -> S | None:
        """The state where the condition is true, or not; None where that cannot be."""
        return state

    def arm(self, state: S, _end: Switch, _names: tuple[str, ...] | None) -> S | None:
        """The state in an arm of a switch: that of the constants *names*; None is the default."""
        return state

    def leave(self, state: S, end: Return, at: Callable[[], Way]) -> None:
        """The function returns."""


def walk(function: Function, start: S, question: Question[S]) -> bool:
    """Follow every path of *function*; whether all were followed."""
    came: dict[tuple[int, S], tuple[tuple[int, S], Mark] | None] = {(0, start): None}
    waiting = [(0, start)]
    while waiting:
        here = waiting.pop()
        if len(came) > MAX_STATES:
            return False
        number, state = here
        block = function.blocks[number]

        def way(here: tuple[int, S] = here) -> Way:
            return way_to(came, here)

        for instr in block.instrs:
            state = question.step(state, instr, way)
        end = block.end
        follow: list[tuple[int, S | None, Mark]] = []
        if isinstance(end, Jump):
            follow.append((end.to, state, Mark("", end.at)))
        elif isinstance(end, Branch):
            follow.append((end.other, question.assume(state, end, False), Mark("false", end.at)))
            follow.append((end.then, question.assume(state, end, True), Mark("true", end.at)))
        elif isinstance(end, Switch):
            follow.append((end.default, question.arm(state, end, None), Mark("case", end.at)))
            follow += [(case.to, question.arm(state, end, case.names), Mark("case", end.at)) for case in end.cases]
        elif isinstance(end, Advance):
            follow.append((end.done, state, Mark("", end.at)))
            follow.append((end.body, state, Mark("", end.at)))
        elif isinstance(end, Return):
            question.leave(state, end, way)
        for to, after, mark in follow:
            if after is not None and (to, after) not in came:
                came[to, after] = (here, mark)
                waiting.append((to, after))
    return True


def way_to(came: dict[tuple[int, S], tuple[tuple[int, S], Mark] | None], here: tuple[int, S]) -> Way:
    """The branches by which a state was first reached, in order."""
    out = []
    step = came[here]
    while step is not None:
        here, mark = step
        if mark.kind:
            out.append(mark)
        step = came[here]
    return tuple(reversed(out))
