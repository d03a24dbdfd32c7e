"""What every field does: when it announces what is typed, how it is refused and why, how it is taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.widgets import Field, NumberField, PairField, ParsedField
from tests.gui.fields.hands import FIELDS, Heard, leave, type_over


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_keeps_the_protocol(shown: Callable[[QWidget], Heard], name: str) -> None:
    make, first, second = FIELDS[name]
    field = make()
    heard = shown(field)
    assert isinstance(field, Field)
    assert field.value() == first
    changes: list[None] = []
    errors: list[str] = []
    field.value_changed.connect(lambda: changes.append(None))
    field.error_changed.connect(errors.append)

    field.set_value(second)
    assert field.value() == second
    assert heard == [], "a value from elsewhere is not an edit"
    assert len(changes) == 1

    field.enter(first)
    assert field.value() == first
    assert heard == [("edited", first), ("committed", first)]
    assert len(changes) == 2

    field.set_error("Does not fit.")
    field.set_error("Does not fit.")
    assert field.error() == "Does not fit."
    assert field.accessibleDescription() == "Does not fit."
    field.set_error(None)
    assert field.error() is None
    assert errors == ["Does not fit.", ""]


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_takes_the_keyboard_and_grows_with_the_text(
    qtbot: QtBot, shown: Callable[[QWidget], Heard], name: str
) -> None:
    from app.theme import theme_manager

    field = FIELDS[name][0]()
    shown(field)
    assert field.focusPolicy() & Qt.FocusPolicy.TabFocus
    before = field.sizeHint().height()
    theme_manager().set_font_scale(2.0)
    try:
        assert field.sizeHint().height() >= 1.7 * before
        assert field.sizeHint().height() >= field.fontMetrics().height()
    finally:
        theme_manager().set_font_scale(1.0)


def test_typing_previews_each_letter_and_enter_commits_once(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    type_over(field, "64")
    assert heard == [("edited", 6), ("edited", 64)]
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClick(field, Qt.Key.Key_Return)
    leave(field)
    assert heard[2:] == [("committed", 64)]


def test_leaving_the_field_commits_and_writes_the_value_properly(shown: Callable[[QWidget], Heard]) -> None:
    field = PairField(3)
    heard = shown(field)
    type_over(field, "3x5")
    leave(field)
    assert heard[-1] == ("committed", (3, 5))
    assert field.text() == "3 × 5"


def test_escape_goes_back_to_what_was_committed(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    type_over(field, "64")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), field.value()) == ("3", 3)
    assert heard[-1] == ("edited", 3)
    leave(field)
    assert all(kind == "edited" for kind, _ in heard)


def test_escape_with_nothing_typed_is_left_to_the_window(qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QDialog

    dialog = QDialog()
    qtbot.addWidget(dialog)
    field = NumberField(3, whole=True)
    QVBoxLayout(dialog).addWidget(field)
    dialog.show()
    field.setFocus()
    type_over(field, "5")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_an_invalid_text_says_why_keeps_the_value_and_is_not_committed(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True, minimum=1)
    heard = shown(field)
    type_over(field, "x")
    assert field.error() == "“x” is not a whole number."
    assert field.property("invalid") is True
    assert field.value() == 3
    QTest.keyClick(field, Qt.Key.Key_Return)
    leave(field)
    assert field.text() == "x", "what was typed stays to be put right"
    assert heard == []
    type_over(field, "7")
    assert field.error() is None
    assert field.property("invalid") is False
    assert heard == [("edited", 7)]


def test_escape_takes_an_invalid_text_back(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    type_over(field, "x")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), field.error(), heard) == ("3", None, [])


def test_a_fault_of_the_text_is_shown_before_one_from_elsewhere(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    shown(field)
    field.set_error("64 is not a multiple of 3.")
    type_over(field, "x")
    assert field.error() == "“x” is not a whole number."
    type_over(field, "4")
    assert field.error() == "64 is not a multiple of 3."


def test_an_echo_of_what_is_typed_leaves_the_text_alone(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(0.5)
    heard = shown(field)
    type_over(field, "2.")
    field.set_value(2.0)  # the document took the preview and tells the form
    assert field.text() == "2."
    QTest.keyClicks(field, "5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert heard[-1] == ("committed", 2.5)


def test_another_value_from_elsewhere_replaces_what_is_typed(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    type_over(field, "64")
    field.set_value(5)  # an undo
    assert field.text() == "5"
    leave(field)
    assert [entry for entry in heard if entry[0] == "committed"] == []


def test_a_text_from_a_file_that_is_no_value_is_shown_with_the_reason(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    field.show_unreadable("many", "Channels must be a whole number.")
    leave(field)
    assert (field.text(), field.error(), heard) == ("many", "Channels must be a whole number.", [])
    field.set_value(4)
    assert (field.text(), field.error()) == ("4", None)


def test_a_check_of_the_callers_refuses_in_its_words(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(2, whole=True, check=lambda value: "Must be even." if value % 2 else None)
    heard = shown(field)
    type_over(field, "3")
    assert (field.error(), heard) == ("Must be even.", [])


def test_words_stand_for_values(shown: Callable[[QWidget], Heard]) -> None:
    field = PairField("same", words={"same": "same", "auto": None})
    heard = shown(field)
    assert field.text() == "same"
    type_over(field, "AUTO")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert heard[-1] == ("committed", None)
    assert field.text() == "auto"


def test_one_is_not_true(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(0, whole=True, words={"off": False})
    heard = shown(field)
    assert field.text() == "0"
    type_over(field, "off")
    assert heard[-1][1] is False


def test_undo_with_nothing_typed_reaches_the_window(qtbot: QtBot, shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    shown(field)
    stack = QUndoStack(field.window())
    undo = stack.createUndoAction(field.window())
    undo.setShortcut("Ctrl+Z")
    undo.setEnabled(True)
    pressed: list[None] = []
    undo.triggered.connect(lambda: pressed.append(None))
    field.window().addAction(undo)
    type_over(field, "64")
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert pressed == [], "what is being typed is undone in the line"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    undo.setEnabled(True)
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(pressed) == 1


def test_a_field_in_its_plainest_form_takes_any_text(shown: Callable[[QWidget], Heard]) -> None:
    field = ParsedField("a")
    heard = shown(field)
    type_over(field, "b")
    assert heard == [("edited", "b")]
