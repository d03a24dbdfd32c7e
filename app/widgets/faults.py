"""What is wrong with a field: its own text, or something found elsewhere."""

from __future__ import annotations

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QWidget

from app.theme import set_invalid


class Faults:
    """The two faults of a field, shown as one: the field's own first.

    Marks `widget` as invalid, tells screen readers and emits `changed` with the text to show (empty for
    none).
    """

    def __init__(self, widget: QWidget, changed: SignalInstance) -> None:
        self._widget = widget
        self._changed = changed
        self._own: str | None = None
        self._outer: str | None = None

    @property
    def own(self) -> str | None:
        return self._own

    @property
    def text(self) -> str | None:
        """What to show, or None."""
        return self._own or self._outer

    def set_own(self, text: str | None) -> None:
        """The value itself cannot be taken; None when it can."""
        self._set(text, self._outer)

    def set_outer(self, text: str | None) -> None:
        """A fault found elsewhere; None clears it."""
        self._set(self._own, text)

    def _set(self, own: str | None, outer: str | None) -> None:
        before = self.text
        self._own, self._outer = own, outer
        if self.text != before:
            set_invalid(self._widget, invalid=self.text is not None)
            self._widget.setAccessibleDescription(self.text or "")
            self._changed.emit(self.text or "")
