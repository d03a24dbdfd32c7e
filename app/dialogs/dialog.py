"""What dialogs have in common: margins that follow the text, buttons at the foot, gone when closed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from app.theme import set_role, theme_manager
from app.widgets import lay_out_before


class Dialog(QDialog):
    """A dialog with a column for its content and a row of buttons."""

    def __init__(self, title: str, window: QWidget, *, buttons: QDialogButtonBox.StandardButton | None = None) -> None:
        super().__init__(window)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        spacing = theme_manager().spacing
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(spacing.xxl, spacing.px(20), spacing.xxl, spacing.px(20))
        self.column.setSpacing(spacing.l)
        self.buttons = QDialogButtonBox(buttons or QDialogButtonBox.StandardButton.Close)
        row = self.buttons.layout()
        if row is not None:
            row.setSpacing(spacing.m)
        self.buttons.rejected.connect(self.reject)
        self.buttons.accepted.connect(self.accept)

    def finish(self) -> None:
        """Puts the buttons below what was added to the column. Only one that was proposed answers to Enter."""
        self.column.addWidget(self.buttons)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(button.isDefault())

    def event(self, event: QEvent) -> bool:
        lay_out_before(event)
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Large text asks for much room: there is no more than the screen has."""
        window = self.parentWidget()
        room = self.screen().availableSize()
        self.resize(self.size().boundedTo(room.expandedTo(window.size()) if window is not None else room))
        super().showEvent(event)

    def propose(self, which: QDialogButtonBox.StandardButton, text: str) -> None:
        """Gives the button that Enter presses its words and its look."""
        button = self.buttons.button(which)
        button.setText(text)
        button.setDefault(True)
        set_role(button, "primary")
