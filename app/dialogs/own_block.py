"""Name and description of a block that the user keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QPlainTextEdit, QWidget

from app.dialogs.dialog import Dialog
from app.theme import set_role, theme_manager
from app.widgets import FormRow, TextField

if TYPE_CHECKING:
    from graph_engine.document.own_blocks import OwnBlock, OwnLibrary

_LINES = 4


class OwnBlockDialog(Dialog):
    """Says, while a name is typed, whether another block has it."""

    chosen = Signal(str, str)
    """(title, description)."""

    def __init__(
        self,
        heading: str,
        title: str,
        help_: str,
        library: OwnLibrary,
        own: OwnBlock | None,
        window: QWidget,
    ) -> None:
        """`own` is the block that is described anew; None for one that is not kept yet and may replace another."""
        box = QDialogButtonBox.StandardButton
        super().__init__(heading, window, buttons=box.Save | box.Cancel)
        self.setObjectName("own-block")
        spacing = theme_manager().spacing
        self.setMinimumWidth(spacing.px(460))
        self._library, self._own = library, own
        self.title = TextField(title, required=True)
        self.column.addWidget(FormRow("Name", self.title, help_text="What lists and nodes call it."))
        label = QLabel("Description")
        self.column.addWidget(label)
        self.description = QPlainTextEdit(help_)
        self.description.setAccessibleName("Description")
        self.description.setPlaceholderText("What it computes, and when to use it …")
        self.description.setTabChangesFocus(True)
        self.description.setFixedHeight(round(self.fontMetrics().lineSpacing() * _LINES + spacing.px(20)))
        label.setBuddy(self.description)
        self.column.addWidget(self.description)
        self._note = QLabel()
        self._note.setWordWrap(True)
        set_role(self._note, "dim")
        self.column.addWidget(self._note)
        self.propose(box.Save, "Save")
        self.finish()
        self.title.value_changed.connect(self._judge)
        self.title.error_changed.connect(lambda _: self._judge())
        self.title.selectAll()
        self.title.setFocus()
        self._judge()

    @property
    def note(self) -> str:
        """What is said of the name."""
        return self._note.text()

    def accept(self) -> None:
        """Tells what was typed, unless it can't be."""
        self.title.commit()
        if self._save.isEnabled():
            self.chosen.emit(str(self.title.value()).strip(), self.description.toPlainText().strip())
            super().accept()

    @property
    def _save(self) -> QWidget:
        return self.buttons.button(QDialogButtonBox.StandardButton.Save)

    def _judge(self) -> None:
        title = str(self.title.value()).strip()
        namesake = self._library.titled(title)
        is_other = namesake is not None and (self._own is None or namesake.name != self._own.name)
        button = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        button.setText("Replace" if is_other and self._own is None else "Save")
        button.setEnabled(bool(title) and not self.title.error() and not (is_other and self._own is not None))
        if is_other and self._own is None:
            self._note.setText(
                f"You have a block called {title} already. It will be replaced; documents that use it "
                "keep their copies."
            )
        elif is_other:
            self._note.setText(f"You have another block called {title}. Choose a name of its own.")
        else:
            self._note.setText("It is kept as a file of yours. A document that uses it gets a copy of its own.")
