"""The picture of a graph that a page shows: source in its boxes, one way marked, nothing but what a page may hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from getput.config import Settings
from getput.flow import picture as drawing
from getput.flow.picture import Text, picture
from getput.verdict.judge import Judge
from getput.verdict.place import negated, text_at

SAMPLE = """\
int acme_read(struct acme *acme, int x)
{
	int ret = 0;

	if (x && acme->on)
		ret = acme_start("<b>&amp;", x);
	while (x--) {
		if (!acme_step(acme))
			return -EIO;
	}
	return ret ? ret : 1;
}
"""


@pytest.fixture
def draw():
    """(function of a source, way) to the drawing and its root element."""
    judge = Judge(Path("/"), Settings())

    def drawn(source=SAMPLE, way=(), lost=True):
        unit = judge.unit(source.encode(), "acme.c")
        function = unit.function(unit.sources[0])
        text = Text(unit.line, lambda line: text_at(unit.lines, line), lambda at: negated(unit.lines, at))
        made = picture(function, text, way, lost=lost)
        return made, ET.fromstring(made.svg), function

    return drawn


def boxes(root):
    """The texts of each box."""
    return [[said(text) for text in group.findall("text")] for group in root.findall("g")]


def said(text):
    """What stands behind the line number."""
    return "".join(part.tail or "" for part in text).strip()


def test_boxes_hold_the_source_once(draw):
    made, root, _ = draw()
    texts = [text for box in boxes(root) for text in box]
    assert "if (x && acme->on)" in texts
    assert texts.count("return ret ? ret : 1;") == 1
    assert texts.count("if (x && acme->on)") == 1, "the parts of one condition are one box"
    assert 'ret = acme_start("<b>&amp;", x);' in texts, "text is text, whatever it looks like"
    assert made.shown == made.boxes == len(boxes(root))


def test_labels_say_what_the_source_says(draw):
    _, root, _ = draw("int f(int x)\n{\n\tif (!x)\n\t\treturn 1;\n\treturn 2;\n}\n")
    at = {said(text): float(text.get("x")) for text in root.iter("text")}
    labels = {text.text: float(text.get("x")) for text in root.findall("text")}
    assert (labels["yes"] < labels["no"]) == (at["return 1;"] < at["return 2;"])


def test_the_way_is_marked(draw):
    _, root, function = draw()
    assert not [one for one in root.iter() if one.get("class") in ("y", "x", "e y")]
    way = [0, function.blocks[0].end.other] if hasattr(function.blocks[0].end, "other") else [0]
    _, root, _ = draw(way=way)
    assert [group.get("class") for group in root.findall("g")].count("x") == 1
    _, root, _ = draw(way=way, lost=False)
    assert "x" not in [group.get("class") for group in root.findall("g")]


def test_of_a_large_graph_only_the_way_and_its_neighbours_are_drawn(draw):
    steps = "".join(f"\tif (x == {number})\n\t\tacme_{number}(x);\n" for number in range(100))
    source = f"void f(int x)\n{{\n{steps}}}\n"
    whole, _, function = draw(source)
    assert whole.shown == whole.boxes > drawing.MOST
    part, _, _ = draw(source, way=[0, function.blocks[0].end.then])
    assert part.shown < 10
    assert part.boxes == whole.boxes


@pytest.mark.parametrize(
    "body", ["for (;;)\n\t\t;", "do { } while (x);", "again:\n\tgoto again;", "", "while (x && x--)\n\t\t;"]
)
def test_loops_without_content_end(draw, body):
    made, _, _ = draw(f"void f(int x)\n{{\n\t{body}\n}}\n")
    assert made.svg.startswith("<svg ")
