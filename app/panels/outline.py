"""The drawing as a table, for the keyboard and for screen readers: everything that the canvas shows, to be operated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QIcon, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.panels.outline_model import COLUMNS, FROM, NODE, OutlineModel
from app.theme import category_icon, set_role, set_surface, theme_manager
from app.widgets import EmptyState

if TYPE_CHECKING:
    from app.session import Session

_KEYS = (
    "Enter: parameters, or into a composite. F2: title, or where the inputs come from. Insert: add a block. "
    "J: wire the two selected nodes. Delete: take away. Escape: back out."
)
_WIDTHS = (220, 190, 190, 150, 90)  # px at the base size; the state takes what is left


class OutlinePanel(QWidget):
    """Selecting rows selects nodes and the other way round.

    Enter edits the parameters, or goes into a composite; F2 types a title or, in the column From, where the inputs come
    from; Insert adds a block, J wires the two selected nodes, Del deletes, Esc goes back out, F6 goes to the canvas.
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
        set_surface(self, "panel")
        self.setAccessibleName("Outline")
        self.model = OutlineModel(session, self)
        self.table = _Table(self.model)
        self.table.edit_requested.connect(self._open)
        self.table.add_requested.connect(self.add_requested)
        self.table.join_requested.connect(self.join_requested)
        self.table.leave_requested.connect(session.leave)
        self.table.delete_requested.connect(self.delete_requested)
        empty = EmptyState(
            "outline", "Every node is listed here with its shape and its problems.", title="Nothing drawn yet"
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.table)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._show)
        for signal in (session.opened, session.level_changed, session.changed, session.check_changed):
            signal.connect(self._show_soon)
        session.selection_changed.connect(self._show_selection)
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def _show_soon(self) -> None:
        self._soon.start()

    def _show(self) -> None:
        if not self.isVisible():
            return
        with QSignalBlocker(self.table.selectionModel()):
            self.model.refresh()
        self._stack.setCurrentIndex(1 if self.model.rowCount() else 0)
        self._show_selection()

    def _show_selection(self) -> None:
        if not self.isVisible():
            return
        chosen = QItemSelection()
        rows = [row for node in self._session.selection.nodes if (row := self.model.row(node)) >= 0]
        for row in rows:
            chosen.select(self.model.index(row, 0), self.model.index(row, len(COLUMNS) - 1))
        model = self.table.selectionModel()
        if set(rows) == {index.row() for index in model.selectedRows()}:
            return
        with QSignalBlocker(model):
            model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            if rows and not self.table.hasFocus():
                self.table.setCurrentIndex(self.model.index(rows[-1], 0))
                model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if rows:
            # a moment later, since a panel that has just come to the front has no size yet
            QTimer.singleShot(0, self.table, lambda: self.table.scrollTo(self.model.index(rows[-1], 0)))
        self.table.viewport().update()

    def _open(self, node: str) -> None:
        """Goes into a composite, with the keyboard still here; of any other node, the parameters are to be edited."""
        if self._session.enter(node):
            self._show()
            self.table.selectRow(0)
        else:
            self.edit_requested.emit(node)

    def _on_selected(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        current = self.table.currentIndex()
        ordered = sorted(rows, key=lambda index: (index.row() == current.row(), index.row()))
        nodes = [node for index in ordered if (node := self.model.node(index)) is not None]
        if nodes:
            self._session.reveal(*nodes)
        else:
            self._session.select()


class _Table(QTableView):
    edit_requested = Signal(str)
    delete_requested = Signal()
    add_requested = Signal()
    join_requested = Signal()
    leave_requested = Signal()

    def __init__(self, model: OutlineModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        set_role(self, "panel")
        self.setAccessibleName("Nodes")
        self.setAccessibleDescription(_KEYS)
        self.setEditTriggers(QTableView.EditTrigger.EditKeyPressed)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.setItemDelegateForColumn(NODE, _NodeDelegate(model, self))
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        self.doubleClicked.connect(self._edit)
        theme_manager().changed.connect(self._space)
        self._space()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.state() is QTableView.State.EditingState:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_F2:
            self._type()
        elif key == Qt.Key.Key_Insert:
            self.add_requested.emit()
        elif key == Qt.Key.Key_J and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.join_requested.emit()
        elif key == Qt.Key.Key_Escape:
            self.leave_requested.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._edit(self.currentIndex())
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_requested.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """F2 types here, whatever it does elsewhere in the window."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.setAccepted(event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Insert))
            return True
        return super().event(event)

    def _type(self) -> None:
        """Opens the cell for typing: where the inputs come from, in any other column the title."""
        index = self.currentIndex()
        if index.isValid():
            self.edit(index if index.column() == FROM else index.siblingAtColumn(NODE))

    def _edit(self, index: QModelIndex) -> None:
        node = self._model.node(index)
        if node is not None:
            self.edit_requested.emit(node)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self.verticalHeader().setDefaultSectionSize(spacing.px(26))
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, spacing.px(width))


class _NodeDelegate(QStyledItemDelegate):
    """The category's icon before the title."""

    def __init__(self, model: OutlineModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:  # noqa: N802
        super().initStyleOption(option, index)
        category = self._model.category(index)
        option.icon = category_icon(category) if category else QIcon()
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
