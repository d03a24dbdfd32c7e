"""Keeps the ways of all wires: round the nodes, and apart from each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QRectF

from app.canvas.node_item import NodeItem
from app.canvas.wire_item import WireItem
from graph_engine.document import Graph, Wire
from graph_engine.document.bending import through
from graph_engine.document.room import Lanes, Obstacles
from graph_engine.document.routing import lean_of, route


class Router:
    """Gives wires their curves. Nodes being dragged are taken out: nothing dodges them until they are dropped."""

    def __init__(self, nodes: Mapping[str, NodeItem]) -> None:
        self._nodes = nodes
        self._obstacles = Obstacles()
        self._lanes = Lanes()

    def clear(self) -> None:
        self._obstacles = Obstacles()
        self._lanes = Lanes()

    def put(self, node: NodeItem) -> None:
        """A node is where it is now."""
        x, y = node.x(), node.y()
        self._obstacles.put(node.id, (x, y, x + node.geometry.width, y + node.geometry.height))

    def take_out(self, node: str) -> None:
        """Wires may pass where the node is."""
        if node in self._obstacles:
            self._obstacles.remove(node)

    def release(self, wire: Wire) -> None:
        """The wire is gone."""
        self._lanes.release(wire)

    def route(self, items: Iterable[WireItem], graph: Graph) -> None:
        """Give each of these wires its way, the short ones first: they have the least choice."""
        found = list(items)
        if len(found) > 1:
            found.sort(key=self._span)
        for item in found:
            wire = item.wire
            self._lanes.release(wire)
            if wire.bends:
                out = self._nodes[wire.source].port_place("output", wire.output)
                item.set_curve(through(out, wire.bends, self._nodes[wire.target].port_place("input", wire.input)))
                continue
            way = route(
                self._nodes[wire.source].port_place("output", wire.output),
                self._nodes[wire.target].port_place("input", wire.input),
                self._obstacles,
                (wire.source, wire.target),
                self._lanes,
                self._lean(graph, wire),
            )
            if way.runs:
                self._lanes.take(wire, wire.source, way.runs)
            item.set_curve(way.curve)

    def _span(self, item: WireItem) -> float:
        return abs(self._nodes[item.wire.target].x() - self._nodes[item.wire.source].x())

    def _lean(self, graph: Graph, wire: Wire) -> float:
        if len(self._nodes[wire.target].geometry.inputs) < 2:
            return 0.0
        into = graph.wires_into(wire.target)
        nearest = max(into.values(), key=lambda other: self._nodes[other.source].x())
        return lean_of(self._nodes[wire.target].ports("input"), wire.input, nearest.input)


def around(rect: QRectF) -> QRectF:
    """Where wires may have to give way to, or may use, the place of a node."""
    return rect.adjusted(-24.0, -24.0, 24.0, 24.0)
