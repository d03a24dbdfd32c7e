"""A row of a form: label, field, what is wrong, and the way back to the default."""

from __future__ import annotations

from enum import Enum
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QMenu, QToolButton, QWidget

from app.theme import icon, set_role, theme_manager
from app.widgets.elided_label import ElidedLabel
from app.widgets.field import Field, Scrubbable

_STACK_BELOW = 17
"""Narrower than this many widths of an `n`, the label stands above its field."""
_SCRUB_PIXELS = 6


class NoDefault(Enum):
    """The one value that says that a field has no default."""

    NO_DEFAULT = "no default"


NO_DEFAULT = NoDefault.NO_DEFAULT


class FormRow(QWidget):
    """A label on the left, a field on the right, the field's error below it.

    A value other than `default` is marked by a dot that resets it. Dragging the label of a field with steps
    moves its value. `field` must satisfy `app.widgets.field.Field`.
    """

    def __init__(
        self,
        label: str,
        field: QWidget,
        *,
        help_text: str = "",
        default: Any = NO_DEFAULT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        if not isinstance(field, Field):
            raise TypeError(f"{type(field).__name__} is not a field: it lacks a method or signal of Field.")
        self.field: Field = field
        self.widget: QWidget = field
        self._default = default
        self._stacked: bool | None = None
        self._label = _FormLabel(label, field, self)
        self._label.setBuddy(field)
        field.setParent(self)  # before the dot is made: Tab goes in this order
        self._reset = QToolButton(self)
        set_role(self._reset, "small")
        self._reset.setIcon(icon("dot", "accent"))
        self._reset.clicked.connect(self.reset)
        self._error = QLabel(self)
        self._error.setProperty("part", "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self._note = QLabel(self)
        set_role(self._note, "faint")
        self._note.setWordWrap(True)
        self._note.hide()
        field.setAccessibleName(label)
        if help_text:
            self._label.setToolTip(help_text)
            field.setToolTip(help_text)
            field.setWhatsThis(help_text)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        field.value_changed.connect(self._mark)
        field.error_changed.connect(self._show_error)
        theme_manager().changed.connect(self._arrange)
        self._arrange()
        self._mark()
        self._show_error(field.error() or "")

    @property
    def label(self) -> str:
        return self._label.text()

    @property
    def note(self) -> str:
        """What is said below the field, beside what is wrong."""
        return self._note.text()

    def set_note(self, text: str) -> None:
        """Says something below the field, such as what a formula gives; empty for nothing."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def offer(self, action: QAction) -> None:
        """Offers something in the menu of the row, below what the menu of its field has."""
        self.addAction(action)
        self.widget.installEventFilter(self)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.actions():
            self._open_menu(QMenu(self), event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QContextMenuEvent) and isinstance(watched, QLineEdit):
            menu = watched.createStandardContextMenu()
            menu.addSeparator()
            self._open_menu(menu, event)
            return True
        return super().eventFilter(watched, event)

    def _open_menu(self, menu: QMenu, event: QContextMenuEvent) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.actions())
        menu.popup(event.globalPos())
        event.accept()

    def is_changed(self) -> bool:
        """Whether the value is another than the default."""
        return self._default is not NO_DEFAULT and self.field.value() != self._default

    def set_default(self, default: Any) -> None:
        """Another value to compare with and go back to; `NO_DEFAULT` for none."""
        self._default = default
        self._mark()

    def reset(self) -> None:
        """Enters the default."""
        if self._default is not NO_DEFAULT:
            self.widget.setFocus()
            self.field.enter(self._default)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._stacked != self._is_narrow():
            self._arrange()

    def _is_narrow(self) -> bool:
        return self.width() < _STACK_BELOW * self.fontMetrics().horizontalAdvance("n")

    def _arrange(self) -> None:
        """Label beside the field, or above it where there is little room."""
        spacing = theme_manager().spacing
        self._stacked = self._is_narrow()
        for widget in (self._label, self._reset, self.widget, self._error, self._note):
            self._grid.removeWidget(widget)
        self._grid.setHorizontalSpacing(spacing.s)
        self._grid.setVerticalSpacing(spacing.xs)
        middle = Qt.AlignmentFlag.AlignVCenter
        self._grid.addWidget(self._label, 0, 0)
        self._grid.addWidget(self._reset, 0, 1, middle)
        if self._stacked:
            self._grid.addWidget(self.widget, 1, 0, 1, 2)
            self._grid.addWidget(self._error, 2, 0, 1, 2)
            self._grid.addWidget(self._note, 3, 0, 1, 2)
        else:
            self._grid.addWidget(self.widget, 0, 2)
            self._grid.addWidget(self._error, 1, 2)
            self._grid.addWidget(self._note, 2, 2)
        for column, stretch in enumerate((1, 0, 0) if self._stacked else (2, 0, 3)):
            self._grid.setColumnStretch(column, stretch)
        edge = spacing.px(16)
        self._reset.setFixedSize(edge, edge)

    def _mark(self) -> None:
        changed = self.is_changed()
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self._reset.setVisible(changed)
        if changed:
            self._reset.setToolTip(f"Changed from {self._default_text()}. Click to reset.")
            self._reset.setAccessibleName(f"Reset {self.label} to {self._default_text()}")

    def _default_text(self) -> str:
        shown = self._default
        return " × ".join(map(str, shown)) or "none" if isinstance(shown, tuple) else str(shown)

    def _show_error(self, text: str) -> None:
        self._error.setText(text)
        self._error.setVisible(bool(text))


class _FormLabel(ElidedLabel):
    """The label; dragged sideways it moves the value of a field that has steps."""

    def __init__(self, text: str, field: QWidget, parent: QWidget) -> None:
        super().__init__(text, parent=parent)
        self.setProperty("part", "label")
        self._field = field
        self._from: float | None = None
        self._moved = 0
        self._show_cursor()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self._show_cursor()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._scrubs():
            self._from, self._moved = event.globalPosition().x(), 0
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is None or not isinstance(self._field, Scrubbable):
            return
        steps = round((event.globalPosition().x() - self._from) / _SCRUB_PIXELS)
        if steps != self._moved:
            self._field.nudge(steps - self._moved)
            self._moved = steps

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from is None or not isinstance(self._field, Scrubbable):
            super().mouseReleaseEvent(event)
            return
        self._from = None
        self._field.commit()
        self._field.setFocus(Qt.FocusReason.MouseFocusReason)

    def _show_cursor(self) -> None:
        self.setCursor(Qt.CursorShape.SizeHorCursor if self._scrubs() else Qt.CursorShape.ArrowCursor)

    def _scrubs(self) -> bool:
        return isinstance(self._field, Scrubbable) and self._field.has_steps()
