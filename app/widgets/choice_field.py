"""A field for one of a few choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from app.widgets.faults import Faults


@dataclass(frozen=True, slots=True)
class Choice:
    """A value, how it is called, and what it means (a tooltip)."""

    value: Any
    label: str
    help: str = ""


class ChoiceField(QComboBox):
    """A drop-down list; see `app.widgets.field.Field`. Walking through the open list previews each choice."""

    edited = Signal(object)
    committed = Signal(object)
    value_changed = Signal()
    error_changed = Signal(str)

    def __init__(self, choices: Sequence[Choice | str], value: Any = None, *, parent: QWidget | None = None) -> None:
        """A choice given as a string is its own label. Without `value` the first is chosen."""
        super().__init__(parent)
        self._choices = [Choice(item, item) if isinstance(item, str) else item for item in choices]
        self._faults = Faults(self, self.error_changed)
        self._value = value if value is not None or not self._choices else self._choices[0].value
        self._committed = self._value
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel gives no focus
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self._offer()
        self._show()
        self._after_list = QTimer(self, singleShot=True, interval=0)
        self._after_list.timeout.connect(self._settle)
        self.activated.connect(self._on_chosen)
        self.highlighted.connect(self._on_highlighted)
        self.view().installEventFilter(self)

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(self._choices)

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Offers others; the value stays."""
        self._choices = list(choices)
        self.clear()
        self._offer()
        self._take(self._value)
        self._show()

    def value(self) -> Any:
        """The value chosen, or highlighted while the list is open."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Shows a value from elsewhere; one that is no choice is shown and marked."""
        self._committed = value
        self._take(value)
        self._show()

    def enter(self, value: Any) -> None:
        """Takes a value as if the user had chosen it."""
        self._edit(value)
        self._show()
        self.commit()

    def commit(self) -> None:
        """Makes the value shown the committed one."""
        if self._value != self._committed:
            self._committed = self._value
            self.committed.emit(self._value)

    def error(self) -> str | None:
        """What is wrong with the value, or the fault found elsewhere."""
        return self._faults.text

    def set_error(self, text: str | None) -> None:
        """Marks the field with a fault found elsewhere; None clears it."""
        self._faults.set_outer(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide:
            # a choice is announced only after the list is gone: whether there was one shows a moment later
            self._after_list.start()
        return super().eventFilter(watched, event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.isEditable():
            self.showPopup()
            event.accept()
        else:
            super().keyPressEvent(event)

    def _offer(self) -> None:
        for choice in self._choices:
            self.addItem(choice.label)
            if choice.help:
                self.setItemData(self.count() - 1, choice.help, Qt.ItemDataRole.ToolTipRole)

    def _on_highlighted(self, index: int) -> None:
        if self.view().isVisible():
            self._edit(self._choices[index].value)

    def _on_chosen(self, index: int) -> None:
        self._edit(self._choices[index].value)
        self.commit()

    def _settle(self) -> None:
        self._edit(self._committed)

    def _edit(self, value: Any) -> None:
        if self._take(value):
            self.edited.emit(value)

    def _take(self, value: Any) -> bool:
        known = any(choice.value == value for choice in self._choices)
        self._faults.set_own(None if known else f"“{value}” is not one of the choices.")
        if value == self._value:
            return False
        self._value = value
        self.value_changed.emit()
        return True

    def _show(self) -> None:
        found = [index for index, choice in enumerate(self._choices) if choice.value == self._value]
        self.setPlaceholderText("" if found else str(self._value))
        self.setCurrentIndex(found[0] if found else -1)
