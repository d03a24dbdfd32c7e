"""Parallel coordinates: a line a run, across an axis for each setting in which runs differ, to the figure at the right.

Inselberg (1985), The plane with parallel coordinates.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.panels.charts_ticks import value_label
from app.theme import qcolor, theme_manager
from graph_engine.runs.comparing import is_greater, score, value_of, varying

if TYPE_CHECKING:
    from graph_engine.runs import RunRecord

_MOST_AXES = 9
_FEW = 60
"""Runs up to which lines are wider than a pixel."""
_NEAR = 8.0  # px from a line at which the pointer is on it


@dataclass(frozen=True, slots=True)
class Axis:
    """`places` are those of the runs, 0 at the foot to 1; None where a run has no value. `ends` are what is written at
    the foot and the top; `values` the values themselves, as text.
    """

    title: str
    places: tuple[float | None, ...]
    marks: tuple[tuple[float, str], ...]
    values: tuple[str, ...]


def axes_of(records: Sequence[RunRecord], metric: str) -> list[Axis]:
    """The settings in which runs differ, and `metric` last."""
    found = []
    for name in varying(records)[: _MOST_AXES - 1]:
        texts = tuple(value_of(record, name) for record in records)
        numbers = [record.settings.get(name) for record in records]
        if all(isinstance(each, (int, float)) or each is None for each in numbers):
            found.append(_numeric(name, [None if each is None else float(each) for each in numbers], texts))
        else:
            kinds = sorted(set(texts))
            spots = {kind: at / max(len(kinds) - 1, 1) for at, kind in enumerate(kinds)}
            marks = tuple((spots[kind], kind or "–") for kind in kinds)
            found.append(Axis(name, tuple(spots[text] for text in texts), marks, texts))
    values = [score(record, metric) for record in records]
    found.append(_numeric(metric, values, tuple("" if value is None else value_label(value) for value in values)))
    return found


def _numeric(title: str, values: Sequence[float | None], texts: tuple[str, ...]) -> Axis:
    """Even steps, or even ratios where the values go over more than a factor of 20."""
    from math import log10

    known = [value for value in values if value is not None]
    if not known:
        return Axis(title, (None,) * len(values), (), texts)
    low, high = min(known), max(known)
    if low > 0 and high / low > 20:
        places = [None if value is None else log10(value / low) / log10(high / low) for value in values]
    else:
        width = high - low
        places = [None if value is None else 0.5 if not width else (value - low) / width for value in values]
    marks = ((0.5, f"{low:.4g}"),) if low == high else ((0.0, f"{low:.4g}"), (1.0, f"{high:.4g}"))
    return Axis(title, tuple(places), marks, texts)


class ParallelPlot(QWidget):
    """The better a run, the stronger its line. The pointer picks one; a click hands it over."""

    chosen = Signal(str)
    """The id of the run that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._records: Sequence[RunRecord] = ()
        self._axes: list[Axis] = []
        self._greater = True
        self._over = -1
        self._points: list[list[QPointF]] = []
        self._layers: dict[bool, QPixmap] = {}
        self.setMouseTracking(True)
        self.setAccessibleName("Parallel coordinates of runs")
        theme_manager().changed.connect(self._forget)

    def show_runs(self, records: Sequence[RunRecord], metric: str) -> None:
        """Draws runs; `metric` is the figure at the right."""
        self._records, self._axes = records, axes_of(records, metric)
        self._greater = is_greater(records, metric)
        self._over = -1
        self.setAccessibleDescription(f"{len(records)} runs over {', '.join(axis.title for axis in self._axes)}")
        self._forget()

    def sizeHint(self) -> QSize:
        px = theme_manager().spacing.px
        return QSize(px(640), px(320))

    def points(self, at: int) -> list[QPointF]:
        """Where the line of a run meets the axes that it has a value on."""
        if not self._points:
            area = self._area()
            across = [self._x(number) for number in range(len(self._axes))]
            for each in range(len(self._records)):
                places = ((x, axis.places[each]) for x, axis in zip(across, self._axes, strict=True))
                line = [QPointF(x, area.bottom() - place * area.height()) for x, place in places if place is not None]
                self._points.append(line)
        return self._points[at]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._line_at(event.position())
        if over != self._over:
            self._over = over
            self.setToolTip(self._tip(over))
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        over = self._line_at(event.position())
        if over >= 0:
            self.chosen.emit(self._records[over].id)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = theme_manager()
        painter.setFont(theme.typography.tabular("small"))
        painter.drawPixmap(0, 0, self._layer(faint=self._over >= 0))
        if self._over >= 0:
            painter.setPen(QPen(qcolor(theme.palette.color("text")), 2.5))
            painter.drawPolyline(self.points(self._over))
        self._draw_axes(painter)

    def _layer(self, *, faint: bool) -> QPixmap:
        """All lines, drawn once: many of them take longer than a frame."""
        if faint not in self._layers:
            ratio = self.devicePixelRatioF()
            layer = QPixmap(self.size() * ratio)
            layer.setDevicePixelRatio(ratio)
            layer.fill(Qt.GlobalColor.transparent)
            painter = QPainter(layer)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            goodness = self._goodness()
            color = QColor(qcolor(theme_manager().palette.color("accent")))
            width = 1.5 if len(self._records) <= _FEW else 1.0  # wider ones cost ten times as much
            thin = min(1.0, (_FEW / max(len(self._records), 1)) ** 0.5)  # so that many do not become one area
            for at in sorted(range(len(self._records)), key=lambda at: goodness[at]):
                color.setAlphaF(thin * (0.2 if faint else 0.35 + 0.55 * goodness[at] ** 2))
                painter.setPen(QPen(color, width))
                painter.drawPolyline(self.points(at))
            painter.end()
            self._layers[faint] = layer
        return self._layers[faint]

    def _forget(self) -> None:
        """What is drawn is another thing, or goes elsewhere."""
        self._points, self._layers = [], {}
        self.update()

    def _draw_axes(self, painter: QPainter) -> None:
        theme = theme_manager()
        px = theme.spacing.px
        area = self._area()
        for number, axis in enumerate(self._axes):
            x = self._x(number)
            painter.setPen(QPen(qcolor(theme.palette.color("line_strong")), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            gap = area.width() / max(len(self._axes) - 1, 1)
            width = min(max(1.9 * gap, px(90)), self.width() - px(16))
            top = px(20) * (number % 2 if gap < px(150) else 0)  # in two rows where there are many
            align = Qt.AlignmentFlag.AlignHCenter
            left = min(max(x - width / 2, 0.0), self.width() - width)
            if number == 0:
                align, left = Qt.AlignmentFlag.AlignLeft, px(8)
            elif number == len(self._axes) - 1:
                align, left = Qt.AlignmentFlag.AlignRight, self.width() - width - px(8)
            painter.setPen(qcolor(theme.palette.color("text_dim")))
            title = painter.fontMetrics().elidedText(axis.title, Qt.TextElideMode.ElideMiddle, int(width) - px(6))
            painter.drawText(QRectF(left, top, width, px(20)), align | Qt.AlignmentFlag.AlignVCenter, title)
            painter.setPen(qcolor(theme.palette.color("text")))
            for place, text in axis.marks:
                y = area.bottom() - place * area.height()
                label = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, px(86))
                box = QRectF(x + px(5), y - px(9), px(90), px(18))
                flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                if number == len(self._axes) - 1:
                    box.moveRight(x - px(5))
                    flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                words = painter.fontMetrics().boundingRect(box.toRect(), int(flags), label)
                painter.fillRect(QRectF(words).adjusted(-2, 0, 2, 0), qcolor(theme.palette.color("panel")))
                painter.drawText(box, flags, label)

    def _area(self) -> QRectF:
        px = theme_manager().spacing.px
        return QRectF(px(16), px(56), self.width() - px(32), self.height() - px(72))

    def _x(self, number: int) -> float:
        area = self._area()
        return area.left() + area.width() * number / max(len(self._axes) - 1, 1)

    def _goodness(self) -> list[float]:
        """0 for the worst of the runs, 1 for the best."""
        places = self._axes[-1].places if self._axes else ()
        return [0.0 if place is None else place if self._greater else 1 - place for place in places]

    def _line_at(self, at: QPointF) -> int:
        best, nearest = -1, _NEAR
        for number in range(len(self._records)):
            for one, other in itertools.pairwise(self.points(number)):
                if one.x() <= at.x() <= other.x() and other.x() > one.x():
                    share = (at.x() - one.x()) / (other.x() - one.x())
                    away = abs(one.y() + share * (other.y() - one.y()) - at.y())
                    if away < nearest:
                        best, nearest = number, away
        return best

    def _tip(self, over: int) -> str:
        if over < 0:
            return ""
        values = "\n".join(f"{axis.title}: {axis.values[over] or '–'}" for axis in self._axes)
        return f"{self._records[over].name}\n{values}"
