"""Graphs in the language of graphviz."""

from __future__ import annotations

from collections.abc import Sequence

from getput.flow.graph import Box, Graph

COLORS = {"true": "darkgreen", "next": "darkgreen", "false": "firebrick", "done": "firebrick"}


def dot(graphs: Sequence[Graph]) -> list[str]:
    """Lines of one ``digraph``, each function a cluster of it."""
    out = ["digraph getput {", '  node [shape=box, fontname="monospace", fontsize=10];']
    out.append('  edge [fontname="monospace", fontsize=9];')
    for index, graph in enumerate(graphs):
        out.append(f"  subgraph cluster_{index} {{")
        out.append(f"    label={_quoted(graph.title)};")
        for box in graph.boxes:
            thick = ", penwidth=2" if box.head else ""
            out.append(f"    {_node(index, box.number)} [label={_label(box)}{thick}];")
        for edge in graph.edges:
            said = [f"label={_quoted(edge.text)}"] if edge.text else []
            said += [f"color={COLORS[edge.label]}"] if edge.label in COLORS else []
            said += ["style=dashed", "constraint=false"] if edge.back else []
            options = f" [{', '.join(said)}]" if said else ""
            out.append(f"    {_node(index, edge.source)} -> {_node(index, edge.to)}{options};")
        out.append("  }")
    out.append("}")
    return out


def _node(graph: int, block: int) -> str:
    return f"f{graph}_b{block}"


def _label(box: Box) -> str:
    """The lines of a box, each set to the left (``\\l``)."""
    heading = f"block {box.number}" + (", head of a loop" if box.head else "")
    return '"' + "".join(_escaped(line) + "\\l" for line in [heading, *(_line(*line) for line in box.lines)]) + '"'


def _line(line: int, text: str) -> str:
    return f"{line}  {text}" if line else text


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
