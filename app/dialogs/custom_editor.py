"""Where a custom block is written: the code, and beside it what is read from it while typing. Nothing of it runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.dialog import Dialog
from app.figures import plural
from app.panels.code_editor import CodeEditor
from app.theme import Role, icon, set_role, theme_manager
from graph_engine.blocks.custom import Argument, Definition, Inferred, read_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.session import Session

_PAUSE = 200  # ms without a key before the code is read
_AT_ONCE = 20_000  # letters; more are read by a job
_LINE_ROLE = Qt.ItemDataRole.UserRole
_MOST_LISTED = 12
_LINE = re.compile(r"Line (\d+): ")


class CustomEditor(Dialog):
    """The code on the left; title, ports, parameters and what is wrong on the right."""

    applied = Signal(str)
    """The source that is to be taken."""

    def __init__(self, session: Session, window: QWidget, source: str, *, new: bool, told: Sequence[str] = ()) -> None:
        """`told` is what the last check said of the block."""
        box = QDialogButtonBox.StandardButton
        super().__init__("New custom block" if new else "Custom block", window, buttons=box.Ok | box.Cancel)
        self._session = session
        self._told = tuple(told)
        spacing = theme_manager().spacing
        self.resize(spacing.px(980), spacing.px(640))
        self.editor = CodeEditor()
        self.editor.show_source(source)
        self._first = self.editor.toPlainText()
        self.title = QLabel()
        set_role(self.title, "heading")
        self.summary = _words("dim")
        self.ports = _words()
        self.parameters = _words()
        self.verdict = _words()
        self.faults = FaultList()
        self.faults.line_chosen.connect(self.editor.go_to)
        self._assemble()
        self.propose(box.Ok, "Add block" if new else "Apply")
        self.buttons.button(box.Ok).setToolTip("Ctrl+Enter")
        self.finish()
        self._soon = QTimer(self, singleShot=True, interval=_PAUSE)
        self._soon.timeout.connect(self._read)
        self.editor.textChanged.connect(self._soon.start)
        self.editor.apply_requested.connect(self.accept)
        self._asked = ""
        self._show(read_source(source))
        self.editor.setFocus()

    def _assemble(self) -> None:
        spacing = theme_manager().spacing
        about = QLabel("Write an <b>nn.Module</b>. Its constructor gives the parameters, <b>forward</b> the ports.")
        set_role(about, "dim")
        hint = QLabel("Ctrl+Enter applies · Ctrl+Tab leaves the editor · the code runs when it is applied, not before")
        set_role(hint, "faint")
        beside = QWidget()
        beside.setFixedWidth(spacing.px(290))
        side = QVBoxLayout(beside)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(spacing.m)
        side.addWidget(self.title)
        side.addWidget(self.summary)
        for heading, words in (("Ports", self.ports), ("Parameters", self.parameters)):
            label = QLabel(heading)
            set_role(label, "section")
            side.addWidget(label)
            side.addWidget(words)
        side.addWidget(self.verdict)
        side.addWidget(self.faults, 1)
        side.addStretch(0)
        row = QHBoxLayout()
        row.setSpacing(spacing.xl)
        row.addWidget(self.editor, 1)
        row.addWidget(beside)
        self.column.addWidget(about)
        self.column.addLayout(row, 1)
        self.column.addWidget(hint)

    def accept(self) -> None:
        self._soon.stop()
        self.applied.emit(self.editor.toPlainText())
        super().accept()

    def reject(self) -> None:
        """Closes; what was typed is not given up without a question."""
        if self.editor.toPlainText() == self._first:
            self._give_up()
            return
        buttons = QMessageBox.StandardButton
        box = QMessageBox(self)
        box.setObjectName("typed")
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Custom block")
        box.setText("Give up what you typed?")
        box.setStandardButtons(buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Cancel)
        box.button(buttons.Discard).setText("Give up")
        box.button(buttons.Cancel).setText("Go on typing")
        box.finished.connect(box.deleteLater)
        box.finished.connect(lambda result: self._give_up() if result == buttons.Discard.value else None)
        box.open()

    def _give_up(self) -> None:
        self._soon.stop()
        super().reject()

    def _read(self) -> None:
        source = self.editor.toPlainText()
        self._asked = source
        self._told = ()  # it was about other code
        if len(source) <= _AT_ONCE:
            self._show(read_source(source))
        else:
            self._session.jobs.start(
                "Reading the code", lambda: read_source(source), lambda found: self._show_read(source, found)
            )

    def _show_read(self, source: str, found: Definition) -> None:
        from shiboken6 import isValid

        if isValid(self) and source == self._asked:
            self._show(found)

    def _show(self, found: Definition) -> None:
        self.title.setText(found.title or "No block yet")
        self.summary.setText(found.help.split("\n\n")[0])
        self.summary.setVisible(bool(found.help))
        ins = [f"→ {port.name}{' (optional)' if port.optional else ''}" for port in found.inputs]
        self.ports.setText("\n".join([*ins, *(f"{name} →" for name in found.outputs)]) or "none yet")
        lines = [_parameter(each) for each in found.takes]
        rest = len(lines) - _MOST_LISTED
        self.parameters.setText(
            "\n".join([*lines[:_MOST_LISTED], *([f"and {rest} more"] if rest > 0 else [])]) or "none"
        )
        self.faults.show_texts([*map(str, found.faults), *self._told])
        self.faults.setVisible(bool(self.faults.count()))
        self.editor.mark_lines(self.faults.lines)
        self._judge(found)

    def _judge(self, found: Definition) -> None:
        if found.faults:
            self.verdict.setText(f"{plural(len(found.faults), 'thing')} to mend before it can run:")
        elif self._told:
            self.verdict.setText("When it ran last:")
        else:
            self.verdict.setText("It can be read. Its shapes are checked when it is applied.")
        set_role(self.verdict, "warning" if found.faults or self._told else "success")


class FaultList(QListWidget):
    """What is wrong, one a row; a click or Enter goes to its line."""

    line_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What is wrong")
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(self._choose)

    def show_texts(self, texts: Sequence[str]) -> None:
        """Lists sentences, those with a line as `Line 3: …`."""
        self.clear()
        for text in texts:
            item = QListWidgetItem(icon("error"), text)
            match = _LINE.match(text)
            item.setData(_LINE_ROLE, int(match[1]) if match else 0)
            self.addItem(item)

    @property
    def lines(self) -> list[int]:
        """The lines at which something is wrong."""
        every = (self.item(at).data(_LINE_ROLE) for at in range(self.count()))
        return sorted({line for line in every if line})

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self._choose(self.currentItem())
            event.accept()
        else:
            super().keyPressEvent(event)

    def _choose(self, item: QListWidgetItem) -> None:
        line = item.data(_LINE_ROLE)
        if isinstance(line, int) and line:
            self.line_chosen.emit(line)


def _words(role: Role = "") -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        set_role(label, role)
    return label


def _parameter(takes: Argument | Inferred) -> str:
    if isinstance(takes, Inferred):
        return f"{takes.name}: the {takes.length} of {takes.port}"
    unit = f" {takes.unit}" if takes.unit else ""
    return f"{takes.name}: {takes.type} = {takes.default}{unit}"
