"""The values of a vector as bars, or a single number, large.

Loaded with the first feature map (numpy).
"""

from __future__ import annotations

import numpy as np  # noqa: TID253 - this module is loaded with the first feature map
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

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
        tops = plot.bottom() - (np.maximum(values, 0.0) - low) / span * plot.height()
        bottoms = plot.bottom() - (np.minimum(values, 0.0) - low) / span * plot.height()
        bars = [
            QRectF(plot.left() + (index + 0.5) * slot - wide / 2, top, wide, max(bottom - top, 1.0))
            for index, (top, bottom) in enumerate(zip(tops.tolist(), bottoms.tolist(), strict=True))
        ]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(qcolor(palette.accent, 0.55))
        painter.drawRects(bars[:best] + bars[best + 1 :])
        painter.setBrush(qcolor(palette.accent))
        painter.drawRect(bars[best])
        painter.setPen(qcolor(palette.text_faint))
        center = int(Qt.AlignmentFlag.AlignCenter)
        for index, (value, bar) in enumerate(zip(values.tolist(), bars, strict=True)):
            if index == best:
                painter.setPen(qcolor(palette.text))
            room = QRectF(bar.center().x() - slot / 2, 0.0, slot, px(16))
            name = shown.names[index] if index < len(shown.names) else str(index)
            if metrics.horizontalAdvance(name) <= slot - 2:
                painter.drawText(room.translated(0.0, self.height() - px(18)), center, name)
            figure = f"{value:.2g}"
            if metrics.horizontalAdvance(figure) <= slot:
                painter.drawText(room.translated(0.0, bar.top() - px(17)), center, figure)
            if index == best:
                painter.setPen(qcolor(palette.text_faint))
        painter.setPen(QPen(qcolor(palette.line_strong), 1.0))
        painter.drawLine(QPointF(plot.left(), zero), QPointF(plot.right(), zero))
