"""Moving what is selected; with Alt, moving copies of it; over a wire, putting a node into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter

from app.canvas import changes
from app.canvas.annotation_item import AnnotationItem
from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.gestures.guides import level_with
from app.canvas.node_item import NodeItem
from app.canvas.paint.card import RADIUS
from app.canvas.paint.grid import GRID
from app.canvas.paint.style import CanvasStyle
from app.canvas.wire_item import WireItem
from graph_engine.document import Annotation, AnyEdit, Position, Wire

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

_GUIDE_REACH = 7.0  # px: how near to the line of another node a dragged one is drawn to it


class MoveNodes(Gesture):
    """Selects the node, or the frame or note, under the pointer and drags what is selected. One edit, at the end.

    A frame takes along what lies in it.
    """

    cursor = Qt.CursorShape.SizeAllCursor
    hint = "Shift snaps to nodes and grid · drop on a wire to insert · Esc gives up"

    def __init__(self, canvas: CanvasView, pointer: Pointer, item: NodeItem | AnnotationItem) -> None:
        super().__init__(canvas, pointer)
        self._item = item
        self._was_selected = item.selected
        self._from: dict[str, Position] = {}
        self._notes: dict[str, Annotation] = {}
        self._wires: set[WireItem] = set()
        self._bent: list[Wire] = []
        self._target: WireItem | None = None
        self._offset = (0.0, 0.0)
        self._guides: tuple[QLineF, ...] = ()
        self._still: list[QRectF] = []
        if not (item.selected or pointer.shift or pointer.control):
            self._choose_alone()
        elif not item.selected:
            nodes, notes = ([item.id], []) if isinstance(item, NodeItem) else ([], [item.id])
            scene = self.scene
            scene.choose((*scene.selected_nodes, *nodes), scene.selected_wires, (*scene.selected_annotations, *notes))

    def begin(self, _pointer: Pointer) -> None:
        graph, scene = self.scene.graph, self.scene
        nodes, notes = scene.with_members(scene.selected_nodes, scene.selected_annotations)
        self._from = {node: graph[node].position for node in nodes}
        self._notes = {name: graph.annotations[name] for name in notes}
        self._wires = scene.wires_of(self._from)
        self._bent = changes.bent_between(graph, self._from)
        self._still = [scene.nodes[name].card for name in scene.nodes if name not in self._from]
        for node in self._from:
            scene.router.take_out(node)

    def move(self, pointer: Pointer) -> None:
        self._offset = self._snapped(pointer)
        dx, dy = self._offset
        for wire in self._bent:
            self.scene.wires[wire].wire = wire.moved(dx, dy)
        self.scene.preview_annotations(note.moved(dx, dy) for note in self._notes.values())
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

    def area(self) -> QRectF:
        area = QRectF()
        for line in self._guides:
            area = area.united(QRectF(line.p1(), line.p2()).normalized().adjusted(-2.0, -2.0, 2.0, 2.0))
        return area

    def paint(self, painter: QPainter, style: CanvasStyle) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(style.guide)
        painter.drawLines(list(self._guides))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _edit(self, target: WireItem | None) -> AnyEdit:
        graph, name = self.scene.graph, self.scene.host.graph_name
        dx, dy = self._offset
        if target is not None:
            x, y = self._from[self._item.id]
            node, place = graph[self._item.id], (x + dx, y + dy)
            inserted = changes.splice(graph, node, target.wire, name, added=False, position=place)
            if inserted is not None:
                return inserted
        return changes.moved(graph, self._from, dx, dy, name, self._notes)

    def _click(self, pointer: Pointer) -> None:
        """A click without a drag: Ctrl takes a selected one out, none but this one stays selected otherwise."""
        if pointer.control and self._was_selected:
            scene, name = self.scene, self._item.id
            nodes, notes = scene.selected_nodes, scene.selected_annotations
            if isinstance(self._item, NodeItem):
                nodes = _without(nodes, name)
            else:
                notes = _without(notes, name)
            scene.choose(nodes, scene.selected_wires, notes)
        elif not (pointer.control or pointer.shift):
            self._choose_alone()

    def _choose_alone(self) -> None:
        is_node = isinstance(self._item, NodeItem)
        self.scene.choose([self._item.id] if is_node else [], (), [] if is_node else [self._item.id])

    def _snapped(self, pointer: Pointer) -> tuple[float, float]:
        """How far to move: when snapping, level with other nodes that are near, else in whole steps of the grid."""
        away = pointer.scene - self.start.scene
        self._guides = ()
        if pointer.shift == self.canvas.snap:
            return round(away.x(), 1), round(away.y(), 1)
        x, y, width, height = self._box()
        card = QRectF(x + away.x(), y + away.y(), width, height)
        reach = _GUIDE_REACH / self.canvas.scale_now
        dx, dy, self._guides = level_with(card, self._near(card), reach)
        grid_x, grid_y = (round((at + by) / GRID) * GRID - at for at, by in ((x, away.x()), (y, away.y())))
        return (
            grid_x if dx is None else round(away.x() + dx, 1),
            grid_y if dy is None else round(away.y() + dy, 1),
        )

    def _box(self) -> tuple[float, float, float, float]:
        """Where what is under the pointer was, and how large it is."""
        if isinstance(self._item, NodeItem):
            return *self._from[self._item.id], self._item.geometry.width, self._item.geometry.height
        note = self._notes[self._item.id]
        return *note.position, *note.size

    def _near(self, card: QRectF) -> Iterable[QRectF]:
        """The nodes in view that stay where they are."""
        visible = self.canvas.visible_rect()
        return [still for still in self._still if still.intersects(visible) and not still.intersects(card)]

    def _wire_below(self) -> WireItem | None:
        """The wire into which the one node that is dragged would be put."""
        graph = self.scene.graph
        if len(self._from) != 1 or self._notes or not changes.can_be_spliced(graph, self._item.id):
            return None
        return self.canvas.wire_across(self.scene.nodes[self._item.id].card, graph[self._item.id])

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
        graph, scene = self.scene.graph, self.scene
        nodes, notes = scene.with_members(scene.selected_nodes, scene.selected_annotations)
        self._from = {node: graph[node].position for node in nodes}
        self._notes = {name: graph.annotations[name] for name in notes}
        self._still = [item.card for item in scene.nodes.values()]

    def move(self, pointer: Pointer) -> None:
        self._offset = self._snapped(pointer)

    def end(self, pointer: Pointer) -> None:
        if not self.dragging:
            self._click(pointer)
        else:
            self.canvas.editing.duplicate(tuple(self._from), self._offset, tuple(self._notes))

    def cancel(self) -> None:
        """Nothing has changed."""

    def area(self) -> QRectF:
        rect = QRectF()
        for card in self._cards() if self.dragging else ():
            rect = rect.united(card)
        return rect.adjusted(-3.0, -3.0, 3.0, 3.0).united(super().area())

    def paint(self, painter: QPainter, style: CanvasStyle) -> None:
        """Outlines where the copies will be."""
        if not self.dragging:
            return
        super().paint(painter, style)
        painter.setPen(style.marquee_pen)
        painter.setBrush(style.marquee_fill)
        for card in self._cards():
            painter.drawRoundedRect(card, RADIUS, RADIUS)

    def _cards(self) -> list[QRectF]:
        cards = [self.scene.nodes[node].card for node in self._from if node in self.scene.nodes]
        cards += [QRectF(*note.position, *note.size) for note in self._notes.values()]
        return [card.translated(*self._offset) for card in cards]


def _without(names: Iterable[str], name: str) -> list[str]:
    return [other for other in names if other != name]
