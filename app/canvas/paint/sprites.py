"""What many nodes have in common, drawn once for each size and state and stamped from then on.

Rounded corners, shadows and small texts are dear to draw; a stamp is a copy of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPixmap

from app.canvas.paint.style import CanvasStyle

_MOST = 240


class Sprites:
    """The sprites in use at one scale (pixels for a scene unit) and ratio (device pixels for one of those)."""

    def __init__(self) -> None:
        self._pixmaps: dict[Hashable, QPixmap] = {}
        self._for: tuple[CanvasStyle, float, float] | None = None

    def begin(self, style: CanvasStyle, scale: float, ratio: float) -> None:
        """Forget the sprites of another style, scale or ratio."""
        if self._for != (style, scale, ratio):
            self._pixmaps.clear()
            self._for = (style, scale, ratio)

    def stamp(
        self, painter: QPainter, key: Hashable, size: QSizeF, margin: float, draw: Callable[[QPainter], None]
    ) -> None:
        """Stamp a sprite with its origin at the painter's; `draw` makes it at most once.

        `size` and `margin` are in device-independent pixels; `draw` gets a painter with the origin `margin` inside.
        """
        pixmap = self._pixmaps.get(key)
        if pixmap is None:
            pixmap = self._drawn(size, margin, draw)
            if len(self._pixmaps) >= _MOST:
                self._pixmaps.clear()
            self._pixmaps[key] = pixmap
        transform = painter.transform()
        painter.resetTransform()
        # a stamp lies on whole pixels: anything else would be interpolated, and blurred
        painter.drawPixmap(QPoint(round(transform.dx() - margin), round(transform.dy() - margin)), pixmap)
        painter.setTransform(transform)

    def _drawn(self, size: QSizeF, margin: float, draw: Callable[[QPainter], None]) -> QPixmap:
        ratio = self._for[2] if self._for is not None else 1.0
        width, height = (size.width() + 2 * margin) * ratio, (size.height() + 2 * margin) * ratio
        pixmap = QPixmap(round(width) + 2, round(height) + 2)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(QPointF(margin, margin))
        draw(painter)
        painter.end()
        return pixmap
