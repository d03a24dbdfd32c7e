"""The user's own blocks in the window: kept, found, placed, described, updated, deleted and taken back."""

from __future__ import annotations

import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from app.dialogs.own_block import OwnBlockDialog
from app.panels.library import LibraryPanel
from app.start import Studio
from app.widgets.elided_button import ElidedButton
from app.window import MainWindow
from graph_engine.document import Document, SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps
from graph_engine.document.own_blocks import keep, read_library
from graph_engine.home import library_folder
from tests.gui.window.conftest import settle
from tests.gui.window.hands import Key, OpenIn, cells, click, drop, key, library, menu_of, rest

CELLS = ("conv2d_1", "relu_1")


@pytest.fixture(autouse=True)
def empty_library() -> None:
    """Each test begins without blocks of its own."""
    for path in library_folder().rglob("*.loom"):
        path.unlink()


def dialog_of(window: MainWindow) -> OwnBlockDialog:
    return next(each for each in window.findChildren(OwnBlockDialog) if each.isVisible())


def fill(dialog: OwnBlockDialog, title: str, words: str = "") -> None:
    dialog.title.selectAll()
    QTest.keyClicks(dialog.title, title)
    if words:
        dialog.description.setFocus()
        QTest.keyClicks(dialog.description, words)


def save(dialog: OwnBlockDialog) -> None:
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)


def do(menu: QMenu, words: str) -> None:
    next(action for action in menu.actions() if action.text().startswith(words)).trigger()
    menu.close()


def titles(panel: LibraryPanel, category: str) -> list[str]:
    for row in range(panel.model.rowCount()):
        head = panel.model.index(row, 0)
        if head.data() == category:
            return [panel.model.index(at, 0, head).data() for at in range(panel.model.rowCount(head))]
    return []


def told(window: MainWindow) -> str:
    return window.notices.toasts.toasts()[-1].text()


def test_what_is_selected_is_kept_without_changing_the_drawing_and_used_in_another(
    open_in: OpenIn, qtbot: QtBot, studio: Studio
) -> None:
    window = open_in(cells())
    session = window.session
    before = dumps(session.document)
    window.canvas.fit_all()
    click(window, CELLS[0])
    click(window, CELLS[1], Qt.KeyboardModifier.ControlModifier)
    settle()
    window.book.run("composite.keep")
    dialog = dialog_of(window)
    fill(dialog, "Filter and bend", "A convolution and what follows it.")
    save(dialog)
    rest(studio, qtbot)

    assert dumps(session.document) == before
    assert "Filter and bend is in your blocks" in told(window)
    panel = library(window)
    assert titles(panel, "My blocks") == ["Filter and bend"]

    open_in(Document(title="Another"))
    session = window.session
    panel.filter.setFocus()
    QTest.keyClicks(panel.filter, "filter and")
    key(panel.filter, Key.Key_Return)
    rest(studio, qtbot)
    (use,) = session.selection.nodes
    assert session.graph[use].block == "@filter_and_bend"
    assert session.document.graphs["filter_and_bend"].declaration.help == "A convolution and what follows it."
    session.undo()
    assert session.document.composites == {}, "the copy came in the same step"

    window.show_palette()
    QTest.keyClicks(window.command_palette.line, "filter and bend")
    key(window.command_palette.line, Key.Key_Return)
    assert len(session.graph) == 1, "from the palette"
    rest(studio, qtbot)
    window.activateWindow()  # off screen, a dialog that was closed gives nothing back
    qtbot.waitUntil(window.isActiveWindow, timeout=5_000)
    window.canvas.setFocus()
    key(window.canvas, Key.Key_Tab)
    line = window.canvas.adding.popup.findChild(QLineEdit)
    assert line is not None
    assert line.isVisible()
    QTest.keyClicks(line, "filter and bend")
    assert window.canvas.adding.popup.search.current is not None
    key(line, Key.Key_Return)
    assert len(session.graph) == 2, "from the list at the cursor"
    drop(window.canvas, "my:filter_and_bend")
    assert [node.block for node in session.graph] == ["@filter_and_bend"] * 3
    assert set(session.document.composites) == {"filter_and_bend"}, "all three use one copy"


def test_a_name_that_is_taken_is_told_while_it_is_typed(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    document = cells()
    keep(document, "cell", "Cell")
    keep(document, "cell", "Other")
    window = open_in(document)
    window.own.refresh()
    rest(studio, qtbot)
    do(menu_of(library(window), "@cell"), "Save to my blocks")
    dialog = dialog_of(window)
    button = dialog.buttons.button(QDialogButtonBox.StandardButton.Save)
    assert button.text() == "Replace"
    assert "will be replaced" in dialog.note
    fill(dialog, "Third")
    assert button.text() == "Save"
    dialog.title.clear()
    QTest.keyClicks(dialog.title, " ")
    assert not button.isEnabled()
    key(dialog, Key.Key_Escape)
    settle()

    do(menu_of(library(window), "my:other"), "Rename")
    dialog = dialog_of(window)
    fill(dialog, "cell")
    assert "another block" in dialog.note
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Save).isEnabled()
    fill(dialog, "Second cell")
    save(dialog)
    rest(studio, qtbot)
    assert titles(library(window), "My blocks") == ["Cell", "Second cell"]


def test_one_is_deleted_and_taken_back(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(cells())
    keep(cells(), "cell", "Cell")
    window.own.refresh()
    rest(studio, qtbot)
    panel = library(window)
    do(menu_of(panel, "my:cell"), "Delete")
    rest(studio, qtbot)
    assert titles(panel, "My blocks") == []
    assert titles(panel, "In this document") == ["Cell"], "documents keep their copies"
    toast = window.notices.toasts.toasts()[-1]
    assert "in the trash" in toast.text()
    (back,) = [each for each in toast.findChildren(ElidedButton) if each.text()]
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    rest(studio, qtbot)
    assert titles(panel, "My blocks") == ["Cell"]


def test_a_composite_is_updated_only_when_asked_in_one_step(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    kept = cells()
    kept.apply(SetParameter("conv2d_1", "kernel", 5, "cell"))
    keep(kept, "cell", "Cell")
    window = open_in(cells())
    window.own.refresh()
    rest(studio, qtbot)
    session = window.session
    assert "kernel" not in session.document.graphs["cell"]["conv2d_1"].parameters
    session.show_graph("cell")
    settle()
    action = window.book.qaction("composite.update")
    assert action.isEnabled()
    assert action.text() == "Update Cell from my blocks"
    action.trigger()
    settle()
    assert session.graph["conv2d_1"].parameters["kernel"] == 5
    window.book.refresh()
    assert not action.isEnabled(), "it is what is kept by now"
    session.undo()
    window.book.refresh()
    assert action.isEnabled()


def test_broken_files_are_told_once_and_the_rest_is_listed(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    keep(cells(), "cell", "Cell")
    (library_folder() / "broken.loom").write_text("{")
    window = open_in(Document())
    window.own.refresh()
    rest(studio, qtbot)
    assert "broken.loom is not valid JSON" in told(window)
    assert titles(library(window), "My blocks") == ["Cell"]
    count = len(window.notices.toasts.toasts())
    os.utime(library_folder() / "cell.loom", (1, 1))
    window.own.refresh()
    rest(studio, qtbot)
    assert len(window.notices.toasts.toasts()) == count


def test_one_opens_as_a_document(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    keep(cells(), "cell", "Cell")
    window = open_in(Document())
    window.own.refresh()
    rest(studio, qtbot)
    do(menu_of(library(window), "my:cell"), "Open as a document")
    rest(studio, qtbot)
    assert window.session.document.title == "Cell"
    assert window.session.path == read_library().blocks[0].path


def test_what_can_not_be_a_composite_is_not_kept(open_in: OpenIn) -> None:
    net = Builder("Nothing")
    net.output(net.input("image", 1, 4, 4))
    window = open_in(net.document)
    window.session.select(["input_1"])
    window.book.refresh()
    window.book.run("composite.keep")
    assert "Select the layers" in told(window)
