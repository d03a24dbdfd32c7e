"""The drawing further away, a box a node: everything in view is drawn in one go.

Qt would call each item with its own state of the painter, which takes longer than stamping a box.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from app.canvas.look import Look
from app.canvas.node_item import NodeItem
from app.canvas.paint.node import paint_far_node
from app.canvas.wire_item import WireItem
from graph_engine.blocks import Kind


class _Place(Enum):
    """In which coordinates the painter is."""

    SCENE = auto()
    PIXELS = auto()
    OWN = auto()


def paint_boxes(painter: QPainter, items: Iterable[QGraphicsItem], look: Look) -> None:
    """Draw `items`, the lowest first; `painter` is in scene coordinates, and so it is left."""
    to_pixels, option = painter.transform(), QStyleOptionGraphicsItem()
    scale_x, scale_y, dx, dy = to_pixels.m11(), to_pixels.m22(), to_pixels.dx(), to_pixels.dy()
    place = _Place.SCENE
    level: dict[Kind, list[QLineF]] = {}
    for item in items:
        if isinstance(item, NodeItem):
            if place is not _Place.PIXELS:
                place = _Place.PIXELS
                _draw_level(painter, level, look, to_pixels)
                painter.resetTransform()
            at = item.pos()
            paint_far_node(painter, item, look, at.x() * scale_x + dx, at.y() * scale_y + dy)
        elif isinstance(item, WireItem) and (line := item.level_line) is not None and item.is_plain:
            level.setdefault(item.kind, []).append(line)
        else:
            _draw_level(painter, level, look, to_pixels)
            if isinstance(item, WireItem):
                if place is not _Place.SCENE:
                    painter.setTransform(to_pixels)
                place = _Place.SCENE
            else:
                painter.setTransform(item.sceneTransform() * to_pixels)
                place = _Place.OWN
            item.paint(painter, option, None)
    _draw_level(painter, level, look, to_pixels)
    painter.setTransform(to_pixels)


def _draw_level(painter: QPainter, level: dict[Kind, list[QLineF]], look: Look, to_pixels: QTransform) -> None:
    """The wires that are one straight line, all of a kind at once."""
    if not level:
        return
    painter.setTransform(to_pixels)
    for kind, lines in level.items():
        painter.setPen(look.style.wire(kind))
        painter.drawLines(lines)
    level.clear()
