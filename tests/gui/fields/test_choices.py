"""Choices, toggles and texts."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.widgets import Choice, ChoiceField, TextField, Toggle
from tests.gui.fields.hands import Heard, leave, turn_wheel


def test_a_choice_is_made_with_the_keyboard(shown: Callable[[QWidget], Heard]) -> None:
    field = ChoiceField([Choice(1, "one"), Choice(2, "two", help="twice"), Choice(3, "three")], 2)
    heard = shown(field)
    assert (field.value(), field.currentText()) == (2, "two")
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert heard == [("edited", 3), ("committed", 3)]


def test_walking_through_the_open_list_previews_and_leaving_it_takes_back(
    qtbot: QtBot, shown: Callable[[QWidget], Heard]
) -> None:
    field = ChoiceField(["adam", "sgd", "rmsprop"])
    heard = shown(field)
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(field.view().isVisible)
    QTest.keyClick(field.view(), Qt.Key.Key_Down)
    assert heard == [("edited", "sgd")]
    QTest.keyClick(field.view(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: heard == [("edited", "sgd"), ("edited", "adam")])
    assert field.currentText() == "adam"


def test_choosing_from_the_open_list_commits(qtbot: QtBot, shown: Callable[[QWidget], Heard]) -> None:
    field = ChoiceField(["adam", "sgd", "rmsprop"])
    heard = shown(field)
    field.showPopup()
    qtbot.waitUntil(field.view().isVisible)
    QTest.keyClick(field.view(), Qt.Key.Key_Down)
    QTest.keyClick(field.view(), Qt.Key.Key_Return)
    QApplication.processEvents()
    assert heard == [("edited", "sgd"), ("committed", "sgd")]
    assert (field.value(), field.currentText()) == ("sgd", "sgd")


def test_a_value_that_is_no_choice_is_shown_and_marked(shown: Callable[[QWidget], Heard]) -> None:
    field = ChoiceField(["adam", "sgd"])
    heard = shown(field)
    field.set_value("adagrad")
    assert (field.value(), field.placeholderText(), field.currentIndex()) == ("adagrad", "adagrad", -1)
    assert field.error() == "“adagrad” is not one of the choices."
    field.set_value("sgd")
    assert (field.error(), heard) == (None, [])


def test_the_wheel_does_not_change_a_choice_without_the_focus(shown: Callable[[QWidget], Heard]) -> None:
    field = ChoiceField(["adam", "sgd"])
    heard = shown(field)
    leave(field)
    assert not turn_wheel(field, -120)
    assert heard == []


def test_a_toggle_switches_by_space_click_and_arrows(shown: Callable[[QWidget], Heard]) -> None:
    field = Toggle(False, words=("no", "yes"))
    heard = shown(field)
    QTest.keyClick(field, Qt.Key.Key_Space)
    assert heard == [("edited", True), ("committed", True)]
    assert field.text() == "yes"
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    assert field.value() is False
    QTest.keyClick(field, Qt.Key.Key_Right)
    QTest.keyClick(field, Qt.Key.Key_Right)
    assert [value for kind, value in heard if kind == "committed"] == [True, False, True]
    QTest.keyClick(field, Qt.Key.Key_Left)
    assert field.value() is False


def test_a_toggle_looks_different_on_and_off_without_colour(qtbot: QtBot) -> None:
    field = Toggle(False, words=("", ""))
    qtbot.addWidget(field)
    off = field.grab().toImage().convertToFormat(field.grab().toImage().Format.Format_Grayscale8)
    field.set_value(True)
    on = field.grab().toImage().convertToFormat(off.format())
    assert off != on


def test_a_required_text_is_not_empty(shown: Callable[[QWidget], Heard]) -> None:
    field = TextField("name", required=True)
    shown(field)
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert field.error() == "This cannot be empty."
    QTest.keyClicks(field, "  new ")
    leave(field)
    assert (field.value(), field.text()) == ("new", "new")
