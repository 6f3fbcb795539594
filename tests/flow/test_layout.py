"""Drawings of graphs: boxes do not overlap, arrows cross none, loops run beside them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from getput.flow.graph import Box, Edge, Graph
from getput.flow.layout import Layout, layout

Rect = tuple[float, float, float, float]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, dict[int, tuple[float, float]]]:
    """Graphs whose blocks are all reached, with sizes."""
    count = draw(st.integers(1, 14))
    edges = {(draw(st.integers(0, block - 1)), block) for block in range(1, count)}
    edges |= set(draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=12)))
    graph = Graph(
        "f",
        tuple(Box(number, (), False) for number in range(count)),
        tuple(Edge(source, to, f"{source}", to <= source) for source, to in sorted(edges)),
    )
    sizes = {number: (draw(st.integers(20, 400)) * 1.0, draw(st.integers(20, 200)) * 1.0) for number in range(count)}
    return graph, sizes


def rects(drawing: Layout, sizes: dict[int, tuple[float, float]]) -> dict[int, Rect]:
    return {number: (x, y, x + sizes[number][0], y + sizes[number][1]) for number, (x, y) in drawing.places.items()}


@given(graphs())
def test_boxes_stand_apart_within_the_drawing(case):
    graph, sizes = case
    drawing = layout(graph, sizes)
    boxes = rects(drawing, sizes)
    assert boxes.keys() == sizes.keys()
    for number, (left, top, right, bottom) in boxes.items():
        assert left >= -0.01
        assert top >= 0
        assert right <= drawing.width + 0.01
        assert bottom <= drawing.height + 0.01
        for other, (a, b, c, d) in boxes.items():
            assert number == other or right <= a + 0.01 or c <= left + 0.01 or bottom <= b or d <= top


@given(graphs())
def test_what_runs_on_goes_down_and_what_loops_goes_up_beside_the_boxes(case):
    graph, sizes = case
    drawing = layout(graph, sizes)
    boxes = rects(drawing, sizes)
    right = max(box[2] for box in boxes.values())
    assert sorted((route.edge for route in drawing.routes), key=repr) == sorted(graph.edges, key=repr)
    for route in drawing.routes:
        edge, points = route.edge, route.points
        assert points[0][1] == boxes[edge.source][3]
        assert points[-1][1] == boxes[edge.to][1]
        assert boxes[edge.to][0] <= points[-1][0] <= boxes[edge.to][2]
        if not edge.back:
            assert [y for _, y in points] == sorted(y for _, y in points)
        else:
            assert any(x > right for x, _ in points)


@given(graphs())
def test_straight_pieces_cross_no_box(case):
    graph, sizes = case
    drawing = layout(graph, sizes)
    for route in drawing.routes:
        for index, ((ax, ay), (bx, by)) in enumerate(zip(route.points, route.points[1:], strict=False)):
            if index % 2 and not route.edge.back:
                continue  # bent, between two layers
            low, high, left, right = min(ay, by), max(ay, by), min(ax, bx), max(ax, bx)
            for x, y, end, bottom in rects(drawing, sizes).values():
                inside = left < end - 0.01 and right > x + 0.01 and low < bottom - 0.01 and high > y + 0.01
                assert not inside, route


@given(graphs())
def test_bent_pieces_lie_between_layers(case):
    graph, sizes = case
    drawing = layout(graph, sizes)
    for route in drawing.routes:
        if route.edge.back:
            continue
        for index in range(1, len(route.points) - 1, 2):
            (_, above), (_, below) = route.points[index], route.points[index + 1]
            assert above < below
            for _, top, _, bottom in rects(drawing, sizes).values():
                assert bottom <= above or top >= below
