"""Moving the view: the middle button, Space with the left one, or a drag in the minimap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.canvas.gestures.gesture import Gesture, Pointer

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Pan(Gesture):
    """The drawing follows the hand."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: CanvasView, pointer: Pointer) -> None:
        super().__init__(canvas, pointer)
        self._last = pointer.view

    def moved_to(self, pointer: Pointer) -> None:
        self.dragging = True
        step = pointer.view - self._last
        self._last = pointer.view
        self.canvas.scroll_by(-step.x(), -step.y())


class MinimapPan(Gesture):
    """The view goes where the pointer is in the minimap."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, canvas: CanvasView, pointer: Pointer) -> None:
        super().__init__(canvas, pointer)
        self.moved_to(pointer)

    def moved_to(self, pointer: Pointer) -> None:
        self.dragging = True
        self.canvas.centerOn(self.canvas.minimap.to_scene(pointer.view))
