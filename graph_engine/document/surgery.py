"""Changes of a drawing that take several edits: pure functions from a graph to one batch."""

from __future__ import annotations

from typing import Any

from graph_engine.blocks import get_block
from graph_engine.document.document import MAIN
from graph_engine.document.edits import AddNodes, Batch, Connect
from graph_engine.document.graph import Graph, Node, Wire


def insert_on_wire(
    graph: Graph, wire: Wire, block: str, parameters: dict[str, Any] | None = None, graph_name: str = MAIN
) -> Batch:
    """Place a node of `block` in the middle of `wire`, through its first ports.

    Raises: UnknownBlock; ValueError for a block without input or output.
    """
    found = get_block(block)
    if not found.inputs or not found.outputs:
        raise ValueError(f"{found.title} has no input or no output, so it can't stand on a wire.")
    (x1, y1), (x2, y2) = graph[wire.source].position, graph[wire.target].position
    node = Node(graph.fresh_id(block), block, parameters or {}, ((x1 + x2) / 2, (y1 + y2) / 2))
    port = found.inputs[0]
    into = Wire(wire.source, wire.output, node.id, f"{port.name}.0" if port.variadic else port.name)
    out = Wire(node.id, found.outputs[0].name, wire.target, wire.input)
    return Batch(f"Insert {found.title}", (AddNodes((node,), (into,), graph_name), Connect(out, graph_name)))
