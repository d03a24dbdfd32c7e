"""May this port be wired with that one? One rule lights ports, refuses with a reason and completes a wire."""

from __future__ import annotations

from functools import cached_property

from app.canvas.node_item import NodeItem, PortRef
from app.canvas.scene import CanvasScene
from graph_engine.blocks import Block, Kind
from graph_engine.document import Graph, Node, Wire, why_not_wire
from graph_engine.document.geometry import Side


class Wiring:
    """A wire with one end at `anchor`, looking for its other end.

    The rule is the document's `why_not_wire` with the kind known from the last check. Its search for circles is made
    once for all nodes: what lies before (or after) the anchor; the rest of the rule is asked of two nodes alone.
    """

    def __init__(self, scene: CanvasScene, anchor: PortRef) -> None:
        self._scene = scene
        self.anchor = anchor
        self._known: dict[tuple[str, str, Kind], bool] = {}

    def wire_to(self, port: PortRef) -> Wire | None:
        """The wire between the anchor and `port`; None when both are inputs or both outputs."""
        if port.side == self.anchor.side:
            return None
        out, into = (self.anchor, port) if self.anchor.side == "output" else (port, self.anchor)
        return Wire(out.node, out.name, into.node, into.name)

    def reason(self, port: PortRef) -> str | None:
        """Why the wire may not end at `port`; None when it may."""
        wire = self.wire_to(port)
        if wire is None:
            return f"Both are {port.side}s: a wire leads from an output to an input."
        return why_not_wire(self._scene.graph, wire, self._carried(wire))

    def legal_ports(self, item: NodeItem) -> tuple[PortRef, ...]:
        """The ports of a node at which the wire may end, free ones first."""
        side: Side = "input" if self.anchor.side == "output" else "output"
        if item.id in self._circle:
            return ()
        found = [PortRef(item.id, side, name) for name in item.ports(side) if self._fits(item, name)]
        return tuple(sorted(found, key=lambda port: side == "input" and (side, port.name) in item.wired))

    def fits_block(self, block: str | type[Block]) -> bool:
        """Whether a new node of `block` may follow the anchor (or lead to it)."""
        item = self._scene.nodes[self.anchor.node]
        carried = item.kind_of(self.anchor.side, self.anchor.name)
        found = self._scene.graph.find_block(block) if isinstance(block, str) else block
        return found is not None and port_for(self._scene.graph, self.anchor, carried, found) is not None

    @cached_property
    def _circle(self) -> set[str]:
        """The nodes with which a wire would close a circle."""
        graph = self._scene.graph
        start = [self.anchor.node]
        return graph.upstream(start) if self.anchor.side == "output" else graph.downstream(start)

    def _fits(self, item: NodeItem, name: str) -> bool:
        graph = self._scene.graph
        wire = self.wire_to(PortRef(item.id, "input" if self.anchor.side == "output" else "output", name))
        if wire is None:
            return False
        carried = self._carried(wire)
        key = (item.node.block, name, carried)
        if key not in self._known:
            pair = _alone(graph, graph[wire.source], graph[wire.target])
            self._known[key] = why_not_wire(pair, wire, carried) is None
        return self._known[key]

    def _carried(self, wire: Wire) -> Kind:
        return self._scene.nodes[wire.source].kind_of("output", wire.output)


def port_for(graph: Graph, anchor: PortRef, carried: Kind, block: type[Block]) -> str | None:
    """The first port of a new node of `block` that a wire from `anchor` may end at; None when there is none.

    The document need not know the block yet.
    """
    new = Node(f"{block.key()}_new", block.key())
    pair = _alone(graph, graph[anchor.node], new)
    pair.find_block = lambda name: block if name == new.block else graph.find_block(name)
    if anchor.side == "output":
        for declared in block.inputs:
            name = f"{declared.name}.0" if declared.variadic else declared.name
            if why_not_wire(pair, Wire(anchor.node, anchor.name, new.id, name), carried) is None:
                return name
        return None
    for output in block.outputs:
        if why_not_wire(pair, Wire(new.id, output.name, anchor.node, anchor.name), output.kind) is None:
            return output.name
    return None


def _alone(graph: Graph, *nodes: Node) -> Graph:
    """These nodes in a graph of their own that knows the same blocks."""
    pair = Graph(nodes)
    pair.find_block, pair.find_graph = graph.find_block, graph.find_graph
    return pair
