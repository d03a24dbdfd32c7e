"""What lights up under the pointer, and the words beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.canvas.node_item import NodeItem, PortRef
from app.canvas.paint.style import CanvasStyle
from app.canvas.peek import peek
from app.canvas.wire_item import WireItem
from graph_engine.blocks import Input, Kind, Output
from graph_engine.check.report import State
from graph_engine.document.composite import graph_of, is_composite

if TYPE_CHECKING:
    from app.canvas.gestures.gesture import Pointer
    from app.canvas.view import CanvasView


class Hover:
    """Follows the pointer while no gesture goes on."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas
        self._node: NodeItem | None = None
        self._wire: WireItem | None = None
        self._peek: tuple[tuple[str, int, CanvasStyle], str] | None = None

    def move(self, pointer: Pointer) -> None:
        canvas, scene = self._canvas, self._canvas.canvas_scene
        if canvas.space_held or canvas.minimap.contains(pointer.view):
            self.leave()
            return
        port = canvas.port_near(pointer.scene)
        node = scene.nodes[port.node] if port is not None else scene.node_at(pointer.scene)
        wire = canvas.wire_near(pointer.scene) if node is None else None
        self._light(node, port, wire)
        canvas.viewport().setCursor(Qt.CursorShape.CrossCursor if port is not None else Qt.CursorShape.ArrowCursor)
        if port is not None:
            item = scene.nodes[port.node]
            kind = item.kind_of(port.side, port.name)
            canvas.note.show_fact(_about_port(item, port), pointer.view, scene.look.style.kind(kind))
        elif wire is not None:
            canvas.note.show_fact(self._about_wire(wire), pointer.view, scene.look.style.kind(wire.kind))
        else:
            canvas.note.hide()
        canvas.viewport().setToolTip(self._about_node(node) if node is not None and port is None else "")

    def forget(self) -> None:
        """What was lit is gone."""
        self._node = self._wire = None

    def leave(self) -> None:
        """The pointer is elsewhere, or a gesture begins."""
        self._light(None, None, None)
        self._canvas.note.hide()
        self._canvas.viewport().setToolTip("")

    def _light(self, node: NodeItem | None, port: PortRef | None, wire: WireItem | None) -> None:
        scene = self._canvas.canvas_scene
        if self._node is not None and self._node is not node and scene.nodes.get(self._node.id) is self._node:
            self._node.set_hover(on=False)
        if node is not None:
            node.set_hover(on=True, port=(port.side, port.name) if port is not None else None)
        if self._wire is not None and self._wire is not wire and scene.wires.get(self._wire.wire) is self._wire:
            self._wire.set_hovered(on=False)
        if wire is not None:
            wire.set_hovered(on=True)
        self._node, self._wire = node, wire

    def _about_node(self, item: NodeItem) -> str:
        """The whole of what the node can only show in part: what is wrong with it, or what a composite holds."""
        if item.message:
            return item.message
        if item.report is not None and item.report.state is State.WAITING:
            return f"Nothing is wrong here: it waits for {item.waits_for}."
        if not is_composite(item.node.block):
            return ""
        scene = self._canvas.canvas_scene
        inner = scene.graph.find_graph(graph_of(item.node.block))
        if inner is None:
            return ""
        key = (item.id, inner.stamp, scene.look.style)
        if self._peek is None or self._peek[0] != key:
            self._peek = key, peek(inner, scene.look.style, item.title)
        return self._peek[1]

    def _about_wire(self, item: WireItem) -> str:
        source = self._canvas.canvas_scene.nodes[item.wire.source]
        spec = source.report.outputs.get(item.wire.output) if source.report is not None else None
        if spec is None:
            return item.kind.value if item.kind.axes else "not known yet"
        return f"{spec} · {item.kind.value}" if spec.shape else item.kind.value


def _about_port(item: NodeItem, port: PortRef) -> str:
    """A port's name, what it carries or takes, and what it is for."""
    block = item.block
    declared = None
    if block is not None:
        declared = block.input(port.name) if port.side == "input" else block.output(port.name)
    specs = (item.report.inputs if port.side == "input" else item.report.outputs) if item.report is not None else {}
    spec = specs.get(port.name)
    if spec is not None:
        carries = f"{spec} · {spec.kind.value}" if spec.shape else spec.kind.value
    else:
        carries = ""
        if isinstance(declared, Input) and declared.kinds:
            carries = f"takes {declared.wants}"
        elif isinstance(declared, Output) and declared.kind is not Kind.ANY:
            carries = f"gives {declared.kind} ({declared.kind.axes})"
    about = declared.help if declared is not None else ""
    return "\n".join(line for line in (" · ".join(part for part in (port.name, carries) if part), about) if line)
