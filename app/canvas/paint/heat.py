"""What nodes cost, laid over the drawing: a tint, a number at the foot of each node, and a legend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from app.canvas.look import Detail
from app.canvas.paint.card import RADIUS
from app.theme import mix, qcolor

if TYPE_CHECKING:
    from app.canvas.look import Look
    from app.canvas.node_item import NodeItem

_PILL = 14.0  # height, in scene units
_PAD = 6.0
_FAINT, _STRONG = 0.06, 0.62  # of the scale and the numbers
_TINT = 0.26  # of a node at most: its texts lie below, and are to be read
_BAR, _GAP = 84.0, 10.0  # px of the legend at the base size


@dataclass(frozen=True, slots=True)
class NodeHeat:
    """`share` of the costliest node (0 to 1), and the number in words."""

    share: float
    text: str


@dataclass(frozen=True, slots=True)
class Heat:
    """What is shown: `title` names the cost (`Parameters`), `low` and `high` are the ends of the scale in words."""

    title: str
    low: str
    high: str
    nodes: Mapping[str, NodeHeat]
    note: str = ""
    """Said instead of the scale while there are no numbers."""


def paint_heat(painter: QPainter, heat: Heat, items: Mapping[str, NodeItem], look: Look, shown: QRectF) -> None:
    """Tint the nodes in `shown`, and write their numbers; `painter` is in scene coordinates."""
    style = look.style
    near = shown.adjusted(0.0, -2 * _PILL, 0.0, 0.0)
    for name, found in heat.nodes.items():
        item = items.get(name)
        if item is None or not item.card.intersects(near):
            continue
        strength = _FAINT + (_STRONG - _FAINT) * found.share**0.5
        if look.detail is not Detail.TEXT:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor(style.palette.warning, strength))
            painter.drawRect(item.card)
            continue
        painter.setBrush(qcolor(style.palette.warning, _TINT * found.share**0.5))
        edge = QPen(qcolor(style.palette.warning, min(1.0, 1.5 * strength)), 2.0)
        edge.setCosmetic(True)
        painter.setPen(edge)
        painter.drawRoundedRect(item.card, RADIUS, RADIUS)
        _paint_pill(painter, item, found, look)


def _paint_pill(painter: QPainter, item: NodeItem, found: NodeHeat, look: Look) -> None:
    style = look.style
    width = QFontMetricsF(style.badge_font).horizontalAdvance(found.text) + 2 * _PAD
    card = item.card
    pill = QRectF(card.right() - width - 8.0, card.bottom() - _PILL / 2, width, _PILL)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_solid(style.palette.warning, style.palette.node_body, found.share))
    painter.drawRoundedRect(pill, _PILL / 2, _PILL / 2)
    painter.setFont(style.badge_font)
    painter.setPen(style.text)
    painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), found.text)


def legend_rect(heat: Heat, look: Look, width: float) -> QRectF:
    """Where the legend stands in a viewport of `width` px: at the top, on the right."""
    metrics = QFontMetricsF(look.style.ui_font)
    unit = look.style.unit
    texts = [heat.title, heat.note] if heat.note else [heat.title, heat.low, heat.high]
    room = sum(metrics.horizontalAdvance(text) for text in texts) + unit * (len(texts) + 2) * _GAP
    room = min(room + (0.0 if heat.note else unit * _BAR), width - 24.0)
    return QRectF(width - room - 12.0, 12.0, room, unit * 26.0)


def paint_legend(painter: QPainter, heat: Heat, look: Look, rect: QRectF) -> None:
    """Draw the legend; `painter` is in pixels of the viewport."""
    style = look.style
    unit, palette = style.unit, style.palette
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(style.note_edge)
    painter.setBrush(style.note_fill)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 6.0, 6.0)
    painter.setFont(style.ui_font)
    metrics = QFontMetricsF(style.ui_font)
    x = rect.left() + unit * _GAP

    def write(text: str, color: QColor) -> None:
        nonlocal x
        room = min(metrics.horizontalAdvance(text), max(0.0, rect.right() - x - 4.0))
        painter.setPen(color)
        line = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room + 1.0)
        painter.drawText(QRectF(x, rect.top(), room + 1.0, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), line)
        x += room + unit * _GAP

    write(heat.title, style.text)
    if heat.note:
        write(heat.note, style.text_dim)
        return
    write(heat.low, style.text_dim)
    bar = QRectF(x, rect.center().y() - unit * 4.0, unit * _BAR, unit * 8.0)
    shades = QLinearGradient(QPointF(bar.left(), 0.0), QPointF(bar.right(), 0.0))
    for at in range(11):
        shades.setColorAt(at / 10, _solid(palette.warning, palette.node_body, at / 10))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shades)
    painter.drawRoundedRect(bar, 3.0, 3.0)
    x = bar.right() + unit * _GAP
    write(heat.high, style.text_dim)


def _solid(over: str, under: str, share: float) -> QColor:
    return qcolor(mix(over, under, _FAINT + (_STRONG - _FAINT) * share**0.5))
