"""A function's graph as a picture inside a page: the source in its boxes, and one way through it marked.

The page's own style gives it colors: classes are ``y`` (on the way), ``x`` (where the way ends), ``t`` (a label); a ``tspan`` is a line number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec

from getput.flow import cfg
from getput.flow.graph import Box, Edge, Graph, Line
from getput.flow.ir import Advance, Branch, Declare, Function, Jump, ScopeEnd, Switch, Terminator
from getput.flow.layout import Layout, Route, Size, layout
from getput.flow.show import show_arm
from getput.flow.svg import xml_text

CHARACTER, ROW, PAD = 6.65, 16.0, 8.0  # of a monospaced 11 pixel font; around the text of a box
LONGEST, LONGEST_LABEL = 44, 14  # characters shown
TALLEST = 7  # lines of a box shown
MOST = 40  # boxes; of a larger graph only the way is drawn, and what lies next to it
MARGIN = 6
BLANK = "&#160;"
CAP = 4  # of an arrow's head


class Text(msgspec.Struct, frozen=True):
    """What a picture must know of the text: the line of an offset, the source of a line, and whether the condition at an offset
    stands under a ``!``, which the graph does not have."""

    line_at: Callable[[int], int]
    source_of: Callable[[int], str]
    negated: Callable[[int], bool]


class Picture(msgspec.Struct, frozen=True):
    """The drawing, and how many of how many boxes it shows."""

    svg: str
    shown: int
    boxes: int


def picture(function: Function, text: Text, way: Sequence[int], *, lost: bool) -> Picture:
    """Draw *function*; *way* are the blocks of the way that is marked, in order; where it ends something is *lost*, or not."""
    whole = _gathered(function, text)
    stands = _same_line(whole, {box.number: _stand_in(box.number, whole) for box in whole.boxes})
    passed = [stands[number] for number in way]
    steps = set(pairwise(passed))
    graph = _near(_joined(whole, stands), set(passed)) if passed else _joined(whole, stands)
    drawing = layout(graph, {box.number: _size(box) for box in graph.boxes})
    last = passed[-1] if passed else -1
    return Picture(
        _draw(graph, drawing, steps, set(passed), last if lost else -1), len(graph.boxes), len(set(stands.values()))
    )


def _gathered(function: Function, text: Text) -> Graph:
    """The blocks with their lines of source."""
    order = cfg.order(function)
    rank = {block: position for position, block in enumerate(order)}
    heads = cfg.loop_heads(function)
    boxes, edges = [], []
    for number in order:
        block = function.blocks[number]
        happens = [one.at for one in block.instrs if not isinstance(one, Declare | ScopeEnd)]
        offsets = [at for at in (*happens, block.end.at) if at >= 0]
        lines = dict.fromkeys(text.line_at(at) for at in offsets)
        boxes.append(Box(number, tuple((line, _tidy(text.source_of(line))) for line in lines), number in heads))
        ways = dict.fromkeys(_ways(block.end, text))
        edges += [Edge(number, to, label, rank[to] <= rank[number]) for to, label in ways]
    return Graph("", tuple(boxes), tuple(edges))


def _ways(end: Terminator, text: Text) -> list[tuple[int, str]]:
    """Where the end of a block leads, and what the source says about it."""
    if isinstance(end, Branch):
        said = ("no", "yes") if text.negated(end.at) else ("yes", "no")
        return [(end.then, said[0]), (end.other, said[1])] if end.then != end.other else [(end.then, "")]
    if isinstance(end, Advance):
        return [(end.body, "next"), (end.done, "done")]
    if isinstance(end, Switch):
        arms = [(case.to, "|".join(filter(None, case.names)) or show_arm(case)) for case in end.cases]
        return [*arms, (end.default, "default")]
    return [(end.to, "")] if isinstance(end, Jump) else []


def _stand_in(number: int, graph: Graph) -> int:
    """The box that is drawn for a block: where there is nothing to be seen in it, the one that it leads to."""
    empty = {box.number for box in graph.boxes if not box.lines}
    passed = set()
    while number in empty and number not in passed:
        passed.add(number)
        ways = [edge.to for edge in graph.edges if edge.source == number]
        if len(ways) != 1:
            break
        number = ways[0]
    return number


def _same_line(graph: Graph, stands: dict[int, int]) -> dict[int, int]:
    """*stands* once the boxes of one line (``a && b``, ``x ? y : z``) are one: each joins the box above it, if nobody else leads to it."""
    lines = {box.number: [line for line, _ in box.lines] for box in graph.boxes}
    above: dict[int, set[int]] = {}
    for edge in graph.edges:
        source, to = stands[edge.source], stands[edge.to]
        if source != to:
            above.setdefault(to, set()).add(source)
    out: dict[int, int] = {}
    for box in graph.boxes:
        number = box.number
        over = {out.get(source, source) for source in above.get(number, ())}
        first = min(over, default=number)
        alone = len(over) == 1 and first in out and len(lines[number]) == 1
        out[number] = first if alone and lines[first][-1:] == lines[number] else number
    return {number: out[stand] for number, stand in stands.items()}


def _joined(graph: Graph, stands: dict[int, int]) -> Graph:
    """*graph* with the boxes that are drawn only."""
    drawn = set(stands.values())
    kept = tuple(box for box in graph.boxes if box.number in drawn)
    seen = {box.number: place for place, box in enumerate(kept)}
    edges: dict[Edge, None] = {}
    for edge in graph.edges:
        source, to = stands[edge.source], stands[edge.to]
        if source != to or (edge.back and edge.source == edge.to):
            edges[Edge(source, to, edge.label, seen[to] <= seen[source])] = None
    return Graph("", kept, tuple(edges))


def _near(graph: Graph, passed: set[int]) -> Graph:
    """Of a large graph, the way and the boxes next to it."""
    if len(graph.boxes) <= MOST:
        return graph
    near = set(passed)
    for edge in graph.edges:
        if edge.source in passed:
            near.add(edge.to)
    boxes = tuple(box for box in graph.boxes if box.number in near)
    edges = tuple(edge for edge in graph.edges if edge.source in passed and edge.to in near)
    return Graph("", boxes, edges)


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _rows(box: Box) -> list[Line]:
    """The lines of a box that are shown: of a long one its beginning and its end."""
    lines = list(box.lines)
    if len(lines) <= TALLEST:
        return lines
    half = TALLEST // 2
    return [*lines[:half], (0, f"{len(lines) - 2 * half} more lines"), *lines[-half:]]


def _size(box: Box) -> Size:
    rows = _rows(box)
    longest = max((len(_cut(text, LONGEST)) for _, text in rows), default=0)
    return max((_column(box) + longest) * CHARACTER, 12.0) + 2 * PAD, max(len(rows), 0.5) * ROW + PAD


def _column(box: Box) -> int:
    """The width of the line numbers, in characters, with the blank behind them."""
    return max((len(str(line)) for line, _ in box.lines), default=-1) + 1


# --- drawing ---------------------------------------------------------------------------------------------------------


def _draw(graph: Graph, drawing: Layout, steps: set[tuple[int, int]], passed: set[int], last: int) -> str:
    width, height = drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN
    plain = [route for route in drawing.routes if (route.edge.source, route.edge.to) not in steps]
    marked = [route for route in drawing.routes if (route.edge.source, route.edge.to) in steps]
    head = (
        f'<svg class="cfg" role="img" style="--w:{width:.0f}px" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="-{MARGIN} -{MARGIN} {width:.0f} {height:.0f}">'
    )
    out = [head]
    for routes, kind in ((plain, "e"), (marked, "e y")):
        ways = "".join(_arrow(route) for route in routes)
        if ways:
            out.append(f'<path class="{kind}" d="{ways}"/>')
    for box in graph.boxes:
        kind = "x" if box.number == last else "y" if box.number in passed else ""
        out.append(_box(box, *drawing.places[box.number], kind))
    out += [_label(route) for route in drawing.routes if route.edge.label]
    out.append("</svg>")
    return "".join(out)


def _box(box: Box, x: float, y: float, kind: str) -> str:
    width, height = _size(box)
    out = [f'<g class="{kind}">' if kind else "<g>"]
    out.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}"/>')
    for row, (line, text) in enumerate(_rows(box)):
        number = f"{line or '':>{_column(box) - 1}}".replace(" ", BLANK)
        place = f'x="{x + PAD:.0f}" y="{y + PAD / 2 + ROW * row + 12:.0f}"'
        out.append(f"<text {place}><tspan>{number}</tspan> {xml_text(_cut(text, LONGEST))}</text>")
    out.append("</g>")
    return "".join(out)


def _arrow(route: Route) -> str:
    """The way of an arrow, with its head: all come from above.  Steps are relative: that is shorter."""
    points = [(round(x), round(y)) for x, y in route.points]
    out = f"M{points[0][0]} {points[0][1]}"
    for index, ((before_x, before_y), (x, y)) in enumerate(pairwise(points)):
        right, down = x - before_x, y - before_y
        if not right and not down:
            continue
        if not right:
            out += f"v{down}"
        elif route.edge.back or index % 2 == 0:
            out += f"l{right} {down}" if down else f"h{right}"
        else:
            half = round(down / 2)
            out += f"c0 {half} {right} {half} {right} {down}"
    return f"{out}m-{CAP} -{CAP + 1}l{CAP} {CAP + 1}l{CAP} -{CAP + 1}".replace(" -", "-")


def _label(route: Route) -> str:
    """What has to hold for an edge, on the side of its beginning from which it does not bend away."""
    (x, y), beyond = route.points[0], route.points[min(2, len(route.points) - 1)][0]
    place = f'x="{x - 5:.0f}" text-anchor="end"' if beyond > x else f'x="{x + 5:.0f}"'
    return f'<text class="t" {place} y="{y + 12:.0f}">{xml_text(_cut(route.edge.label, LONGEST_LABEL))}</text>'
