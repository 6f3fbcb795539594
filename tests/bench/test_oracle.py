"""Random functions, judged by the engine and by a reference that runs every path of them outright.

``bench/oracle/compare.py`` is the long version.
"""

from __future__ import annotations

import random

import pytest

from getput.config import Settings
from getput.model import Confidence
from getput.verdict.judge import Judge

COUNT = 150
LOUD = Confidence.MEDIUM.rank


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(None, Settings())


def drawn(compare, seed: int, count: int):
    """The first *count* programs of a seed that can be judged."""
    out = []
    for number in range(10 * count):
        program = compare.drawn(seed, number)
        if not compare.sane(program):
            continue
        try:
            truth = {func.name: compare.outright(program, func.name) for func in program.funcs}
        except (compare.BrokenError, compare.TooManyPathsError):
            continue
        out.append((program, truth))
        if len(out) == count:
            break
    return out


def told(found: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The disagreements: what is said with low confidence only is none."""
    return [one for one in found if one[1] != "hushed"]


def test_no_leak_is_missed_and_none_invented(compare, judge):
    compared = 0
    for program, _ in drawn(compare, 1, COUNT):
        try:
            found = compare.disagreements(judge, program)
        except compare.BrokenError:
            continue
        compared += 1
        assert told(found) == [], compare.written(program)[0]
    assert compared > COUNT / 2


def test_the_reference_sees_leaks_and_puts_too_many(compare):
    """What the other test compares is no empty list."""
    truths = [one for _, truth in drawn(compare, 1, COUNT) for one in truth.values()]
    assert sum(bool(one.leaked) for one in truths) > COUNT / 20
    assert sum(bool(one.wild) for one in truths) > COUNT / 50
    assert sum(not (one.leaked or one.wild) for one in truths) > COUNT / 3


def test_a_reference_that_forgets_puts_disagrees(compare, judge):
    """A comparison that cannot fail would be worth nothing: a put that the engine sees, and the reference does not."""
    without = forgotten = 0
    for program, truth in drawn(compare, 2, 60):
        if any(one.leaked or one.wild for one in truth.values()):
            continue
        func = program.funcs[-1]
        puts = [one for one in compare.places(func.body) if one.kind == "put"]
        if not puts:
            continue
        without += 1
        damaged = compare.with_new(func, puts[-1], ())
        said = compare.said(judge, compare.Program((*program.funcs[:-1], damaged)))
        forgotten += any(said[one].leaks for one in said)
    assert without > 10
    assert forgotten > without / 2


def loud(compare, judge, program) -> dict[str, list[str]]:
    """By function, what is said with at least medium confidence, as rules of one kind."""
    kinds = dict.fromkeys(compare.LEAKS, "leak") | dict.fromkeys(compare.WILD, "wild")
    answers = compare.said(judge, program)
    return {
        name: sorted(kinds.get(one.rule, one.rule) for one in answer.found if one.found.confidence.rank >= LOUD)
        for name, answer in answers.items()
    }


@pytest.mark.parametrize("name", ["inverted", "nested", "unwound", "renamed", "padded"])
def test_other_words_change_nothing(compare, vary, judge, name):
    """Conditions asked the other way round, labels written out, what follows a way out in its else, other names, calls in between."""
    changed = 0
    for program, truth in drawn(compare, 3, 40):
        if any(one.wild for one in truth.values()):
            continue
        other = vary.varied(program, name)
        assert compare.sane(other)
        changed += compare.written(program)[0] != compare.written(other)[0]
        assert loud(compare, judge, other) == loud(compare, judge, program), compare.written(other)[0]
    assert changed > 5


def test_the_same_seed_draws_the_same_programs(compare):
    one, two = (compare.written(compare.program(random.Random("4")))[0] for _ in range(2))
    assert one == two
