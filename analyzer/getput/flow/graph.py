"""A function's graph as boxes and arrows: what its drawings (text, DOT, SVG) have in common."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from getput.flow import cfg
from getput.flow.ir import Advance, Branch, Function, Jump, Return, Stop, Switch, Terminator
from getput.flow.show import show_arm, show_end, show_expr, show_instr

Line = tuple[int, str]  # line of the file (1-based; 0 where nothing of the text stands for it), what happens there


class Box(msgspec.Struct, frozen=True):
    """A block: its instructions, and what decides where it goes on.  ``head``: a loop begins here."""

    number: int
    lines: tuple[Line, ...]
    head: bool


class Edge(msgspec.Struct, frozen=True):
    """A way from one block to the next.  ``label``: what has to hold for it.  ``back``: it closes a loop."""

    source: int
    to: int
    label: str
    back: bool

    @property
    def text(self) -> str:
        """The label, with what closes a loop said."""
        return ", ".join(word for word in (self.label, "loop" if self.back else "") if word)


class Graph(msgspec.Struct, frozen=True):
    """A function as boxes, each before those that it leads to but for the edges that go back, and the edges."""

    title: str
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


def graph_of(function: Function, title: str, line_at: Callable[[int], int]) -> Graph:
    """The graph of *function*; *line_at* gives the line of a byte offset."""
    order = cfg.order(function)
    rank = {block: position for position, block in enumerate(order)}
    heads = cfg.loop_heads(function)
    boxes, edges = [], []
    for number in order:
        block = function.blocks[number]
        lines = [(line_at(instr.at), show_instr(instr)) for instr in block.instrs]
        said = _decision(block.end)
        if said:
            lines.append((line_at(block.end.at) if block.end.at >= 0 else 0, said))
        boxes.append(Box(number, tuple(lines), number in heads))
        edges += [Edge(number, to, label, rank[to] <= rank[number]) for to, label in _ways(block.end)]
    return Graph(title, tuple(boxes), tuple(edges))


def show_graph(graph: Graph) -> list[str]:
    """The graph as lines of text: each block with where it is reached from, its lines, and where it goes on."""
    out = [f"{graph.title}: {len(graph.boxes)} blocks"]
    width = max((len(str(line)) for box in graph.boxes for line, _ in box.lines), default=1)
    for box in graph.boxes:
        reached = sorted({edge.source for edge in graph.edges if edge.to == box.number})
        heading = [f"block {box.number}"]
        if box.head:
            heading.append("head of a loop")
        if reached:
            heading.append(f"from {', '.join(map(str, reached))}")
        out += ["", ", ".join(heading)]
        out += [f"    {line or '':>{width}}  {text}" for line, text in box.lines]
        for edge in graph.edges:
            if edge.source == box.number:
                out.append(f"    {'':{width}}  -> {edge.to}" + (f" ({edge.text})" if edge.text else ""))
    return out


def _decision(end: Terminator) -> str:
    """What the end of a block does, without where it leads; empty where the text just runs on."""
    match end:
        case Jump():
            return "goto" if end.at >= 0 else ""
        case Branch():
            return f"if {show_expr(end.condition)}"
        case Switch():
            return f"switch {show_expr(end.value)}"
        case Advance():
            return f"advance {end.macro}({', '.join(show_expr(arg) for arg in end.args)})"
        case Return() | Stop():
            return show_end(end)
    raise TypeError(type(end).__name__)


def _ways(end: Terminator) -> list[tuple[int, str]]:
    """Where the end of a block leads, and on which condition."""
    match end:
        case Jump():
            return [(end.to, "")]
        case Branch():
            return [(end.then, "true"), (end.other, "false")]
        case Advance():
            return [(end.body, "next"), (end.done, "done")]
        case Switch():
            return [*((case.to, show_arm(case)) for case in end.cases), (end.default, "default")]
    return []
