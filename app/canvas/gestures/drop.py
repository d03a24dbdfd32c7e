"""Dropping a block from the library: a ghost follows the pointer; over a wire it will be put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from app.canvas import changes
from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.paint.card import RADIUS
from app.canvas.paint.style import CanvasStyle
from app.canvas.wire_item import WireItem
from graph_engine.document import AddNodes, Node
from graph_engine.document.geometry import HEADER, TITLE_LEFT, measure

if TYPE_CHECKING:
    from app.canvas.stock import Placeable
    from app.canvas.view import CanvasView


class DropBlock(Gesture):
    """A block comes in from outside. It has no press: it begins when it enters the canvas."""

    hint = "Drop on a wire to insert"

    def __init__(self, canvas: CanvasView, pointer: Pointer, placed: Placeable) -> None:
        super().__init__(canvas, pointer)
        self.dragging = True
        self._placed = placed
        self._node = Node(self.scene.graph.fresh_id(placed.key), placed.key)
        self._size = measure(self._node, block=placed.block)
        self._target: WireItem | None = None
        self._corner = QPointF()
        self.move(pointer)

    def move(self, pointer: Pointer) -> None:
        self._corner = pointer.scene - QPointF(self._size.width / 2, self._size.height / 2)
        target = self.canvas.wire_across(self._card, self._node, self._placed.block)
        if target is not self._target:
            self._light(on=False)
            self._target = target
            self._light(on=True)

    def end(self, _pointer: Pointer) -> None:
        self._light(on=False)
        name = self.scene.host.graph_name
        node = self._node.with_(position=(round(self._corner.x(), 1), round(self._corner.y(), 1)))
        edit = None
        if self._target is not None:
            graph, wire, block = self.scene.graph, self._target.wire, self._placed.block
            edit = changes.splice(graph, node, wire, name, added=True, block=block)
        label = edit.label if edit is not None else f"Add {self._placed.block.title}"
        if self.scene.host.attempt(self._placed.with_node(edit or AddNodes((node,), (), name), label), label=label):
            self.scene.choose((node.id,))
        self._target = None

    def cancel(self) -> None:
        self._light(on=False)
        self._target = None

    def area(self) -> QRectF:
        return self._card.adjusted(-3.0, -3.0, 3.0, 3.0)

    def paint(self, painter: QPainter, style: CanvasStyle) -> None:
        painter.setPen(style.marquee_pen)
        painter.setBrush(style.body)
        painter.setOpacity(0.85)
        painter.drawRoundedRect(self._card, RADIUS, RADIUS)
        painter.setFont(style.title_font)
        painter.setPen(style.text)
        room = QRectF(self._corner.x() + TITLE_LEFT, self._corner.y(), self._size.width, HEADER)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), self._placed.block.title)
        painter.setOpacity(1.0)

    @property
    def _card(self) -> QRectF:
        return QRectF(self._corner.x(), self._corner.y(), self._size.width, self._size.height)

    def _light(self, *, on: bool) -> None:
        if self._target is not None:
            self._target.set_hovered(on=on)
