"""What is drawn beside the network: a frame or note gets another size, a wire another way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.canvas.annotation_item import AnnotationItem
from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.paint.grid import GRID
from graph_engine.document import Annotate, BendWire, Wire
from graph_engine.document.annotation import LEAST_SIZE

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class Resize(Gesture):
    """Drags the lower right corner of a frame or a note."""

    cursor = Qt.CursorShape.SizeFDiagCursor
    hint = "Shift snaps to the grid · Esc gives up"

    def __init__(self, canvas: CanvasView, pointer: Pointer, item: AnnotationItem) -> None:
        super().__init__(canvas, pointer)
        self._before = self._now = item.annotation
        self.scene.choose((), (), (item.id,))

    def move(self, pointer: Pointer) -> None:
        away = pointer.scene - self.start.scene
        (x, y), (width, height) = self._before.position, self._before.size
        right, foot = x + width + away.x(), y + height + away.y()
        if pointer.shift != self.canvas.snap:
            right, foot = round(right / GRID) * GRID, round(foot / GRID) * GRID
        size = (round(max(right - x, LEAST_SIZE[0]), 1), round(max(foot - y, LEAST_SIZE[1]), 1))
        self._now = replace(self._before, size=size)
        self.scene.preview_annotations((self._now,))

    def end(self, _pointer: Pointer) -> None:
        if self._now == self._before:
            return
        edit = Annotate((self._now,), (), self.scene.host.graph_name)
        if not self.scene.host.attempt(edit, label=f"Resize the {self._before.kind}"):
            self.cancel()

    def cancel(self) -> None:
        if self.dragging:
            self.scene.end_preview(())


class DragBend(Gesture):
    """Drags a point that a wire is led through."""

    cursor = Qt.CursorShape.SizeAllCursor
    hint = "Shift snaps to the grid · double-click takes the point away · Esc gives up"

    def __init__(self, canvas: CanvasView, pointer: Pointer, wire: Wire, number: int) -> None:
        super().__init__(canvas, pointer)
        self._before = self._now = wire
        self._number = number
        self.scene.choose((), (wire,))

    def move(self, pointer: Pointer) -> None:
        bends = list(self._before.bends)
        away = pointer.scene - self.start.scene
        x, y = bends[self._number][0] + away.x(), bends[self._number][1] + away.y()
        if pointer.shift != self.canvas.snap:
            x, y = round(x / GRID) * GRID, round(y / GRID) * GRID
        bends[self._number] = (round(x, 1), round(y, 1))
        self._now = replace(self._before, bends=tuple(bends))
        self.scene.preview_bends(self._now)

    def end(self, _pointer: Pointer) -> None:
        if self._now.bends == self._before.bends:
            return
        edit = BendWire(self._before, self._now.bends, self.scene.host.graph_name)
        if not self.scene.host.attempt(edit):
            self.cancel()

    def cancel(self) -> None:
        if self.dragging and self._before in self.scene.wires:
            self.scene.preview_bends(self._before)
