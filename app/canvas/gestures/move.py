"""Moving nodes; with Alt, moving copies of them; over a wire, putting a node into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from app.canvas import changes
from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.node_item import NodeItem
from app.canvas.paint.card import RADIUS
from app.canvas.paint.grid import GRID
from app.canvas.paint.style import CanvasStyle
from app.canvas.wire_item import WireItem
from graph_engine.document import AnyEdit, Position

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


class MoveNodes(Gesture):
    """Selects the node under the pointer and drags what is selected. One edit, at the end."""

    cursor = Qt.CursorShape.SizeAllCursor
    hint = "Shift snaps to the grid · drop on a wire to insert · Esc gives up"

    def __init__(self, canvas: CanvasView, pointer: Pointer, node: NodeItem) -> None:
        super().__init__(canvas, pointer)
        self._node = node.id
        self._was_selected = node.selected
        self._from: dict[str, Position] = {}
        self._wires: set[WireItem] = set()
        self._target: WireItem | None = None
        self._offset = (0.0, 0.0)
        if not (node.selected or pointer.shift or pointer.control):
            self.scene.choose((node.id,))
        elif not node.selected:
            self.scene.choose((*self.scene.selected_nodes, node.id), self.scene.selected_wires)

    def begin(self, _pointer: Pointer) -> None:
        graph = self.scene.graph
        self._from = {node: graph[node].position for node in self.scene.selected_nodes}
        self._wires = self.scene.wires_of(self._from)
        for node in self._from:
            self.scene.router.take_out(node)

    def move(self, pointer: Pointer) -> None:
        self._offset = self._snapped(pointer)
        dx, dy = self._offset
        self.scene.preview_positions([(node, (x + dx, y + dy)) for node, (x, y) in self._from.items()], self._wires)
        self._light(self._wire_below())

    def end(self, pointer: Pointer) -> None:
        if not self.dragging:
            self._click(pointer)
            return
        target = self._target
        self._light(None)
        edit = self._edit(target)
        if self._offset == (0.0, 0.0) or not self.scene.host.attempt(edit):
            self.scene.end_preview(self._from)

    def cancel(self) -> None:
        if self.dragging:
            self._light(None)
            self.scene.end_preview(self._from)

    def _edit(self, target: WireItem | None) -> AnyEdit:
        graph, name = self.scene.graph, self.scene.host.graph_name
        dx, dy = self._offset
        if target is not None:
            x, y = self._from[self._node]
            node, place = graph[self._node], (x + dx, y + dy)
            inserted = changes.splice(graph, node, target.wire, name, added=False, position=place)
            if inserted is not None:
                return inserted
        return changes.moved(graph, self._from, dx, dy, name)

    def _click(self, pointer: Pointer) -> None:
        """A click without a drag: Ctrl takes a selected node out, none but this one stays selected otherwise."""
        if pointer.control and self._was_selected:
            rest = [node for node in self.scene.selected_nodes if node != self._node]
            self.scene.choose(rest, self.scene.selected_wires)
        elif not (pointer.control or pointer.shift):
            self.scene.choose((self._node,))

    def _snapped(self, pointer: Pointer) -> tuple[float, float]:
        """How far to move; whole steps of the grid for the node under the pointer when snapping."""
        away = pointer.scene - self.start.scene
        if pointer.shift == self.canvas.snap:
            return round(away.x(), 1), round(away.y(), 1)
        x, y = self._from[self._node]
        return round((x + away.x()) / GRID) * GRID - x, round((y + away.y()) / GRID) * GRID - y

    def _wire_below(self) -> WireItem | None:
        """The wire into which the one node that is dragged would be put."""
        graph = self.scene.graph
        if len(self._from) != 1 or not changes.can_be_spliced(graph, self._node):
            return None
        return self.canvas.wire_across(self.scene.nodes[self._node].card, graph[self._node])

    def _light(self, wire: WireItem | None) -> None:
        if wire is not self._target:
            if self._target is not None:
                self._target.set_hovered(on=False)
            if wire is not None:
                wire.set_hovered(on=True)
            self._target = wire


class DragCopy(MoveNodes):
    """Copies what is selected, with the wires between, and drags the copies: one step of the history."""

    cursor = Qt.CursorShape.DragCopyCursor
    hint = "Drops a copy · Esc gives up"

    def begin(self, _pointer: Pointer) -> None:
        graph = self.scene.graph
        self._from = {node: graph[node].position for node in self.scene.selected_nodes}

    def move(self, pointer: Pointer) -> None:
        self._offset = self._snapped(pointer)

    def end(self, pointer: Pointer) -> None:
        if not self.dragging:
            self._click(pointer)
        else:
            self.canvas.editing.duplicate(tuple(self._from), self._offset)

    def cancel(self) -> None:
        """Nothing was moved."""

    def area(self) -> QRectF:
        if not self.dragging:
            return QRectF()
        return self.scene.contents(self._from).translated(*self._offset).adjusted(-3.0, -3.0, 3.0, 3.0)

    def paint(self, painter: QPainter, style: CanvasStyle) -> None:
        painter.setPen(style.marquee_pen)
        painter.setBrush(style.marquee_fill)
        for node in self._from if self.dragging else ():
            painter.drawRoundedRect(self.scene.nodes[node].card.translated(*self._offset), RADIUS, RADIUS)
