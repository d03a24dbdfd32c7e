"""The page on which keys are given to actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.canvas.search import Entry, find
from app.key_sets import KEY_SETS, TITLES
from app.theme import set_role, theme_manager
from app.widgets import Choice, ChoiceField, FormRow, SearchField

if TYPE_CHECKING:
    from app.actions.book import ActionBook
    from app.settings import Settings


class KeyTable(QWidget):
    """Actions with their first key; what is typed into the line below becomes the key of the action that is lit."""

    changed = Signal()

    def __init__(self, book: ActionBook, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._book = book
        self._settings = settings
        self._own = settings.shortcuts
        self._entries = [
            Entry(action.id, action.plain_title, action.menu.value, action.help, tuple(action.keys))
            for action in book.actions
        ]
        spacing = theme_manager().spacing
        self.key_set = ChoiceField([Choice(each, TITLES[each]) for each in KEY_SETS], settings.key_set)
        self.key_set.committed.connect(self._choose_set)
        self.filter = SearchField("Filter actions…")
        self.filter.edited.connect(self._filter)
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["Action", "Menu", "Keys"])
        self.table.setAccessibleName("Keys of actions")
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(spacing.px(26))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.table.itemSelectionChanged.connect(self._show_current)
        self.editor = QKeySequenceEdit()
        self.editor.setMaximumSequenceLength(1)
        self.editor.setAccessibleName("Key of the action that is lit")
        self.editor.keySequenceChanged.connect(self._on_typed)
        self.reset = QPushButton("Usual key")
        self.reset.clicked.connect(self._reset)
        self.clear = QPushButton("No key")
        self.clear.clicked.connect(lambda: self._set([]))
        self.note = QLabel()
        self.note.setWordWrap(True)
        set_role(self.note, "warning")
        row = QHBoxLayout()
        row.addWidget(self.editor, 1)
        row.addWidget(self.clear)
        row.addWidget(self.reset)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(spacing.m)
        column_.addWidget(FormRow("Key set", self.key_set, default="layerloom"))
        for widget in (self.filter, self.table):
            column_.addWidget(widget)
        column_.addLayout(row)
        column_.addWidget(self.note)
        self._filter("")

    @property
    def current(self) -> str | None:
        """The action that is lit."""
        row = self.table.currentRow()
        item = self.table.item(row, 0) if row >= 0 else None
        found = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return found if isinstance(found, str) else None

    def choose(self, action: str) -> None:
        """Lights an action."""
        for row in range(self.table.rowCount()):
            item = self.table.item(row, 0)
            if item is not None and item.data(Qt.ItemDataRole.UserRole) == action:
                self.table.selectRow(row)

    def _keys(self, action: str) -> list[str]:
        return self._book.keys_with(self._own)[action]

    def _filter(self, text: str) -> None:
        matches = find(text, self._entries)
        self.table.setRowCount(len(matches))
        for row, match in enumerate(matches):
            title = QTableWidgetItem(match.entry.title)
            title.setData(Qt.ItemDataRole.UserRole, match.entry.key)
            title.setToolTip(match.entry.detail)
            self.table.setItem(row, 0, title)
            self.table.setItem(row, 1, QTableWidgetItem(match.entry.category))
            self.table.setItem(row, 2, QTableWidgetItem(_shown(self._keys(match.entry.key))))
        if matches:
            self.table.selectRow(0)
        self._show_current()

    def _show_current(self) -> None:
        action = self.current
        for widget in (self.editor, self.reset, self.clear):
            widget.setEnabled(action is not None)
        if action is None:
            return
        keys = self._keys(action)
        with QSignalBlocker(self.editor):
            self.editor.setKeySequence(QKeySequence(keys[0]) if keys else QKeySequence())
        self.reset.setEnabled(action in self._own)
        self.clear.setEnabled(bool(keys))
        self._warn()

    def _on_typed(self, keys: QKeySequence) -> None:
        if not keys.isEmpty():
            self._set([keys.toString()])

    def _reset(self) -> None:
        action = self.current
        if action is not None:
            self._own.pop(action, None)
            self._keep()

    def _set(self, keys: list[str]) -> None:
        action = self.current
        if action is None:
            return
        if keys == self._book.usual(action):
            self._own.pop(action, None)
        else:
            self._own[action] = keys
        self._keep()

    def _keep(self) -> None:
        self._settings.shortcuts = self._own
        self._show_keys()
        self._show_current()
        self.changed.emit()

    def _show_keys(self) -> None:
        """What the keys are now, in every row: a key given to one action may be taken from another."""
        keys = self._book.keys_with(self._own)
        for row in range(self.table.rowCount()):
            item = self.table.item(row, 0)
            if item is not None:
                self.table.setItem(row, 2, QTableWidgetItem(_shown(keys[item.data(Qt.ItemDataRole.UserRole)])))

    def _choose_set(self, chosen: object) -> None:
        if chosen in KEY_SETS:
            self._settings.key_set = chosen
            self._book.set_own_keys(self._own, chosen)
            self._show_keys()
            self._show_current()
            self.changed.emit()

    def _warn(self) -> None:
        action = self.current
        for key, names in self._book.clashes(self._own).items():
            if action in names:
                others = ", ".join(self._book.action(name).plain_title for name in names if name != action)
                self.note.setText(f"{key} is also the key of {others}: where both are possible, neither works.")
                return
        losers = self._book.losers(self._own, action) if action is not None else []
        taken = ", ".join(self._book.action(name).plain_title for name in losers)
        self.note.setText(f"This key is taken from {taken}. Give it back with “Usual key”." if losers else "")


def _shown(keys: list[str]) -> str:
    return "   ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)
