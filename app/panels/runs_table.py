"""The table that runs are listed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.panels.runs_model import COLUMNS, METRICS, NOTE, STARTED
from app.theme import theme_manager
from app.widgets import dress_table

if TYPE_CHECKING:
    from app.panels.runs_model import RunsModel

_FIGURES = {2: 116, 3: 102, 4: 76, 5: 78, 6: 62, 7: 104}
_SHARES = {0: (0.4, 132), 1: (0.26, 76), 8: (0.14, 56)}
"""Widths (px at the base text size) of columns of figures; of the others, their share of the rest, and the least. The
last, the note, has what is left.
"""
_LEAST_NOTE = 48
_BESIDE = 46
"""Room beside the heading of a metric that was chosen, for the arrow."""


class RunsTable(QTableView):
    """A table in which F2 renames the run, whatever F2 does elsewhere in the window."""

    rename_requested = Signal()

    def __init__(self, model: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sharing = self._by_hand = False
        self.setModel(model)
        dress_table(self)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # the names of a search's runs differ at their ends
        self.setAccessibleName("Runs")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        heads = self.horizontalHeader()
        heads.setSectionsClickable(True)
        heads.setSortIndicatorShown(True)
        heads.setSortIndicator(STARTED, Qt.SortOrder.DescendingOrder)
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

    def show_metrics(self, names: Sequence[str]) -> None:
        """Has these metrics as columns, after the state, those that the model has always first."""
        heads = self.horizontalHeader()
        for name, column in METRICS.items():
            self.setColumnHidden(column, name not in names)
        first = max(METRICS.values()) + 1
        for at in range(self.model().columnCount() - len(COLUMNS)):
            heads.moveSection(heads.visualIndex(len(COLUMNS) + at), first + at)
        self.share_width()

    def share_width(self) -> None:
        """Figures have the room they need; names, documents and notes share the rest, until a column is dragged."""
        if self._by_hand:
            return
        px = theme_manager().spacing.px
        figures = {column: px(width) for column, width in _FIGURES.items() if not self.isColumnHidden(column)}
        for column in range(len(COLUMNS), self.model().columnCount()):
            title = str(self.model().headerData(column, Qt.Orientation.Horizontal)).strip()
            figures[column] = self.horizontalHeader().fontMetrics().horizontalAdvance(title) + px(_BESIDE)
        rest = self.viewport().width() - sum(figures.values())
        self._sharing = True
        for column, width in figures.items():
            self.setColumnWidth(column, width)
        left = rest
        for column, (share, least) in _SHARES.items():
            width = max(px(least), int(rest * share))
            self.setColumnWidth(column, width)
            left -= width
        self.setColumnWidth(NOTE, max(px(_LEAST_NOTE), left))
        self._sharing = False

    def _on_resized(self, column: int) -> None:
        self._by_hand = self._by_hand or (not self._sharing and column != NOTE)  # that stretches by itself
