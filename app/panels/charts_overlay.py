"""What lies over a plot: the cursor with the value of every curve there, or a sentence where nothing is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.theme import qcolor, theme_manager


@dataclass(frozen=True, slots=True)
class Reading:
    """One curve at the cursor: its name, colour, value in words, and where its dot stands (px), if in view."""

    name: str
    color: str
    value: str
    at: QPointF | None
    dashed: bool = False


class CursorOverlay(QWidget):
    """A line at the cursor, a dot on each curve, and a box that names them. Lets the mouse through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._plot = QRectF()
        self._x: float | None = None
        self._heading = ""
        self._readings: tuple[Reading, ...] = ()
        self._sentence = ""

    def readings(self) -> tuple[Reading, ...]:
        """What the box says; empty while there is no cursor."""
        return self._readings if self._x is not None else ()

    def heading(self) -> str:
        """Where the cursor is, in words; empty while there is none."""
        return self._heading if self._x is not None else ""

    def set_plot(self, plot: QRectF) -> None:
        """The rectangle (px) in which curves are drawn."""
        if plot != self._plot:
            self._plot = plot
            self.update()

    def set_sentence(self, sentence: str) -> None:
        """What is said in the middle of a plot without curves; empty: nothing."""
        if sentence != self._sentence:
            self._sentence = sentence
            self.update()

    def show_cursor(self, x: float, heading: str, readings: tuple[Reading, ...]) -> None:
        """Puts the cursor at `x` (px)."""
        self._x, self._heading, self._readings = x, heading, readings
        self.update()

    def hide_cursor(self) -> None:
        """Takes the cursor away."""
        if self._x is not None:
            self._x = None
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._sentence:
            self._paint_sentence(painter)
        elif self._x is not None and self._plot.left() - 1 <= self._x <= self._plot.right() + 1:
            self._paint_cursor(painter, self._x)

    def _paint_sentence(self, painter: QPainter) -> None:
        theme = theme_manager()
        painter.setFont(theme.typography.font("small"))
        painter.setPen(qcolor(theme.palette.text_faint))
        room = self._plot.adjusted(theme.spacing.l, 0, -theme.spacing.l, 0)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room, int(flags), self._sentence)

    def _paint_cursor(self, painter: QPainter, x: float) -> None:
        theme = theme_manager()
        line = QPen(qcolor(theme.palette.text_dim, 0.8), 1.0, Qt.PenStyle.DotLine)
        painter.setPen(line)
        painter.drawLine(QPointF(x, self._plot.top()), QPointF(x, self._plot.bottom()))
        for reading in self._readings:
            if reading.at is not None and self._plot.adjusted(-1, -1, 1, 1).contains(reading.at):
                painter.setPen(QPen(qcolor(theme.palette.panel), 1.5))
                painter.setBrush(qcolor(reading.color))
                painter.drawEllipse(reading.at, 3.5, 3.5)
        self._paint_box(painter, x)

    def _paint_box(self, painter: QPainter, x: float) -> None:
        theme = theme_manager()
        px = theme.spacing.px
        font = theme.typography.tabular("small")
        metrics = QFontMetricsF(font)
        swatch, pad, gap = px(14), px(8), px(12)
        row = metrics.height() + px(2)
        most = self._plot.width() * 0.45
        names = [
            metrics.elidedText(reading.name, Qt.TextElideMode.ElideMiddle, max(most, px(70)))
            for reading in self._readings
        ]
        wide = max((metrics.horizontalAdvance(name) for name in names), default=0.0)
        values = max((metrics.horizontalAdvance(reading.value) for reading in self._readings), default=0.0)
        width = max(swatch + wide + gap + values, metrics.horizontalAdvance(self._heading)) + 2 * pad
        height = row * (len(names) + 1) + 2 * px(5)
        left = x + px(10)
        if left + width > self._plot.right() + 2:
            left = x - px(10) - width
        left = max(left, self._plot.left() + 2)
        box = QRectF(left, self._plot.top() + px(2), width, height)
        painter.setPen(QPen(qcolor(theme.palette.line_strong, 0.6), 1.0))
        painter.setBrush(qcolor(theme.palette.raised, 0.96))
        painter.drawRoundedRect(box, px(5), px(5))
        painter.setFont(font)
        painter.setPen(qcolor(theme.palette.text_dim))
        line = QRectF(box.left() + pad, box.top() + px(5), width - 2 * pad, row)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), self._heading)
        for name, reading in zip(names, self._readings, strict=True):
            line.translate(0, row)
            draw_swatch(
                painter, QRectF(line.left(), line.top(), swatch - px(4), row), reading.color, dashed=reading.dashed
            )
            painter.setPen(qcolor(theme.palette.text))
            painter.drawText(line.adjusted(swatch, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), name)
            painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), reading.value)


def draw_swatch(painter: QPainter, room: QRectF, color: str, *, dashed: bool) -> None:
    """A short piece of a curve, as wide as `room` and in its middle."""
    pen = QPen(qcolor(color), 2.0)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashed:
        pen.setDashPattern([1.5, 1.0])
    painter.setPen(pen)
    middle = room.center().y()
    painter.drawLine(QPointF(room.left(), middle), QPointF(room.right(), middle))
