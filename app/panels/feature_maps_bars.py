"""The values of a vector as bars, or a single number, large.

Loaded with the first feature map (numpy).
"""

from __future__ import annotations

import numpy as np  # noqa: TID253 - this module is loaded with the first feature map
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from PySide6.QtGui import QHelpEvent
from PySide6.QtCore import QEvent

from app.runs.activation import Activation, value_text
from app.theme import qcolor, theme_manager


class BarsView(QWidget):
    """One bar a channel from the line of zero; the largest is marked. The tooltip reads single values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Activation | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Values")
        theme_manager().changed.connect(self.update)

    def show_values(self, shown: Activation) -> None:
        """Draws the values of a vector, or a number."""
        self._shown = shown
        self.update()

    def minimumSizeHint(self) -> QSize:
        px = theme_manager().spacing.px
        return QSize(px(120), px(60))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.reading(event.pos().x()), self)
            return True
        return super().event(event)

    def reading(self, x: float) -> str:
        """The channel and value at `x` px; empty beside the bars."""
        shown = self._shown
        if shown is None or shown.form != "bars":
            return ""
        width = self._plot().width() / len(shown.value)
        index = int((x - self._plot().left()) // max(width, 1e-6))
        if not 0 <= index < len(shown.value):
            return ""
        return f"{shown.channel(index)}: {value_text(float(shown.value[index]))}"

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._shown is None:
            return
        if self._shown.form == "number":
            self._paint_number(painter, float(self._shown.value.reshape(-1)[0]))
        else:
            self._paint_bars(painter, self._shown)

    def _plot(self) -> QRectF:
        px = theme_manager().spacing.px
        return QRectF(self.rect()).adjusted(px(2), px(18), -px(2), -px(20))

    def _paint_number(self, painter: QPainter, value: float) -> None:
        theme = theme_manager()
        painter.setFont(theme.typography.tabular("display"))
        painter.setPen(qcolor(theme.palette.text))
        painter.drawText(QRectF(self.rect()), int(Qt.AlignmentFlag.AlignCenter), value_text(value))

    def _paint_bars(self, painter: QPainter, shown: Activation) -> None:
        theme = theme_manager()
        px, palette = theme.spacing.px, theme.palette
        plot = self._plot()
        values = np.nan_to_num(shown.value.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        span = high - low or 1.0
        zero = plot.bottom() + low / span * plot.height()
        slot = plot.width() / len(values)
        wide = min(max(slot - px(3), slot * 0.6, 1.0), px(44))
        best = int(values.argmax())
        font = theme.typography.tabular("small")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        for index, value in enumerate(values):
            middle = plot.left() + (index + 0.5) * slot
            top = plot.bottom() - (max(value, 0.0) - low) / span * plot.height()
            bottom = plot.bottom() - (min(value, 0.0) - low) / span * plot.height()
            bar = QRectF(middle - wide / 2, top, wide, max(bottom - top, 1.0))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor(palette.accent, 1.0 if index == best else 0.55))
            painter.drawRoundedRect(bar, min(px(2), wide / 4), min(px(2), wide / 4))
            name = shown.names[index] if index < len(shown.names) else str(index)
            painter.setPen(qcolor(palette.text if index == best else palette.text_faint))
            if metrics.horizontalAdvance(name) <= slot - 2:
                under = QRectF(middle - slot / 2, self.height() - px(18), slot, px(16))
                painter.drawText(under, int(Qt.AlignmentFlag.AlignCenter), name)
            figure = f"{value:.2g}"
            if metrics.horizontalAdvance(figure) <= slot:
                over = QRectF(middle - slot / 2, top - px(17), slot, px(16))
                painter.drawText(over, int(Qt.AlignmentFlag.AlignCenter), figure)
        painter.setPen(QPen(qcolor(palette.line_strong), 1.0))
        painter.drawLine(QPointF(plot.left(), zero), QPointF(plot.right(), zero))
