"""How many samples each class has, trained on and held out. A click shows one class alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.runs.shown import TRAIN_SERIES, VAL_SERIES
from app.theme import qcolor, theme_manager
from app.widgets.painting import draw_focus_ring


class ClassHistogram(QWidget):
    """A column a class: training at the foot, validation on top."""

    class_chosen = Signal(object)
    """The class to be shown alone, or None for all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._train: tuple[int, ...] = ()
        self._validation: tuple[int, ...] = ()
        self._chosen: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Samples by class")
        theme_manager().changed.connect(self.updateGeometry)

    def set_counts(self, names: Sequence[str], train: Sequence[int], validation: Sequence[int]) -> None:
        """Shows these classes; none is shown alone any more."""
        self._names, self._train, self._validation = tuple(names), tuple(train), tuple(validation)
        self._chosen = None
        self._describe()
        self.update()

    def chosen(self) -> int | None:
        return self._chosen

    def words(self, index: int) -> str:
        """A class in words: `7: 143 trained on, 36 held out`."""
        held = f", {self._validation[index]} held out" if index < len(self._validation) else ""
        return f"{self._names[index]}: {self._train[index]} trained on{held}"

    def choose(self, index: int | None) -> None:
        """Shows one class alone, or all again."""
        if index != self._chosen:
            self._chosen = index
            self._describe()
            self.update()
            self.class_chosen.emit(index)

    def sizeHint(self) -> QSize:
        px = theme_manager().spacing.px
        return QSize(px(180), px(92))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._class_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton:
            self.choose(None if index == self._chosen else index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._names) - 1
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Right:
            self.choose(0 if self._chosen is None else min(self._chosen + 1, last))
        elif key == Qt.Key.Key_Left:
            self.choose(last if self._chosen is None else max(self._chosen - 1, 0))
        elif key == Qt.Key.Key_Escape and self._chosen is not None:
            self.choose(None)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self._class_at(event.pos().x())
            if index is not None:
                QToolTip.showText(event.globalPos(), self.words(index), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        if not self._names:
            return
        theme = theme_manager()
        px, palette = theme.spacing.px, theme.palette
        painter = QPainter(self)
        painter.setFont(theme.typography.tabular("small"))
        metrics = QFontMetricsF(painter.font())
        plot = self._plot()
        slot = plot.width() / len(self._names)
        most = max(max(map(sum, zip(self._train, self._held(), strict=True)), default=1), 1)
        every = max(1, round(max(metrics.horizontalAdvance(name) for name in self._names) * 1.25 / slot + 0.5))
        for index, (train, held) in enumerate(zip(self._train, self._held(), strict=True)):
            left = plot.left() + index * slot
            wide = max(min(slot - px(3), px(40)), 1.0)
            faint = self._chosen is not None and self._chosen != index
            foot = plot.bottom()
            for count, series in ((train, TRAIN_SERIES), (held, VAL_SERIES)):
                high = count / most * plot.height()
                bar = QRectF(left + (slot - wide) / 2, foot - high, wide, high)
                painter.fillRect(bar, qcolor(palette.curve(series), 0.25 if faint else 0.9))
                foot -= high
            if index % every == 0 or self._chosen == index:
                painter.setPen(qcolor(palette.text if self._chosen == index else palette.text_faint))
                under = QRectF(left - slot * every / 2, plot.bottom() + px(2), slot * (every + 1), metrics.height())
                name = metrics.elidedText(self._names[index], Qt.TextElideMode.ElideRight, slot * (every + 0.6))
                painter.drawText(under, int(Qt.AlignmentFlag.AlignCenter), name)
        painter.setPen(qcolor(palette.line_strong))
        painter.drawLine(QPointF(plot.left(), plot.bottom()), QPointF(plot.right(), plot.bottom()))
        if self.hasFocus():
            draw_focus_ring(painter, QRectF(self.rect()), theme.spacing.radius)

    def _held(self) -> tuple[int, ...]:
        return self._validation or (0,) * len(self._train)

    def _plot(self) -> QRectF:
        px = theme_manager().spacing.px
        return QRectF(self.rect()).adjusted(px(2), px(4), -px(2), -px(18))

    def _class_at(self, x: float) -> int | None:
        plot = self._plot()
        if not self._names or not plot.left() <= x < plot.right():
            return None
        return int((x - plot.left()) / plot.width() * len(self._names))

    def _describe(self) -> None:
        if self._chosen is not None:
            self.setAccessibleDescription(self.words(self._chosen))
        else:
            self.setAccessibleDescription(f"{len(self._names)} classes; Left and Right show one alone")
