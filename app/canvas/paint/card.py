"""The card of a node: near, the frame that its texts stand in; further away, a box with icon and title."""

from __future__ import annotations

from typing import Literal, NamedTuple

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

from app.canvas.paint.style import CanvasStyle
from graph_engine.blocks import Kind
from graph_engine.document.geometry import HEADER

RADIUS = 6.0
PORT = 4.2
HALO = 6.0
"""How far halo and shadow reach beyond the card, in scene units."""

STACK = 4.0
"""How far the card behind that of a composite stands out, in scene units."""

CardState = Literal["rest", "hovered", "selected", "faulty"]


class Finish(NamedTuple):
    """What kind of card it is: one on top of another for a composite, striped for a node that is bypassed."""

    stacked: bool = False
    striped: bool = False


PLAIN = Finish()

_ICON_PIXELS = (8, 10, 12, 14, 16, 20, 24, 32)
_STRIPE = 9.0
_TITLE_STEP = 12.0  # px, so that a title is not cut anew for each step of a zoom
_TITLED_FROM = 44.0  # px: narrower, a title would be cut to nothing
_ICON_FROM = 30.0  # px: lower, there is room for a title alone


def paint_card(
    painter: QPainter,
    style: CanvasStyle,
    width: float,
    height: float,
    state: CardState,
    pixel: float,
    finish: Finish = PLAIN,
) -> None:
    """Shadow, halo, body, edge and the header's line; `pixel` is a device pixel in scene units."""
    card = QRectF(0.0, 0.0, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.shadow)
    painter.drawRoundedRect(card.translated(0.0, 2.5), RADIUS, RADIUS)
    if finish.stacked:
        _paint_stack(painter, style, card, pixel)
    if state in ("selected", "faulty"):
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(style.halo if state == "selected" else style.halo_faulty)
        painter.drawRoundedRect(card, RADIUS, RADIUS)
    painter.setBrush(style.body_faulty if state == "faulty" else style.body)
    painter.setPen(style.edges[state])
    half = pixel / 2  # thin lines are sharp only in the middle of pixels
    edge = card.adjusted(half, half, -half, -half) if state in ("rest", "hovered") else card
    painter.drawRoundedRect(edge, RADIUS, RADIUS)
    if finish.striped:
        _paint_stripes(painter, style, edge)
    painter.setPen(style.header_line)
    if height > HEADER:
        header = round(HEADER / pixel) * pixel + half
        painter.drawLine(QPointF(1.0, header), QPointF(width - 1.0, header))


def paint_category(painter: QPainter, style: CanvasStyle, category: str) -> None:
    """The strip before the title."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.category(category))
    painter.drawRoundedRect(QRectF(10.0, 7.5, 3.0, 13.0), 1.5, 1.5)


def _paint_stack(painter: QPainter, style: CanvasStyle, card: QRectF, pixel: float) -> None:
    """The edge of a second card behind the first."""
    half = pixel / 2
    painter.setBrush(style.body)
    painter.setPen(style.edges["hovered"])
    painter.drawRoundedRect(card.translated(STACK, STACK).adjusted(half, half, -half, -half), RADIUS, RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)


def _paint_stripes(painter: QPainter, style: CanvasStyle, card: QRectF) -> None:
    """Slanting lines across the card."""
    painter.save()
    outline = QPainterPath()
    outline.addRoundedRect(card, RADIUS, RADIUS)
    painter.setClipPath(outline)
    painter.setPen(style.stripe)
    at = -card.height()
    while at < card.width():
        painter.drawLine(QPointF(at, card.height()), QPointF(at + card.height(), 0.0))
        at += _STRIPE
    painter.restore()


def paint_port(painter: QPainter, style: CanvasStyle, kind: Kind, at: QPointF, radius: float, *, wired: bool) -> None:
    """A port in the colour of its kind: filled where there is a wire, a ring where there is none."""
    if wired:
        painter.setPen(style.port_edge)
        painter.setBrush(style.kind(kind))
        painter.drawEllipse(at, radius, radius)
    else:
        painter.setPen(style.port(kind))
        painter.setBrush(style.hole)
        painter.drawEllipse(at, radius - 0.7, radius - 0.7)


def paint_box(
    painter: QPainter, style: CanvasStyle, category: str, room: QRectF, state: CardState, ratio: float
) -> None:
    """A box in the category's colour; its icon has one size on the screen, whatever the zoom (`room` in px)."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setBrush(style.far_fill(category))
    marks = {"selected": style.edge_selected_far, "faulty": style.edge_faulty_far}
    painter.setPen(marks.get(state, Qt.PenStyle.NoPen))
    painter.drawRect(room)
    top, pixels = _icon_place(style, room)
    if pixels:
        pixmap = style.category_pixmap(category, pixels, ratio)
        painter.drawPixmap(QPoint(round(room.center().x() - pixels / 2), round(top)), pixmap)


def paint_box_title(painter: QPainter, style: CanvasStyle, title: str, room: QRectF) -> None:
    """The title in a box, where it has room."""
    if not _is_titled(style, room):
        return
    top, pixels = _icon_place(style, room)
    above = top + pixels if pixels else room.center().y() - style.far_height / 2
    painter.setFont(style.far_font)
    painter.setPen(style.text)
    text = style.text_item(title, "far", (room.width() - 4.0) // _TITLE_STEP * _TITLE_STEP)
    painter.drawStaticText(QPointF(room.center().x() - text.size().width() / 2, above), text)


def _is_titled(style: CanvasStyle, room: QRectF) -> bool:
    return room.width() >= _TITLED_FROM * style.unit and room.height() >= 18.0 * style.unit


def _icon_place(style: CanvasStyle, room: QRectF) -> tuple[float, int]:
    """The upper edge of the icon in a box, and how many pixels it takes; none where the title takes the room."""
    titled = _is_titled(style, room)
    if titled and room.height() < _ICON_FROM * style.unit:
        return 0.0, 0
    wanted = room.height() * 0.5 - (3.0 if titled else 0.0)
    pixels = max((size for size in _ICON_PIXELS if size <= wanted), default=_ICON_PIXELS[0])
    return room.center().y() - pixels / 2 - (5.0 * style.unit if titled else 0.0), pixels
