"""In a small window, and with text of twice the size, nothing that is to be read is cut or lost off the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QTabBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.start import Studio
from app.theme import theme_manager
from app.widgets import ElidedLabel
from app.window import MainWindow
from graph_engine.document import Document, SetParameter
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]
SIZES = {"1280×720": (1280, 720, 1.0), "1680×1050, 200 % text": (1680, 1050, 2.0)}


@pytest.fixture(params=SIZES.values(), ids=SIZES.keys())
def cramped(request: pytest.FixtureRequest, window: MainWindow) -> Iterator[MainWindow]:
    width, height, scale = request.param
    theme_manager().set_font_scale(scale)
    window.setFixedSize(width, height)
    settle()
    yield window
    theme_manager().set_font_scale(1.0)


def _cut(root: QWidget) -> list[str]:
    """The labels that do not have the room that their words need."""
    found = []
    for label in root.findChildren(QLabel):
        is_seen = label.isVisible() and not label.visibleRegion().isEmpty() and label.text()
        if not is_seen or isinstance(label, ElidedLabel) or label.textFormat() == Qt.TextFormat.RichText:
            continue
        needs = label.heightForWidth(label.width()) if label.wordWrap() else label.fontMetrics().height()
        if label.height() < needs:
            found.append(f"{type(label.parentWidget()).__name__}: {label.text()!r}, {label.height()} < {needs}")
    return found


def test_no_panel_cuts_its_words(cramped: MainWindow, open_in: OpenIn, studio: Studio, qtbot: QtBot) -> None:
    open_in("lenet5")
    cramped.session.attempt(SetParameter("linear_3", "features", 7))  # problems with fixes, and pictures of nothing
    qtbot.waitUntil(lambda: bool(cramped.session.problems), timeout=20_000)
    cut = []
    for name in (*cramped.panes.left.names, *cramped.panes.bottom.names, "inspector"):
        cramped.show_panel(name)
        qtbot.waitUntil(lambda: studio.settled or not cramped.session.jobs.titles, timeout=20_000)
        settle()
        with suppress(qtbot.TimeoutError):  # a busy machine lays words out anew a moment later
            qtbot.waitUntil(lambda: not _cut(cramped), timeout=3_000)
        cut += [f"{name}: {each}" for each in _cut(cramped)]
    assert cut == []


def test_the_top_bar_says_where_one_is(cramped: MainWindow, open_in: OpenIn) -> None:
    open_in("resnet:depth=18")
    session = cramped.session
    session.front.given_name = "A long name for a document that is shown in its middle shortened"
    session.file_changed.emit()
    for way in ((), ("basic_stage_1",)):
        session.show_way(way)
        settle()
        (label,) = (each for each in cramped.topbar.trail.findChildren(ElidedLabel) if each.isVisible())
        assert label.fontMetrics().horizontalAdvance(label.text()[:14]) <= label.width()
        assert all(len(crumb.text()) > 10 for crumb in cramped.topbar.trail.crumbs)
        assert not (way and label.is_elided())


def test_dialogs_stay_on_the_screen(cramped: MainWindow, open_in: OpenIn) -> None:
    open_in("lenet5")
    room = cramped.screen().availableSize().expandedTo(cramped.size())
    for show in (cramped.show_preferences, cramped.show_shortcuts, cramped.show_search, cramped.ask_for_trust):
        show()
        settle()
        (dialog,) = (each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible())
        assert dialog.width() <= room.width(), dialog.windowTitle()
        assert dialog.height() <= room.height(), dialog.windowTitle()
        assert _cut(dialog) == []
        dialog.close()
        settle()


def test_tabs_beyond_the_edge_are_reached_by_arrows_that_are_seen(cramped: MainWindow, open_in: OpenIn) -> None:
    open_in("lenet5")
    settle()
    for bar in (cramped.panes.left.bar, cramped.panes.bottom.bar):
        arrows = [each for each in bar.findChildren(QToolButton) if each.isVisible()]
        if bar.sizeHint().width() > bar.width():
            assert len(arrows) == 2
        for arrow in arrows:
            picture = arrow.grab().toImage()
            ground = picture.pixelColor(1, 1)
            drawn = [
                (x, y)
                for x in range(picture.width())
                for y in range(picture.height())
                if abs(picture.pixelColor(x, y).lightness() - ground.lightness()) > 40
            ]
            wide = max((x for x, _ in drawn), default=0) - min((x for x, _ in drawn), default=0)
            assert not arrow.isEnabled() or wide >= theme_manager().spacing.px(4)
        assert isinstance(bar, QTabBar)
