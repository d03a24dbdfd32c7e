"""Where a block goes that was chosen from a list: behind the selected node and wired to it if it fits, else in view."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.canvas.node_item import PortRef
from app.canvas.room import free_place
from app.canvas.stock import Placeable
from app.canvas.wiring import port_for
from graph_engine.blocks import ParameterError
from graph_engine.blocks.custom import CUSTOM, custom_block
from graph_engine.blocks.library.borders import Input
from graph_engine.document import AddCustom, AddNodes, CustomCode, Node, SetBinding, Wire
from graph_engine.document.geometry import geometry_in, measure
from graph_engine.document.surgery import GAP

if TYPE_CHECKING:
    from app.canvas import CanvasView
    from app.session import Session
    from graph_engine.blocks import Block
    from graph_engine.data import Field

_INPUTS_AT = 0.15
"""How far from the left of what is seen data enters: what it leads to has room on the right."""


def place_block(session: Session, canvas: CanvasView, key: str) -> str | None:
    """Adds a node of what `key` stands for as one step, selects it and brings it into view.

    Its id, None when it was refused.
    """
    found = canvas.stock.find(session.document, key)
    return _place(session, canvas, found) if found is not None else None


def place_custom(session: Session, canvas: CanvasView, name: str, source: str) -> str | None:
    """As `place_block`, a custom block that is new in the document, in one step with its code."""
    first = (AddCustom(name, CustomCode(source)),)
    return _place(session, canvas, Placeable(CUSTOM + name, custom_block(name, source), first))


def place_input(session: Session, canvas: CanvasView, field: Field) -> str | None:
    """As `place_block`, an Input that is fed a field of the data, in the main drawing."""
    session.go_to(0)
    found = canvas.stock.find(session.document, Input.key())
    if found is None:
        return None
    name = _argument(field.name)
    parameters: dict[str, Any] = {"name": name, "shape": list(field.shape)}
    if field.dtype != Input.dtype:
        parameters |= {"dtype": field.dtype, "classes": field.classes}
    if name != field.name:
        binding = session.document.binding
        fields = dict(binding.fields) | {session.graph.fresh_id(found.key): field.name}
        found = replace(found, first=(SetBinding(replace(binding, fields=tuple(fields.items()))),))
    return _place(session, canvas, found, parameters)


def _argument(field: str) -> str:
    """What the argument for a field is called: as the field, if Python can call it so."""
    try:
        Input.make({"name": field})
    except ParameterError:
        return "field_" + re.sub(r"[^a-z0-9]+", "_", field.lower()).strip("_")[:40]
    return field


def _place(
    session: Session, canvas: CanvasView, found: Placeable, parameters: dict[str, Any] | None = None
) -> str | None:
    graph, block = session.graph, found.block
    node = Node(graph.fresh_id(found.key), found.key, parameters=parameters or {})
    size = measure(node, block=block)
    wire = _wire_from_selection(session, node, block)
    if wire is not None:
        before = geometry_in(graph, wire.source)
        x, y = graph[wire.source].position
        port = size.offset("input", wire.input)[1]
        wanted = (x + before.width + GAP, y + before.offset("output", wire.output)[1] - port)
    else:
        seen = canvas.visible_rect()
        across = _INPUTS_AT if found.key == Input.key() else 0.5
        wanted = (seen.left() + across * seen.width() - size.width / 2, seen.center().y() - size.height / 2)
    placed = node.with_(position=free_place(canvas.canvas_scene, wanted, size))
    wires = (wire,) if wire is not None else ()
    add = AddNodes((placed,), wires, session.graph_name)
    label = f"Add {block.title}"
    if not session.attempt(found.with_node(add, label), label=label):
        return None
    session.reveal(placed.id)
    return placed.id


def _wire_from_selection(session: Session, node: Node, new: type[Block]) -> Wire | None:
    """A wire from the selected node to the new one; None where nothing or several are selected, or none fits."""
    chosen = session.selection.nodes
    if len(chosen) != 1 or session.selection.wires:
        return None
    source = session.graph[chosen[0]]
    block = session.graph.block(source)
    for output in block.outputs if block is not None else ():
        kind = session.kind(source.id, output.name)
        port = port_for(session.graph, PortRef(source.id, "output", output.name), kind, new)
        if port is not None:
            return Wire(source.id, output.name, node.id, port)
    return None
