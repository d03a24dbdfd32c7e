"""A line edit that stands for a value: checks while one types, commits on Enter, reverts on Esc."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.widgets.faults import Faults
from app.widgets.field import InvalidText
from graph_engine.blocks.named import is_formula

Formulas = Callable[[str], Any]
"""What a formula (`=width * 4`) gives. Raises: InvalidText with a sentence for the user."""

Check = Callable[[Any], str | None]
"""Says in a sentence why a value cannot be taken, or None."""

_IDLE_COMMIT = 400
"""How long (ms) after the last step of arrows or wheel the value counts as entered."""
_NOTCH = 120


class ParsedField(QLineEdit):
    """Base of the fields that are typed into; see `app.widgets.field.Field` for its signals and methods.

    A subclass says how text becomes a value (`parse`) and back (`text_of`); one whose values can be stepped
    overrides `stepped`.
    """

    edited = Signal(object)
    committed = Signal(object)
    value_changed = Signal()
    error_changed = Signal(str)

    def __init__(
        self,
        value: Any,
        *,
        words: Mapping[str, Any] | None = None,
        check: Check | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`words` are texts that stand for a value (`{"same": "same", "auto": None}`), `check` judges what
        was parsed.
        """
        super().__init__(parent)
        self._words = dict(words or {})
        self._check = check
        self._value = value
        self._committed = value
        self._formulas: Formulas | None = None
        self._faults = Faults(self, self.error_changed)
        self._wheel_angle = 0
        self._idle = QTimer(self, singleShot=True, interval=_IDLE_COMMIT)
        self._idle.timeout.connect(self.commit)
        self.setText(self._shown(value))
        self.textEdited.connect(self._on_typed)
        self.editingFinished.connect(self.commit)

    # --- to be said by subclasses

    def parse(self, text: str) -> Any:
        """The value that `text` (stripped, not one of the words) stands for.

        Raises: InvalidText with a sentence for the user.
        """
        return text

    def text_of(self, value: Any) -> str:
        """How `value` (not one of the words) is written."""
        return str(value)

    def stepped(self, value: Any, steps: int) -> Any:  # noqa: ARG002
        """`value` moved by `steps`; None when it cannot be."""
        return None

    # --- Field

    def value(self) -> Any:
        """The value as last typed or set; never an invalid one."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Shows a value from elsewhere. Text being typed that already says so is left alone."""
        if self.hasFocus() and self.isModified() and value == self._value and self._faults.own is None:
            return
        self._idle.stop()
        self._committed = value
        self._take(value)
        self._show(value)

    def enter(self, value: Any) -> None:
        """Takes a value as if it had been typed and Enter pressed."""
        self._edit(value)
        self._show(value)
        self.commit()

    def set_formulas(self, formulas: Formulas | None) -> None:
        """Takes formulas such as `=width * 4` as well, as long as what they give can be taken; None takes none."""
        self._formulas = formulas

    def error(self) -> str | None:
        """Why the text cannot be taken, or the fault found elsewhere."""
        return self._faults.text

    def set_error(self, text: str | None) -> None:
        """Marks the field with a fault found elsewhere; None clears it."""
        self._faults.set_outer(text)

    def show_unreadable(self, text: str, reason: str) -> None:
        """Shows a text from elsewhere that stands for no value, such as one from a file, and why it does not.

        `value()` stays what it was; the text stays until another is typed or set.
        """
        self._idle.stop()
        self.setText(text)
        self._faults.set_own(reason)

    # --- stepping

    def has_steps(self) -> bool:
        """Whether the value can be moved by steps."""
        return not self.isReadOnly() and self.isEnabled() and self.stepped(self._value, 1) is not None

    def nudge(self, steps: int) -> None:
        """Moves the value by `steps`, where it has steps."""
        moved = self.stepped(self._value, steps)
        if moved is None or moved == self._value:
            return
        self._edit(moved)
        self._show(moved)
        self.setModified(True)

    def commit(self) -> None:
        """Ends the editing: a valid new value is committed and written as it should be."""
        self._idle.stop()
        if self._faults.own is not None:
            return
        if self._value != self._committed:
            self._committed = self._value
            self.committed.emit(self._value)
        self._show(self._value)

    def revert(self) -> bool:
        """Goes back to the committed value; False when nothing had been changed."""
        self._idle.stop()
        if self.text() == self._shown(self._committed) and self._faults.own is None:
            return False
        self._edit(self._committed)
        self._show(self._committed)
        return True

    # --- events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_PageUp: 10,
            Qt.Key.Key_PageDown: -10,
        }.get(Qt.Key(event.key()), 0)
        if steps and self.has_steps():
            self.nudge(steps)
            self._idle.start()
            event.accept()
        elif event.key() == Qt.Key.Key_Escape and self.revert():
            event.accept()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # without the focus the wheel scrolls what the field lies in, as if it were not there
        if not self.hasFocus() or not self.has_steps():
            event.ignore()
            return
        self._wheel_angle += event.angleDelta().y()
        steps, self._wheel_angle = divmod(self._wheel_angle, _NOTCH)
        if steps:
            self.nudge(steps)
            self._idle.start()
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._wheel_angle = 0
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.commit()

    def event(self, event: QEvent) -> bool:
        # Ctrl+Z with nothing typed belongs to the document, not to the line
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            nothing_to_undo = event.matches(QKeySequence.StandardKey.Undo) and not self.isUndoAvailable()
            nothing_to_redo = event.matches(QKeySequence.StandardKey.Redo) and not self.isRedoAvailable()
            if nothing_to_undo or nothing_to_redo:
                event.ignore()
                return False
        return super().event(event)

    # --- inside

    def _on_typed(self, text: str) -> None:
        self._idle.stop()
        try:
            value = self._read(text)
        except InvalidText as problem:
            self._faults.set_own(str(problem))
        else:
            self._edit(value)

    def _read(self, text: str) -> Any:
        stripped = text.strip()
        for word, value in self._words.items():
            if stripped.casefold() == word.casefold():
                return value
        if self._formulas is not None and stripped.startswith("="):
            given = self._formulas(stripped)
            value = stripped
        else:
            given = value = self.parse(stripped)
        refusal = self._check(given) if self._check else None
        if refusal:
            raise InvalidText(refusal)
        return value

    def _edit(self, value: Any) -> None:
        if self._take(value):
            self.edited.emit(value)

    def _take(self, value: Any) -> bool:
        """Makes `value` the value of the field; True when it is another than before."""
        self._faults.set_own(None)
        if value == self._value and type(value) is type(self._value):
            return False
        self._value = value
        self.value_changed.emit()
        return True

    def _shown(self, value: Any) -> str:
        for word, meaning in self._words.items():
            if value == meaning and type(value) is type(meaning):
                return word
        return value if is_formula(value) else self.text_of(value)

    def _show(self, value: Any) -> None:
        text = self._shown(value)
        if text != self.text():
            at = self.cursorPosition()
            self.setText(text)
            self.setCursorPosition(min(at, len(text)) if self.hasFocus() else 0)
        self.setModified(False)
