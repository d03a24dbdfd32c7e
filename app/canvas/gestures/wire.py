"""Drawing wires: from a port to a port, or to empty canvas where the list of what fits opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from app.canvas import changes
from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.node_item import NodeItem, PortRef
from app.canvas.paint.style import CanvasStyle
from app.canvas.wire_item import path_of
from app.canvas.wiring import Wiring
from graph_engine.document import Connect, Disconnect, Wire, title_of
from graph_engine.document.geometry import Side
from graph_engine.document.routing import direct

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class DragWire(Gesture):
    """A wire hangs on the pointer. Legal ports glow; over an illegal one, the reason stands at the cursor."""

    cursor = Qt.CursorShape.CrossCursor
    hint = "Release on empty canvas to add a block · Esc gives up"

    def __init__(self, canvas: CanvasView, pointer: Pointer, anchor: PortRef, old: tuple[Wire, ...] = ()) -> None:
        super().__init__(canvas, pointer)
        self._anchor = anchor
        self._old = old
        self._wiring = Wiring(self.scene, anchor)
        self._pressed = PortRef(old[0].target, "input", old[0].input) if old else anchor
        self._end_at = pointer.scene
        self._target: PortRef | None = None
        self._reason: str | None = None
        self._lit: dict[str, NodeItem] = {}

    def begin(self, pointer: Pointer) -> None:
        for wire in self._old:
            self.scene.wires[wire].setVisible(False)
        self._end_at = pointer.scene
        self.view_changed()

    def view_changed(self) -> None:
        """Light the legal ports that are in view."""
        for name in self.scene.nodes_in(self.canvas.visible_rect()):
            if name not in self._lit:
                item = self._lit[name] = self.scene.nodes[name]
                ports = frozenset((port.side, port.name) for port in self._wiring.legal_ports(item))
                item.set_legal(ports, faded=not ports and name != self._anchor.node)

    def move(self, pointer: Pointer) -> None:
        self._point_at(None)
        port = self.canvas.port_near(pointer.scene)
        node = self.scene.node_at(pointer.scene)
        if port == self._anchor:
            port = node = None
        if port is None and node is not None and node.id != self._anchor.node:
            legal = self._wiring.legal_ports(node)
            port = legal[0] if legal else self._first_port(node)
        reason = self._reason = self._wiring.reason(port) if port is not None else None
        self._target = port if reason is None else None
        if self._target is not None:
            self._point_at(self._target)
            self._end_at = self.scene.nodes[self._target.node].port_position(self._target.side, self._target.name)
        else:
            self._end_at = pointer.scene
        if reason is not None:
            self.canvas.note.show_refusal(reason, pointer.view)
        else:
            self.canvas.note.hide()

    def end(self, pointer: Pointer) -> None:
        self._leave()
        if not self.dragging:
            self.scene.choose((self._pressed.node,))
        elif self._target is not None:
            self._connect(self._target)
        elif self._reason is not None:
            self.canvas.refuse(self._reason, pointer)
        elif self._old:
            self._take_off()
        else:
            self.canvas.add_from_port(self._anchor, pointer)

    def cancel(self) -> None:
        self._leave()

    def area(self) -> QRectF:
        if not self.dragging:
            return QRectF()
        path = path_of(self._curve())
        return path.controlPointRect().adjusted(-6.0, -6.0, 6.0, 6.0)

    def paint(self, painter: QPainter, style: CanvasStyle) -> None:
        if not self.dragging:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(style.wire_drawn_illegal if self._reason is not None else style.wire_drawn)
        painter.drawPath(path_of(self._curve()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.danger if self._reason is not None else style.accent)
        painter.drawEllipse(self._end_at, 4.0, 4.0)

    def _connect(self, target: PortRef) -> None:
        name = self.scene.host.graph_name
        wire = self._wiring.wire_to(target)
        if wire is None or wire in self._old:
            return
        if not self._old:
            self.scene.host.attempt(Connect(wire, name), label=self._label(wire))
            return
        self.scene.host.attempt(changes.rewire(self._old, (wire,), name, f"Move wire to {self._title(target)}"))

    def _take_off(self) -> None:
        """A wire that was picked up at its end and dropped where nothing is."""
        self.scene.host.attempt(Disconnect(self._old, self.scene.host.graph_name))

    def _leave(self) -> None:
        self._point_at(None)
        self.canvas.note.hide()
        for item in self._lit.values():
            item.set_legal(None)
        self._lit.clear()
        for wire in self._old:
            if wire in self.scene.wires:
                self.scene.wires[wire].setVisible(True)

    def _curve(self) -> tuple[tuple[float, float], ...]:
        fixed = self.scene.nodes[self._anchor.node].port_position(self._anchor.side, self._anchor.name)
        start, end = (fixed, self._end_at) if self._anchor.side == "output" else (self._end_at, fixed)
        return direct((start.x(), start.y()), (end.x(), end.y()))

    def _point_at(self, port: PortRef | None) -> None:
        for found, on in ((self._target, False), (port, True)):
            if found is not None and found.node in self.scene.nodes:
                self.scene.nodes[found.node].set_hover(on=on, port=(found.side, found.name) if on else None)

    def _first_port(self, node: NodeItem) -> PortRef | None:
        """The port whose refusal tells best why nothing of a node fits."""
        side: Side = "input" if self._anchor.side == "output" else "output"
        names = node.ports(side)
        return PortRef(node.id, side, names[0]) if names else None

    def _title(self, port: PortRef) -> str:
        return title_of(self.scene.graph[port.node], self.scene.graph)

    def _label(self, wire: Wire) -> str:
        graph = self.scene.graph
        return f"Connect {title_of(graph[wire.source], graph)} → {title_of(graph[wire.target], graph)}"


class MoveWires(DragWire):
    """All wires of an output port are taken to another output."""

    hint = "Drop on another output to move the wires there · Esc gives up"

    def __init__(self, canvas: CanvasView, pointer: Pointer, port: PortRef, wires: tuple[Wire, ...]) -> None:
        super().__init__(canvas, pointer, PortRef(wires[0].target, "input", wires[0].input), wires)
        self._pressed = port

    def _connect(self, target: PortRef) -> None:
        name = self.scene.host.graph_name
        if (target.node, target.name) == (self._pressed.node, self._pressed.name):
            return
        new = [Wire(target.node, target.name, wire.target, wire.input) for wire in self._old]
        for wire in new:
            anchor = PortRef(wire.target, "input", wire.input)
            reason = Wiring(self.scene, anchor).reason(target)
            if reason is not None:
                self.canvas.refuse(reason, self.start)
                return
        label = f"Move wires to {self._title(target)}"
        self.scene.host.attempt(changes.rewire(self._old, new, name, label))

    def area(self) -> QRectF:
        rect = super().area()
        for curve in self._curves() if self.dragging else ():
            rect = rect.united(path_of(curve).controlPointRect().adjusted(-6.0, -6.0, 6.0, 6.0))
        return rect

    def paint(self, painter: QPainter, style: CanvasStyle) -> None:
        super().paint(painter, style)
        if self.dragging:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(style.wire_drawn_illegal if self._reason is not None else style.wire_drawn)
            for curve in self._curves():
                painter.drawPath(path_of(curve))

    def _curves(self) -> list[tuple[tuple[float, float], ...]]:
        """The wires beside the first one, which hang on the pointer as well."""
        ends = [self.scene.nodes[wire.target].port_position("input", wire.input) for wire in self._old[1:]]
        return [direct(_pair(self._end_at), _pair(end)) for end in ends]


def _pair(point: QPointF) -> tuple[float, float]:
    return point.x(), point.y()
