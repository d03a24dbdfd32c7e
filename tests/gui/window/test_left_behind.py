"""What is being typed belongs to the document it was typed for, however that is left, and is not lost unasked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from app.open_document import OpenDocument
from app.panels.plan import PlanPanel
from app.start import Studio
from app.window import MainWindow
from graph_engine.document import Document
from graph_engine.document.file import dumps
from presets import open_preset
from tests.gui.window.conftest import settle
from tests.gui.window.hands import CONTROL, Key, bottleneck, key

OpenIn = Callable[[Document | str], MainWindow]
Type = Callable[[MainWindow], None]
Said = Callable[[Document], object]


def type_over(text: str) -> None:
    """Types into what has the keyboard, in place of what is there, and leaves it so."""
    widget = QApplication.focusWidget()
    assert widget is not None
    key(widget, Key.Key_A, CONTROL)
    QTest.keyClicks(widget, text)
    settle()


def into_parameter(window: MainWindow) -> None:
    window.session.select(["conv2d_1"])
    form = window.panes.inspector.node_page.form
    assert form is not None
    line = form.rows["channels"].field
    assert isinstance(line, QLineEdit)
    line.setFocus()
    type_over("9")


def into_title_of_node(window: MainWindow) -> None:
    window.session.select(["conv2d_1"])
    window.panes.inspector.rename()
    type_over("9")


def into_title_of_document(window: MainWindow) -> None:
    window.session.select([])
    window.panes.inspector.rename()
    type_over("9")


def into_notes(window: MainWindow) -> None:
    window.session.select([])
    window.panes.inspector.document_page.notes.setFocus()
    type_over("9")


def into_plan(window: MainWindow) -> None:
    window.show_panel("plan")
    panel = window.panes.bottom.panel("plan")
    assert isinstance(panel, PlanPanel)
    line = panel.rows["epochs"].field
    assert isinstance(line, QLineEdit)
    line.setFocus()
    type_over("9")


def into_canvas_title(window: MainWindow) -> None:
    window.session.select(["conv2d_1"])
    window.canvas.setFocus()
    key(window.canvas, Key.Key_F2)
    type_over("9")


def into_canvas_note(window: MainWindow) -> None:
    window.session.select([])
    window.canvas.setFocus()
    key(window.canvas, Key.Key_N)
    type_over("9")


def into_outline(window: MainWindow) -> None:
    window.show_panel("outline")
    window.session.select(["conv2d_1"])
    settle()
    tree = QApplication.focusWidget()
    assert tree is not None
    key(tree, Key.Key_F2)
    type_over("9")


def title(document: Document) -> object:
    return document.main["conv2d_1"].title


TYPED: dict[str, tuple[Type, Said, object]] = {
    "parameter": (into_parameter, lambda document: document.main["conv2d_1"].parameters["channels"], 9),
    "title of a node": (into_title_of_node, title, "9"),
    "title of the document": (into_title_of_document, lambda document: document.title, "9"),
    "notes": (into_notes, lambda document: document.notes, "9"),
    "plan": (into_plan, lambda document: document.plan.stages[0].epochs, 9),
    "title on the canvas": (into_canvas_title, title, "9"),
    "note on the canvas": (
        into_canvas_note,
        lambda document: [each.text for each in document.main.annotations.values()],
        ["9"],
    ),
    "title in the outline": (into_outline, title, "9"),
}


def click_tab(window: MainWindow, opened: OpenDocument) -> None:
    place = window.tabs.bar.tabRect(window.session.documents.index(opened))
    QTest.mouseClick(window.tabs.bar, Qt.MouseButton.LeftButton, pos=QPoint(place.left() + 20, place.center().y()))
    settle()


@pytest.mark.parametrize("what", TYPED)
def test_it_is_of_the_document_that_is_left_for_another_tab(what: str, open_in: OpenIn) -> None:
    """Also where the other one has a node of that name, which was selected there."""
    into, said, expected = TYPED[what]
    window = open_in("lenet5")
    first = window.session.front
    open_in("lenet5")
    second = window.session.front
    window.session.select(["conv2d_2"])
    untouched = dumps(second.document)
    click_tab(window, first)
    into(window)
    click_tab(window, second)
    window.canvas.setFocus()
    settle()
    assert said(first.document) == expected
    assert dumps(second.document) == untouched
    assert not second.dirty
    click_tab(window, first)
    while window.session.history.undo_label is not None:
        window.session.undo()
    assert dumps(first.document) == untouched


@pytest.mark.parametrize("what", TYPED)
def test_closing_asks_whether_it_is_to_be_saved(what: str, open_in: OpenIn) -> None:
    into, said, expected = TYPED[what]
    window = open_in("lenet5")
    into(window)
    document = window.session.document
    window.close()
    box = window.findChild(QMessageBox, "unsaved")
    assert isinstance(box, QMessageBox)
    assert said(document) == expected
    box.button(QMessageBox.StandardButton.Cancel).click()
    settle()
    assert window.isVisible()


def test_it_is_of_the_level_that_is_left(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(bottleneck())
    session = window.session
    use = next(node.id for node in session.graph if node.block == "@cell")
    assert session.enter(use)
    qtbot.waitUntil(lambda: studio.settled, timeout=10_000)
    session.select(["conv2d_1"])
    window.canvas.setFocus()
    key(window.canvas, Key.Key_F2)
    type_over("Inside")
    session.go_to(0)  # as the trail above the canvas does
    settle()
    assert session.document.graphs["cell"]["conv2d_1"].title == "Inside"
    assert len(session.history.labels) == 1


def test_notes_of_a_document_that_is_closed_are_not_those_of_the_next(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    first = window.session.front
    open_in("mlp")
    second = window.session.front
    into_notes(window)
    window.files.close(second)
    box = window.findChild(QMessageBox, "unsaved")
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Discard).click()
    settle()
    assert window.session.front is first
    window.canvas.setFocus()
    settle()
    assert first.document.notes == open_preset("lenet5").notes
    assert not first.dirty


def test_the_window_is_gone_while_a_last_checkpoint_is_waited_for(
    open_in: OpenIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_in("lenet5")
    seen = []
    close = window.session.runs.close

    def wait() -> bool:
        seen.append(window.isVisible())
        return close()

    monkeypatch.setattr(window.session.runs, "close", wait)
    assert window.close()
    assert seen == [False]
