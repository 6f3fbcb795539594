"""A way that the engine kept, followed again: it leads where it led, with the counts that the engine found there."""

from __future__ import annotations

from pathlib import Path

import pytest

from getput.config import Settings
from getput.ownership.replay import replay
from getput.ownership.view import marks
from getput.verdict.judge import Judge

TOP = Path(__file__).parents[2]
FILES = sorted([*TOP.glob("fixtures/*/*/after.c"), *TOP.glob("tests/ownership/cases/*.c")])
BRANCHES = """\
int acme_read(struct device *dev)
{
	struct device_node *np = of_get_parent(dev->of_node);
	int ret;

	if (!np)
		return -ENODEV;
	ret = acme_open(np);
	if (ret)
		return ret;
	of_node_put(np);
	return 0;
}
"""


@pytest.fixture(scope="module")
def judge():
    return Judge(TOP, Settings())


def ways(unit):
    """(function, counter, standing, offset of the exit) for every object at every exit of a file."""
    for source in unit.sources:
        for report in unit.reports(source):
            for out in report.exits:
                for standing in out.standings:
                    yield source, report.counter, standing, out.at


def test_every_way_leads_to_its_exit_with_the_count_that_stands_there(judge):
    agreed = merged = 0
    for file in FILES:
        unit = judge.unit(file.read_bytes(), "acme.c")
        for source, counter, standing, at in ways(unit):
            way = marks(standing.trace)
            walk = replay(unit, source, counter, way, at)
            assert walk is not None, f"{file}:{unit.line(at)}: {standing.count.label}"
            ends = [
                walk.numbers(key)[-1][1] for key, count in walk.objects.items() if count.label == standing.count.label
            ]
            if any(one and one[0] <= standing.low and standing.high <= one[1] for one in ends):
                agreed += 1
            else:
                merged += 1  # the engine has put several paths together: of the one alone, the object is another
    assert agreed > 700
    assert merged < agreed / 100


def test_the_count_after_each_instruction(judge):
    unit = judge.unit(BRANCHES.encode(), "acme.c")
    source, counter, standing, at = next(way for way in ways(unit) if unit.line(way[3]) == 10)
    walk = replay(unit, source, counter, marks(standing.trace), at)
    (key,) = walk.objects
    lines = {}
    for offset, number in walk.numbers(key):
        lines[unit.line(offset)] = number
    assert lines == {3: (0, 1), 4: (0, 1), 6: (1, 1), 8: (1, 1), 9: (1, 1), 10: (1, 1)}


def test_a_way_that_the_function_does_not_have_leads_nowhere(judge):
    unit = judge.unit(BRANCHES.encode(), "acme.c")
    source, counter, standing, _ = next(way for way in ways(unit) if unit.line(way[3]) == 10)
    assert replay(unit, source, counter, marks(standing.trace), unit.lines.offset(12) + 1) is None
