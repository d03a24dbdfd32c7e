"""Draws a node: near with all its texts, further away as a coloured box with its category's icon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from app.canvas.look import Detail, Look
from app.canvas.paint.sprites import CardState
from graph_engine.check.report import State
from graph_engine.document.geometry import MARGIN, STRIP, TITLE_LEFT, Side

if TYPE_CHECKING:
    from app.canvas.node_item import NodeItem
    from app.canvas.paint.style import CanvasStyle

PORT = 4.2
_MESSAGE_LINES = 7
_MESSAGE_LINE = 14.5
_ICON_PIXELS = (8, 10, 12, 14, 16, 20, 24, 32)
_FADED = 0.35
_TITLED_FROM = 44.0  # px: narrower, a title would be cut to nothing


def paint_node(painter: QPainter, item: NodeItem, look: Look) -> None:
    """Draw `item` as close as the eye is."""
    if look.detail is Detail.TEXT:
        _paint_near(painter, item, look)
    elif look.detail is Detail.ICON:
        _paint_icon(painter, item, look)


def message_rect(item: NodeItem, style: CanvasStyle) -> QRectF:
    """Where the sentence about what is wrong stands: from the line of the shape down, below the card if it is long."""
    lines = style.wrapped(item.message, item.geometry.width - 2 * MARGIN, _MESSAGE_LINES)
    return QRectF(0.0, item.geometry.shape, item.geometry.width, len(lines) * _MESSAGE_LINE + 6.0)


def _paint_near(painter: QPainter, item: NodeItem, look: Look) -> None:
    style, place = look.style, item.geometry
    width, height = place.width, place.height
    state: CardState = "rest"
    if item.selected:
        state = "selected"
    elif item.state is State.ERROR:
        state = "faulty"
    elif item.hovered:
        state = "hovered"
    if item.message:
        height = max(height, message_rect(item, style).bottom())
    if item.faded:
        painter.setOpacity(_FADED)
    look.sprites.stamp(painter, style, look.scale, look.ratio, (item.category, width, height, state))
    _paint_title(painter, item, style, width)
    _paint_body(painter, item, style, width)
    _paint_ports(painter, item, style)
    if item.faded:
        painter.setOpacity(1.0)


def _paint_title(painter: QPainter, item: NodeItem, style: CanvasStyle, width: float) -> None:
    room = width - TITLE_LEFT - MARGIN
    if item.node.frozen:
        room -= 18.0
        flake = style.icon_pixmap("snowflake", "accent", 26, 1.0)
        painter.drawPixmap(QRectF(width - MARGIN - 13.0, 7.5, 13.0, 13.0), flake, QRectF(flake.rect()))
    painter.setFont(style.title_font)
    painter.setPen(style.text)
    painter.drawStaticText(QPointF(TITLE_LEFT, 6.2), style.text_item(item.title, "title", room))


def _paint_body(painter: QPainter, item: NodeItem, style: CanvasStyle, width: float) -> None:
    place = item.geometry
    room = width - 2 * MARGIN
    if place.tell is not None:
        painter.setFont(style.tell_font)
        painter.setPen(style.text_dim)
        painter.drawStaticText(QPointF(MARGIN, place.tell + 1.0), style.text_item(item.tell, "tell", room))
    if place.strip is not None and item.thumbnail is not None:
        _paint_strip(painter, item, QRectF(MARGIN, place.strip, room, STRIP))
    if item.message:
        painter.setFont(style.message_font)
        painter.setPen(style.danger)
        for at, line in enumerate(style.wrapped(item.message, room, _MESSAGE_LINES)):
            top = place.shape + 1.0 + at * _MESSAGE_LINE
            painter.drawStaticText(QPointF(MARGIN, top), style.text_item(line, "message", room))
    elif item.waits_for:
        painter.setFont(style.message_font)
        painter.setPen(style.text_faint)
        text = f"waits for {item.waits_for}"
        painter.drawStaticText(QPointF(MARGIN, place.shape + 1.0), style.text_item(text, "message", room))
    elif item.shape_text:
        painter.setFont(style.shape_font)
        painter.setPen(style.text_faint)
        painter.drawStaticText(QPointF(MARGIN, place.shape + 1.0), style.text_item(item.shape_text, "shape", room))


def _paint_strip(painter: QPainter, item: NodeItem, room: QRectF) -> None:
    """The thumbnails at their own proportions, from the left, as large as the strip is high."""
    image = item.thumbnail
    if image is None or image.isNull():
        return
    scale = min(room.height() / image.height(), room.width() / image.width())
    painter.drawImage(QRectF(room.left(), room.top(), image.width() * scale, image.height() * scale), image)


def _paint_ports(painter: QPainter, item: NodeItem, style: CanvasStyle) -> None:
    for name, y in item.geometry.inputs:
        _paint_port(painter, item, style, "input", name, QPointF(0.0, y))
    for name, y in item.geometry.outputs:
        _paint_port(painter, item, style, "output", name, QPointF(item.geometry.width, y))


def _paint_port(
    painter: QPainter, item: NodeItem, style: CanvasStyle, side: Side, name: str, at: QPointF
) -> None:
    port = (side, name)
    pointed = item.port_under_pointer == port
    glows = item.legal is not None and port in item.legal
    if glows or pointed:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.glow)
        painter.drawEllipse(at, PORT + 4.5, PORT + 4.5)
    kind = item.kind_of(side, name)
    radius = PORT + (1.2 if pointed or glows else 0.0)
    if port in item.wired:
        painter.setPen(style.port_edge)
        painter.setBrush(style.kind(kind))
    else:
        painter.setPen(style.port(kind))
        painter.setBrush(style.hole)
        radius -= 0.7
    painter.drawEllipse(at, radius, radius)


def _paint_icon(painter: QPainter, item: NodeItem, look: Look) -> None:
    style = look.style
    width, height = item.geometry.width, item.geometry.height
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(style.far_fill(item.category))
    if item.selected:
        painter.setPen(style.edge_selected_far)
    elif item.state is State.ERROR:
        painter.setPen(style.edge_faulty_far)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
    if item.faded:
        painter.setOpacity(_FADED)
    painter.drawRect(QRectF(0.0, 0.0, width, height))
    # icon and title have one size on the screen, whatever the zoom
    transform = painter.transform()
    painter.resetTransform()
    room = QRectF(transform.dx(), transform.dy(), width * look.scale, height * look.scale)
    unit = style.unit
    titled = room.width() >= _TITLED_FROM * unit and room.height() >= 22.0 * unit
    wanted = room.height() * 0.5 - (3.0 if titled else 0.0)
    pixels = max((size for size in _ICON_PIXELS if size <= wanted), default=_ICON_PIXELS[0])
    middle = room.center().y() - (5.0 * unit if titled else 0.0)
    pixmap = style.category_pixmap(item.category, pixels, look.ratio)
    painter.drawPixmap(QPoint(round(room.center().x() - pixels / 2), round(middle - pixels / 2)), pixmap)
    if titled:
        painter.setFont(style.far_font)
        painter.setPen(style.text)
        text = style.text_item(item.title, "far", (room.width() - 4.0) // 4 * 4)
        painter.drawStaticText(QPointF(room.center().x() - text.size().width() / 2, middle + pixels / 2), text)
    painter.setTransform(transform)
    if item.faded:
        painter.setOpacity(1.0)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
