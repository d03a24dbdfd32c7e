"""Dialogs of the window: the key sheet, preferences, about and this computer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.actions import ALL
from app.dialogs.about import AboutDialog, DoctorDialog
from app.dialogs.preferences import PreferencesDialog
from app.dialogs.shortcuts import ShortcutSheet
from app.theme import theme_manager
from app.window import MainWindow
from graph_engine.document import Document
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def dialog(window: MainWindow, kind: type[QDialog]) -> QDialog:
    found = [each for each in window.findChildren(kind) if each.isVisible()]
    assert len(found) == 1
    return found[0]


def test_the_key_sheet_lists_every_key_and_is_searched(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_Slash, CONTROL | SHIFT)
    sheet = dialog(window, ShortcutSheet)
    assert isinstance(sheet, ShortcutSheet)
    assert {action.plain_title for action in ALL if action.keys} <= set(sheet.shown())

    QTest.keyClicks(sheet.search, "redo")
    assert sheet.shown()[0] == "Redo"
    assert len(sheet.shown()) < 8
    settle()
    first, second = (
        next(each for each in sheet.findChildren(QLabel) if each.text() == name) for name in sheet.shown()[:2]
    )
    assert first.mapTo(sheet, QPoint()).y() < second.mapTo(sheet, QPoint()).y()
    sheet.search.clear_text()
    assert {action.plain_title for action in ALL if action.keys} <= set(sheet.shown())
    QTest.keyClicks(sheet.search, "xyzzy")
    assert sheet.shown() == []
    sheet.close()


def test_preferences_change_the_window_at_once(window: MainWindow) -> None:
    window.show_preferences()
    preferences = dialog(window, PreferencesDialog)
    assert isinstance(preferences, PreferencesDialog)

    preferences.theme.enter("light")
    assert not theme_manager().palette.is_dark
    preferences.theme.enter("dark")
    preferences.scale.enter(125)
    assert theme_manager().font_scale == 1.25
    preferences.scale.enter(100)
    preferences.snap.click()
    assert window.canvas.snap
    preferences.tabs.setCurrentIndex(1)
    preferences.keys.choose("file.save")
    QTest.keyClick(preferences.keys.editor, Qt.Key.Key_U, CONTROL)
    assert window.settings.shortcuts == {"file.save": ["Ctrl+U"]}
    assert window.book.keys("file.save") == [QKeySequence("Ctrl+U")]
    preferences.keys.reset.click()
    assert window.settings.shortcuts == {}
    preferences.close()


def test_a_key_of_two_actions_is_warned_of(window: MainWindow) -> None:
    window.show_preferences()
    preferences = dialog(window, PreferencesDialog)
    assert isinstance(preferences, PreferencesDialog)
    preferences.keys.choose("file.save")

    QTest.keyClick(preferences.keys.editor, Qt.Key.Key_O, CONTROL)

    assert "Open" in preferences.keys.note.text()
    preferences.close()


def test_about_and_this_computer(window: MainWindow, qtbot: QtBot) -> None:
    window.show_about()
    about = dialog(window, AboutDialog)
    assert any("Layerloom" in child.text() for child in about.findChildren(QWidget) if hasattr(child, "text"))
    about.close()

    window.show_doctor()
    doctor = dialog(window, DoctorDialog)
    assert isinstance(doctor, DoctorDialog)
    qtbot.waitUntil(lambda: "torch" in doctor.report.toPlainText(), timeout=60_000)
    doctor._copy.click()
    assert "torch" in QGuiApplication.clipboard().text()
    doctor.close()
