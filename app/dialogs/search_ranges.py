"""What is searched over: the ranges that the document marks, and a line that marks another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.theme import set_role, theme_manager
from app.widgets import Choice, ChoiceField, dress_table
from graph_engine.document import Range, SetPlan
from graph_engine.runs.errors import RunError
from graph_engine.runs.ranges import read_range, write_range
from graph_engine.runs.searchable import Searchable, searchable

if TYPE_CHECKING:
    from app.session import Session

_FIRST = "learning_rate"


class SearchRanges(QWidget):
    """Ranges are part of the document: every change of them is a step of its history."""

    changed = Signal()
    """Something else is marked."""
    said = Signal(str)
    """Why a range could not be taken; empty when there is nothing wrong."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._settings: dict[str, Searchable] = {}
        note = QLabel(
            "Choose a setting, give it a range (1e-4..0.1:log, 16..128:16) or choices (16, 32, 64), and mark it."
        )
        note.setWordWrap(True)
        set_role(note, "faint")
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName("Ranges")
        self.table.setHorizontalHeaderLabels(["Setting", "Values"])
        dress_table(self.table)
        heads = self.table.horizontalHeader()
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setFixedHeight(theme_manager().spacing.px(112))
        self.table.itemChanged.connect(self._on_edited)
        self.setting = ChoiceField([])
        self._find_by_typing()
        self.values = QLineEdit()
        self.values.setPlaceholderText("1e-4..0.1:log")
        self.values.setAccessibleName("Values")
        self.mark = QPushButton("Mark")
        self.unmark = QPushButton("Remove")
        self.mark.clicked.connect(self._mark)
        self.values.returnPressed.connect(self._mark)
        self.unmark.clicked.connect(self._unmark)
        self.table.itemSelectionChanged.connect(self._show_selection)
        self.setting.committed.connect(lambda name: self._propose(str(name)))
        row = QHBoxLayout()
        for widget, stretch in ((self.setting, 4), (self.values, 3), (self.mark, 0), (self.unmark, 0)):
            row.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme_manager().spacing.m)
        column.addWidget(note)
        column.addWidget(self.table)
        column.addLayout(row)
        session.changed.connect(self._on_session)
        session.opened.connect(self._on_session)
        self.refresh()
        self._propose_first()

    @property
    def names(self) -> list[str]:
        """The settings that are marked."""
        return [each.of for each in self._session.document.plan.search]

    def propose(self, of: str) -> None:
        """Puts a setting with a range to begin with into the line: Enter marks it."""
        if of not in self._settings:
            self.said.emit(f"{of} can't be searched over.")
            return
        self.setting.set_value(of)
        self._propose(of)
        self.values.setFocus()
        self.values.selectAll()

    def refresh(self) -> None:
        """Shows what the document in front marks, and what it could."""
        document = self._session.document
        settings = searchable(document)
        if settings != self._settings:
            self._settings = settings
            choices = [
                Choice(each.name, f"{each.name}  ({each.value})" if each.value else each.name, each.about)
                for each in settings.values()
            ]
            self.setting.set_choices(choices)
        marked = document.plan.search
        blocked = QSignalBlocker(self.table)
        self.table.setRowCount(len(marked))
        for row, each in enumerate(marked):
            name = QTableWidgetItem(each.of)
            name.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.table.setItem(row, 0, name)
            self.table.setItem(row, 1, QTableWidgetItem(write_range(each)))
        blocked.unblock()
        self._show_selection()
        self.changed.emit()

    def _on_session(self) -> None:
        """Another document, or what it marks, is another: what was wrong with a range before is not any more."""
        self.said.emit("")
        self.refresh()
        if self.setting.value() not in self._settings:
            self._propose_first()

    def _propose_first(self) -> None:
        first = _FIRST if _FIRST in self._settings else next(iter(self._settings), "")
        self.setting.set_value(first)
        self._propose(first)

    def _find_by_typing(self) -> None:
        """There are hundreds of settings: a part of a name finds them."""
        self.setting.setEditable(True)
        self.setting.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setting.setAccessibleName("Setting")
        completer, line = self.setting.completer(), self.setting.lineEdit()
        if completer is not None and line is not None:
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.activated.connect(self._on_found)
            line.editingFinished.connect(self._on_typed)

    def _on_found(self, label: str) -> None:
        found = next((choice.value for choice in self.setting.choices if choice.label == label), None)
        if found is not None:
            self.setting.enter(found)

    def _on_typed(self) -> None:
        """What was typed and not chosen is no setting: the one chosen last is shown again; a whole name is one."""
        completer, text = self.setting.completer(), self.setting.currentText()
        popup = completer.popup() if completer is not None else None
        if popup is not None and popup.isVisible():
            return
        if text in self._settings and text != self.setting.value():
            self.setting.enter(text)
        self.setting.setEditText(self._label())

    def _label(self) -> str:
        value = self.setting.value()
        return next((choice.label for choice in self.setting.choices if choice.value == value), "")

    def _propose(self, of: str) -> None:
        marked = {each.of: write_range(each) for each in self._session.document.plan.search}
        known = self._settings.get(of)
        self.values.setText(marked.get(of) or (known.proposal if known is not None else ""))

    def _show_selection(self) -> None:
        self.unmark.setEnabled(bool(self.table.selectedIndexes()))

    def _mark(self) -> None:
        found = self._read(str(self.setting.value()), self.values.text())
        if found is not None:
            rest = [each for each in self._session.document.plan.search if each.of != found.of]
            self._set([*rest, found])

    def _unmark(self) -> None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        self._set([each for row, each in enumerate(self._session.document.plan.search) if row not in rows])

    def _on_edited(self, item: QTableWidgetItem) -> None:
        marked = list(self._session.document.plan.search)
        found = self._read(marked[item.row()].of, item.text())
        if found is not None:
            marked[item.row()] = found
        self._set(marked, told=found is None)

    def _read(self, of: str, text: str) -> Range | None:
        try:
            return read_range(of, text)
        except RunError as error:
            self.said.emit(str(error))
            return None

    def _set(self, ranges: list[Range], *, told: bool = False) -> None:
        plan = self._session.document.plan
        if not told:
            self.said.emit("")
        if tuple(ranges) != plan.search:
            self._session.attempt(SetPlan(replace(plan, search=tuple(ranges))), label="Change what is searched over")
        self.refresh()
