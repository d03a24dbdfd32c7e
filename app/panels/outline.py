"""The drawing as a tree, for the keyboard and for screen readers: everything that the canvas shows, to be operated."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QSignalBlocker, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from app.open_document import OpenDocument
from app.panels.outline_model import COLUMNS, NODE, OutlineModel, Path
from app.panels.outline_tree import OutlineTree
from app.panels.outline_unused import HEADING, removing
from app.theme import set_surface
from app.widgets import EmptyState

if TYPE_CHECKING:
    from app.session import Session

_Flag = QItemSelectionModel.SelectionFlag


class OutlinePanel(QWidget):
    """Selecting rows selects nodes, and shows the level in which they lie; and the other way round.

    Enter edits the parameters, or goes into a composite; F2 types a title or, in their columns, parameters and where
    the inputs come from; Insert adds a block, J wires the two selected nodes, Del deletes, Esc goes back out, F6 goes
    to the canvas. Composites that nothing uses stand below a heading: Enter opens one, Del takes it away. Rows of more
    than one level can't be selected together: those beside the current one stay.
    """

    edit_requested = Signal(str)
    """A node whose parameters are to be edited."""
    delete_requested = Signal()
    """What is selected is to be deleted."""
    add_requested = Signal()
    """A block is to be added behind what is selected."""
    join_requested = Signal()
    """The two selected nodes are to be wired."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._opened: WeakKeyDictionary[OpenDocument, set[Path]] = WeakKeyDictionary()
        self._way: tuple[OpenDocument, Path] | None = None  # what was shown last
        self._leads = False  # while the selection of rows is on its way to the canvas
        set_surface(self, "panel")
        self.setAccessibleName("Outline")
        self.model = OutlineModel(session, self)
        self.tree = OutlineTree(self.model)
        self.tree.edit_requested.connect(self._open)
        self.tree.add_requested.connect(self.add_requested)
        self.tree.join_requested.connect(self.join_requested)
        self.tree.leave_requested.connect(session.leave)
        self.tree.delete_requested.connect(self._delete)
        self.tree.expanded.connect(lambda index: self._note(index, is_open=True))
        self.tree.collapsed.connect(lambda index: self._note(index, is_open=False))
        empty = EmptyState(
            "outline", "Every node is listed here with its shape and its problems.", title="Nothing drawn yet"
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.tree)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._show)
        for signal in (session.opened, session.level_changed, session.changed, session.check_changed):
            signal.connect(self._show_soon)
        session.selection_changed.connect(self._show_selection)
        self.tree.selectionModel().selectionChanged.connect(self._on_selected)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def select(self, *path: str, column: int = NODE) -> None:
        """Goes to a node as a person would, by the composites on the way to it."""
        self.tree.setCurrentIndex(self.model.find(path, column))

    # --- showing

    def _show_soon(self) -> None:
        self._soon.start()

    def _show(self) -> None:
        if not self.isVisible():
            return
        current = self.model.row(self.tree.currentIndex())
        column, scrolled = self.tree.currentIndex().column(), self.tree.verticalScrollBar().value()
        with QSignalBlocker(self.tree.selectionModel()):
            self.model.refresh()
            if current is not None and not self.tree.currentIndex().isValid():  # all rows are new
                self._unfold()
                self._go_back_to((*current.path,), current.at, column)
                self.tree.verticalScrollBar().setValue(scrolled)
            else:
                self._unfold()
        self._stack.setCurrentIndex(1 if self.model.rowCount() else 0)
        self._show_selection()

    def _unfold(self) -> None:
        """Opens what was open, and what leads to the level that has come to be shown."""
        front = self._session.front
        opened = self._opened.setdefault(front, {(HEADING,)})
        if self._way != (front, front.way):
            self._way = (front, front.way)
            opened |= {front.way[: depth + 1] for depth in range(len(front.way))}
        for path in sorted(opened, key=len):
            index = self.model.find(path)
            if index.isValid():
                if not self.tree.isExpanded(index):
                    self.tree.expand(index)
            elif path != (HEADING,):
                opened.discard(path)

    def _go_back_to(self, path: Path, at: int, column: int) -> None:
        """Puts the keyboard where it was; if that node is gone, on the row that came into its place."""
        index = self.model.find(path, column)
        if not index.isValid():
            outer = self.model.find(path[:-1]) if len(path) > 1 else QModelIndex()
            index = self.model.index(min(at, self.model.rowCount(outer) - 1), max(column, NODE), outer)
        self.tree.selectionModel().setCurrentIndex(index, _Flag.NoUpdate)

    def _show_selection(self) -> None:
        if not self.isVisible() or self._leads:
            return
        front, model = self._session.front, self.tree.selectionModel()
        way = front.way if self.model.is_of_main else ()
        rows = [index for node in front.selection.nodes if (index := self.model.find((*way, node))).isValid()]
        chosen_rows = [index for index in model.selectedRows() if (row := self.model.row(index)) and row.is_node]
        if {index.internalId() for index in rows} == {index.internalId() for index in chosen_rows}:
            return
        chosen = QItemSelection()
        for index in rows:
            chosen.select(index, index.siblingAtColumn(len(COLUMNS) - 1))
        with QSignalBlocker(model):
            if rows and self.tree.currentIndex().internalId() not in {index.internalId() for index in rows}:
                self.tree.setCurrentIndex(rows[-1])
            model.select(chosen, _Flag.ClearAndSelect)
        if rows:
            # a moment later, since a panel that has just come to the front has no size yet
            QTimer.singleShot(0, self.tree, lambda: self._scroll_to(rows[-1].internalId()))
        self.tree.viewport().update()

    def _scroll_to(self, number: int) -> None:
        index = self.tree.currentIndex()
        if index.internalId() == number:
            self.tree.scrollTo(index.siblingAtColumn(NODE))

    # --- leading

    def _note(self, index: QModelIndex, *, is_open: bool) -> None:
        """Remembers what is open: rows are made again when the drawing changes."""
        row = self.model.row(index)
        if row is not None:
            opened = self._opened.setdefault(self._session.front, {(HEADING,)})
            (opened.add if is_open else opened.discard)(row.path)

    def _open(self, index: QModelIndex) -> None:
        """Goes into a composite, with the keyboard still here; of any other node, the parameters are to be edited."""
        row = self.model.row(index)
        if row is None:
            return
        if not row.is_node:
            self._open_unused(index, row.unused)
            return
        self.model.show_level(row)
        if self._session.enter(row.node):
            self._show()
            way = self._session.front.way if self.model.is_of_main else ()
            outer = self.model.find(way) if way else QModelIndex()
            self.tree.setCurrentIndex(self.model.index(0, NODE, outer))
        else:
            self.edit_requested.emit(row.node)

    def _open_unused(self, index: QModelIndex, name: str | None) -> None:
        """Goes into a composite that nothing uses; their heading opens and closes."""
        if name is None:
            self.tree.setExpanded(index.siblingAtColumn(NODE), not self.tree.isExpanded(index.siblingAtColumn(NODE)))
        elif self._session.show_graph(name):
            self._show()
            self.tree.setCurrentIndex(self.model.index(0, NODE))

    def _delete(self) -> None:
        """Deletes the composites that are selected below their heading, else the nodes that are."""
        rows = (self.model.row(index) for index in self.tree.selectionModel().selectedRows())
        names = [row.unused for row in rows if row is not None and row.unused is not None]
        if names:
            self._session.attempt(removing(self._session.document, names))
        else:
            self.delete_requested.emit()

    def _on_selected(self) -> None:
        found = (self.model.row(index) for index in self.tree.selectionModel().selectedRows())
        rows = [row for row in found if row is not None and row.is_node]
        current = self.model.row(self.tree.currentIndex())
        if not rows:
            self._session.select()
            return
        last = current if current in rows else rows[-1]
        beside = [row for row in rows if row.way == last.way and row is not last]
        self._leads = True
        try:
            self.model.show_level(last)
            self._session.reveal(*(row.node for row in (*beside, last)))
        finally:
            self._leads = False
        self._show_selection()
