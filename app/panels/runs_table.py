"""The table that runs are listed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.theme import theme_manager
from app.widgets import dress_table

if TYPE_CHECKING:
    from app.panels.runs_model import RunsModel

_FIGURES = {2: 100, 3: 102, 4: 76, 5: 70, 6: 62, 7: 108}
_SHARES = {0: (0.4, 140), 1: (0.26, 76), 8: (0.14, 46), 9: (0.2, 50)}
"""Widths (px at the base text size) of columns of figures; of the others, their share of the rest, and the least."""


class RunsTable(QTableView):
    """A table in which F2 renames the run, whatever F2 does elsewhere in the window."""

    rename_requested = Signal()

    def __init__(self, model: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sharing = self._by_hand = False
        self.setModel(model)
        dress_table(self)
        self.setAccessibleName("Runs")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        heads = self.horizontalHeader()
        heads.setSectionsClickable(True)
        heads.setSortIndicatorShown(True)
        heads.setSortIndicator(7, Qt.SortOrder.DescendingOrder)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        heads.sectionResized.connect(self._on_resized)

    @property
    def is_editing(self) -> bool:
        """Whether something is being typed in a cell."""
        return self.state() is QAbstractItemView.State.EditingState

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.setAccepted(event.key() == Qt.Key.Key_F2)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self.rename_requested.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share_width()

    def share_width(self) -> None:
        """Figures have the room they need; names, documents and notes share the rest, until a column is dragged."""
        if self._by_hand:
            return
        px = theme_manager().spacing.px
        rest = self.viewport().width() - sum(px(width) for width in _FIGURES.values())
        self._sharing = True
        for column, width in _FIGURES.items():
            self.setColumnWidth(column, px(width))
        for column, (share, least) in _SHARES.items():
            self.setColumnWidth(column, max(px(least), int(rest * share)))
        self._sharing = False

    def _on_resized(self, column: int) -> None:
        last = self.model().columnCount() - 1  # it stretches by itself
        self._by_hand = self._by_hand or (not self._sharing and column != last)
