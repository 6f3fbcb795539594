"""Where the boxes of a graph are drawn, and which way its arrows take: layers from top to bottom.

Every edge leads from a layer to the next one; a longer one gets a place of its own in each layer between, so that no arrow crosses a
box.  What leads back runs beside the layers, on the right.  The same graph gives the same drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from getput.flow.graph import Edge, Graph

APART = 28.0  # between neighbours in a layer
GAP = 46.0  # between two layers, before the arrows that go back
TRACK = 9.0  # from one arrow that goes back to the next
SWEEPS = 12
PASSES = 16

Size = tuple[float, float]  # width, height
Point = tuple[float, float]  # x, y: the left top of the drawing is 0, 0


class Route(msgspec.Struct, frozen=True):
    """The way of an arrow: ``points`` in pairs, straight within a pair (along a layer) and bent from one to the next (between layers);
    where the edge goes back, straight all along."""

    edge: Edge
    points: tuple[Point, ...]


class Layout(msgspec.Struct, frozen=True):
    """A drawing: the left top of each box, by its block's number, the ways of the arrows, and how large it is."""

    places: dict[int, Point]
    routes: tuple[Route, ...]
    width: float
    height: float


def layout(graph: Graph, sizes: dict[int, Size]) -> Layout:
    """Place boxes of these *sizes* (by block)."""
    return _Layers(graph, sizes).drawing()


class _Layers:
    """Nodes are the blocks by their numbers, and negative numbers for the places of long edges."""

    def __init__(self, graph: Graph, sizes: dict[int, Size]) -> None:
        self.graph = graph
        self.sizes = sizes
        self.layer: dict[int, int] = {}
        self.above: dict[int, list[int]] = {}
        self.below: dict[int, list[int]] = {}
        self.chains: list[tuple[Edge, list[int]]] = []
        self.rows: list[list[int]] = []
        self.middle: dict[int, float] = {}

    def drawing(self) -> Layout:
        self.assign()
        self.sort()
        self.spread()
        return self.draw()

    def assign(self) -> None:
        """Every block below all that lead to it; long edges in pieces."""
        ways: dict[int, list[int]] = {box.number: [] for box in self.graph.boxes}
        for edge in self.graph.edges:
            if not edge.back:
                ways[edge.to].append(edge.source)
        for box in self.graph.boxes:
            self.layer[box.number] = max((self.layer[source] + 1 for source in ways[box.number]), default=0)
        self.rows = [[] for _ in range(max(self.layer.values(), default=-1) + 1)]
        for box in self.graph.boxes:
            self.rows[self.layer[box.number]].append(box.number)
        between = 0
        for edge in self.graph.edges:
            if edge.back:
                continue
            chain = [edge.source]
            for row in range(self.layer[edge.source] + 1, self.layer[edge.to]):
                between -= 1
                self.layer[between] = row
                self.rows[row].append(between)
                chain.append(between)
            chain.append(edge.to)
            self.chains.append((edge, chain))
            for upper, lower in pairwise(chain):
                self.below.setdefault(upper, []).append(lower)
                self.above.setdefault(lower, []).append(upper)

    def sort(self) -> None:
        """The order within each layer: everybody near the middle of their neighbours, so that few arrows cross."""
        place = {node: float(index) for row in self.rows for index, node in enumerate(row)}
        for sweep in range(SWEEPS):
            down = sweep % 2 == 0
            near = self.above if down else self.below
            for row in self.rows if down else reversed(self.rows):
                row.sort(key=lambda node: _mean([place[other] for other in near.get(node, ())], place[node]))
                place.update((node, float(index)) for index, node in enumerate(row))

    def spread(self) -> None:
        """Where in its layer each node stands: near its neighbours, as far as the order and the sizes leave it room."""
        for row in self.rows:
            offsets = self.offsets(row)
            self.middle.update(zip(row, offsets, strict=True))
        for turn in range(PASSES):
            for row in self.rows if turn % 2 == 0 else reversed(self.rows):
                offsets = self.offsets(row)
                wishes = []
                for node, offset in zip(row, offsets, strict=True):
                    near = [self.middle[other] for other in (*self.above.get(node, ()), *self.below.get(node, ()))]
                    wishes.append(_mean(near, self.middle[node]) - offset)
                weights = [4.0 if node < 0 else 1.0 for node in row]  # long arrows are straight
                placed = _in_order(wishes, weights)
                self.middle.update((node, at + offset) for node, at, offset in zip(row, placed, offsets, strict=True))
        left = min((self.middle[node] - self.width(node) / 2 for node in self.middle), default=0.0)
        self.middle = {node: at - left for node, at in self.middle.items()}

    def width(self, node: int) -> float:
        return self.sizes[node][0] if node >= 0 else 0.0

    def offsets(self, row: Sequence[int]) -> list[float]:
        """The middles of a row that is as tight as it can be."""
        out: list[float] = []
        end = -APART
        for node in row:
            out.append(end + APART + self.width(node) / 2)
            end += APART + self.width(node)
        return out

    def draw(self) -> Layout:
        back = sorted((edge for edge in self.graph.edges if edge.back), key=self.span)
        leaving = [[edge for edge in back if self.layer[edge.source] == row] for row in range(len(self.rows))]
        coming = [[edge for edge in back if self.layer[edge.to] == row] for row in range(len(self.rows))]
        top, bottom = [], []
        y = 0.0
        for row, nodes in enumerate(self.rows):
            y += TRACK * (len(coming[row]) + 1)
            top.append(y)
            y += max((self.sizes[node][1] for node in nodes if node >= 0), default=0.0)
            bottom.append(y)
            y += GAP + TRACK * len(leaving[row])
        right = max((self.middle[node] + self.width(node) / 2 for node in self.middle), default=0.0)
        places = {
            box.number: (self.middle[box.number] - self.width(box.number) / 2, top[self.layer[box.number]])
            for box in self.graph.boxes
        }
        starts = self.ports()
        routes = [self.forward(edge, chain, starts[edge], top, bottom) for edge, chain in self.chains]
        for lane, edge in enumerate(back):
            exits, entries = leaving[self.layer[edge.source]], coming[self.layer[edge.to]]
            x, lower = starts[edge], places[edge.source][1] + self.sizes[edge.source][1]
            turn = bottom[self.layer[edge.source]] + GAP / 2 + TRACK * exits.index(edge)
            over = top[self.layer[edge.to]] - TRACK * (entries.index(edge) + 1) - 4
            side = right + APART + lane * TRACK * 1.5
            into = self.middle[edge.to] + self.width(edge.to) / 2 - 10 - TRACK * entries.index(edge)
            into = max(into, self.middle[edge.to])
            end = (into, top[self.layer[edge.to]])
            routes.append(
                Route(edge, ((x, lower), (x, turn), (side, turn), (side, over), (into, over), end)),
            )
        width = right + (APART + len(back) * TRACK * 1.5 if back else 0.0)
        return Layout(places, tuple(routes), width, max(y - GAP, 0.0) + (GAP if leaving and leaving[-1] else 0.0))

    def span(self, edge: Edge) -> tuple[int, int, int]:
        """Short loops run nearest to the boxes."""
        return (self.layer[edge.source] - self.layer[edge.to], edge.source, edge.to)

    def ports(self) -> dict[Edge, float]:
        """Where at its box each arrow starts: from left to right as they go on, those that go back last."""
        after = {edge: self.middle[chain[1]] for edge, chain in self.chains}
        out: dict[Edge, float] = {}
        for box in self.graph.boxes:
            edges = [edge for edge in self.graph.edges if edge.source == box.number]
            edges.sort(key=lambda edge: (edge.back, after.get(edge, 0.0)))
            width = self.width(box.number)
            left = self.middle[box.number] - width / 2
            for index, edge in enumerate(edges, 1):
                out[edge] = left + width * index / (len(edges) + 1)
        return out

    def forward(
        self, edge: Edge, chain: Sequence[int], start: float, top: Sequence[float], bottom: Sequence[float]
    ) -> Route:
        row = self.layer[edge.source]
        points: list[Point] = [(start, top[row] + self.sizes[edge.source][1]), (start, bottom[row])]
        for node in chain[1:-1]:
            points += [(self.middle[node], top[self.layer[node]]), (self.middle[node], bottom[self.layer[node]])]
        end = (self.middle[edge.to], top[self.layer[edge.to]])
        return Route(edge, (*points, end, end))


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _in_order(wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The numbers nearest to *wishes* that do not fall from one to the next (isotonic regression)."""
    pools: list[tuple[float, float, int]] = []  # value, weight, how many
    for wish, weight in zip(wishes, weights, strict=True):
        value, heavy, count = wish, weight, 1
        while pools and pools[-1][0] > value:
            before, other, many = pools.pop()
            value = (value * heavy + before * other) / (heavy + other)
            heavy, count = heavy + other, count + many
        pools.append((value, heavy, count))
    return [value for value, _, count in pools for _ in range(count)]
