"""What the canvas says when there is nothing on it, and the line at its foot that tells what can be done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from app.canvas.paint.style import CanvasStyle

_TITLE = "Nothing is drawn yet"


def paint_empty(painter: QPainter, area: QRectF, lines: Sequence[tuple[str, str]], style: CanvasStyle) -> None:
    """What to do next, in the middle of `area` (px): each line a key or a name, and what it does."""
    heading, body = QFontMetricsF(style.heading_font), QFontMetricsF(style.ui_font)
    row = body.height() * 1.9
    height = heading.height() + 18.0 + row * len(lines)
    keys = max(body.horizontalAdvance(key) for key, _ in lines) + 20.0
    texts = max(body.horizontalAdvance(text) for _, text in lines)
    width = keys + 12.0 + texts
    left, top = area.center().x() - width / 2, area.center().y() - height / 2
    if area.width() < width + 16.0 or area.height() < height:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(style.heading_font)
    painter.setPen(style.text)
    painter.drawText(QPointF(area.center().x() - heading.horizontalAdvance(_TITLE) / 2, top + heading.ascent()), _TITLE)
    painter.setFont(style.ui_font)
    y = top + heading.height() + 18.0
    for key, text in lines:
        wide = body.horizontalAdvance(key) + 16.0
        chip = QRectF(left + keys - wide, y, wide, row - 6.0)
        painter.setPen(style.note_edge)
        painter.setBrush(style.note_fill)
        painter.drawRoundedRect(chip, 4.0, 4.0)
        painter.setPen(style.text)
        painter.drawText(chip, int(Qt.AlignmentFlag.AlignCenter), key)
        painter.setPen(style.text_dim)
        painter.drawText(
            QRectF(left + keys + 12.0, y, texts + 4.0, row - 6.0), int(Qt.AlignmentFlag.AlignVCenter), text
        )
        y += row


def paint_hint(painter: QPainter, rect: QRectF, style: CanvasStyle, text: str) -> None:
    """One faint line of what can be done now."""
    if not text or rect.width() < 40.0:
        return
    painter.fillRect(rect, style.veil)
    painter.setFont(style.ui_font)
    painter.setPen(style.text_faint)
    shown = style.text_item(text, "ui", rect.width())
    painter.drawStaticText(QPointF(rect.left(), rect.center().y() - shown.size().height() / 2), shown)
