"""In a small window, and with text of twice the size, nothing that is to be read is cut or lost off the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QScrollArea, QTabBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

import app.panels.data as data_panel
from app.panels.plan import PlanPanel
from app.start import Studio
from app.theme import theme_manager
from app.widgets import ElidedLabel
from app.window import MainWindow
from graph_engine.document import Document, SetParameter
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]
SIZES = {
    "1280×720": (1280, 720, 1.0),
    "1680×1050, 200 % text": (1680, 1050, 2.0),
    "1280×720, 200 % text": (1280, 720, 2.0),
}


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
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)  # as before each frame
    return [found for label in root.findChildren(QLabel) if (found := _is_cut(label))]


def _is_cut(label: QLabel) -> str:
    """What a label that is seen lacks, or nothing."""
    is_seen = label.isVisible() and not label.visibleRegion().isEmpty() and label.text()
    if not is_seen or isinstance(label, ElidedLabel) or label.textFormat() == Qt.TextFormat.RichText:
        return ""
    needs = label.heightForWidth(label.width()) if label.wordWrap() else label.fontMetrics().height()
    if label.height() >= needs:
        return ""
    return f"{type(label.parentWidget()).__name__}: {label.text()!r}, {label.height()} < {needs}"


def _wider_than_seen(root: QWidget) -> list[str]:
    """What is scrolled up and down only, and reaches beyond the right edge."""
    areas = (each for each in root.findChildren(QScrollArea) if each.isVisible())
    return [
        f"{type(area.parentWidget()).__name__}: {area.widget().width()} > {area.viewport().width()}"
        for area in areas
        if area.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        and area.widget().width() > area.viewport().width()
    ]


class _Frames(QObject):
    """Looks at each label as it is drawn: what is cut for one frame only is seen too."""

    def __init__(self) -> None:
        super().__init__()
        self.cut: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and isinstance(watched, QLabel) and (found := _is_cut(watched)):
            self.cut.append(found)
        return False


@pytest.fixture
def frames(qapp: QApplication) -> Iterator[_Frames]:
    watch = _Frames()
    qapp.installEventFilter(watch)
    yield watch
    qapp.removeEventFilter(watch)


def test_no_panel_cuts_its_words_not_even_for_a_frame(
    cramped: MainWindow, open_in: OpenIn, studio: Studio, qtbot: QtBot, frames: _Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()  # the data of a busy machine come when other panels are looked at
    look_at = data_panel.look_at
    monkeypatch.setattr(data_panel, "look_at", lambda snapshot: (slow.wait(60), look_at(snapshot))[1])
    open_in("lenet5")
    cramped.session.attempt(SetParameter("linear_3", "features", 7))  # problems with fixes, and pictures of nothing
    qtbot.waitUntil(lambda: bool(cramped.session.problems), timeout=20_000)
    cut = []
    for name in (*cramped.panes.left.names, *cramped.panes.bottom.names, "inspector", "data"):
        if name == "plan":
            slow.set()
        cramped.show_panel(name)
        qtbot.waitUntil(lambda: studio.settled or not cramped.session.jobs.titles, timeout=20_000)
        settle()
        cut += [f"{name}: {each}" for each in (*_cut(cramped), *_wider_than_seen(cramped))]
    panel = cramped.panes.left.panel("data")
    assert isinstance(panel, data_panel.DataPanel)
    qtbot.waitUntil(lambda: panel.overview() is not None, timeout=20_000)
    settle()
    assert cut + _cut(cramped) + frames.cut == []


def test_the_list_of_updates_wraps_where_it_is_seen(cramped: MainWindow, open_in: OpenIn, studio: Studio) -> None:
    open_in("wgan_gp")
    cramped.show_panel("plan")
    settle()
    assert _wider_than_seen(cramped) == []
    panel = cramped.panes.bottom.panel("plan")
    assert isinstance(panel, PlanPanel)
    rows = panel.stages.list
    assert rows.count() == 2
    for at in range(2):
        rect = rows.visualItemRect(rows.item(at))
        words = rows.fontMetrics().boundingRect(rect, Qt.TextFlag.TextWordWrap, rows.item(at).text())
        assert words.height() <= rect.height()
        assert rect.bottom() <= rows.viewport().rect().bottom()


def test_text_that_grows_is_laid_out_before_it_is_drawn(
    window: MainWindow, open_in: OpenIn, frames: _Frames, qtbot: QtBot
) -> None:
    open_in("lenet5")
    window.setFixedSize(1680, 1050)
    window.show_panel("data")
    for name, scale in (("plan", 2.0), ("history", 1.0)):
        window.show_panel(name)
        theme_manager().set_font_scale(scale)
        settle()
    assert frames.cut == []


def test_the_window_fits_a_small_screen_with_large_text(window: MainWindow, open_in: OpenIn) -> None:
    open_in("lenet5")
    theme_manager().set_font_scale(2.0)
    for name in (*window.panes.left.names, *window.panes.bottom.names):
        window.show_panel(name)
        settle()
    window.resize(1280, 700)
    settle()
    assert window.width() == 1280
    assert window.height() == 700
    assert window.canvas.width() > 400
    theme_manager().set_font_scale(1.0)


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
        assert _wider_than_seen(dialog) == []
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


def test_the_page_one_begins_with_has_its_cards_in_view(cramped: MainWindow, qtbot: QtBot) -> None:
    cramped.show_welcome()
    qtbot.waitUntil(lambda: bool(cramped.welcome.cards()), timeout=20_000)
    settle()
    assert _cut(cramped.welcome) + _wider_than_seen(cramped.welcome) == []


def test_messages_cover_no_button(cramped: MainWindow, open_in: OpenIn) -> None:
    open_in("lenet5")
    cramped.show_panel("history")
    for text in ("One. " * 9, "Two. " * 9, "Three. " * 9, "Four. " * 9):
        cramped.notices.say(text)
    settle()
    shown = [toast for toast in cramped.notices.toasts.toasts() if toast.isVisible()]
    assert shown[-1].text().startswith("Four")
    room = QRect(cramped.canvas.mapTo(cramped, QPoint()), cramped.canvas.size())
    for toast in shown:
        assert room.contains(toast.geometry())
    buttons = [each for kind in (QPushButton, QToolButton) for each in cramped.findChildren(kind) if each.isVisible()]
    outside = [each for each in buttons if not any(toast.isAncestorOf(each) for toast in shown)]
    places = [QRect(each.mapTo(cramped, QPoint()), each.size()) for each in outside]
    assert not any(toast.geometry().intersects(place) for toast in shown for place in places)
    cramped.show_welcome()
    settle()
    assert cramped.rect().contains(shown[-1].geometry())
