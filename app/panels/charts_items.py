"""What a plot is made of: curves, and the ground they lie on, which is moved and zoomed.

Loaded with the first chart (pyqtgraph).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyqtgraph as pg  # noqa: TID253 - this module is loaded with the first chart
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QTransform

from app.theme import qcolor, theme_manager

if TYPE_CHECKING:
    from app.runs.series import Curve


@dataclass(frozen=True, slots=True)
class Line:
    """A curve as it is drawn. `series` is its place among the chart colours; `key` is the same in every chart."""

    key: str
    name: str
    curve: Curve
    series: int
    dashed: bool = False
    raw_behind: bool = False
    """Whether the values themselves are drawn, faint, behind the smoothed curve."""
    leads: bool = True
    """Whether the view shows all of it; of others that rise far above those that lead, only what is in view."""


_APART = 0.4
"""How far (px) either stroke of a bold curve is from where the curve is, along x and along y."""


_POINT = 2.5
"""The radius (px) of a curve that is but a point."""


class Ground(pg.ViewBox):
    """What curves lie on. Drag moves, the wheel zooms (Ctrl: along x, Shift: along y), Shift + drag takes a part."""

    menu_requested = Signal(QPointF)

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.disableAutoRange()

    def apply_theme(self) -> None:
        accent = theme_manager().palette.accent
        self.rbScaleBox.setPen(QPen(qcolor(accent)))
        self.rbScaleBox.setBrush(qcolor(accent, 0.15))

    def wheelEvent(self, event: object, axis: int | None = None) -> None:
        modifiers = event.modifiers()  # type: ignore[attr-defined]
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            axis = 0
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            axis = 1
        super().wheelEvent(event, axis=axis)

    def mouseDragEvent(self, event: object, axis: int | None = None) -> None:
        part = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)  # type: ignore[attr-defined]
        self.state["mouseMode"] = self.RectMode if part else self.PanMode
        super().mouseDragEvent(event, axis=axis)
        if part and event.isFinish():  # type: ignore[attr-defined]
            self.sigRangeChangedManually.emit(self.state["mouseEnabled"])

    def mouseClickEvent(self, event: object) -> None:
        if event.button() == Qt.MouseButton.RightButton:  # type: ignore[attr-defined]
            event.accept()  # type: ignore[attr-defined]
            self.menu_requested.emit(event.screenPos())  # type: ignore[attr-defined]


class Trace(pg.PlotCurveItem):
    """A curve that says cheaply where it is: the view it is drawn in."""

    def __init__(self, *, bold: bool) -> None:
        super().__init__(antialias=True)
        self._bold = bold
        self._bounds = QRectF()

    def set_bounds(self, bounds: QRectF) -> None:
        """The stretch of x and of values in view."""
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, *_: object) -> None:
        """Strokes of one pixel only: a wide one costs many times as much, and two a little apart look like it."""
        if self.xData is None or not len(self.xData):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.opts["pen"])
        if len(self.xData) == 1:
            self._paint_point(painter)
            return
        path = self.getPath()
        if not self._bold:
            painter.drawPath(path)
            return
        place = painter.transform()
        for shift in (-_APART, _APART):
            painter.setTransform(place * QTransform.fromTranslate(shift, shift))
            painter.drawPath(path)
        painter.setTransform(place)

    def _paint_point(self, painter: QPainter) -> None:
        """What was measured once is no line, and is to be seen."""
        at = QPointF(float(self.xData[0]), float(self.yData[0]))
        if not (math.isfinite(at.x()) and math.isfinite(at.y())):
            return
        place = painter.transform()
        painter.resetTransform()
        painter.setBrush(self.opts["pen"].color())
        painter.drawEllipse(place.map(at), _POINT, _POINT)
        painter.setTransform(place)

    def viewTransformChanged(self) -> None:  # noqa: N802 - as in pyqtgraph
        """Nothing of it depends on how large the view is."""
