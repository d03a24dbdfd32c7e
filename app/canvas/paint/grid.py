"""The dots behind the drawing: they give the eye a measure, and nodes a raster to snap to."""

from __future__ import annotations

from math import ceil, floor

from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QPainter, QPixmap

from app.canvas.look import Look

GRID = 24.0
"""Scene units from dot to dot at 100 %."""

_LEAST, _MOST = 18.0, 44.0  # pixels from dot to dot: the raster is doubled or halved to stay between


def paint_grid(painter: QPainter, rect: QRectF, look: Look) -> None:
    """Fill `rect` (scene coordinates) with the canvas's colour and its dots."""
    step = GRID
    while step * look.scale < _LEAST:
        step *= 2
    while step * look.scale > _MOST:
        step /= 2
    transform = painter.transform()
    area = transform.mapRect(rect).toAlignedRect()
    sx, dx, sy, dy = transform.m11(), transform.dx(), transform.m22(), transform.dy()
    xs = [round(at * step * sx + dx) for at in range(floor(rect.left() / step), ceil(rect.right() / step) + 1)]
    ys = [round(at * step * sy + dy) for at in range(floor(rect.top() / step), ceil(rect.bottom() / step) + 1)]
    painter.resetTransform()
    painter.fillRect(area, look.style.canvas)
    side = 2 if look.scale > 1.4 else 1
    row = _row([x - area.left() for x in xs], area.width(), side, look)
    for y in ys:
        painter.drawPixmap(QPoint(area.left(), y), row)
    painter.setTransform(transform)


def _row(xs: list[int], width: int, side: int, look: Look) -> QPixmap:
    """One line of dots, stamped for each row: a hundredth of the calls that single dots would take."""
    ratio = look.ratio
    row = QPixmap(max(1, round(width * ratio)), max(1, round(side * ratio)))
    row.setDevicePixelRatio(ratio)
    row.fill(look.style.canvas)
    painter = QPainter(row)
    for x in xs:
        painter.fillRect(x, 0, side, side, look.style.grid)
    painter.end()
    return row
