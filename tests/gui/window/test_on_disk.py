"""A file that is open here and written elsewhere: nothing is overwritten without a question, nothing opened twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.start import Studio
from app.window import MainWindow
from graph_engine.document import SetParameter
from graph_engine.document.file import dumps, load, save
from presets import open_preset
from tests.gui.window.conftest import settle
from tests.gui.window.hands import CONTROL, Key

CHANGED = "net.loom was changed by another program."


@pytest.fixture
def opened(window: MainWindow, studio: Studio, qtbot: QtBot, tmp_path: Path) -> Path:
    """A file, open in front."""
    path = tmp_path / "net.loom"
    save(open_preset("lenet5"), path)
    window.files.open_path(path)
    qtbot.waitUntil(lambda: window.session.path == path and studio.settled, timeout=30_000)
    return path


def change_and_save(window: MainWindow, channels: int) -> None:
    window.session.perform(SetParameter("conv2d_1", "channels", channels))
    QTest.keyClick(window, Key.Key_S, CONTROL)


def answer(window: MainWindow, words: str) -> None:
    box = window.findChild(QMessageBox, "changed-elsewhere")
    assert isinstance(box, QMessageBox)
    next(each for each in box.buttons() if each.text().replace("&", "") == words).click()
    settle()
    window.activateWindow()
    settle()
    assert window.isActiveWindow()


def told(window: MainWindow) -> list[str]:
    return [toast.text() for toast in window.notices.toasts.toasts()]


def test_what_another_program_wrote_is_not_overwritten_without_a_question(
    window: MainWindow, opened: Path, qtbot: QtBot
) -> None:
    change_and_save(window, 9)  # nobody else was there: no question
    qtbot.waitUntil(lambda: not window.session.dirty, timeout=10_000)
    elsewhere = open_preset("mlp")
    save(elsewhere, opened)

    change_and_save(window, 10)
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "changed-elsewhere") is not None, timeout=10_000)
    assert dumps(load(opened)) == dumps(elsewhere)
    answer(window, "Cancel")
    assert window.session.dirty
    assert dumps(load(opened)) == dumps(elsewhere)

    QTest.keyClick(window, Key.Key_S, CONTROL)
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "changed-elsewhere") is not None, timeout=10_000)
    answer(window, "Overwrite")
    qtbot.waitUntil(lambda: not window.session.dirty, timeout=10_000)
    assert load(opened).main["conv2d_1"].parameters["channels"] == 10


def test_what_another_program_wrote_is_told_and_loaded_as_a_step(
    window: MainWindow, opened: Path, studio: Studio, qtbot: QtBot
) -> None:
    before = dumps(window.session.document)
    other = QPushButton("another window")
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is other, timeout=5_000)
    elsewhere = open_preset("mlp")
    save(elsewhere, opened)
    window.activateWindow()
    qtbot.waitUntil(lambda: CHANGED in told(window), timeout=10_000)
    other.close()
    toast = next(each for each in window.notices.toasts.toasts() if each.text() == CHANGED)
    load_it = next(each for each in toast.findChildren(QPushButton) if each.text() == "Load it")
    load_it.click()
    qtbot.waitUntil(lambda: dumps(window.session.document) == dumps(elsewhere) and studio.settled, timeout=10_000)
    assert not window.session.dirty
    window.session.undo()
    assert dumps(window.session.document) == before
    assert window.session.dirty
    QTest.keyClick(window, Key.Key_S, CONTROL)  # it is known here what is overwritten
    qtbot.waitUntil(lambda: not window.session.dirty, timeout=10_000)
    assert dumps(load(opened)) == before


def test_a_file_is_open_once_by_whatever_name_and_however_often(
    window: MainWindow, opened: Path, studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    again, link = tmp_path / "again.loom", tmp_path / "link.loom"
    save(open_preset("mlp"), again)
    link.symlink_to(opened)
    for _ in range(2):
        window.files.open_path(again)  # the second before the first was read
    qtbot.waitUntil(lambda: window.session.path == again and studio.settled, timeout=10_000)
    assert [each.path for each in window.session.documents].count(again) == 1
    window.files.open_path(link)
    qtbot.waitUntil(lambda: window.session.path == opened and studio.settled, timeout=10_000)
    assert len(window.session.documents) == 2

    before = again.read_bytes()
    window.files.save_to(again)
    settle()
    assert "again.loom is open in another tab. Close that first, or choose another name." in told(window)
    assert again.read_bytes() == before
    assert window.session.path == opened
