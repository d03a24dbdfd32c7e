"""Draws frames and notes: behind the nodes a dashed frame with its title, beside them a note with its text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QPainter,
    QPalette,
    QPen,
    QTextDocument,
)

from app.canvas.look import Detail, Look
from app.theme import Palette, mix, qcolor
from graph_engine.document.annotation import AnnotationColor

if TYPE_CHECKING:
    from app.canvas.annotation_item import AnnotationItem
    from graph_engine.document import Annotation

TITLE = 24.0
"""Height of the title above a frame, in scene units."""

INSET = 10.0
"""From the edge of a note to its text, in scene units."""

_RADIUS = 8.0
_GRIP = 8.0
_EMPTY_NOTE = "Double-click to write"
_CATEGORIES = {
    "blue": "convolution",
    "green": "recurrent",
    "orange": "attention",
    "purple": "skip & merge",
    "red": "loss",
}


def color_of(palette: Palette, color: AnnotationColor) -> str:
    """The colour of a frame's edge and title, and of a note's edge."""
    return palette.category(_CATEGORIES[color]) if color in _CATEGORIES else palette.group_text


def paint_annotation(painter: QPainter, annotation: Annotation, look: Look, *, selected: bool) -> None:
    """Draw it from its upper left corner."""
    if annotation.kind == "frame":
        _paint_frame(painter, annotation, look, selected=selected)
    else:
        _paint_note(painter, annotation, look, selected=selected)
    if selected and look.detail is Detail.TEXT:
        width, height = annotation.size
        painter.setPen(look.style.edges["selected"])
        for step in (0.0, 4.0):
            painter.drawLine(QPointF(width - _GRIP + step, height - 2.0), QPointF(width - 2.0, height - _GRIP + step))


def paint_far(painter: QPainter, items: Iterable[AnnotationItem], look: Look) -> None:
    """Draw frames and notes where items do not paint themselves; `painter` is in scene coordinates."""
    for item in items:
        painter.save()
        painter.translate(item.pos())
        paint_annotation(painter, item.annotation, look, selected=item.selected)
        painter.restore()


def _paint_frame(painter: QPainter, annotation: Annotation, look: Look, *, selected: bool) -> None:
    style, (width, height) = look.style, annotation.size
    color = color_of(style.palette, annotation.color)
    pen = QPen(qcolor(style.palette.accent if selected else color), 2.0 if selected else 1.0)
    pen.setCosmetic(True)
    pen.setStyle(Qt.PenStyle.SolidLine if selected else Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(qcolor(color, 0.07 if style.palette.is_dark else 0.05))
    painter.drawRoundedRect(QRectF(0.0, 0.0, width, height), _RADIUS, _RADIUS)
    text = annotation.text or "Frame"
    painter.setPen(qcolor(color))
    if look.detail is Detail.TEXT:
        painter.setFont(style.title_font)
        painter.drawStaticText(QPointF(8.0, 2.0 - TITLE), style.text_item(text, "title", width - 12.0))
        return
    room = width * look.scale - 4.0  # px: from afar the title keeps its size
    if room > 30.0:
        painter.save()
        corner = painter.transform().map(QPointF(0.0, 0.0))
        painter.resetTransform()
        painter.setFont(style.far_font)
        above = corner - QPointF(0.0, style.far_height + 1.0)
        painter.drawStaticText(above, style.text_item(text, "far", room // 8 * 8))
        painter.restore()


def _paint_note(painter: QPainter, annotation: Annotation, look: Look, *, selected: bool) -> None:
    style, (width, height) = look.style, annotation.size
    palette = style.palette
    color = color_of(palette, annotation.color)
    pen = QPen(qcolor(palette.accent if selected else mix(color, palette.canvas, 0.6)), 2.0 if selected else 1.0)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.setBrush(qcolor(mix(color, palette.raised, 0.10)))
    painter.drawRoundedRect(QRectF(0.0, 0.0, width, height), 4.0, 4.0)
    if look.detail is Detail.FAR:
        return
    painter.save()
    painter.translate(INSET, INSET - 2.0)
    context = QAbstractTextDocumentLayout.PaintContext()
    ink = palette.text if annotation.text else palette.text_faint
    context.palette.setColor(QPalette.ColorRole.Text, qcolor(ink))
    room = QRectF(0.0, 0.0, width - 2 * INSET, height - 1.5 * INSET)
    painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
    written(annotation.text or _EMPTY_NOTE, room.width(), style.tell_font.toString()).documentLayout().draw(
        painter, context
    )
    painter.restore()


@lru_cache(maxsize=512)
def written(text: str, width: float, font: str) -> QTextDocument:
    """A note's text as it is broken into lines; each paragraph runs in the direction of its own script."""
    document = QTextDocument()
    document.setDocumentMargin(0.0)
    face = QFont()
    face.fromString(font)
    document.setDefaultFont(face)
    document.setPlainText(text)
    document.setTextWidth(max(width, 20.0))
    return document
