"""The whole drawing in a corner, with what is in view; painted by the canvas, so that scrolling stays cheap."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QPixmap

from app.canvas.scene import CanvasScene

_SIZE = QSizeF(156.0, 94.0)
_MARGIN, _INSET = 12.0, 7.0
_LEAST_VIEW = 420  # px: in a narrower canvas the map would be in the way


class Minimap:
    """Where it is in the viewport, what it shows, and which scene position a pixel of it stands for."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self._picture: QPixmap | None = None
        self._shown = QRectF()
        self._all_in_view = False
        self._viewport = QSize()
        self.visible = True
        scene.contents_changed.connect(self.invalidate)

    @property
    def rect(self) -> QRectF:
        """Its place in the viewport; empty while it is hidden, needless, or has no room."""
        if not self.visible or self._all_in_view or self._viewport.width() < _LEAST_VIEW:
            return QRectF()
        unit = self._scene.look.style.unit
        width, height = _SIZE.width() * unit, _SIZE.height() * unit
        return QRectF(
            self._viewport.width() - width - _MARGIN, self._viewport.height() - height - _MARGIN, width, height
        )

    def contains(self, at: QPointF) -> bool:
        return self.rect.contains(at)

    def resize(self, viewport: QSize) -> None:
        self._viewport = viewport
        self.invalidate()

    def invalidate(self) -> None:
        """What it shows is different."""
        self._picture = None
        self._shown = QRectF()

    def look_at(self, visible: QRectF) -> None:
        """The view shows `visible` of the scene: a map is needless while that is everything."""
        if self._shown.isNull():
            self._shown = self._scene.contents()
        self._all_in_view = visible.contains(self._shown) or self._shown.isEmpty()

    def to_scene(self, at: QPointF) -> QPointF:
        """The scene position that a pixel of the viewport stands for in the map."""
        factor, origin = self._mapping()
        return (at - self.rect.topLeft() - origin) / factor + self._shown.topLeft()

    def paint(self, painter: QPainter, visible: QRectF) -> None:
        """Draw it; `painter` is in pixels of the viewport, `visible` in scene coordinates."""
        rect = self.rect
        if rect.isEmpty():
            return
        style, ratio = self._scene.look.style, self._scene.look.ratio
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self._drawn(rect.size(), ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(style.edge)
        painter.setBrush(style.body)
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 6.0, 6.0)
        painter.drawPixmap(rect.topLeft(), self._picture)
        factor, origin = self._mapping()
        window = QRectF(
            (visible.topLeft() - self._shown.topLeft()) * factor + origin + rect.topLeft(), visible.size() * factor
        )
        inside = window.intersected(rect.adjusted(3.0, 3.0, -3.0, -3.0))
        if not inside.isEmpty():
            painter.setPen(style.marquee_pen)
            painter.setBrush(style.marquee_fill)
            painter.drawRoundedRect(inside, 2.0, 2.0)

    def _mapping(self) -> tuple[float, QPointF]:
        """Pixels for a scene unit, and where in the map the drawing's upper left corner is."""
        room = _shrunk(self.rect.size())
        width, height = max(self._shown.width(), 1.0), max(self._shown.height(), 1.0)
        factor = min(room.width() / width, room.height() / height)
        return factor, QPointF(
            _INSET + (room.width() - width * factor) / 2, _INSET + (room.height() - height * factor) / 2
        )

    def _drawn(self, size: QSizeF, ratio: float) -> QPixmap:
        picture = QPixmap((size * ratio).toSize())
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(self._scene.nodes) < 400)
        factor, origin = self._mapping()
        painter.translate(origin)
        painter.scale(factor, factor)
        painter.translate(-self._shown.topLeft())
        self._scene.overview.paint_boxes(painter, self._scene.look)
        painter.end()
        return picture


def _shrunk(size: QSizeF) -> QSizeF:
    return QSizeF(size.width() - 2 * _INSET, size.height() - 2 * _INSET)
