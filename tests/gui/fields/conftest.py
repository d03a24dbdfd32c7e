"""A field in a window, and what it announces."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.widgets import Field
from tests.gui.fields.hands import Heard


@pytest.fixture
def shown(qtbot: QtBot) -> Callable[[QWidget], Heard]:
    """Puts a field into an active window beside a button, and lists what it announces."""

    windows = []  # qtbot holds them weakly

    def show(field: QWidget) -> Heard:
        window = QWidget()
        windows.append(window)
        qtbot.addWidget(window)
        column = QVBoxLayout(window)
        column.addWidget(field)
        column.addWidget(QPushButton("elsewhere"))
        window.show()
        window.activateWindow()
        QApplication.processEvents()
        field.setFocus()
        heard: Heard = []
        assert isinstance(field, Field)
        field.edited.connect(lambda value: heard.append(("edited", value)))
        field.committed.connect(lambda value: heard.append(("committed", value)))
        return heard

    return show
