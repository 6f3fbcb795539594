"""Graphs as a drawing that any browser shows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from getput.flow.graph import Box, Edge, Graph
from getput.flow.layout import Route, Size, layout

CHARACTER, ROW, PAD = 7.3, 16.0, 8.0  # of a monospaced 12 pixel font; around the text of a box
SMALL = 6.2  # the character of a label
MARGIN, TITLE = 16.0, 28.0
LONGEST = 72  # characters of a line that are shown; a tip shows the rest
LONGEST_LABEL = 28
STYLE = (
    "text{font:12px monospace;fill:#222}.title{font-weight:bold}.line{fill:#888}"
    "rect.box{fill:#f8f8f8;stroke:#444}rect.head{stroke-width:2.5}"
    "path{fill:none;stroke:#555}path.yes{stroke:#2a7d2a}path.no{stroke:#b22}path.back{stroke-dasharray:5 3}"
    ".label{font-size:10px;fill:#555}rect.under{fill:#fff;fill-opacity:.8}.label.yes{fill:#2a7d2a}.label.no{fill:#b22}"
)
TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" style="fill:#555;stroke:none"/></marker></defs>'
)
KINDS = {"true": "yes", "next": "yes", "false": "no", "done": "no"}


def svg(graphs: Sequence[Graph]) -> list[str]:
    """Lines of one document, the functions below each other."""
    body: list[str] = []
    width, y = 0.0, MARGIN
    for graph in graphs:
        drawing = layout(graph, {box.number: _size(box, graph) for box in graph.boxes})
        body.append(f'<g transform="translate({_n(MARGIN)},{_n(y)})">')
        body.append(f'<text class="title" y="12">{xml_text(graph.title)}</text>')
        body.append(f'<g transform="translate(0,{_n(TITLE)})">')
        body += [_arrow(route) for route in drawing.routes]
        for route in drawing.routes:
            body += _label(route)
        for box in graph.boxes:
            body += _box(box, *drawing.places[box.number], _size(box, graph))
        body += ["</g>", "</g>"]
        width = max(width, drawing.width, len(graph.title) * CHARACTER)
        y += TITLE + drawing.height + MARGIN
    size = f"{_n(width + 2 * MARGIN)} {_n(y)}"
    wide, high = size.split()
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {size}">',
        f"<style>{STYLE}</style>",
        TIP,
        '<rect width="100%" height="100%" fill="#fff"/>',
        *body,
        "</svg>",
    ]


def _size(box: Box, graph: Graph) -> Size:
    """Room for the lines of a box, and below it for the labels of its arrows side by side."""
    longest = max((len(_short(text, LONGEST)) for _, text in box.lines), default=0)
    edges = [edge for edge in graph.edges if edge.source == box.number]
    labels = max((len(_short(edge.text, LONGEST_LABEL)) for edge in edges), default=0)
    words = max(_column(box) + longest, len(_heading(box)))
    width = max(words * CHARACTER + 2 * PAD, (labels * SMALL + 10) * (len(edges) + 1))
    return width, (len(box.lines) + 1) * ROW + PAD


def _box(box: Box, x: float, y: float, size: Size) -> list[str]:
    kind = "box head" if box.head else "box"
    out = [f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" width="{_n(size[0])}" height="{_n(size[1])}" rx="3"/>']
    left, at = x + PAD, y + ROW
    out.append(f'<text class="line" x="{_n(left)}" y="{_n(at)}">{xml_text(_heading(box))}</text>')
    inner = left + _column(box) * CHARACTER
    for line, text in box.lines:
        at += ROW
        if line:
            out.append(f'<text class="line" x="{_n(left)}" y="{_n(at)}">{line}</text>')
        short = _short(text, LONGEST)
        tip = f"<title>{xml_text(text)}</title>" if short != text else ""
        out.append(f'<text x="{_n(inner)}" y="{_n(at)}" xml:space="preserve">{tip}{xml_text(short)}</text>')
    return out


def _heading(box: Box) -> str:
    return f"block {box.number}" + (", head of a loop" if box.head else "")


def _column(box: Box) -> int:
    """The width of the line numbers, in characters, with the blanks behind them."""
    return max((len(str(line)) for line, _ in box.lines), default=0) + 2


def _arrow(route: Route) -> str:
    points = route.points
    way = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for index, ((before_x, before_y), (x, y)) in enumerate(pairwise(points)):
        if route.edge.back or index % 2 == 0:
            way += f"L{_n(x)} {_n(y)}" if (x, y) != (before_x, before_y) else ""
        else:
            half = _n((before_y + y) / 2)
            way += f"C{_n(before_x)} {half} {_n(x)} {half} {_n(x)} {_n(y)}"
    return (
        f'<path class="{_kind(route.edge)}" d="{way}" marker-end="url(#tip)">'
        f"<title>{xml_text(_tip(route.edge))}</title></path>"
    )


def _label(route: Route) -> list[str]:
    """What has to hold for an edge, on a patch of white: it stands beside the begin of the arrow, where others may pass."""
    if not route.edge.text:
        return []
    x, y = route.points[0]
    label = _short(route.edge.text, LONGEST_LABEL)
    under = f'<rect class="under" x="{_n(x + 3)}" y="{_n(y + 3)}" width="{_n(len(label) * SMALL + 2)}" height="12"/>'
    return [under, f'<text class="label {_kind(route.edge)}" x="{_n(x + 4)}" y="{_n(y + 12)}">{xml_text(label)}</text>']


def _kind(edge: Edge) -> str:
    return "back" if edge.back else KINDS.get(edge.label, "on")


def _tip(edge: Edge) -> str:
    return f"{edge.source} to {edge.to}" + (f": {edge.text}" if edge.text else "")


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def xml_text(text: str) -> str:
    """Text for XML, in ASCII; what XML has no way to write is a question mark."""
    return "".join(map(_character, escape(text)))


def _character(one: str) -> str:
    if " " <= one <= "~":
        return one
    code = ord(one)
    fit = 0xA0 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000
    return f"&#{code};" if fit else " " if one in "\t\n" else "?"
