"""Python that is typed: colours and line numbers of the code view, and keys that keep the indentation."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QWidget

from app.panels.code_view import CodeView

INDENT = "    "


class CodeEditor(CodeView):
    """A code view that is written in. Tab indents; Ctrl+Tab goes on to the next widget."""

    apply_requested = Signal()
    """Ctrl+Enter was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(False)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextEditorInteraction)
        self.setAccessibleName("Code")
        self.setAccessibleDescription("Python. Ctrl+Tab leaves the editor.")
        self.setTabChangesFocus(False)

    def go_to(self, line: int) -> None:
        """Puts the cursor at the beginning of a line (from 1), behind its indentation."""
        block = self.document().findBlockByNumber(max(0, min(line, self.blockCount()) - 1))
        text = block.text()
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + len(text) - len(text.lstrip()))
        self.setTextCursor(cursor)
        self.centerCursor()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, control = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if control:
                self.apply_requested.emit()
            else:
                self._new_line()
        elif key == Qt.Key.Key_Tab and control:
            self.focusNextChild()
        elif key == Qt.Key.Key_Backtab and control:
            self.focusPreviousChild()
        elif key == Qt.Key.Key_Tab:
            self._indent()
        elif key == Qt.Key.Key_Backtab:
            self._dedent()
        elif key == Qt.Key.Key_Backspace and self._stands_behind_indent():
            self._shorten()
        else:
            super(CodeView, self).keyPressEvent(event)
            return
        event.accept()

    def _new_line(self) -> None:
        cursor = self.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        indent = before[: len(before) - len(before.lstrip())]
        more = INDENT if before.rstrip().endswith((":", "(", "[", "{")) else ""
        cursor.insertText(f"\n{indent}{more}")
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def _indent(self) -> None:
        cursor = self.textCursor()
        if self._lines(cursor) > 1:
            self._each_line(lambda line: line.insertText(INDENT))
        else:
            cursor.insertText(" " * (len(INDENT) - cursor.positionInBlock() % len(INDENT)))

    def _dedent(self) -> None:
        def shorten(line: QTextCursor) -> None:
            text = line.block().text()
            for _ in range(min(len(INDENT), len(text) - len(text.lstrip(" ")))):
                line.deleteChar()

        self._each_line(shorten)

    def _stands_behind_indent(self) -> bool:
        cursor = self.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        return not cursor.hasSelection() and bool(before) and not before.strip(" ")

    def _shorten(self) -> None:
        cursor = self.textCursor()
        for _ in range((cursor.positionInBlock() - 1) % len(INDENT) + 1):
            cursor.deletePreviousChar()

    def _lines(self, cursor: QTextCursor) -> int:
        """How many lines are selected, at least in part."""
        document = self.document()
        first = document.findBlock(cursor.selectionStart()).blockNumber()
        return document.findBlock(cursor.selectionEnd()).blockNumber() - first + 1

    def _each_line(self, do: Callable[[QTextCursor], None]) -> None:
        """Does something at the beginning of every selected line, as one step of undo."""
        cursor = self.textCursor()
        document = self.document()
        number = document.findBlock(cursor.selectionStart()).blockNumber()
        last = number + self._lines(cursor) - 1
        line = QTextCursor(document)
        line.beginEditBlock()
        for at in range(number, last + 1):
            line.setPosition(document.findBlockByNumber(at).position())
            do(line)
        line.endEditBlock()
