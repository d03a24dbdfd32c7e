"""Which gesture a press begins: by the button, what is held down, and what is under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.canvas.annotation_item import AnnotationItem, Part
from app.canvas.gestures.annotate import DragBend, Resize
from app.canvas.gestures.cut import ChooseWire, CutClick, Knife
from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.gestures.marquee import Marquee
from app.canvas.gestures.move import DragCopy, MoveNodes
from app.canvas.gestures.pan import MinimapPan, Pan
from app.canvas.gestures.wire import DragWire, MoveWires
from app.canvas.node_item import PortRef
from graph_engine.document import Wire

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


def pick(canvas: CanvasView, pointer: Pointer) -> Gesture | None:
    """The gesture that a press at `pointer` begins, if any."""
    if pointer.button == Qt.MouseButton.MiddleButton:
        return Pan(canvas, pointer)
    if pointer.button == Qt.MouseButton.RightButton:
        return Knife(canvas, pointer) if pointer.control else None
    if pointer.button != Qt.MouseButton.LeftButton:
        return None
    if canvas.space_held:
        return Pan(canvas, pointer)
    if canvas.minimap.contains(pointer.view):
        return MinimapPan(canvas, pointer)
    return _on_drawing(canvas, pointer)


def _on_drawing(canvas: CanvasView, pointer: Pointer) -> Gesture:
    scene = canvas.canvas_scene
    port = canvas.port_near(pointer.scene)
    if port is not None:
        return _on_port(canvas, pointer, port)
    bend = canvas.bend_near(pointer.scene)
    if bend is not None and not pointer.alt:
        return DragBend(canvas, pointer, *bend)
    node = scene.node_at(pointer.scene)
    if node is not None:
        return DragCopy(canvas, pointer, node) if pointer.alt else MoveNodes(canvas, pointer, node)
    held = scene.annotation_at(pointer.scene)
    if held is not None and not held[0].is_frame:
        return _on_annotation(canvas, pointer, *held)
    wire = canvas.wire_near(pointer.scene)
    if wire is not None:
        return CutClick(canvas, pointer, (wire.wire,)) if pointer.alt else ChooseWire(canvas, pointer, wire.wire)
    if held is not None:
        return _on_annotation(canvas, pointer, *held)
    return Marquee(canvas, pointer)


def _on_annotation(canvas: CanvasView, pointer: Pointer, item: AnnotationItem, part: Part) -> Gesture:
    if part == "corner":
        return Resize(canvas, pointer, item)
    return DragCopy(canvas, pointer, item) if pointer.alt else MoveNodes(canvas, pointer, item)


def _on_port(canvas: CanvasView, pointer: Pointer, port: PortRef) -> Gesture:
    wires = _wires_at(canvas, port)
    if pointer.alt:
        return CutClick(canvas, pointer, wires)
    if port.side == "input" and wires:
        wire = wires[0]
        return DragWire(canvas, pointer, PortRef(wire.source, "output", wire.output), wires)
    if port.side == "output" and wires and pointer.control:
        return MoveWires(canvas, pointer, port, wires)
    return DragWire(canvas, pointer, port)


def _wires_at(canvas: CanvasView, port: PortRef) -> tuple[Wire, ...]:
    graph = canvas.canvas_scene.graph
    if port.side == "output":
        return tuple(graph.wires_out_of(port.node, port.name))
    wire = graph.wire_at(port.node, port.name)
    return (wire,) if wire is not None else ()
