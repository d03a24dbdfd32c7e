"""The dots behind the drawing: they give the eye a measure, and nodes a raster to snap to."""

from __future__ import annotations

from math import ceil, floor

from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QPainter, QPixmap

from app.canvas.look import Look
from app.canvas.paint.style import CanvasStyle

GRID = 24.0
"""Scene units from dot to dot at 100 %."""

_LEAST, _MOST = 18.0, 44.0  # pixels from dot to dot: the raster is doubled or halved to stay between
_SPARE = 512  # px to each side of what is asked for, so that a scroll finds its dots


class Grid:
    """Paints the dots. Keeps one line of them until the zoom changes or the view leaves it."""

    def __init__(self) -> None:
        self._row = QPixmap()
        self._left = self._right = 0
        self._for: tuple[CanvasStyle, float, float, int] | None = None

    def paint(self, painter: QPainter, rect: QRectF, look: Look) -> None:
        """Fill `rect` (scene coordinates) with the canvas's colour and its dots; `painter` is clipped to it."""
        step = GRID
        while step * look.scale < _LEAST:
            step *= 2
        while step * look.scale > _MOST:
            step /= 2
        transform = painter.transform()
        area = transform.mapRect(rect).toAlignedRect()
        dx, sy, dy = round(transform.dx()), transform.m22(), transform.dy()
        painter.resetTransform()
        painter.fillRect(area, look.style.canvas)
        self._see_to_row(area.left() - dx, area.right() - dx, step * transform.m11(), look)
        for at in range(floor(rect.top() / step), ceil(rect.bottom() / step) + 1):
            painter.drawPixmap(QPoint(self._left + dx, round(at * step * sy + dy)), self._row)
        painter.setTransform(transform)

    def _see_to_row(self, left: int, right: int, step: float, look: Look) -> None:
        """Have a line of dots from `left` to `right` (px from the scene's origin), `step` px apart.

        It is stamped for each row: a hundredth of the calls that single dots would take.
        """
        side = 2 if look.scale > 1.4 else 1
        wanted = (look.style, step, look.ratio, side)
        if wanted == self._for and self._left <= left and right <= self._right:
            return
        self._for, self._left, self._right = wanted, left - _SPARE, right + _SPARE
        ratio = look.ratio
        row = QPixmap(max(1, round((self._right - self._left) * ratio)), max(1, round(side * ratio)))
        row.setDevicePixelRatio(ratio)
        row.fill(look.style.canvas)
        painter = QPainter(row)
        for at in range(floor(self._left / step), ceil(self._right / step) + 1):
            painter.fillRect(round(at * step) - self._left, 0, side, side, look.style.grid)
        painter.end()
        self._row = row
