"""Draws a node: near with all its texts, further away as a coloured box with its category's icon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter

from app.canvas.look import Detail, Look
from app.canvas.paint.card import (
    HALO,
    PORT,
    CardState,
    paint_box,
    paint_box_title,
    paint_card,
    paint_category,
    paint_port,
)
from graph_engine.check.report import State
from graph_engine.document.geometry import MARGIN, STRIP, TITLE_LEFT, badge_width

if TYPE_CHECKING:
    from app.canvas.node_item import NodeItem
    from app.canvas.paint.style import CanvasStyle

_MESSAGE_LINES = 7
_MESSAGE_LINE = 14.5
_FADED = 0.35
_BYPASSED = 0.75
_BOX_MARGIN = 1.0  # px around a box further away, for its edge


def paint_node(painter: QPainter, item: NodeItem, look: Look) -> None:
    """Draw `item` as close as the eye is."""
    if look.detail is Detail.TEXT:
        _paint_near(painter, item, look)
    elif look.detail is Detail.ICON:
        _paint_far(painter, item, look)


def message_rect(item: NodeItem, style: CanvasStyle) -> QRectF:
    """Where the sentence about what is wrong stands: from the line of the shape down, below the card if it is long."""
    lines = style.wrapped(item.message, item.geometry.width - 2 * MARGIN, _MESSAGE_LINES)
    return QRectF(0.0, item.geometry.shape, item.geometry.width, len(lines) * _MESSAGE_LINE + 6.0)


def _paint_near(painter: QPainter, item: NodeItem, look: Look) -> None:
    if item.faded:
        painter.setOpacity(_FADED)
    _paint_card(painter, item, look)
    place = item.geometry
    if place.strip is not None and item.thumbnail is not None:
        _dim_bypassed(painter, item)
        room = QRectF(MARGIN, place.strip, place.width - 2 * MARGIN, STRIP)
        _paint_strip(painter, look.pictures.drawable(item.thumbnail), room)
    if item.legal or item.port_under_pointer is not None:
        _paint_lit_ports(painter, item, look.style)
    if item.faded or item.finish.striped:
        painter.setOpacity(1.0)


def _paint_card(painter: QPainter, item: NodeItem, look: Look) -> None:
    """All but what is alone to this node: with its texts, if a node that says the same was drawn before."""
    style, place, scale, sprites = look.style, item.geometry, look.scale, look.sprites
    width, height, state = place.width, place.height, _state(item)
    if item.message:
        height = max(height, message_rect(item, style).bottom())
    size, halo = QSizeF(width * scale, height * scale), HALO * scale

    def draw_bare(into: QPainter) -> None:
        into.scale(scale, scale)
        paint_card(into, style, width, height, state, 1.0 / (scale * look.ratio), item.finish)

    def draw(into: QPainter) -> None:
        # most cards differ in no more than a strip and ports, and their shadows and edges are the dear part of them
        sprites.stamp(into, (width, height, state, item.finish), size, halo, draw_bare)
        into.scale(scale, scale)
        paint_category(into, style, item.category)
        for _, _, kind, wired, x, y in item.port_marks:
            paint_port(into, style, kind, QPointF(x, y), PORT, wired=wired)
        right = width - MARGIN
        for badge in reversed(item.badges):
            _paint_badge(into, style, badge, right)
            right -= badge_width(badge)

    def draw_whole(into: QPainter) -> None:
        draw(into)
        _paint_texts(into, item, style, width)

    key = (item.category, width, height, state, item.finish, item.port_marks, item.badges)
    whole = (key, item.title, item.tell, item.shape_text, _wait(item), item.node.collapsed)
    if not (item.faded or item.message) and sprites.pays(whole):
        sprites.stamp(painter, whole, size, halo, draw_whole)
    else:
        sprites.stamp(painter, key, size, halo, draw)
        _paint_texts(painter, item, style, width)


def _dim_bypassed(painter: QPainter, item: NodeItem) -> None:
    """What stands on a card that is striped is paler."""
    if item.finish.striped and not item.faded:
        painter.setOpacity(_BYPASSED)


def _paint_texts(painter: QPainter, item: NodeItem, style: CanvasStyle, width: float) -> None:
    _dim_bypassed(painter, item)
    _paint_title(painter, item, style, width)
    _paint_body(painter, item, style, width)


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
        painter.drawStaticText(QPointF(MARGIN, place.shape + 1.0), style.text_item(_wait(item), "message", room))
    elif item.shape_text:
        painter.setFont(style.shape_font)
        painter.setPen(style.text_faint)
        painter.drawStaticText(QPointF(MARGIN, place.shape + 1.0), style.text_item(item.shape_text, "shape", room))


def _wait(item: NodeItem) -> str:
    """What a node waits for, in words; nothing if it does not."""
    if not item.waits_for:
        return ""
    lacks = item.report.lacks if item.report is not None else ()
    return f"no wire at {lacks[0]}" if lacks else f"waits for {item.waits_for}"


def _paint_strip(painter: QPainter, image: QImage, room: QRectF) -> None:
    """The thumbnails at their own proportions, from the left, as large as the strip is high."""
    if image.isNull():
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
    transform = painter.transform()
    painter.resetTransform()
    paint_far_node(painter, item, look, transform.dx(), transform.dy())
    painter.setTransform(transform)


def paint_far_node(painter: QPainter, item: NodeItem, look: Look, x: float, y: float) -> None:
    """The box of a node further away, its upper left corner at (x, y) in the painter's pixels.

    Boxes that look alike are one sprite; a title joins it when it is drawn again at this scale.
    """
    style, place, state, sprites = look.style, item.geometry, _state(item), look.sprites
    room = QRectF(0.0, 0.0, place.width * look.scale, place.height * look.scale)

    def draw(into: QPainter) -> None:
        paint_box(into, style, item.category, room, state, look.ratio)

    def draw_whole(into: QPainter) -> None:
        draw(into)
        paint_box_title(into, style, item.short_title, room)

    faint = item.faded or item.finish.striped
    if faint:
        painter.setOpacity(_FADED)
    key = (item.category, place.width, place.height, state)
    whole = (key, item.short_title)
    at = QPoint(round(x - _BOX_MARGIN), round(y - _BOX_MARGIN))
    if sprites.pays(whole):
        painter.drawPixmap(at, sprites.pixmap(whole, room.size(), _BOX_MARGIN, draw_whole))
    else:
        painter.drawPixmap(at, sprites.pixmap(key, room.size(), _BOX_MARGIN, draw))
        paint_box_title(painter, style, item.short_title, room.translated(at.x() + _BOX_MARGIN, at.y() + _BOX_MARGIN))
    if faint:
        painter.setOpacity(1.0)


def _state(item: NodeItem) -> CardState:
    if item.selected:
        return "selected"
    if item.state is State.ERROR:
        return "faulty"
    return "hovered" if item.hovered else "rest"
