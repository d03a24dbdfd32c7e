"""All maps of a node as one image; the pointer, or the arrow keys, read single values.

Loaded with the first feature map (numpy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from app.panels.feature_maps_color import ColorMap, color_table
from app.panels.feature_maps_tiles import Grid, Scaling, fit_grid, indexed_image, levels, sheet, shrunk
from app.runs.activation import Activation, value_text
from app.theme import qcolor, theme_manager

if TYPE_CHECKING:
    from app.panels.feature_maps_tiles import Array

_LEAST = 14
"""The shorter edge of a tile (px at the base text size) below which the view scrolls."""


class TileView(QAbstractScrollArea):
    """Feature maps side by side. A click, or Enter, shows one channel alone, another click all of them again."""

    channel_changed = Signal(object)
    """The channel shown alone, or None for all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Activation | None = None
        self._maps: Array | None = None
        self._grid: Grid | None = None
        self._grid_of: tuple[int, ...] = ()
        self._image: QImage | None = None
        self._colors: ColorMap = "viridis"
        self._scaling: Scaling = "each"
        self._alone: int | None = None
        self._pointed: tuple[int, int, int] | None = None
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Feature maps")
        theme_manager().changed.connect(self._paint_anew)

    # For the panel.

    def show_values(self, shown: Activation | None) -> None:
        """Draws these maps; None clears the view."""
        same = (
            shown is not None
            and self._shown is not None
            and (shown.node, shown.value.shape) == (self._shown.node, self._shown.value.shape)
        )
        self._shown = shown
        self._maps = shown.maps if shown is not None else None
        if not same:
            self._pointed = None
            self._set_alone(None)
        self._paint_anew()

    def show_all(self) -> None:
        """Shows all channels again after one alone."""
        self._set_alone(None)
        self._set_pointed(None)
        self._paint_anew()

    def set_scaling(self, scaling: Scaling) -> None:
        """Gives each channel all colours, or all channels together."""
        self._scaling = scaling
        self._paint_anew()

    def set_colors(self, colors: ColorMap) -> None:
        """Draws in other colours."""
        self._colors = colors
        self._paint_anew()

    def grid(self) -> Grid | None:
        """How the tiles lie; None while there are none."""
        return self._grid

    def image(self) -> QImage | None:
        """All tiles as they are drawn."""
        return self._image

    def reading(self) -> str:
        """Channel, place and value under the pointer, in words; empty where there is none."""
        if self._pointed is None or self._maps is None or self._shown is None:
            return ""
        channel, row, column = self._pointed
        value = value_text(float(self._maps[channel, row, column]))
        if self._shown.form == "cells":
            return f"{self._shown.channel(channel)}: {value}"
        where = f"({row}, {column})"
        if self._shown.form == "matrix":
            return f"{where}: {value}"
        return f"{self._shown.channel(channel)} {where}: {value}"

    def tile_rect(self, channel: int) -> QRect:
        """Where a channel's tile is, in the viewport."""
        if self._grid is None:
            return QRect()
        x, y = self._grid.origin(0 if self._alone is not None else channel)
        corner = self._corner() + QPoint(x, y)
        return QRect(corner, QSize(self._grid.width, self._grid.height))

    # Qt.

    def minimumSizeHint(self) -> QSize:
        px = theme_manager().spacing.px
        return QSize(px(120), px(60))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._paint_anew()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self.viewport())
        palette = theme_manager().palette
        painter.fillRect(self.viewport().rect(), qcolor(palette.panel))
        if self._image is None:
            return
        painter.drawImage(self._corner(), self._image)
        if self._pointed is not None:
            self._paint_pointed(painter, self._pointed[0])
        elif self.hasFocus():
            painter.setPen(QPen(qcolor(palette.accent)))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: ARG002, N802
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(event.position())

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._set_pointed(None)
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pointed is not None:
            self._toggle_alone(self._pointed[0])
            self._point_at(event.position())
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        columns = self._grid.columns if self._grid is not None else 1
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        if key in moves and self._maps is not None:
            self._walk(moves[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._pointed is not None:
            self._toggle_alone(self._pointed[0])
        elif key == Qt.Key.Key_Escape and (self._alone is not None or self._pointed is not None):
            self.show_all()
        else:
            super().keyPressEvent(event)

    # Inside.

    def _paint_anew(self) -> None:
        if self._maps is None or not self._maps.size:
            self._image, self._grid = None, None
            self.verticalScrollBar().setRange(0, 0)
            self.viewport().update()
            return
        theme = theme_manager()
        maps = self._maps if self._alone is None else self._maps[self._alone : self._alone + 1]
        count, height, width = maps.shape
        room = self.viewport().rect()
        gap = theme.spacing.px(2)
        if self._grid is None or self._grid_of != (count, height, width, room.width(), room.height(), gap):
            self._grid = fit_grid(count, height, width, (room.width(), room.height()), gap, theme.spacing.px(_LEAST))
            self._grid_of = (count, height, width, room.width(), room.height(), gap)
        scaling: Scaling = "shared" if self._shown is not None and self._shown.form == "cells" else self._scaling
        if self._alone is not None and scaling == "shared":
            values = levels(self._maps, scaling, around_zero=self._colors == "signed")[self._alone : self._alone + 1]
        else:
            small = shrunk(maps, self._grid.height, self._grid.width)
            values = levels(small, scaling, around_zero=self._colors == "signed")
        table = color_table(self._colors, theme.palette.danger, theme.palette.panel)
        self._image = indexed_image(sheet(values, self._grid), table)
        over = self._image.height() - room.height()
        self.verticalScrollBar().setRange(0, max(0, over))
        self.verticalScrollBar().setPageStep(room.height())
        self.verticalScrollBar().setSingleStep(self._grid.height + gap)
        self.viewport().update()

    def _corner(self) -> QPoint:
        """Where the image begins, in the viewport: at the top left, scrolled."""
        return QPoint(0, -self.verticalScrollBar().value())

    def _point_at(self, position: QPointF) -> None:
        if self._grid is None or self._maps is None:
            return
        corner = self._corner()
        found = self._grid.at(position.x() - corner.x(), position.y() - corner.y())
        if found is None:
            self._set_pointed(None)
            return
        channel, across, down = found
        _, height, width = self._maps.shape
        channel = channel if self._alone is None else self._alone
        self._set_pointed((channel, min(int(down * height), height - 1), min(int(across * width), width - 1)))

    def _set_pointed(self, pointed: tuple[int, int, int] | None) -> None:
        if pointed != self._pointed:
            self._pointed = pointed
            self.setAccessibleDescription(self.reading())
            self.viewport().update()

    def _walk(self, steps: int) -> None:
        """Moves the place that is read: from channel to channel, within the one that is shown alone."""
        if self._maps is None:
            return
        count, height, width = self._maps.shape
        channel, row, column = self._pointed or (0, height // 2, width // 2)
        if self._alone is None:
            channel = min(max(channel + steps, 0), count - 1) if self._pointed is not None else 0
            tile = self.tile_rect(channel)
            bar = self.verticalScrollBar()
            if tile.top() < 0:
                bar.setValue(bar.value() + tile.top())
            elif tile.bottom() > self.viewport().height():
                bar.setValue(bar.value() + tile.bottom() - self.viewport().height())
        else:
            column = min(max(column + steps, 0), width - 1)
        self._set_pointed((channel, row, column))

    def _toggle_alone(self, channel: int) -> None:
        self._set_alone(channel if self._alone is None else None)
        self._paint_anew()

    def _set_alone(self, channel: int | None) -> None:
        if self._shown is not None and self._maps is not None and len(self._maps) < 2:
            channel = None
        if channel != self._alone:
            self._alone = channel
            self._grid = None
            self.verticalScrollBar().setValue(0)
            self.channel_changed.emit(channel)

    def _paint_pointed(self, painter: QPainter, channel: int) -> None:
        theme = theme_manager()
        px, palette = theme.spacing.px, theme.palette
        tile = self.tile_rect(channel)
        painter.setPen(QPen(qcolor(palette.accent), 2.0))
        painter.drawRect(tile.adjusted(-1, -1, 0, 0))
        font = theme.typography.tabular("small")
        metrics = QFontMetricsF(font)
        text = self.reading()
        size = QSize(int(metrics.horizontalAdvance(text)) + px(16), int(metrics.height()) + px(8))
        room = self.viewport().rect()
        left = min(max(tile.left(), 2), max(room.width() - size.width() - 2, 2))
        top = tile.bottom() + px(4)
        if top + size.height() > room.height() - 2:
            top = tile.top() - px(4) - size.height()
        if top < 2:
            top = max(2, room.height() - size.height() - 2)
        box = QRectF(QPointF(left, top), size)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(qcolor(palette.line_strong, 0.6), 1.0))
        painter.setBrush(qcolor(palette.raised, 0.96))
        painter.drawRoundedRect(box, px(4), px(4))
        painter.setFont(font)
        painter.setPen(qcolor(palette.text))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
