"""The window as a whole: actions, menus, palette, sides, theme, names for everyone, bugs told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.actions import ALL, Menu, Scope
from app.device_chip import device_of
from app.dialogs.about import AboutDialog, DoctorDialog
from app.dialogs.preferences import PreferencesDialog
from app.dialogs.shortcuts import ShortcutSheet
from app.settings import Settings
from app.start import Studio
from app.theme import icon_names, theme_manager
from app.window import MainWindow
from app.workspace import Side
from graph_engine.check.borders import NO_LOSS
from graph_engine.check.report import Code
from graph_engine.doctor.devices import Device
from graph_engine.document import Document, Plan, RemoveNodes
from presets import open_preset
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


# --- actions are data


def test_every_action_is_there_once_with_a_key_of_its_own() -> None:
    names = [action.id for action in ALL]
    keys = [QKeySequence(key).toString() for action in ALL for key in action.keys]

    assert len(names) == len(set(names))
    assert len(keys) == len(set(keys))
    assert all(keys)
    assert {action.icon for action in ALL if action.icon} <= set(icon_names())
    assert {action.menu for action in ALL} == set(Menu)


def test_letters_alone_are_keys_of_the_canvas_only() -> None:
    for action in ALL:
        for key in action.keys:
            if len(key) == 1 or key in ("Tab", "Del", "Backspace", "Left", "Right", "Up", "Down"):
                assert action.scope is Scope.CANVAS, action.id


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("Ctrl+N", "file.new"),
        ("Ctrl+O", "file.open"),
        ("Ctrl+S", "file.save"),
        ("Ctrl+Shift+S", "file.save_as"),
        ("Ctrl+E", "export.ask"),
        ("Ctrl+,", "file.preferences"),
        ("Ctrl+Z", "edit.undo"),
        ("Ctrl+Shift+Z", "edit.redo"),
        ("Ctrl+F", "edit.find"),
        ("Ctrl+K", "help.palette"),
        ("Ctrl+Shift+P", "help.palette"),
        ("F7", "network.check"),
        ("Ctrl+L", "canvas.arrange"),
        ("Ctrl+Return", "run.train"),
        ("Ctrl+Alt+Return", "run.stop"),
        ("Ctrl+Shift+/", "help.shortcuts"),
        ("F1", "help.node"),
        ("F2", "edit.rename"),
        ("F6", "view.next_pane"),
        ("Alt+M", "view.minimap"),
        ("Tab", "canvas.add_block"),
        ("J", "canvas.connect"),
        ("Del", "canvas.delete"),
        ("Ctrl+D", "canvas.duplicate"),
    ],
)
def test_the_keys_are_those_of_the_key_list(key: str, action: str) -> None:
    assert key in next(each for each in ALL if each.id == action).keys


def test_a_menu_has_its_icons_when_it_opens(window: MainWindow) -> None:
    whole = window.topbar.menu_button.menu()
    edit = next(action.menu() for action in whole.actions() if action.text() == f"&{Menu.EDIT}")
    assert isinstance(edit, QMenu)

    edit.popup(QPoint(0, 0))

    shown = {action.objectName(): action for action in edit.actions()}
    with_icons = [action for action in ALL if action.menu is Menu.EDIT and action.icon and not action.submenu]
    assert with_icons
    assert not [action.id for action in with_icons if shown[action.id].icon().isNull()]
    edit.close()


def test_the_presets_are_read_when_the_window_is_on_screen(studio: Studio) -> None:
    window = studio.window
    window.hide()
    window.show_welcome()
    before = list(studio.session.jobs.titles)

    window.show()
    window.show_welcome()

    assert before == []
    assert list(studio.session.jobs.titles) == ["Reading the presets"]


def test_reading_the_presets_shows_no_window_and_takes_no_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    shown: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                shown.append(type(watched).__name__)
            return False

    watch, application = Watch(), QGuiApplication.instance()
    assert application is not None
    application.installEventFilter(watch)
    window.show_palette()
    qtbot.waitUntil(lambda: bool(window.welcome.cards()), timeout=20_000)
    settle()
    application.removeEventFilter(watch)
    assert shown == []
    assert window.command_palette.isAncestorOf(window.focusWidget())
    window.command_palette.close_palette()


def test_every_action_is_in_its_menu(window: MainWindow) -> None:
    found = set()

    def walk(menu: QMenu) -> None:
        for action in menu.actions():
            found.add(action.objectName())
            if isinstance(action.menu(), QMenu):
                walk(action.menu())

    walk(window.topbar.menu_button.menu())

    assert {action.id for action in ALL} <= found


def test_what_is_not_possible_is_off_and_says_why(window: MainWindow) -> None:
    window.book.refresh()

    assert not window.book.qaction("edit.undo").isEnabled()
    assert not window.book.qaction("run.train").isEnabled()
    assert not window.book.qaction("canvas.delete").isEnabled()
    for action in ALL:
        if not window.book.qaction(action.id).isEnabled():
            assert action.explains or action.id.startswith(("file.", "export.", "view.")), action.id


def test_undo_is_named(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.session.select(["tanh_1"])
    window.canvas.editing.delete()
    settle()

    assert window.book.qaction("edit.undo").text() == "Undo delete 1 node"
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert "tanh_1" in window.session.graph
    settle()
    assert window.book.qaction("edit.redo").text() == "Redo delete 1 node"


def test_canvas_keys_do_not_work_elsewhere(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.session.select(["tanh_1"])
    window.panes.left.panel("blocks").filter.setFocus()  # type: ignore[attr-defined]

    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Delete)
    assert "tanh_1" in window.session.graph
    window.canvas.setFocus()
    settle()
    QTest.keyClick(window.canvas, Qt.Key.Key_Delete)
    assert "tanh_1" not in window.session.graph


def test_own_keys_take_the_place_of_the_usual_ones(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.settings.shortcuts = {"view.side_left": ["Ctrl+9"]}
    settle()

    QTest.keyClick(window, Qt.Key.Key_1, ALT)
    assert window.side_shown(Side.LEFT)
    QTest.keyClick(window, Qt.Key.Key_9, CONTROL)
    assert not window.side_shown(Side.LEFT)
    assert window.book.losers({"view.side_left": ["Ctrl+S"]}, "view.side_left") == ["file.save"]
    two = {"view.side_left": ["Ctrl+S"], "file.save": ["Ctrl+S"]}
    assert window.book.clashes(two) == {"Ctrl+S": ["file.save", "view.side_left"]}


# --- palette


def test_the_palette_finds_actions_blocks_presets_and_nodes(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in("lenet5")
    window.shelf.load()
    qtbot.waitUntil(lambda: bool(window.shelf.presets), timeout=30_000)

    def first(text: str) -> str:
        window.show_palette()
        QTest.keyClicks(window.command_palette.line, text)
        offer = window.command_palette.model.offer(window.command_palette.list.currentIndex())
        assert offer is not None
        QTest.keyClick(window.command_palette.line, Qt.Key.Key_Escape)
        return offer.entry.key

    assert first("lay out") == "action:canvas.arrange"
    assert first("highway mlp") == "preset:highway_mlp"
    assert first("leaky") == "block:leaky_relu"
    assert first("conv2d_2") == "node:conv2d_2"
    assert not window.command_palette.isVisible()


def test_the_palette_gives_the_keyboard_back_and_closes_on_a_click_elsewhere(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.canvas.setFocus()
    QTest.keyClick(window, Qt.Key.Key_K, CONTROL)
    QTest.keyClick(window.command_palette.line, Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()

    QTest.keyClick(window, Qt.Key.Key_K, CONTROL)
    QTest.mouseClick(window.statusbar, Qt.MouseButton.LeftButton, pos=QPoint(600, 5))
    assert not window.command_palette.isVisible()


def test_arrows_walk_through_the_palette_and_what_is_impossible_is_not_done(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.show_palette()
    palette = window.command_palette
    QTest.keyClick(palette.line, Qt.Key.Key_Up)
    assert palette.list.currentIndex().row() == palette.model.possible - 1
    QTest.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 0

    QTest.keyClicks(palette.line, "redo")
    rows = [palette.model.index(row, 0) for row in range(palette.model.rowCount())]
    offers = {offer.entry.key: index for index in rows if (offer := palette.model.offer(index)) is not None}
    place = palette.list.visualRect(offers["action:edit.redo"]).center()
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert palette.isVisible()
    palette.close_palette()


def test_a_node_is_found_by_its_title(open_in: OpenIn) -> None:
    window = open_in("lenet5")

    QTest.keyClick(window, Qt.Key.Key_F, CONTROL)
    QTest.keyClicks(window.command_palette.line, "flatten")
    QTest.keyClick(window.command_palette.line, Qt.Key.Key_Return)

    assert window.session.selection.nodes == ("flatten_1",)
    assert window.canvas.visible_rect().contains(window.canvas.canvas_scene.nodes["flatten_1"].card)


# --- sides and tabs


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


# --- look


def test_the_theme_changes_at_once_and_is_kept(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.book.run("view.theme_light")
    assert not theme_manager().palette.is_dark
    assert window.settings.theme == "light"
    window.book.refresh()
    assert window.book.qaction("view.theme_light").isChecked()

    window.set_theme("dark")
    assert theme_manager().palette.is_dark


def test_the_menu_bar_is_shown_when_asked_for(window: MainWindow) -> None:
    assert not window.menuBar().isVisible()
    window.book.run("view.menu_bar")
    settle()
    assert window.menuBar().isVisible()
    assert [action.text() for action in window.menuBar().actions()] == [f"&{menu}" for menu in Menu]


@pytest.mark.parametrize("size", [(1680, 1050), (1280, 720), (900, 600)])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_nothing_is_cut_off_at_any_size(open_in: OpenIn, size: tuple[int, int], scale: float) -> None:
    window = open_in("lenet5")
    theme_manager().set_font_scale(scale)
    try:
        window.resize(*size)
        settle()
        bar = window.topbar
        shown = [child for child in bar.children() if isinstance(child, QWidget) and child.isVisible()]
        for child in shown:
            assert bar.rect().contains(child.geometry()), child
            for other in shown:
                assert other is child or not child.geometry().intersects(other.geometry())
    finally:
        theme_manager().set_font_scale(1.0)


# --- for everyone


@pytest.mark.parametrize(
    "name",
    [
        "blocks",
        "presets",
        "data",
        "charts",
        "feature_maps",
        "code",
        "problems",
        "outline",
        "runs",
        "plan",
        "inspector",
        "welcome",
    ],
)
def test_everything_that_takes_the_keyboard_has_a_name(open_in: OpenIn, name: str) -> None:
    window = open_in("lenet5")
    window.session.select(["conv2d_1"])
    if name == "welcome":
        window.show_welcome()
    else:
        window.show_panel(name)
    settle()
    nameless = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            continue
        parent = widget.parent()
        if isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget:
            continue  # the area itself is what has the keyboard
        words = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
        if not words:
            nameless.append(f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}")

    assert nameless == []


# --- dialogs


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


# --- bugs


def test_a_bug_is_told_with_a_report_to_copy_and_the_drawing_is_safe(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    nodes = len(window.session.graph)
    try:
        raise ZeroDivisionError("out of the blue")
    except ZeroDivisionError as error:
        window.notices.report(error)
        window.notices.report(error)

    (toast,) = window.notices.toasts.toasts()
    assert "drawing is safe" in toast.text()
    button = next(each for each in toast.findChildren(QPushButton) if each.text() == "Copy report")
    button.click()

    report = QGuiApplication.clipboard().text()
    assert "ZeroDivisionError: out of the blue" in report
    assert "PySide6" in report
    assert len(window.session.graph) == nodes


def test_an_error_in_its_own_words_is_no_bug(window: MainWindow) -> None:
    from graph_engine.document.file import FileError

    window.notices.tell(FileError("net.loom is damaged. Restore it from a backup."))

    (toast,) = window.notices.toasts.toasts()
    assert toast.text() == "net.loom is damaged. Restore it from a backup."


def test_the_device_follows_the_plan() -> None:
    cpu = Device("cpu", "Some processor", None, 4, bf16=False)
    gpu = Device("cuda:0", "NVIDIA H200", None, None, bf16=True)

    assert device_of(Plan(), (cpu,)) is cpu
    assert device_of(Plan(), (cpu, gpu)) is gpu
    assert device_of(Plan(device="cpu"), (cpu, gpu)) is cpu
    assert device_of(Plan(device="cuda"), (cpu,)) is None
    assert device_of(Plan(), ()) is None


def test_fields_of_the_inspector_do_not_run_canvas_keys(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.session.select(["conv2d_1"])
    form = window.panes.inspector.node_page.form
    assert form is not None
    line = form.rows["channels"].field
    assert isinstance(line, QLineEdit)
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_Backspace)
    QTest.keyClick(line, Qt.Key.Key_A, CONTROL)

    assert "conv2d_1" in window.session.graph
    assert window.session.selection.nodes == ("conv2d_1",)
    notes = window.panes.inspector.document_page.findChild(QPlainTextEdit)
    assert notes is not None


def test_recent_files_are_in_the_menu_and_the_palette(window: MainWindow, tmp_path: Path) -> None:
    menus = [menu for menu in window.findChildren(QMenu) if menu.title() == "Open recent"]
    assert menus
    assert not menus[0].menuAction().isEnabled()

    window.settings.remember_file(tmp_path / "mine.loom")

    assert [action.toolTip() for action in menus[0].actions()] == [str(tmp_path / "mine.loom")]
    window.show_palette()
    QTest.keyClicks(window.command_palette.line, "mine.loom")
    offer = window.command_palette.model.offer(window.command_palette.list.currentIndex())
    assert offer is not None
    assert offer.entry.key == f"file:{tmp_path / 'mine.loom'}"
    window.command_palette.close_palette()


def test_f10_opens_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    menu = window.topbar.menu_button.menu()
    QTimer.singleShot(50, menu, menu.close)

    with qtbot.waitSignal(menu.aboutToShow, timeout=5_000):
        QTest.keyClick(window, Qt.Key.Key_F10)


def test_training_without_a_loss_offers_what_is_missing(studio: Studio, open_in: OpenIn, qtbot: QtBot) -> None:
    document = open_preset("lenet5")
    ends = [node.id for node in document.main if node.block in ("cross_entropy", "accuracy")]
    label = next(node.id for node in document.main if node.parameters.get("name") == "label")
    document.apply(RemoveNodes((*ends, label)))
    window = open_in(document)
    qtbot.waitUntil(window.book.qaction("run.train").isEnabled)

    for _ in range(2):
        window.book.qaction("run.train").trigger()
        settle()

    (told,) = window.notices.toasts.toasts()
    assert told.text() == NO_LOSS
    assert window.panes.bottom.current == "problems"
    assert not studio.session.runs.live
    next(button for button in told.findChildren(QPushButton) if button.text().startswith("Add label")).click()
    assert {node.block for node in studio.session.document.main} >= {"cross_entropy", "accuracy"}
    settle()
    view = window.canvas
    seen = view.visible_rect()
    added = [view.canvas_scene.nodes[name].card for name in studio.session.selection.nodes]
    assert len(added) == 3, "what was added is selected"
    assert all(seen.contains(card) for card in added), "and in view"


def test_an_offer_goes_when_it_is_no_longer_needed(studio: Studio, open_in: OpenIn, qtbot: QtBot) -> None:
    document = open_preset("lenet5")
    document.apply(RemoveNodes(tuple(node.id for node in document.main if node.block in ("cross_entropy", "accuracy"))))
    window = open_in(document)
    qtbot.waitUntil(window.book.qaction("run.train").isEnabled)
    window.book.qaction("run.train").trigger()
    settle()
    assert [toast.text() for toast in window.notices.toasts.toasts()] == [NO_LOSS]
    (problem,) = (each for each in studio.session.problems if each.code is Code.NO_LOSS)
    nodes = len(studio.session.graph)
    studio.session.apply_fix(problem.fixes[0])
    qtbot.waitUntil(lambda: not window.notices.toasts.toasts())
    assert len(studio.session.graph) > nodes
