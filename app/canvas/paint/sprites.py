"""Cards drawn once for each size, category and state, and stamped from then on: rounded corners are dear."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from app.canvas.paint.style import CanvasStyle
from graph_engine.document.geometry import HEADER

RADIUS = 6.0
CardState = Literal["rest", "hovered", "selected", "faulty"]

_MARGIN = 6.0  # scene units around the card, for halo and shadow
_MOST = 160


class Sprites:
    """The cards in use at one scale."""

    def __init__(self) -> None:
        self._cards: dict[tuple[str, float, float, CardState], QPixmap] = {}
        self._for: tuple[CanvasStyle, float, float] | None = None

    def stamp(
        self,
        painter: QPainter,
        style: CanvasStyle,
        scale: float,
        ratio: float,
        card: tuple[str, float, float, CardState],
    ) -> None:
        """Draw a card (category, width, height, state) with its upper left corner at the painter's origin."""
        if self._for != (style, scale, ratio):
            self._cards.clear()
            self._for = (style, scale, ratio)
        pixmap = self._cards.get(card)
        if pixmap is None:
            if len(self._cards) >= _MOST:
                self._cards.clear()
            pixmap = self._cards[card] = _drawn(style, scale, ratio, card)
        transform = painter.transform()
        painter.resetTransform()
        # a stamp lies on whole device pixels: anything else would be scaled, and blurred
        x, y = transform.dx() - _MARGIN * scale, transform.dy() - _MARGIN * scale
        if ratio == 1.0:
            painter.drawPixmap(QPoint(round(x), round(y)), pixmap)
        else:
            painter.drawPixmap(QPointF(x, y), pixmap)
        painter.setTransform(transform)


def paint_card(
    painter: QPainter, style: CanvasStyle, category: str, width: float, height: float, state: CardState, pixel: float
) -> None:
    """Shadow, halo, body, edge, the header's line and the category's strip; `pixel` is a device pixel in scene units."""
    card = QRectF(0.0, 0.0, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.shadow)
    painter.drawRoundedRect(card.translated(0.0, 2.5), RADIUS, RADIUS)
    if state in ("selected", "faulty"):
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(style.halo if state == "selected" else style.halo_faulty)
        painter.drawRoundedRect(card, RADIUS, RADIUS)
    painter.setBrush(style.body_faulty if state == "faulty" else style.body)
    painter.setPen(style.edges[state])
    half = pixel / 2  # thin lines are sharp only in the middle of pixels
    edge = card.adjusted(half, half, -half, -half) if state in ("rest", "hovered") else card
    painter.drawRoundedRect(edge, RADIUS, RADIUS)
    painter.setPen(style.header_line)
    header = round(HEADER / pixel) * pixel + half
    painter.drawLine(QPointF(1.0, header), QPointF(width - 1.0, header))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.category(category))
    painter.drawRoundedRect(QRectF(10.0, 7.5, 3.0, 13.0), 1.5, 1.5)


def _drawn(style: CanvasStyle, scale: float, ratio: float, card: tuple[str, float, float, CardState]) -> QPixmap:
    category, width, height, state = card
    pixels = scale * ratio
    pixmap = QPixmap(round((width + 2 * _MARGIN) * pixels) + 2, round((height + 2 * _MARGIN) * pixels) + 2)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale, scale)
    painter.translate(_MARGIN, _MARGIN)
    paint_card(painter, style, category, width, height, state, 1.0 / pixels)
    painter.end()
    return pixmap
