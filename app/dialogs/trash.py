"""The runs in the trash: brought back, or deleted for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QListWidget, QListWidgetItem, QPushButton, QWidget

from app.dialogs.dialog import Dialog
from app.theme import theme_manager

if TYPE_CHECKING:
    from graph_engine.runs import RunRecord


class TrashDialog(Dialog):
    """Nothing is deleted for good but by its own button."""

    def __init__(
        self,
        records: Sequence[RunRecord],
        restore: Callable[[str], object],
        empty: Callable[[], object],
        window: QWidget,
    ) -> None:
        super().__init__("Runs in the trash", window)
        spacing = theme_manager().spacing
        self.resize(spacing.px(440), spacing.px(360))
        self.list = QListWidget()
        self.list.setAccessibleName("Runs in the trash")
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        for record in records:
            item = QListWidgetItem(f"{record.name}  ·  {record.document}  ·  {record.created[:10]}", self.list)
            item.setData(Qt.ItemDataRole.UserRole, record.id)
        self.column.addWidget(self.list, 1)
        self.restore = QPushButton("Bring back")
        self.empty = QPushButton("Delete all for good")
        self.empty.setEnabled(bool(records))
        for button in (self.restore, self.empty):
            self.buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)

        def bring_back() -> None:
            for item in self.list.selectedItems():
                restore(str(item.data(Qt.ItemDataRole.UserRole)))
            self.accept()

        self.restore.clicked.connect(bring_back)
        self.empty.clicked.connect(empty)
        self.empty.clicked.connect(self.accept)
        self.list.itemSelectionChanged.connect(lambda: self.restore.setEnabled(bool(self.list.selectedItems())))
        self.restore.setEnabled(False)
        self.finish()
