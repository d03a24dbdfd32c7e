"""One plot of curves: follows what is newest until it is zoomed or moved, and reads out every curve at the cursor.

Loaded with the first chart (pyqtgraph).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np  # noqa: TID253 - this module is loaded with the first chart
import pyqtgraph as pg  # noqa: TID253
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsView, QWidget

from app.panels.charts_axis import FOOT, LEFT, RIGHT, Scale, paint_axes
from app.panels.charts_items import Ground, Line, Trace
from app.panels.charts_overlay import CursorOverlay, Reading
from app.panels.charts_range import stretch, values_stretch
from app.panels.charts_ticks import time_label, value_label
from app.runs.series import Curve, Summary, XAxis
from app.theme import qcolor, theme_manager

_RAW_POINTS = 1600
_SMOOTH_POINTS = 500
"""How many points at most a curve is drawn from: raw values in a hair line, the smoothed curve in a wider one."""

_X_SCALES: dict[XAxis, Scale] = {"step": "count", "epoch": "epoch", "time": "time"}


class PlotView(pg.GraphicsView):
    """The plot of one measure. `scale` is how its values count: a number or a share in percent."""

    cursor_moved = Signal(object)
    """Where along x the cursor is, or None when it has left: for the charts beside this one."""

    menu_requested = Signal(QPointF)
    following_changed = Signal(bool)

    def __init__(self, name: str, scale: Literal["number", "percent"], parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False)
        self._lines: tuple[Line, ...] = ()
        self._items: dict[str, tuple[Trace, Trace]] = {}
        self._scale = scale
        self._axis: XAxis = "step"
        self._wants_log = False
        self._following = True
        self._sentence = ""
        self._cursor: float | None = None
        self._view = Ground()
        self._build()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(80, 60)
        self.viewport().installEventFilter(self)
        self._overlay = CursorOverlay(self.viewport())
        theme_manager().changed.connect(self._apply_theme)
        self._apply_theme()

    # What is drawn.

    def lines(self) -> tuple[Line, ...]:
        return self._lines

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Draws these curves and no others, the last on top."""
        self._lines = tuple(lines)
        wanted = {line.key for line in lines}
        for key in [key for key in self._items if key not in wanted]:
            for item in self._items.pop(key):
                self._view.removeItem(item)
        for place, line in enumerate(self._lines):
            if line.key not in self._items:
                self._items[line.key] = (Trace(bold=False), Trace(bold=True))
                for item in self._items[line.key]:
                    self._view.addItem(item, ignoreBounds=True)
            raw, smooth = self._items[line.key]
            raw.setZValue(place)
            smooth.setZValue(100 + place)
        self._color_lines()
        self.refresh()

    def set_sentence(self, sentence: str) -> None:
        """What is said while no curve has a point."""
        self._sentence = sentence
        self._overlay.set_sentence("" if self._has_points() else sentence)

    def set_axis(self, axis: XAxis) -> None:
        """Runs the curves along steps, epochs or time; shows all of them again."""
        if axis != self._axis:
            self._axis = axis
            self.set_cursor(None)
            self.show_all()

    def set_log(self, *, log: bool) -> None:
        """Spreads the values by their powers of ten; shows all of them again. Shares stay as they are."""
        if log != self._wants_log:
            self._wants_log = log
            self.show_all()

    def set_scale(self, scale: Literal["number", "percent"]) -> None:
        """Counts the values another way; shows all of them again."""
        if scale != self._scale:
            self._scale = scale
            self.show_all()

    @property
    def _log(self) -> bool:
        return self._wants_log and self._scale != "percent"

    @property
    def following(self) -> bool:
        """Whether the view grows with the curves; not so after it was zoomed or moved."""
        return self._following

    def show_all(self) -> None:
        """Shows all curves and follows them again."""
        if not self._following:
            self._following = True
            self.following_changed.emit(True)  # noqa: FBT003 - Qt's signal
        self.refresh()

    def refresh(self) -> None:
        """Draws what the curves hold now."""
        if self._following:
            self._fit()
        self._view.updateMatrix()  # now, since pyqtgraph would do it while painting, and then paint again
        (left, right), (low, high) = self._view.viewRange()
        bounds = QRectF(left, low, right - left, high - low)
        for line in self._lines:
            raw, smooth = self._items[line.key]
            raw.set_bounds(bounds)
            smooth.set_bounds(bounds)
            start, stop = line.curve.between(self._axis, left, right)
            behind = line.raw_behind and line.curve.weight > 0
            if behind:
                self._draw(raw, line.curve, line.curve.raw, start, stop, _RAW_POINTS)
            elif raw.xData is not None and len(raw.xData):
                raw.setData([], [])
            rough = line.curve.weight <= 0 and stop - start > _SMOOTH_POINTS
            self._draw(smooth, line.curve, line.curve.smooth, start, stop, _RAW_POINTS if rough else _SMOOTH_POINTS)
        self._overlay.set_sentence("" if self._has_points() else self._sentence)
        self._read()

    def x_values(self) -> tuple[float, float]:
        """The stretch of x in view."""
        (left, right), _ = self._view.viewRange()
        return float(left), float(right)

    def y_values(self) -> tuple[float, float]:
        """The stretch of values in view."""
        _, (low, high) = self._view.viewRange()
        return (10.0**low, 10.0**high) if self._log else (float(low), float(high))

    def zoom(self, factor: float) -> None:
        """Shows `factor` times as much, about the middle."""
        self._view.scaleBy((factor, factor))
        self._moved_by_hand()

    # The cursor.

    def set_cursor(self, x: float | None) -> None:
        """Reads every curve at `x`; None takes the cursor away. Announces nothing."""
        self._cursor = x
        self._read()

    def cursor(self) -> float | None:
        return self._cursor

    def readings(self) -> tuple[Reading, ...]:
        """The value of every curve at the cursor."""
        return self._overlay.readings()

    # Qt.

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_overlay"):
            self._place_view()
            self._overlay.setGeometry(self.viewport().rect())
            self._place_overlay()
            self._read()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
        elif event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._hover(event.position())
        return bool(super().eventFilter(watched, event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        step = 0.1
        moves = {
            Qt.Key.Key_Left: (-step, 0.0),
            Qt.Key.Key_Right: (step, 0.0),
            Qt.Key.Key_Up: (0.0, step),
            Qt.Key.Key_Down: (0.0, -step),
        }
        if key in moves:
            (left, right), (low, high) = self._view.viewRange()
            across, up = moves[key]
            self._view.translateBy(x=across * (right - left), y=up * (high - low))
            self._moved_by_hand()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(0.8)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1.25)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.show_all()
        else:
            event.ignore()

    # Inside.

    def _build(self) -> None:
        # Whatever is new, the whole plot is another: finding out which parts costs more than painting them.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        # pyqtgraph's cache would keep figures of the axes that have moved.
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setCentralItem(None)
        self.scene().addItem(self._view)
        self._view.sigRangeChangedManually.connect(lambda _: self._moved_by_hand())
        self._view.menu_requested.connect(self.menu_requested)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        super().drawBackground(painter, rect)
        (left, right), (low, high) = self._view.viewRange()
        scale: Scale = "log" if self._log else self._scale
        paint_axes(painter, self._plot_rect(), (left, right, _X_SCALES[self._axis]), (low, high, scale))

    def _apply_theme(self) -> None:
        self.setBackground(qcolor(theme_manager().palette.panel))
        self._view.apply_theme()
        self._place_view()
        self._color_lines()
        self._read()

    def _place_view(self) -> None:
        """Leaves room around the curves for the figures of the axes."""
        px = theme_manager().spacing.px
        room = QRectF(self.viewport().rect()).adjusted(px(LEFT), px(9), -px(RIGHT), -px(FOOT))
        self._view.setGeometry(room)

    def _color_lines(self) -> None:
        palette = theme_manager().palette
        for line in self._lines:
            color = palette.curve(line.series)
            raw, smooth = self._items[line.key]
            hair = QPen(qcolor(color, 0.3), 1.0)
            hair.setCosmetic(True)
            raw.setPen(hair)
            pen = QPen(qcolor(color), 1.0)
            pen.setCosmetic(True)
            if line.dashed:
                pen.setDashPattern([4, 3])
            smooth.setPen(pen)

    def _has_points(self) -> bool:
        return any(len(line.curve) for line in self._lines)

    def _draw(self, item: pg.PlotCurveItem, curve: Curve, summary: Summary, start: int, stop: int, most: int) -> None:
        x, y = summary.drawn(curve.x(self._axis), start, stop, most)
        gaps = summary.gaps
        if self._log:
            with np.errstate(divide="ignore", invalid="ignore"):
                y = np.log10(y)
            finite = np.isfinite(y)
            if not finite.all():
                y, gaps = np.where(finite, y, np.nan), True
        # An item keeps the arrays it is given, and the columns go on growing.
        item.setData(x.copy(), y.copy(), connect="finite" if gaps else "all", skipFiniteCheck=not gaps)

    def _fit(self) -> None:
        curves = [line.curve for line in self._lines]
        across = stretch(curves, self._axis)
        leading = [line.curve for line in self._lines if line.leads]
        upward = values_stretch(curves, leading, log=self._log, percent=self._scale == "percent")
        self._view.setRange(xRange=across, yRange=upward, padding=0.0)

    def _moved_by_hand(self) -> None:
        if self._following:
            self._following = False
            self.following_changed.emit(False)  # noqa: FBT003 - Qt's signal
        self.refresh()

    def _plot_rect(self) -> QRectF:
        return QRectF(self._view.geometry())

    def _place_overlay(self) -> None:
        self._overlay.set_plot(self._plot_rect())

    def _hover(self, position: QPointF | None) -> None:
        plot = self._plot_rect()
        inside = position is not None and plot.contains(position) and self._has_points()
        if position is not None and inside:
            (left, right), _ = self._view.viewRange()
            x = left + (position.x() - plot.left()) / max(plot.width(), 1.0) * (right - left)
            self.set_cursor(float(x))
            self.cursor_moved.emit(self._cursor)
        elif self._cursor is not None:
            self.set_cursor(None)
            self.cursor_moved.emit(None)

    def _read(self) -> None:
        self._place_overlay()
        x = self._cursor
        if x is None or not self._has_points():
            self._overlay.hide_cursor()
            return
        (left, right), (low, high) = self._view.viewRange()
        plot, palette = self._plot_rect(), theme_manager().palette
        readings = []
        for line in reversed(self._lines):
            value = line.curve.at(self._axis, x)
            if value is None:
                continue
            y = np.log10(value) if self._log and value > 0 else value
            at = QPointF(
                plot.left() + (x - left) / (right - left) * plot.width(),
                plot.bottom() - (y - low) / (high - low) * plot.height(),
            )
            words = value_label(value, percent=self._scale == "percent")
            shown = None if self._log and value <= 0 else at
            readings.append(Reading(line.name, palette.curve(line.series), words, shown, line.dashed))
        self._overlay.show_cursor(
            plot.left() + (x - left) / (right - left) * plot.width(), self._where(x), tuple(readings)
        )

    def _where(self, x: float) -> str:
        match self._axis:
            case "step":
                return f"step {x:.0f}"
            case "epoch":
                return f"epoch {x:.2f}"
            case _:
                return f"after {time_label(x)}"
