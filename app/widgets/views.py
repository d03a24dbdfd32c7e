"""The look of lists, trees and tables: calm rows on the ground of their panel, as high as their text asks
for.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QAbstractItemView, QListView, QTableView, QTreeView

from app.theme import set_role, theme_manager


def dress_list(view: QListView) -> None:
    """Lays a list on its panel, without a frame."""
    _dress(view)


def dress_tree(view: QTreeView) -> None:
    """Lays a tree on its panel; its indentation follows the text size."""
    _dress(view)
    view.setUniformRowHeights(True)
    view.header().setHighlightSections(False)
    _Measures(view)


def dress_table(view: QTableView) -> None:
    """Makes a table a list of whole rows without a grid; their height follows the text size."""
    _dress(view)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.horizontalHeader().setHighlightSections(False)
    view.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
    view.horizontalHeader().setStretchLastSection(True)
    view.verticalHeader().hide()
    _Measures(view)


def _dress(view: QAbstractItemView) -> None:
    set_role(view, "panel")  # also makes a list measure its rows with the style sheet, not before it
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setTabKeyNavigation(False)  # Tab leads on to the next control
    view.setTextElideMode(Qt.TextElideMode.ElideRight)


class _Measures(QObject):
    """Keeps what a style sheet cannot say at the text size of the moment, as long as the view lives."""

    def __init__(self, view: QTreeView | QTableView) -> None:
        super().__init__(view)
        self._view = view
        theme_manager().changed.connect(self._measure)
        self._measure()

    def _measure(self) -> None:
        spacing = theme_manager().spacing
        if isinstance(self._view, QTreeView):
            self._view.setIndentation(spacing.px(16))
        else:
            self._view.verticalHeader().setDefaultSectionSize(spacing.px(28))
