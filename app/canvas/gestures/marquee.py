"""Selecting with a rectangle, or nothing with a click."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.paint.style import CanvasStyle


class Marquee(Gesture):
    """Selects what the rectangle touches; Shift adds to what is selected, Ctrl toggles."""

    hint = "Shift adds · Ctrl toggles · Esc gives up"

    def begin(self, pointer: Pointer) -> None:
        self._before = list(self.scene.selected_nodes)
        self._wires_before = list(self.scene.selected_wires)
        self._notes_before = list(self.scene.selected_annotations)
        self._rect = QRectF(self.start.scene, pointer.scene).normalized()

    def move(self, pointer: Pointer) -> None:
        self._rect = QRectF(self.start.scene, pointer.scene).normalized()
        touched, notes = self.scene.nodes_in(self._rect), self.scene.annotations_in(self._rect)
        if pointer.control:
            inside = set(touched)
            kept = [node for node in self._before if node not in inside]
            touched = kept + [node for node in touched if node not in set(self._before)]
            notes = sorted(set(notes) ^ set(self._notes_before))
        elif pointer.shift:
            touched, notes = [*self._before, *touched], [*self._notes_before, *notes]
        self.scene.select(touched, self._wires_before if pointer.shift or pointer.control else (), notes)

    def end(self, pointer: Pointer) -> None:
        if self.dragging:
            self.scene.selection_changed.emit(list(self.scene.selected_nodes), list(self.scene.selected_wires))
        elif not (pointer.shift or pointer.control):
            self.scene.choose()

    def cancel(self) -> None:
        if self.dragging:
            self.scene.select(self._before, self._wires_before, self._notes_before)

    def area(self) -> QRectF:
        return self._rect if self.dragging else QRectF()

    def paint(self, painter: QPainter, style: CanvasStyle) -> None:
        if self.dragging:
            painter.setPen(style.marquee_pen)
            painter.setBrush(style.marquee_fill)
            painter.drawRect(self._rect)
