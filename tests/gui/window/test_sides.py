"""Sides, tabs and the place of the window: folded, enlarged, and as they were after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QByteArray, QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSplitter
from pytestqt.qtbot import QtBot

from app.settings import Settings
from app.start import Studio
from app.theme import theme_manager
from app.window import MainWindow
from app.workspace import Side
from graph_engine.document import Document
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def test_sides_fold_away_and_come_back_as_large_as_they_were(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    for key, side, pane in (
        (Qt.Key.Key_1, Side.LEFT, window.panes.left),
        (Qt.Key.Key_2, Side.BOTTOM, window.panes.bottom),
        (Qt.Key.Key_3, Side.RIGHT, window.panes.inspector),
    ):
        before = pane.size()
        QTest.keyClick(window, key, ALT)
        assert not pane.isVisible()
        QTest.keyClick(window, key, ALT)
        settle()
        assert pane.isVisible()
        assert abs(pane.width() - before.width()) + abs(pane.height() - before.height()) <= 4, side


@pytest.mark.parametrize(
    ("panel", "key"), [("blocks", Qt.Key.Key_1), ("runs", Qt.Key.Key_2), ("inspector", Qt.Key.Key_3)]
)
def test_the_keyboard_goes_to_the_canvas_when_its_side_folds(panel: str, key: Qt.Key, open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.session.select(["conv2d_1"])
    settle()
    window.show_panel(panel)
    assert QApplication.focusWidget() is not window.canvas
    QTest.keyClick(window, key, ALT)
    settle()
    assert QApplication.focusWidget() is window.canvas


def test_the_bottom_is_enlarged_by_key_and_double_click_and_gives_the_room_back(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.resize(1280, 720)
    settle()
    theme_manager().set_font_scale(2.0)
    window.show_panel("outline")
    settle()
    before = window.panes.bottom.height(), window.canvas.height()
    QTest.keyClick(window, Qt.Key.Key_2, ALT | SHIFT)
    settle()
    assert window.bottom_enlarged
    assert window.panes.bottom.height() > before[0] + 60
    assert window.canvas.height() >= 100
    bar = window.panes.bottom.bar
    QTest.mouseDClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(bar.currentIndex()).center())
    settle()
    assert not window.bottom_enlarged
    assert (window.panes.bottom.height(), window.canvas.height()) == before
    theme_manager().set_font_scale(1.0)


@pytest.fixture
def open_again(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[], Studio]]:
    """Opens a window with the settings that the one before left, as starting the program does."""
    opened: list[Studio] = []

    def open_again() -> Studio:
        if opened:
            opened[-1].discard()
        studio = Studio(Settings(tmp_path / "window.ini"))
        studio.window.restore()
        studio.window.show_drawing()
        studio.window.show()
        qtbot.waitExposed(studio.window)
        settle()
        opened.append(studio)
        return studio

    yield open_again
    opened[-1].discard()
    for studio in opened:
        studio.deleteLater()
    settle()


def test_it_fills_a_small_screen(open_again: Callable[[], Studio]) -> None:
    window = open_again().window
    assert window.isMaximized()
    assert window.screen().availableGeometry().contains(window.frameGeometry())


def test_it_has_a_good_size_on_a_large_screen(
    open_again: Callable[[], Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MainWindow, "screen", lambda _: SimpleNamespace(availableSize=lambda: QSize(1920, 1080)))
    window = open_again().window
    assert not window.isMaximized()
    assert window.size() == QSize(1440, 900)


def test_the_layout_is_remembered(open_again: Callable[[], Studio]) -> None:
    window = open_again().window
    room = window.screen().availableGeometry()
    window.setGeometry(20, 30, room.width() - 60, room.height() - 70)
    window.panes.bottom.show_panel("problems")
    window.panes.left.show_panel("data")
    window.toggle_side(Side.RIGHT)
    settle()
    for name, sizes in (("workspace-across", [210, 500, 0]), ("workspace-down", [400, 260])):
        splitter = window.findChild(QSplitter, name)
        assert splitter is not None
        splitter.setSizes(sizes)
    settle()
    place, left, bottom = window.geometry(), window.panes.left.width(), window.panes.bottom.height()
    window = open_again().window
    assert window.geometry() == place
    assert window.panes.bottom.current == "problems"
    assert window.panes.left.current == "data"
    assert not window.side_shown(Side.RIGHT)
    assert abs(window.panes.left.width() - left) <= 2
    assert abs(window.panes.bottom.height() - bottom) <= 2
    window.toggle_side(Side.RIGHT)
    settle()
    assert window.panes.inspector.width() > 100
    window.showMaximized()
    settle()
    window = open_again().window
    assert window.isMaximized()
    window.showNormal()
    settle()
    assert window.size() == place.size()


@pytest.mark.parametrize(
    "place",
    [QRect(6000, 4000, 700, 500), QRect(-3000, 100, 700, 500), QRect(100, -2000, 700, 500), QRect(40, 40, 5000, 3000)],
    ids=["beyond the corner", "left", "above", "larger than the screen"],
)
def test_a_window_of_a_screen_that_is_gone_comes_back(open_again: Callable[[], Studio], place: QRect) -> None:
    """As when a monitor was unplugged, or a smaller one stands in its place."""
    window = open_again().window
    window.setGeometry(place)
    settle()
    window = open_again().window
    room = window.screen().availableGeometry()
    assert room.contains(window.geometry().topLeft())
    assert window.width() <= max(room.width(), window.minimumSizeHint().width())
    assert window.height() <= max(room.height(), window.minimumSizeHint().height())
    assert room.contains(QPoint(window.geometry().center().x(), window.geometry().top() + 10))


@pytest.mark.parametrize("kept", [b"", b"nothing", b"\x01\xd9\xd0\xcb" + b"\xff" * 40])
def test_a_place_that_cannot_be_read_is_none(open_again: Callable[[], Studio], tmp_path: Path, kept: bytes) -> None:
    settings = Settings(tmp_path / "window.ini")
    for name in ("window", "workspace-across", "workspace-down"):
        settings.keep_layout(name, QByteArray(kept))
    settings.keep_text("bottom-tab", "no such panel")
    settings.sync()
    window = open_again().window
    assert window.isVisible()
    assert window.panes.bottom.current == window.panes.bottom.names[0]
    assert window.canvas.width() > 100
    assert window.panes.left.width() > 100


@pytest.mark.parametrize(
    "name", ["presets", "data", "charts", "feature_maps", "code", "problems", "outline", "runs", "plan", "inspector"]
)
def test_every_panel_is_made_when_it_is_asked_for(open_in: OpenIn, name: str) -> None:
    window = open_in("lenet5")
    window.show_panel(name)
    settle()

    panel = (
        window.panes.inspector
        if name == "inspector"
        else window.panes.left.made(name) or window.panes.bottom.made(name)
    )
    assert panel is not None
    assert panel.isVisible()
    assert panel.accessibleName()
