"""A wire on the canvas: a curve in the colour of what it carries."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.look import Detail, Look
from graph_engine.blocks import Kind
from graph_engine.document import Wire
from graph_engine.document.room import Curve
from graph_engine.document.routing import sample

BEND = 5.0
"""Radius of a point that a wire is led through, in scene units."""

_PAIR_UP_TO = 1.15  # device pixels for a unit: beyond, two thin strokes would part
_PAIR = 0.9  # scene units between the two strokes that look like one of 2 px
_POINTS = 10


class WireItem(QGraphicsRectItem):
    """Draws one wire. Its rectangle is what it may paint on, in scene coordinates."""

    def __init__(self, look: Look, wire: Wire) -> None:
        super().__init__()
        self.look = look
        self.wire = wire
        self.kind = Kind.ANY
        self.selected = False
        self.hovered = False
        self.faulty = False
        self.curve: Curve = ()
        self._path: QPainterPath | None = None
        self._pair: QPainterPath | None = None
        self._points: list[tuple[float, float]] | None = None
        self._level: QLineF | None = None
        self.setPen(Qt.PenStyle.NoPen)

    def set_wire(self, wire: Wire) -> None:
        """Show the same wire, led through other points."""
        if wire.bends != self.wire.bends:
            self.wire = wire
            self.update()

    def bend_at(self, at: QPointF, reach: float) -> int | None:
        """Which of the points that the wire is led through is at a scene position, at most `reach` units away."""
        for number, (x, y) in enumerate(self.wire.bends):
            if abs(x - at.x()) <= reach and abs(y - at.y()) <= reach:
                return number
        return None

    def set_curve(self, curve: Curve) -> None:
        """Take another way."""
        if curve == self.curve:
            return
        self.curve = curve
        self._path = self._pair = self._points = None
        self._level = QLineF(*curve[0], *curve[-1]) if len({y for _, y in curve}) == 1 else None
        xs, ys = [x for x, _ in curve], [y for _, y in curve]
        left, top = min(xs) - BEND, min(ys) - BEND
        self.setRect(left, top, max(xs) + BEND - left, max(ys) + BEND - top)
        self.update()

    def set_kind(self, kind: Kind, *, faulty: bool) -> None:
        """Show what it carries, and whether its end refuses that."""
        if (kind, faulty) != (self.kind, self.faulty):
            self.kind, self.faulty = kind, faulty
            self.update()

    def set_selected(self, *, selected: bool) -> None:
        if selected != self.selected:
            self.selected = selected
            self._raise()

    def set_hovered(self, *, on: bool) -> None:
        if on != self.hovered:
            self.hovered = on
            self._raise()

    @property
    def level_line(self) -> QLineF | None:
        """The whole of a wire that runs level."""
        return self._level

    @property
    def is_plain(self) -> bool:
        """Whether it is drawn as wires of its kind usually are."""
        return not (self.selected or self.hovered or self.faulty)

    @property
    def points(self) -> list[tuple[float, float]]:
        """Points along the wire, close enough to find it by."""
        if self._points is None:
            self._points = list(sample(self.curve, _POINTS))
        return self._points

    def distance(self, at: QPointF) -> float:
        """How far a scene position is from the wire."""
        x, y = at.x(), at.y()
        return min(_to_segment(x, y, *start, *end) for start, end in pairwise(self.points))

    def crosses(self, a: QPointF, b: QPointF) -> bool:
        """Whether the line from `a` to `b` cuts the wire."""
        line = (a.x(), a.y()), (b.x(), b.y())
        return any(_cut(*line, start, end) for start, end in pairwise(self.points))

    def middle(self) -> QPointF:
        """A point of the wire half way along."""
        return QPointF(*self.points[len(self.points) // 2])

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        if self.wire.bends and self.look.detail is not Detail.ICON:
            self._paint_bends(painter)
        look, style = self.look, self.look.style
        if self.selected:
            painter.setPen(style.wire_selected)
        elif self.hovered:
            painter.setPen(style.wire_lit(self.kind))
        elif self.faulty:
            painter.setPen(style.wire_faulty)
        elif look.detail is Detail.ICON:
            painter.setPen(style.wire(self.kind))
        elif look.scale * look.ratio <= _PAIR_UP_TO:
            if self._pair is None:
                self._pair = pair_of(self.curve)
            painter.setPen(style.wire(self.kind))
            painter.drawPath(self._pair)
            return
        else:
            painter.setPen(style.wire_near(self.kind, look.scale * look.ratio))
        if self._path is None:
            self._path = path_of(self.curve)
        painter.drawPath(self._path)

    def _paint_bends(self, painter: QPainter) -> None:
        """Dots by which the wire is taken hold of."""
        style = self.look.style
        painter.setPen(style.port_edge)
        painter.setBrush(style.accent if self.selected or self.hovered else style.kind(self.kind))
        for x, y in self.wire.bends:
            painter.drawEllipse(QPointF(x, y), BEND, BEND)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _raise(self) -> None:
        self.setZValue(0.5 if self.selected or self.hovered else 0.0)
        self.update()


def path_of(curve: Curve) -> QPainterPath:
    """A curve as Qt draws it."""
    path = QPainterPath()
    path.moveTo(*curve[0])
    for at in range(1, len(curve), 3):
        (x1, y1), (x2, y2), (x3, y3) = curve[at : at + 3]
        if y1 == y2 == y3 == curve[at - 1][1]:
            path.lineTo(x3, y3)
        else:
            path.cubicTo(x1, y1, x2, y2, x3, y3)
    return path


def pair_of(curve: Curve) -> QPainterPath:
    """Two strokes side by side: with a pen of one device pixel they look like one of two at a fraction of the time."""
    down = curve[-1][1] >= curve[0][1]
    half = _PAIR / 2
    across = -half if down else half
    path = path_of(curve)
    pair = path.translated(across * 0.7, half)
    pair.addPath(path.translated(-across * 0.7, -half))
    return pair


def _to_segment(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> float:
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    t = max(0.0, min(1.0, ((x - x1) * dx + (y - y1) * dy) / length)) if length else 0.0
    return float(((x - x1 - t * dx) ** 2 + (y - y1 - t * dy) ** 2) ** 0.5)


_Point = tuple[float, float]


def _cut(a: _Point, b: _Point, c: _Point, d: _Point) -> bool:
    return (_turn(a, b, c) >= 0) != (_turn(a, b, d) >= 0) and (_turn(c, d, a) >= 0) != (_turn(c, d, b) >= 0)


def _turn(a: _Point, b: _Point, c: _Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
