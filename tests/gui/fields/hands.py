"""Every kind of field, and hands to use it with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from app.widgets import ChoiceField, NumberField, NumbersField, PairField, SearchField, ShapeField, TextField, Toggle

Heard = list[tuple[str, Any]]


Heard = list[tuple[str, Any]]

FIELDS: dict[str, tuple[Callable[[], QWidget], Any, Any]] = {
    "number": (lambda: NumberField(3, whole=True), 3, 4),
    "real number": (lambda: NumberField(0.5), 0.5, 0.25),
    "pair": (lambda: PairField(3), 3, (3, 5)),
    "numbers": (lambda: NumbersField((1.0, 2.5)), (1.0, 2.5), ()),
    "shape": (lambda: ShapeField((1, 28, 28)), (1, 28, 28), ("T", 64)),
    "choice": (lambda: ChoiceField(["adam", "sgd"]), "adam", "sgd"),
    "text": (lambda: TextField("conv"), "conv", "first"),
    "search": (SearchField, "", "conv"),
    "toggle": (lambda: Toggle(False), False, True),
}


def type_over(field: QLineEdit, text: str) -> None:
    field.selectAll()
    QTest.keyClicks(field, text)


def leave(field: QWidget) -> None:
    window = field.window()
    button = window.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    button.setFocus()


def turn_wheel(field: QWidget, angle: int) -> bool:
    """Turns the wheel over the field; whether the field took it."""
    middle = QPointF(field.rect().center())
    event = QWheelEvent(
        middle,
        field.mapToGlobal(middle),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    field.wheelEvent(event)
    return event.isAccepted()
