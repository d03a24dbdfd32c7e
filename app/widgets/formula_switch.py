"""A switch or a list of choices that may also be a formula, written as text."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QToolButton, QWidget

from app.theme import set_role, theme_manager
from app.widgets.field import Field, InvalidText
from app.widgets.parsed_field import Check, Formulas, ParsedField
from graph_engine.blocks.named import is_formula
from graph_engine.blocks.named import plain as plain_value


class FormulaSwitch(QWidget):
    """A field (see `app.widgets.Field`) around a plain one; where formulas may stand, the button `=` lets one be typed.

    Switched off again, what the formula gives is taken.
    """

    edited = Signal(object)
    committed = Signal(object)
    value_changed = Signal()
    error_changed = Signal(str)

    def __init__(self, plain: QWidget, check: Check | None = None, parent: QWidget | None = None) -> None:
        """`check` judges what a formula gives."""
        super().__init__(parent)
        if not isinstance(plain, Field):
            raise TypeError(f"{type(plain).__name__} is not a field")
        self.plain: Field = plain
        self._plain = plain
        self.line = _FormulaLine(check)
        self._formulas: Formulas | None = None
        self.button = QToolButton()
        self.button.setText("=")
        self.button.setCheckable(True)
        set_role(self.button, "small")
        self.button.clicked.connect(self._on_switched)
        self.button.hide()
        self._pages = QStackedLayout()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addLayout(self._pages, 1)
        self._pages.addWidget(plain)  # only now: it shows the first one, which else would be a window
        self._pages.addWidget(self.line)
        self._row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        for field in (plain, self.line):
            field.edited.connect(self.edited)
            field.committed.connect(self.committed)
            field.value_changed.connect(self.value_changed)
            field.error_changed.connect(self.error_changed)
        theme_manager().changed.connect(self._space)
        self._space()
        self._show_page(formula=False)

    @property
    def is_formula(self) -> bool:
        """Whether a formula is shown, or about to be typed."""
        return self._pages.currentWidget() is self.line

    def value(self) -> Any:
        return self.line.value() if self.is_formula and is_formula(self.line.value()) else self.plain.value()

    def set_value(self, value: Any) -> None:
        """Shows a value or a formula from elsewhere."""
        before = self.value()
        if is_formula(value):
            self.line.set_value(value)
            self._show_page(formula=True)
        elif not (self.is_formula and self.line.hasFocus() and value == self.plain.value()):
            self.plain.set_value(value)
            self._show_page(formula=False)
        if self.value() != before:
            self.value_changed.emit()

    def enter(self, value: Any) -> None:
        """Takes a value or a formula as if the user had entered it."""
        self._show_page(formula=is_formula(value))
        (self.line if self.is_formula else self.plain).enter(value)

    def commit(self) -> None:
        """Ends the typing of a formula."""
        if self.is_formula:
            self.line.commit()

    def error(self) -> str | None:
        return self.line.error() if self.is_formula else self.plain.error()

    def set_error(self, text: str | None) -> None:
        """Marks what is shown with a fault found elsewhere; None clears it."""
        self.plain.set_error(None if self.is_formula else text)
        self.line.set_error(text if self.is_formula else None)

    def set_formulas(self, formulas: Formulas | None) -> None:
        """Takes formulas as well; None takes none. One that is there already stays."""
        self._formulas = formulas
        self.line.set_formulas(formulas)
        self.button.setVisible(formulas is not None or self.is_formula)

    def setAccessibleName(self, name: str) -> None:  # noqa: N802
        super().setAccessibleName(name)
        self._plain.setAccessibleName(name)
        self.line.setAccessibleName(f"{name}, as a formula")
        self.button.setAccessibleName(f"{name}: write a formula")

    def _on_switched(self, on: bool) -> None:
        if on:
            self._show_page(formula=True)
            self.line.setText("=")
            self.line.setFocus(Qt.FocusReason.OtherFocusReason)
            self.line.setCursorPosition(1)
            return
        written, given = self.line.value(), None
        if is_formula(written) and self._formulas is not None:
            try:
                given = self._formulas(written)
            except InvalidText:
                given = None
        self.line.set_value("")
        self._show_page(formula=False)
        self._plain.setFocus(Qt.FocusReason.OtherFocusReason)
        if is_formula(written):
            value = self.plain.value() if given is None else plain_value(given)
            self.plain.set_value(value)
            self.edited.emit(value)
            self.committed.emit(value)
            self.value_changed.emit()

    def _show_page(self, *, formula: bool) -> None:
        self._pages.setCurrentIndex(1 if formula else 0)
        self.setFocusProxy(self.line if formula else self._plain)
        self.button.setChecked(formula)
        self.button.setToolTip("Choose a value" if formula else "Write a formula over the exposed parameters")
        self.button.setVisible(self._formulas is not None or formula)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._row.setSpacing(spacing.s)
        self.button.setFixedSize(spacing.px(20), spacing.px(20))


class _FormulaLine(ParsedField):
    """Takes nothing but formulas."""

    def __init__(self, check: Check | None) -> None:
        super().__init__("", check=check)
        self.setPlaceholderText("=name")

    def parse(self, text: str) -> Any:
        if text:
            raise InvalidText("A formula begins with =, such as =wide or =turn == 0.")
        return ""
