"""What was done to the document, step by step, and how it was before: one click goes there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.figures import ago
from app.theme import icon, set_role, set_surface, theme_manager

if TYPE_CHECKING:
    from app.session import Session
    from app.version_keeper import VersionKeeper
    from graph_engine.document import Document
    from graph_engine.document.versions import Version

_REASONS = {"saved": "saved", "interval": "while it was changed", "restored": "before an older one was restored"}
_MOST = 500  # steps that are listed; older ones are reached by undoing


class HistoryPanel(QWidget):
    """Steps on the left, the newest at the foot, the current one marked; versions of the file on the right."""

    compare_requested = Signal(object, str)
    """(document, name): an earlier version is to be compared with the document in front."""

    def __init__(self, session: Session, versions: VersionKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._versions = versions
        self._found: list[Version] = []
        self._first = 0  # the step that the first row stands for
        set_surface(self, "panel")
        self.setAccessibleName("History")
        self.steps = _list("Steps")
        self.steps.itemActivated.connect(lambda _: self._go())
        self.steps.itemClicked.connect(lambda _: self._go())
        self.versions = _list("Earlier versions")
        self.versions.currentRowChanged.connect(self._on_version)
        self.versions.itemActivated.connect(lambda _: self._compare())
        self._note = QLabel()
        self._note.setWordWrap(True)
        set_role(self._note, "faint")
        self.compare = _button("Compare…", "Show side by side what is different now", self._compare)
        self.restore = _button("Restore", "Make the document what it was; undo takes that back", self._restore)
        self._row = QHBoxLayout(self)
        self._columns = [QVBoxLayout(), QVBoxLayout()]
        for column, title, view in zip(
            self._columns, ("Steps", "Earlier versions"), (self.steps, self.versions), strict=True
        ):
            head = QLabel(title)
            set_role(head, "section")
            column.addWidget(head)
            column.addWidget(view, 1)
            self._row.addLayout(column, 1)
        self._columns[1].insertWidget(1, self._note)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        for button in (self.compare, self.restore):
            button.setMinimumWidth(1)  # where it is narrow, the two columns share the width evenly
            self._buttons.addWidget(button)
        self._columns[1].addLayout(self._buttons)
        self._columns[1].addStretch()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._show_steps)
        session.history_changed.connect(self._soon.start)
        session.opened.connect(self._on_opened)
        versions.changed.connect(self._look)
        theme_manager().changed.connect(self._space)
        self._space()
        self._on_version(-1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_steps()
        self._look()

    def _on_opened(self) -> None:
        self._soon.start()
        self._look()

    # --- steps

    def _show_steps(self) -> None:
        if not self.isVisible():
            return
        history = self._session.history
        labels = ["Opened", *history.labels, *history.undone_labels]
        now, saved = history.position, history.saved_position
        self._first = max(0, len(labels) - _MOST)
        with QSignalBlocker(self.steps):
            self.steps.clear()
            for at, label in enumerate(labels[self._first :], self._first):
                self.steps.addItem(_step(label, at, now, is_saved=at == saved and self._session.path is not None))
            self.steps.setCurrentRow(now - self._first)
        item = self.steps.item(max(0, now - self._first))
        if item is not None:
            self.steps.scrollToItem(item)

    def _go(self) -> None:
        row = self.steps.currentRow()
        if row >= 0:
            self._session.go_to_step(self._first + row)

    # --- versions

    def _look(self) -> None:
        if self.isVisible():
            self._versions.look(self._show_versions)

    def _show_versions(self, found: list[Version]) -> None:
        self._found = found
        with QSignalBlocker(self.versions):
            self.versions.clear()
            for version in found:
                moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(version.kept))
                passed = ago(max(0.0, time.time() - version.kept))
                self.versions.addItem(f"{moment}   {passed}, {_REASONS[version.reason]}")
        self._on_version(-1)

    def _on_version(self, row: int) -> None:
        chosen = 0 <= row < len(self._found)
        self.compare.setEnabled(chosen)
        self.restore.setEnabled(chosen)
        for part in (self.versions, self.compare, self.restore):
            part.setVisible(bool(self._found))  # until there are any, the room is for saying how they come
        if not self._found:
            has_file = self._session.path is not None
            self._note.setText(
                "Each time the document is saved, and every five minutes while it changes, a version is kept."
                if has_file
                else "Save the document: from then on its versions are kept."
            )
        elif chosen:
            version = self._found[row]
            self._versions.read(version, lambda document: self._tell(version, document))
        else:
            self._note.setText("Choose a version to see what is different now.")

    def _tell(self, version: Version, document: Document) -> None:
        from graph_engine.document.diff import difference

        if version != self._chosen():
            return  # another was chosen while this one was read
        self._note.setText(f"Since then: {difference(document, self._session.document).summary()}.")

    def _chosen(self) -> Version | None:
        row = self.versions.currentRow()
        return self._found[row] if 0 <= row < len(self._found) else None

    def _compare(self) -> None:
        version = self._chosen()
        if version is not None:
            name = time.strftime("version of %Y-%m-%d %H:%M:%S", time.localtime(version.kept))
            self._versions.read(version, lambda document: self.compare_requested.emit(document, name))

    def _restore(self) -> None:
        version = self._chosen()
        if version is not None:
            self._versions.restore(version)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._row.setContentsMargins(spacing.l, spacing.s, spacing.l, spacing.s)
        self._row.setSpacing(spacing.xl)
        self._buttons.setSpacing(spacing.m)
        for column in self._columns:
            column.setSpacing(spacing.s)
        for view in (self.steps, self.versions):
            view.setMinimumHeight(spacing.px(26))


def _list(name: str) -> QListWidget:
    view = QListWidget()
    view.setAccessibleName(name)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setWordWrap(True)
    view.setResizeMode(QListWidget.ResizeMode.Adjust)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    set_role(view, "panel")
    return view


def _button(text: str, help_text: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(help_text)
    button.setAccessibleDescription(help_text)
    button.clicked.connect(run)
    return button


def _step(label: str, at: int, now: int, *, is_saved: bool) -> QListWidgetItem:
    """A row: the current step in strong letters, those taken back faint and in words."""
    marks = [word for word, holds in (("now", at == now), ("saved", is_saved), ("taken back", at > now)) if holds]
    item = QListWidgetItem(f"{label}   ({', '.join(marks)})" if marks else label)
    if at == now:
        item.setFont(theme_manager().typography.font("strong"))
        item.setIcon(icon("chevron-right", "accent"))
    elif at > now:
        font = QFont(theme_manager().typography.font("body"))
        font.setItalic(True)
        item.setFont(font)
    return item
