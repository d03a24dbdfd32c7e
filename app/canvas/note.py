"""A few words beside the pointer: why a wire is refused, what a port or a wire carries."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from app.canvas.look import Look

_OFFSET = QPointF(16.0, 18.0)
_PADDING = 8.0
_WIDEST = 320.0


class Note:
    """Painted over the viewport, in its pixels; `changed` is told which part of it looks different."""

    def __init__(self, look: Look, changed: Callable[[QRectF], None]) -> None:
        self._look = look
        self._changed = changed
        self._text = ""
        self._refusal = False
        self._dot: QColor | None = None
        self._at = QPointF()
        self._room = QSizeF()

    @property
    def text(self) -> str:
        """What is shown; empty when nothing is."""
        return self._text

    @property
    def is_refusal(self) -> bool:
        return bool(self._text) and self._refusal

    def resize(self, room: QSizeF) -> None:
        """The viewport has another size."""
        self._room = room

    def show_refusal(self, text: str, at: QPointF) -> None:
        """Say why something can't be."""
        self._show(text, at, None, refusal=True)

    def show_fact(self, text: str, at: QPointF, dot: QColor) -> None:
        """Say what something is, with a dot in the colour of its kind."""
        self._show(text, at, dot, refusal=False)

    def hide(self) -> None:
        if self._text:
            before = self.rect
            self._text = ""
            self._changed(before)

    @property
    def rect(self) -> QRectF:
        """Where it is in the viewport; empty when it is hidden."""
        if not self._text:
            return QRectF()
        text = self._bounds()
        left = _PADDING + (12.0 if self._dot is not None or self._refusal else 0.0)
        size = QSizeF(text.width() + left + _PADDING, text.height() + _PADDING)
        corner = self._at + _OFFSET
        x = max(4.0, min(corner.x(), self._room.width() - size.width() - 4.0))
        y = corner.y()
        if y + size.height() > self._room.height() - 4.0:
            y = max(4.0, self._at.y() - size.height() - _OFFSET.y())
        return QRectF(QPointF(x, y), size)

    def paint(self, painter: QPainter) -> None:
        """Draw it; `painter` is in pixels of the viewport."""
        if not self._text:
            return
        style, rect = self._look.style, self.rect
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(style.note_edge_danger if self._refusal else style.note_edge)
        painter.setBrush(style.note_fill)
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 5.0, 5.0)
        left = rect.left() + _PADDING
        middle = rect.top() + _PADDING / 2 + QFontMetricsF(style.ui_font).height() / 2
        if self._refusal:
            painter.setPen(style.danger)
            cross = QRectF(left, middle - 3.5, 7.0, 7.0)
            painter.drawLine(cross.topLeft(), cross.bottomRight())
            painter.drawLine(cross.bottomLeft(), cross.topRight())
            left += 12.0
        elif self._dot is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._dot)
            painter.drawEllipse(QPointF(left + 3.5, middle), 3.5, 3.5)
            left += 12.0
        painter.setFont(style.ui_font)
        painter.setPen(style.text)
        room = QRectF(left, rect.top() + _PADDING / 2, rect.right() - left, rect.height())
        painter.drawText(room, int(Qt.TextFlag.TextWordWrap), self._text)

    def _show(self, text: str, at: QPointF, dot: QColor | None, *, refusal: bool) -> None:
        if (text, at, dot, refusal) == (self._text, self._at, self._dot, self._refusal):
            return
        before = self.rect
        self._text, self._at, self._dot, self._refusal = text, at, dot, refusal
        self._changed(before.united(self.rect) if not before.isEmpty() else self.rect)

    def _bounds(self) -> QRectF:
        metrics = QFontMetricsF(self._look.style.ui_font)
        room = QRectF(0.0, 0.0, _WIDEST * max(self._look.style.unit, 1.0), 1000.0)
        return metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self._text)
