"""The samples of a data set as a grid of small pictures with their labels. Only what is in view is loaded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar, QToolTip, QWidget

from app.theme import qcolor, theme_manager

if TYPE_CHECKING:
    from graph_engine.data import Sample

_KEPT = 4000
_AT_ONCE = 160
"""How many pictures are kept in memory, and asked for at a time."""

Ask = Callable[[list[int]], None]


class SampleGrid(QAbstractScrollArea):
    """Cells of one size. `ask` is called with the samples that are in view and not there yet; they come by `add`.

    `strip`: a single row that scrolls sideways, for picking a sample.
    """

    current_changed = Signal(int)
    """The user chose the sample of this index."""

    def __init__(self, ask: Ask, *, strip: bool = False, edge: int = 44, parent: QWidget | None = None) -> None:
        """`edge` is that of a picture (px at the base text size)."""
        super().__init__(parent)
        self._ask = ask
        self._strip = strip
        self._edge = edge
        self._indices: Sequence[int] = ()
        self._pictures: OrderedDict[int, tuple[QImage, str, str]] = OrderedDict()
        self._waiting: set[int] = set()
        self._current: int | None = None
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Samples")
        off = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if strip:
            self.setVerticalScrollBarPolicy(off)
        else:
            self.setHorizontalScrollBarPolicy(off)
        theme_manager().changed.connect(self._layout)
        self._layout()

    # For the panel.

    def set_indices(self, indices: Sequence[int]) -> None:
        """Shows these samples, from the first one; pictures that are here already stay."""
        self._indices = indices
        self._bar().setValue(0)
        self._layout()

    def indices(self) -> Sequence[int]:
        return self._indices

    def clear(self) -> None:
        """Forgets all pictures: other data comes."""
        self._pictures.clear()
        self._waiting.clear()
        self._indices = ()
        self._layout()

    def add(self, found: Sequence[Sample]) -> None:
        """Takes samples that were asked for."""
        from app.panels.data_thumbnails import thumbnail, vector_text

        for sample in found:
            text = vector_text(sample.value)
            self._pictures[sample.index] = (QImage() if text else thumbnail(sample.value), sample.label_name, text)
            self._waiting.discard(sample.index)
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        self.viewport().update()

    def drop_waiting(self) -> None:
        """What was asked for does not come; it may be asked for again."""
        self._waiting.clear()

    def loaded(self) -> int:
        """How many pictures are here."""
        return len(self._pictures)

    def set_current(self, index: int | None) -> None:
        """Marks a sample, and brings it into view."""
        self._current = index
        if index is not None and index in self._indices:
            cell = self.cell(self._indices.index(index))
            room = self.viewport().rect()
            bar, low, high, end = (
                (self._bar(), cell.left(), cell.right(), room.width())
                if self._strip
                else (self._bar(), cell.top(), cell.bottom(), room.height())
            )
            if low < 0:
                bar.setValue(bar.value() + low)
            elif high > end:
                bar.setValue(bar.value() + high - end)
        self.viewport().update()

    def current(self) -> int | None:
        return self._current

    def cell(self, place: int) -> QRect:
        """Where the cell of the `place`-th sample is, in the viewport."""
        size, columns = self._cell_size(), self._columns()
        row, column = (0, place) if self._strip else divmod(place, columns)
        offset = QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        return QRect(QPoint(column * size.width(), row * size.height()) - offset, size)

    # Qt.

    def sizeHint(self) -> QSize:
        size = self._cell_size()
        rows = 1 if self._strip else 4
        return QSize(size.width() * 4, size.height() * rows)

    def minimumSizeHint(self) -> QSize:
        size = self._cell_size()
        return QSize(size.width() * 2, size.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._layout()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: ARG002, N802
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), qcolor(theme_manager().palette.panel))
        missing = []
        for place in self._in_view():
            index = self._indices[place]
            if index in self._pictures:
                self._pictures.move_to_end(index)
            elif index not in self._waiting:
                missing.append(index)
            self._paint_cell(painter, self.cell(place), index)
        if missing:
            asked = missing[:_AT_ONCE]
            self._waiting.update(asked)
            self._ask(asked)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._choose(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = 1 if self._strip else self._columns()
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_Home: -len(self._indices),
            Qt.Key.Key_End: len(self._indices),
        }
        step = moves.get(Qt.Key(event.key()))
        if step is None or not self._indices or (self._strip and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)):
            super().keyPressEvent(event)
            return
        here = self._indices.index(self._current) if self._current in self._indices else 0
        self._choose(min(max(here + step, 0), len(self._indices) - 1))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place_at(QPointF(self.viewport().mapFromGlobal(event.globalPos())))
            if place is not None:
                QToolTip.showText(event.globalPos(), self._words(self._indices[place]), self)
                return True
        return super().event(event)

    # Inside.

    def _choose(self, place: int) -> None:
        index = self._indices[place]
        self.set_current(index)
        self.setAccessibleDescription(self._words(index))
        self.current_changed.emit(index)

    def _words(self, index: int) -> str:
        _, label, text = self._pictures.get(index, (None, "", ""))
        parts = [f"sample {index}", text, f"“{label}”" if label else ""]
        return " · ".join(part for part in parts if part)

    def _bar(self) -> QScrollBar:
        return self.horizontalScrollBar() if self._strip else self.verticalScrollBar()

    def _label_height(self) -> int:
        return QFontMetrics(theme_manager().typography.font("small")).height()

    def _cell_size(self) -> QSize:
        px = theme_manager().spacing.px
        edge = px(self._edge)
        wide = edge + px(6)
        if not self._strip and self.viewport().width() > wide:
            wide = self.viewport().width() // max(1, self.viewport().width() // wide)
        return QSize(wide, edge + self._label_height() + px(6))

    def _columns(self) -> int:
        return max(1, self.viewport().width() // self._cell_size().width())

    def _in_view(self) -> range:
        size = self._cell_size()
        if self._strip:
            first = self.horizontalScrollBar().value() // size.width()
            last = (self.horizontalScrollBar().value() + self.viewport().width()) // size.width() + 1
        else:
            columns = self._columns()
            first = self.verticalScrollBar().value() // size.height() * columns
            last = ((self.verticalScrollBar().value() + self.viewport().height()) // size.height() + 1) * columns
        return range(min(first, len(self._indices)), min(last, len(self._indices)))

    def _place_at(self, position: QPointF) -> int | None:
        size = self._cell_size()
        x = int(position.x()) + self.horizontalScrollBar().value()
        y = int(position.y()) + self.verticalScrollBar().value()
        column, row = x // size.width(), y // size.height()
        if not self._strip and column >= self._columns():
            return None
        place = column if self._strip else row * self._columns() + column
        return place if 0 <= place < len(self._indices) else None

    def _layout(self) -> None:
        size, room = self._cell_size(), self.viewport().size()
        if self._strip:
            whole, seen, step = len(self._indices) * size.width(), room.width(), size.width()
            self.setFixedHeight(size.height() + self.horizontalScrollBar().sizeHint().height())
        else:
            rows = -(-len(self._indices) // self._columns())
            whole, seen, step = rows * size.height(), room.height(), size.height()
        self._bar().setRange(0, max(0, whole - seen))
        self._bar().setPageStep(seen)
        self._bar().setSingleStep(step)
        self.viewport().update()

    def _paint_cell(self, painter: QPainter, cell: QRect, index: int) -> None:
        theme = theme_manager()
        px, palette = theme.spacing.px, theme.palette
        edge = px(self._edge)
        frame = QRect(cell.left() + (cell.width() - edge) // 2, cell.top() + px(2), edge, edge)
        current = index == self._current
        if index in self._pictures:
            image, label, text = self._pictures[index]
            if text:
                painter.fillRect(frame, qcolor(palette.field))
                painter.setFont(theme.typography.tabular("small"))
                painter.setPen(qcolor(palette.text))
                painter.drawText(frame, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)
            else:
                size = image.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
                place = QRect(QPoint(), size)
                place.moveCenter(frame.center())
                painter.drawImage(place, image)
            painter.setFont(theme.typography.font("small"))
            painter.setPen(qcolor(palette.text if current else palette.text_dim))
            under = QRect(cell.left(), frame.bottom() + 1, cell.width(), self._label_height() + px(2))
            name = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, cell.width() - 2)
            painter.drawText(under, int(Qt.AlignmentFlag.AlignCenter), name)
        else:
            painter.fillRect(frame, qcolor(palette.hover))
        if current:
            painter.setPen(QPen(qcolor(palette.accent), 2.0))
            painter.drawRect(QRectF(frame).adjusted(-1, -1, 1, 1))
