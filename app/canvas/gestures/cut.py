"""Cutting wires: a knife drawn across them, or a click with Alt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.paint.style import CanvasStyle
from app.canvas.wire_item import WireItem
from graph_engine.document import Disconnect, Wire

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

_LEAST_STEP = 4.0  # pixels between points of the knife's line


class Knife(Gesture):
    """Cuts every wire that the line crosses."""

    cursor = Qt.CursorShape.CrossCursor
    hint = "Draw across wires to cut them · Esc gives up"

    def begin(self, pointer: Pointer) -> None:
        self._line = [self.start.scene, pointer.scene]
        self._cut: dict[Wire, WireItem] = {}

    def move(self, pointer: Pointer) -> None:
        last = self._line[-1]
        away = (pointer.scene - last) * self.canvas.scale_now
        if abs(away.x()) + abs(away.y()) < _LEAST_STEP:
            return
        self._line.append(pointer.scene)
        for item in self.scene.items(_around(last, pointer.scene), Qt.ItemSelectionMode.IntersectsItemBoundingRect):
            if isinstance(item, WireItem) and item.crosses(last, pointer.scene):
                self._cut[item.wire] = item
                item.set_hovered(on=True)

    def end(self, _pointer: Pointer) -> None:
        if not self.dragging:
            return
        self._leave()
        if self._cut:
            self.scene.host.attempt(Disconnect(tuple(self._cut), self.scene.host.graph_name))

    def cancel(self) -> None:
        if self.dragging:
            self._leave()

    def area(self) -> QRectF:
        if not self.dragging:
            return QRectF()
        return QPolygonF(self._line).boundingRect().adjusted(-4.0, -4.0, 4.0, 4.0)

    def paint(self, painter: QPainter, style: CanvasStyle) -> None:
        if self.dragging:
            painter.setPen(style.knife)
            painter.drawPolyline(QPolygonF(self._line))

    def _leave(self) -> None:
        for item in self._cut.values():
            item.set_hovered(on=False)


class CutClick(Gesture):
    """Cuts these wires when the button is released where it was pressed."""

    def __init__(self, canvas: CanvasView, pointer: Pointer, wires: tuple[Wire, ...]) -> None:
        super().__init__(canvas, pointer)
        self._wires = wires

    def end(self, _pointer: Pointer) -> None:
        if not self.dragging and self._wires:
            self.scene.host.attempt(Disconnect(self._wires, self.scene.host.graph_name))


class ChooseWire(Gesture):
    """Selects a wire; Shift adds, Ctrl toggles."""

    def __init__(self, canvas: CanvasView, pointer: Pointer, wire: Wire) -> None:
        super().__init__(canvas, pointer)
        scene = self.scene
        if pointer.control and wire in scene.selected_wires:
            scene.choose(scene.selected_nodes, [other for other in scene.selected_wires if other != wire])
        elif pointer.control or pointer.shift:
            scene.choose(scene.selected_nodes, [*scene.selected_wires, wire])
        else:
            scene.choose((), (wire,))


def _around(a: QPointF, b: QPointF) -> QRectF:
    return QRectF(a, b).normalized().adjusted(-1.0, -1.0, 1.0, 1.0)
