"""Draws a node: near with all its texts, further away as a coloured box with its category's icon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter

from app.canvas.look import Detail, Look
from app.canvas.paint.card import HALO, PORT, CardState, paint_box, paint_card, paint_category, paint_port
from graph_engine.check.report import State
from graph_engine.document.geometry import MARGIN, STRIP, TITLE_LEFT, badge_width

if TYPE_CHECKING:
    from app.canvas.node_item import NodeItem
    from app.canvas.paint.style import CanvasStyle

_MESSAGE_LINES = 7
_MESSAGE_LINE = 14.5
_FADED = 0.35
_BYPASSED = 0.75


def paint_node(painter: QPainter, item: NodeItem, look: Look) -> None:
    """Draw `item` as close as the eye is."""
    look.sprites.begin(look.style, look.scale, look.ratio)
    if look.detail is Detail.TEXT:
        _paint_near(painter, item, look)
    elif look.detail is Detail.ICON:
        _paint_far(painter, item, look)


def message_rect(item: NodeItem, style: CanvasStyle) -> QRectF:
    """Where the sentence about what is wrong stands: from the line of the shape down, below the card if it is long."""
    lines = style.wrapped(item.message, item.geometry.width - 2 * MARGIN, _MESSAGE_LINES)
    return QRectF(0.0, item.geometry.shape, item.geometry.width, len(lines) * _MESSAGE_LINE + 6.0)


def _paint_near(painter: QPainter, item: NodeItem, look: Look) -> None:
    style, place, scale = look.style, item.geometry, look.scale
    width, height, state = place.width, place.height, _state(item)
    if item.message:
        height = max(height, message_rect(item, style).bottom())

    size, halo = QSizeF(width * scale, height * scale), HALO * scale

    def draw_card(into: QPainter) -> None:
        into.scale(scale, scale)
        paint_card(into, style, width, height, state, 1.0 / (scale * look.ratio), item.finish)

    def draw(into: QPainter) -> None:
        # most cards differ in no more than a strip and ports, and their shadows and edges are the dear part of them
        look.sprites.stamp(into, (width, height, state, item.finish), size, halo, draw_card)
        into.scale(scale, scale)
        paint_category(into, style, item.category)
        for _, _, kind, wired, x, y in item.port_marks:
            paint_port(into, style, kind, QPointF(x, y), PORT, wired=wired)
        right = width - MARGIN
        for badge in reversed(item.badges):
            _paint_badge(into, style, badge, right)
            right -= badge_width(badge)

    if item.faded:
        painter.setOpacity(_FADED)
    key = (item.category, width, height, state, item.finish, item.port_marks, item.badges)
    look.sprites.stamp(painter, key, size, halo, draw)
    if item.finish.striped and not item.faded:
        painter.setOpacity(_BYPASSED)
    _paint_title(painter, item, style, width)
    _paint_body(painter, item, style, width)
    if item.legal or item.port_under_pointer is not None:
        _paint_lit_ports(painter, item, style)
    if item.faded or item.finish.striped:
        painter.setOpacity(1.0)


def _paint_title(painter: QPainter, item: NodeItem, style: CanvasStyle, width: float) -> None:
    room = width - MARGIN - sum(badge_width(badge) for badge in item.badges) - TITLE_LEFT
    painter.setFont(style.title_font)
    painter.setPen(style.text)
    painter.drawStaticText(QPointF(TITLE_LEFT, 6.2), style.text_item(item.title, "title", room))


def _paint_badge(painter: QPainter, style: CanvasStyle, badge: str, right: float) -> None:
    """A sign behind the title that ends at `right`."""
    if badge.startswith("×"):
        pill = QRectF(right - badge_width(badge) + 4.0, 6.5, badge_width(badge) - 4.0, 15.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.badge)
        painter.drawRoundedRect(pill, 4.0, 4.0)
        painter.setFont(style.badge_font)
        painter.setPen(style.text)
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), badge)
        return
    sign = style.icon_pixmap(badge, "accent" if badge == "snowflake" else "text_dim", 26, 1.0)
    painter.drawPixmap(QRectF(right - 13.0, 7.5, 13.0, 13.0), sign, QRectF(sign.rect()))


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
    elif item.node.collapsed:
        return
    elif item.waits_for:
        painter.setFont(style.message_font)
        painter.setPen(style.text_faint)
        lacks = item.report.lacks if item.report is not None else ()
        text = f"no wire at {lacks[0]}" if lacks else f"waits for {item.waits_for}"
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


def _paint_lit_ports(painter: QPainter, item: NodeItem, style: CanvasStyle) -> None:
    """The ports that a wire may be dropped on, and the one under the pointer."""
    for side, name, kind, wired, x, y in item.port_marks:
        pointed = item.port_under_pointer == (side, name)
        if not pointed and (item.legal is None or (side, name) not in item.legal):
            continue
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.glow)
        painter.drawEllipse(QPointF(x, y), PORT + 4.5, PORT + 4.5)
        paint_port(painter, style, kind, QPointF(x, y), PORT + 1.2, wired=wired)


def _paint_far(painter: QPainter, item: NodeItem, look: Look) -> None:
    state = _state(item)
    width, height = item.geometry.width * look.scale, item.geometry.height * look.scale

    def draw(into: QPainter) -> None:
        paint_box(into, look.style, item.category, item.short_title, QRectF(0.0, 0.0, width, height), state, look.ratio)

    if item.faded or item.finish.striped:
        painter.setOpacity(_FADED)
    look.sprites.stamp(
        painter,
        (item.category, item.short_title, item.geometry.width, item.geometry.height, state),
        QSizeF(width, height),
        1.0,
        draw,
    )
    if item.faded or item.finish.striped:
        painter.setOpacity(1.0)


def _state(item: NodeItem) -> CardState:
    if item.selected:
        return "selected"
    if item.state is State.ERROR:
        return "faulty"
    return "hovered" if item.hovered else "rest"
