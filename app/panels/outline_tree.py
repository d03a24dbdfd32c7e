"""The view of the outline: its keys, its columns and what is painted before a title."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleTableModelChangeEvent, QIcon, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from app.panels.outline_model import FROM, NODE, TELL, OutlineModel
from app.theme import category_icon, set_role, theme_manager

_KEYS = (
    "Enter: parameters in the inspector, or into a composite. Right and left: open and close a composite, and from "
    "column to column. F2: title, parameters as name=value, or where the inputs come from. Insert: add a block. "
    "J: wire the two selected nodes. Delete: take away, also a composite that is not used. Escape: back out."
)
_SHARES = ((0.23, 150), (0.11, 70), (0.16, 90), (0.15, 80), (0.13, 96), (0.07, 66))
"""Of each column but the last its share of the width, and the least (px at the base size), until one is dragged."""
_HEIGHT = 26  # px at the base size


class OutlineTree(QTreeView):
    """A tree with cells: right opens a composite or goes to the next column, left the other way round."""

    edit_requested = Signal(QModelIndex)
    """What a row stands for is to be edited, or entered."""
    delete_requested = Signal()
    add_requested = Signal()
    join_requested = Signal()
    leave_requested = Signal()

    def __init__(self, model: OutlineModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sharing = self._by_hand = False
        self.setModel(model)
        set_role(self, "panel")
        self.setAccessibleName("Nodes")
        self.setAccessibleDescription(_KEYS)
        self.setEditTriggers(QTreeView.EditTrigger.EditKeyPressed)
        self.setSelectionBehavior(QTreeView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setAllColumnsShowFocus(False)
        self.setTabKeyNavigation(False)
        self.setItemDelegate(_CellDelegate(self))
        self.setItemDelegateForColumn(NODE, _NodeDelegate(model, self))
        header = self.header()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.sectionResized.connect(self._on_dragged)
        self.doubleClicked.connect(self.edit_requested)
        self.expanded.connect(self._tell_readers)
        self.collapsed.connect(self._tell_readers)
        theme_manager().changed.connect(self._space)
        self._space()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, current = Qt.Key(event.key()), self.currentIndex()
        if self.state() is QTreeView.State.EditingState:
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
            if current.isValid():
                self.edit_requested.emit(current)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_requested.emit()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and current.isValid():
            self._go_aside(current, forward=key == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """F2 types here, whatever it does elsewhere in the window."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.setAccepted(event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Insert))
            return True
        return super().event(event)

    def _go_aside(self, current: QModelIndex, *, forward: bool) -> None:
        at_node = current.column() == NODE
        is_open = self.isExpanded(current.siblingAtColumn(NODE))
        if at_node and forward and not is_open and self.model().hasChildren(current):
            self.expand(current)
        elif at_node and not forward and is_open:
            self.collapse(current)
        elif at_node and not forward:
            if current.parent().isValid():
                self.setCurrentIndex(current.parent())
        else:
            beside = current.siblingAtColumn(current.column() + (1 if forward else -1))
            if beside.isValid():
                self.setCurrentIndex(beside)

    def _tell_readers(self) -> None:
        """Qt tells screen readers of new rows, not of rows that come to be shown, and goes on with cells it knew."""
        if QAccessible.isActive():
            kind = QAccessibleTableModelChangeEvent.ModelChangeType.ModelReset
            QAccessible.updateAccessibility(QAccessibleTableModelChangeEvent(self, kind))

    def _type(self) -> None:
        """Opens the cell for typing: parameters, where the inputs come from, in any other column the title."""
        current = self.currentIndex()
        index = current if current.column() in (FROM, TELL) else current.siblingAtColumn(NODE)
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self.setIndentation(spacing.px(18))
        self._share_width()
        self.scheduleDelayedItemsLayout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        if self._by_hand:
            return
        self._sharing = True
        for column, (share, least) in enumerate(_SHARES):
            title = self.header().sectionSizeHint(column)  # which is never cut
            room = int(self.viewport().width() * share)
            self.setColumnWidth(column, max(theme_manager().spacing.px(least), room, title))
        self._sharing = False

    def _on_dragged(self, column: int) -> None:
        self._by_hand = self._by_hand or (not self._sharing and column < len(_SHARES))


class _CellDelegate(QStyledItemDelegate):
    """Rows of one height, which follows the text size."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), theme_manager().spacing.px(_HEIGHT))


class _NodeDelegate(_CellDelegate):
    """The category's icon before the title."""

    def __init__(self, model: OutlineModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:  # noqa: N802
        super().initStyleOption(option, index)
        category = self._model.category(index)
        option.icon = category_icon(category) if category else QIcon()
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
