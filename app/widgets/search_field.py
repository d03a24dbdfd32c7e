"""A line to search with, and the way from it into what it finds."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QToolButton, QWidget

from app.theme import icon, set_role, theme_manager
from app.widgets.faults import Faults
from app.widgets.key_hint import KeyHint


class SearchField(QLineEdit):
    """A search line; see `app.widgets.field.Field`. `edited` follows every letter, `committed` Enter.

    Down moves the focus into the view given with `set_view`; Esc clears the text, and with none is left to
    the parent.
    """

    edited = Signal(object)
    committed = Signal(object)
    value_changed = Signal()
    error_changed = Signal(str)

    def __init__(self, placeholder: str = "Search", *, keys: str = "", parent: QWidget | None = None) -> None:
        """`keys` is the shortcut that leads here, shown while the line is empty and there is room."""
        super().__init__(parent)
        self._faults = Faults(self, self.error_changed)
        self._view: QAbstractItemView | None = None
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder.rstrip("….") or "Search")
        self._clear = QToolButton(self)
        set_role(self._clear, "small")
        self._clear.setIcon(icon("close"))
        self._clear.setAccessibleName("Clear")
        self._clear.setToolTip("Clear (Esc)")
        self._clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._clear.setCursor(Qt.CursorShape.ArrowCursor)
        self._clear.clicked.connect(self.clear_text)
        self._hint = KeyHint(keys, self)
        self.textChanged.connect(self._on_text)
        self.textEdited.connect(self._on_typed)
        self.returnPressed.connect(self._on_return)
        self._place()

    def value(self) -> str:
        return self.text()

    def set_value(self, value: str) -> None:
        """Writes a text without announcing it as typed."""
        self.setText(value)

    def enter(self, value: str) -> None:
        """Takes a text as if it had been typed and Enter pressed."""
        self.setText(value)
        self.edited.emit(value)
        self.committed.emit(value)

    def error(self) -> str | None:
        return self._faults.text

    def set_error(self, text: str | None) -> None:
        """Marks the line, for instance when nothing was found; None clears it."""
        self._faults.set_outer(text)

    def clear_text(self) -> None:
        """Empties the line as if the user had."""
        self.clear()
        self.edited.emit("")

    def set_view(self, view: QAbstractItemView) -> None:
        """The list or tree of what was found: Down goes to its current, or first, row."""
        self._view = view

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down and self._enter_view():
            event.accept()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear_text()
            event.accept()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_hint"):
            self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        spacing = theme_manager().spacing
        edge = spacing.px(14)
        place = QRect(spacing.m, (self.height() - edge) // 2, edge, edge)
        icon("search", "text_faint").paint(QPainter(self), place)

    def _place(self) -> None:
        """Puts the cross and the hint to the right, and keeps the text clear of them and of the icon."""
        spacing = theme_manager().spacing
        edge = spacing.px(18)
        self._clear.setFixedSize(edge, edge)
        self._clear.move(self.width() - edge - spacing.s, (self.height() - edge) // 2)
        self._clear.setVisible(bool(self.text()))
        self._hint.adjustSize()
        left = self.width() - self._hint.width() - spacing.m
        self._hint.move(left, (self.height() - self._hint.height()) // 2)
        room = left - spacing.px(34)
        fits = self.fontMetrics().horizontalAdvance(self.placeholderText()) <= room
        self._hint.setVisible(bool(self._hint.keys()) and not self.text() and fits)
        self.setTextMargins(spacing.px(19), 0, spacing.px(16) if self.text() else 0, 0)

    def _enter_view(self) -> bool:
        model = self._view.model() if self._view else None
        if self._view is None or model is None or not model.rowCount(QModelIndex()):
            return False
        if not self._view.currentIndex().isValid():
            self._view.setCurrentIndex(model.index(0, 0))
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _on_text(self) -> None:
        self._place()
        self.value_changed.emit()

    def _on_typed(self, text: str) -> None:
        self.edited.emit(text)

    def _on_return(self) -> None:
        self.committed.emit(self.text())
