"""The window as a whole: actions, menus, palette, theme, names for everyone, bugs told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.actions import ALL, Menu, Scope
from app.device_chip import device_of
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
