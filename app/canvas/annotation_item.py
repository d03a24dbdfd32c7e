"""A frame or a note on the canvas."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.look import Look
from app.canvas.paint.annotation import TITLE, paint_annotation
from graph_engine.document import Annotation

GRIP = 14.0
"""How large the corner is by which a frame or a note is resized, in scene units."""

_EDGE = 6.0
_FAR_TITLE = 48.0  # from afar the title has the same size on the screen, so a larger one in the scene
Part = Literal["body", "corner"]


class AnnotationItem(QGraphicsRectItem):
    """Draws one frame or note. Its rectangle is what it may paint on; the frame starts at (0, 0), its title above."""

    def __init__(self, look: Look, annotation: Annotation) -> None:
        super().__init__()
        self.look = look
        self.selected = False
        self.annotation = annotation
        self.set_annotation(annotation)
        self.setPen(Qt.PenStyle.NoPen)
        self.setZValue(-1.0 if self.is_frame else 0.8)

    @property
    def id(self) -> str:
        return self.annotation.id

    @property
    def is_frame(self) -> bool:
        return self.annotation.kind == "frame"

    def set_annotation(self, annotation: Annotation) -> None:
        """Show another state of it."""
        self.annotation = annotation
        width, height = annotation.size
        self.setPos(*annotation.position)
        top = TITLE + _FAR_TITLE if annotation.kind == "frame" else 0.0
        self.setRect(-_EDGE, -top - _EDGE, width + 2 * _EDGE, height + top + 2 * _EDGE)
        self.update()

    def set_selected(self, *, selected: bool) -> None:
        if selected != self.selected:
            self.selected = selected
            self.update()

    @property
    def area(self) -> QRectF:
        """The frame, or the note, in scene coordinates."""
        return QRectF(self.x(), self.y(), *self.annotation.size)

    @property
    def title_area(self) -> QRectF:
        """Where the title of a frame stands."""
        return QRectF(self.x(), self.y() - TITLE, self.annotation.size[0], TITLE)

    def part_at(self, at: QPointF) -> Part | None:
        """What of it is at a scene position: what lies in a frame does not belong to it."""
        area = self.area
        corner = QRectF(area.right() - GRIP, area.bottom() - GRIP, GRIP + 2.0, GRIP + 2.0)
        if corner.contains(at):
            return "corner"
        if not self.is_frame:
            return "body" if area.contains(at) else None
        on_edge = area.adjusted(-3.0, -3.0, 3.0, 3.0).contains(at) and not area.adjusted(4.0, 4.0, -4.0, -4.0).contains(
            at
        )
        return "body" if on_edge or self.title_area.contains(at) else None

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        paint_annotation(painter, self.annotation, self.look, selected=self.selected)
        painter.setBrush(Qt.BrushStyle.NoBrush)  # what is painted next finds the painter as it was
