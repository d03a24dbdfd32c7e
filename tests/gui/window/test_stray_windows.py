"""No part of the window is a window of its own for a moment: it would flash, and take the keyboard away."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.panels.presets import PresetsPanel
from app.start import Studio
from app.window import MainWindow
from graph_engine.document import Document
from tests.gui.window.conftest import settle
from tests.gui.window.hands import CONTROL, Key, key

OpenIn = Callable[[Document | str], MainWindow]


class Watch(QObject):
    """What is shown as a window, by the name of its class."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        shown = event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow()
        if shown and not isinstance(watched, (MainWindow, QMenu)):
            self.shown.append(f"{type(watched).__name__} in {_where()}")
        return False


def _where() -> str:
    return " < ".join(f"{Path(each.filename).name}:{each.lineno}" for each in traceback.extract_stack()[-3:-9:-1])


@pytest.fixture
def watch(qapp: QApplication) -> Iterator[Watch]:
    made = Watch()
    qapp.installEventFilter(made)
    yield made
    qapp.removeEventFilter(made)


def test_panels_pages_and_searches_are_made_inside_the_window(watch: Watch, open_in: OpenIn, studio: Studio) -> None:
    window = open_in("lenet5")
    session = window.session
    for name in (*window.panes.left.names, *window.panes.bottom.names):
        window.show_panel(name)
        settle()
    for nodes in (["conv2d_1"], ["conv2d_1", "conv2d_2"], ["input_1"], ["cross_entropy_1"], []):
        session.select(nodes)
        settle()
    key(window.canvas, Key.Key_A, CONTROL)
    window.show_palette()
    settle()
    window.command_palette.close_palette()
    window.canvas.setFocus()
    window.canvas.add_block()
    settle()
    window.canvas.adding.close()
    window.notices.say("Something.")
    open_in("resnet")
    session.enter(next(node.id for node in session.graph if node.block.startswith("@")))
    settle()
    open_in("gan")
    window.show_panel("plan")
    window.show_welcome()
    settle()
    assert watch.shown == []


def test_the_keyboard_is_in_the_filter_of_the_presets(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.show_panel("blocks")
    window.show_panel("presets")
    settle()
    panel = window.panes.left.panel("presets")
    assert isinstance(panel, PresetsPanel)
    assert QApplication.focusWidget() is panel.filter
    QTest.keyClicks(panel.filter, "xor")
    assert panel.filter.text() == "xor"
