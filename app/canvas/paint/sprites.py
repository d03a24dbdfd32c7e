"""What many nodes have in common, drawn once for each size and state and stamped from then on.

Rounded corners, shadows and small texts are dear to draw; a stamp is a copy of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from app.canvas.paint.style import CanvasStyle

_MOST_BYTES = 12_000_000
"""Of the sprites of one generation; there are two."""
_MOST_SEEN = 8000
_MOST_PICTURES = 400


class Sprites:
    """The sprites in use at one scale (pixels for a scene unit) and ratio (device pixels for one of those).

    They come in two generations: when there are too many, those that were not stamped for long are forgotten.
    """

    def __init__(self) -> None:
        self._pixmaps: dict[Hashable, QPixmap] = {}
        self._before: dict[Hashable, QPixmap] = {}
        self._bytes = 0
        self._seen: set[Hashable] = set()
        self._for: tuple[CanvasStyle, float, float] | None = None

    def begin(self, style: CanvasStyle, scale: float, ratio: float) -> None:
        """Forget the sprites of another style, scale or ratio."""
        if self._for != (style, scale, ratio):
            self._pixmaps, self._before, self._bytes = {}, {}, 0
            self._seen.clear()
            self._for = (style, scale, ratio)

    def pays(self, key: Hashable) -> bool:
        """Whether what `key` says is drawn again at this scale, so that a sprite of it is worth making."""
        if key in self._seen:
            return True
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(key)
        return False

    def stamp(
        self, painter: QPainter, key: Hashable, size: QSizeF, margin: float, draw: Callable[[QPainter], None]
    ) -> None:
        """Stamp a sprite with its origin at the painter's; `draw` makes it at most once.

        `size` and `margin` are in device-independent pixels; `draw` gets a painter with the origin `margin` inside.
        """
        pixmap = self.pixmap(key, size, margin, draw)
        transform = painter.transform()
        painter.resetTransform()
        # a stamp lies on whole pixels: anything else would be interpolated, and blurred
        painter.drawPixmap(QPoint(round(transform.dx() - margin), round(transform.dy() - margin)), pixmap)
        painter.setTransform(transform)

    def pixmap(self, key: Hashable, size: QSizeF, margin: float, draw: Callable[[QPainter], None]) -> QPixmap:
        """The sprite itself; see `stamp`."""
        found = self._pixmaps.get(key)
        if found is not None:
            return found
        made = self._before.pop(key, None) or self._drawn(size, margin, draw)
        took = made.width() * made.height() * 4
        if self._bytes + took > _MOST_BYTES:
            self._pixmaps, self._before, self._bytes = {}, self._pixmaps, 0
        self._pixmaps[key] = made
        self._bytes += took
        return made

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


class Pictures:
    """Pictures of few colours in the format of the screen: those drawn last, since it takes four times the memory."""

    def __init__(self) -> None:
        self._drawn: dict[int, QImage] = {}

    def drawable(self, image: QImage) -> QImage:
        """`image` as it is drawn fastest."""
        key = image.cacheKey()
        found = self._drawn.get(key)
        if found is None:
            if len(self._drawn) >= _MOST_PICTURES:
                self._drawn.clear()
            found = self._drawn[key] = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        return found
