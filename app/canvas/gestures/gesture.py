"""A gesture: begun by a press, followed while the pointer moves, ended by the release or given up with Esc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from app.canvas.paint.style import CanvasStyle

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

DRAG_DISTANCE = 4.0
"""Pixels that the pointer may move and still have clicked."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is (`view` in pixels of the viewport, `scene` in scene units), and what is held down."""

    view: QPointF
    scene: QPointF
    screen: QPoint
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    button: Qt.MouseButton = Qt.MouseButton.NoButton

    @property
    def shift(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def control(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)

    @property
    def alt(self) -> bool:
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)


class Gesture:
    """Base of the gestures. A gesture changes the document at its end, by one edit; until then it only shows."""

    cursor: Qt.CursorShape | None = None
    hint = ""
    """What may be done while it lasts, in a few words."""

    def __init__(self, canvas: CanvasView, pointer: Pointer) -> None:
        self.canvas = canvas
        self.scene = canvas.canvas_scene
        self.start = pointer
        self.dragging = False

    def moved_to(self, pointer: Pointer) -> None:
        """The pointer moved; a drag begins when it is far enough from the start."""
        if not self.dragging:
            away = pointer.view - self.start.view
            if abs(away.x()) + abs(away.y()) < DRAG_DISTANCE:
                return
            self.dragging = True
            self.begin(pointer)
        self.move(pointer)

    def begin(self, pointer: Pointer) -> None:
        """The press became a drag."""

    def move(self, pointer: Pointer) -> None:
        """The pointer is elsewhere."""

    def end(self, pointer: Pointer) -> None:
        """The button was released."""

    def cancel(self) -> None:
        """Leave everything as it was."""

    def view_changed(self) -> None:
        """The view was moved or zoomed meanwhile."""

    def area(self) -> QRectF:
        """What it draws on, in scene coordinates; empty if it draws nothing."""
        return QRectF()

    def paint(self, painter: QPainter, style: CanvasStyle) -> None:
        """Draw over the scene, in scene coordinates."""
