"""Where a block goes that was chosen from a list: behind the selected node and wired to it if it fits, else in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from app.canvas.node_item import PortRef
from app.canvas.wiring import port_for
from graph_engine.document import AddNodes, AnyEdit, Batch, Node, Position, Wire
from graph_engine.document.geometry import NodeGeometry, geometry_in, measure
from graph_engine.document.surgery import GAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.canvas import CanvasView
    from app.session import Session
    from graph_engine.blocks import Block

_STEP = 24.0
_TRIES = 60


def place_part(session: Session, canvas: CanvasView, name: str) -> str | None:
    """As `place_block`, a composite that comes with Layerloom, with the graphs that it needs."""
    from presets.parts import add_part, find_part, part_block

    document = session.document
    return _place(session, canvas, part_block(document, name), find_part(name).block, add_part(document, name).edits)


def place_block(session: Session, canvas: CanvasView, key: str) -> str | None:
    """Adds a node of the block as one step, selects it and brings it into view; its id, None when it was refused."""
    return _place(session, canvas, key, session.graph.find_block(key), ())


def _place(
    session: Session, canvas: CanvasView, key: str, block: type[Block] | None, first: Sequence[AnyEdit]
) -> str | None:
    """Adds a node of `block`, called `key` in the document once the edits `first` are made, in one step with them."""
    graph = session.graph
    node = Node(graph.fresh_id(key), key)
    size = measure(node, block=block)
    wire = _wire_from_selection(session, node, block)
    if wire is not None:
        before = geometry_in(graph, wire.source)
        x, y = graph[wire.source].position
        port = size.offset("input", wire.input)[1]
        wanted = (x + before.width + GAP, y + before.offset("output", wire.output)[1] - port)
    else:
        centre = canvas.visible_rect().center()
        wanted = (centre.x() - size.width / 2, centre.y() - size.height / 2)
    placed = node.with_(position=_free(canvas, wanted, size))
    wires = (wire,) if wire is not None else ()
    add = AddNodes((placed,), wires, session.graph_name)
    label = f"Add {block.title}" if block is not None else add.label
    if not session.attempt(Batch(label, (*first, add)) if first else add, label=label):
        return None
    session.reveal(placed.id)
    return placed.id


def _wire_from_selection(session: Session, node: Node, new: type[Block] | None) -> Wire | None:
    """A wire from the selected node to the new one; None where nothing or several are selected, or none fits."""
    chosen = session.selection.nodes
    if len(chosen) != 1 or session.selection.wires:
        return None
    source = session.graph[chosen[0]]
    block = session.graph.block(source)
    if new is None:
        return None
    for output in block.outputs if block is not None else ():
        kind = session.kind(source.id, output.name)
        port = port_for(session.graph, PortRef(source.id, "output", output.name), kind, new)
        if port is not None:
            return Wire(source.id, output.name, node.id, port)
    return None


def _free(canvas: CanvasView, wanted: Position, size: NodeGeometry) -> Position:
    """The place nearest below `wanted` at which the node lies on no other."""
    x, y = wanted
    for _ in range(_TRIES):
        if not canvas.canvas_scene.nodes_in(
            QRectF(QPointF(x - 8, y - 8), QPointF(x + size.width + 8, y + size.height + 8))
        ):
            break
        y += _STEP
    return round(x, 1), round(y, 1)
