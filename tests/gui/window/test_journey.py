"""What a person does, from the first window to a trained network that is saved and opened again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.panels.library import LibraryPanel
from app.panels.plan import PlanPanel
from app.panels.problems import ProblemsPanel
from app.start import Studio
from app.window import MainWindow
from graph_engine.document import Batch, Connect, Document, SetParameter, Wire
from graph_engine.document.file import dumps, load, save
from graph_engine.document.journal import Journal
from graph_engine.home import journal_folder
from graph_engine.train import RunState
from presets import open_preset

OpenIn = Callable[[Document | str], MainWindow]


def key(widget: QWidget, name: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(widget, name, modifier)


def library(window: MainWindow) -> LibraryPanel:
    return cast("LibraryPanel", window.panes.left.panel("blocks"))


def place(window: MainWindow, studio: Studio, qtbot: QtBot, text: str) -> str:
    """Types into the library's filter and presses Enter; the id of the node that this places."""
    before = set(window.session.graph.nodes)
    panel = library(window)
    panel.filter.setFocus()
    panel.filter.selectAll()
    QTest.keyClicks(panel.filter, text)
    key(panel.filter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.settled or bool(window.session.errors), timeout=20_000)
    (new,) = set(window.session.graph.nodes) - before
    return new


def set_field(window: MainWindow, name: str, text: str) -> None:
    form = window.panes.inspector.node_page.form
    assert form is not None
    line = form.rows[name].field
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    key(line, Qt.Key.Key_Return)


def test_from_an_empty_canvas_to_a_trained_and_saved_network(
    window: MainWindow, studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    window.show_welcome()
    window.welcome.new_button.click()
    assert not window.at_welcome

    # Each block goes behind the one that is selected, wired to it.
    image = place(window, studio, qtbot, "input")
    set_field(window, "shape", "1 8 8")
    for text in ("conv", "relu", "max pool", "flatten", "linear"):
        place(window, studio, qtbot, text)
    linear = session.selection.current
    assert linear == "linear_1"
    assert session.graph.upstream([linear]) >= {image, "conv2d_1", "relu_1", "max_pool2d_1", "flatten_1"}
    set_field(window, "features", "10")
    place(window, studio, qtbot, "output")
    session.select([linear])
    loss = place(window, studio, qtbot, "cross entropy")
    session.select()
    label = place(window, studio, qtbot, "input")
    set_field(window, "name", "label")
    set_field(window, "shape", "")
    assert session.graph[label].parameters["name"] == "label"

    # A label is one number a sample: what is missing is said, and its fix applied.
    qtbot.waitUntil(lambda: not session.checking, timeout=20_000)
    session.perform(
        Batch(
            "Label",
            (
                SetParameter(label, "shape", []),
                SetParameter(label, "dtype", "int64"),
                SetParameter(label, "classes", 10),
                Connect(Wire(label, "y", loss, "label")),
            ),
        )
    )
    qtbot.waitUntil(lambda: studio.settled, timeout=20_000)
    assert session.errors == []

    # Train three epochs.
    window.show_panel("plan")
    plan = cast("PlanPanel", window.panes.bottom.panel("plan"))
    epochs = plan.rows["epochs"].field
    epochs.enter(3)
    assert session.document.plan.stages[0].epochs == 3
    with qtbot.waitSignal(session.runs.ended, timeout=120_000):
        key(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    progress = session.runs.progress
    assert progress is not None
    assert progress.state is RunState.FINISHED
    assert progress.epoch == 3
    assert progress.metrics["val_loss"] < 2.0
    assert window.panes.bottom.current == "charts"

    _save_close_and_reopen(window, qtbot, tmp_path / "mine.loom")


def _save_close_and_reopen(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    session = window.session
    window.files.save_to(file)
    qtbot.waitUntil(lambda: not session.dirty, timeout=10_000)
    saved = dumps(session.document)
    assert window.windowTitle().startswith("mine.loom")
    session.undo()
    assert session.dirty
    session.redo()
    assert not session.dirty
    window.files.new()
    assert len(session.graph) == 0
    window.files.open_path(file)
    qtbot.waitUntil(lambda: len(session.graph) == 9, timeout=10_000)
    assert dumps(session.document) == saved
    assert dumps(load(file)) == saved
    assert file in window.settings.recent_files


def test_everything_can_be_taken_back(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in("small_resnet")
    session = window.session
    first = dumps(session.document)

    session.select(["conv2d_1"])
    place(window, studio, qtbot, "dropout")
    session.select(["relu_1", "conv2d_2"])
    window.book.run("canvas.delete")
    window.book.run("canvas.arrange")
    session.select(["linear_1"])
    set_field(window, "features", "12")
    window.book.run("network.freeze")
    while session.history.undo_label is not None:
        window.book.qaction("edit.undo").setEnabled(True)
        window.book.run("edit.undo")

    assert dumps(session.document) == first
    assert not session.dirty


def test_wrapping_in_a_residual_by_the_palette(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in("mlp")
    session = window.session
    session.select(["relu_1", "linear_2"])

    key(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.command_palette
    assert palette.isVisible()
    QTest.keyClicks(palette.line, "wrap resid")
    key(palette.line, Qt.Key.Key_Return)

    assert not palette.isVisible()
    assert session.history.undo_label == "Wrap in residual"
    assert session.selection.nodes == ("residual_1",)
    qtbot.waitUntil(lambda: studio.settled, timeout=20_000)
    assert session.errors == []


@pytest.mark.parametrize("by", [Qt.Key.Key_Tab, Qt.Key.Key_Space])
def test_a_block_is_added_on_the_canvas_by_key(window: MainWindow, by: Qt.Key) -> None:
    window.canvas.setFocus()
    key(window.canvas, by)
    popup = window.canvas.adding.popup
    assert popup.isVisible()

    line = popup.findChild(QLineEdit)
    assert line is not None
    QTest.keyClicks(line, "linear")
    key(line, Qt.Key.Key_Return)

    assert "linear_1" in window.session.graph
    assert window.session.selection.nodes == ("linear_1",)


def test_a_context_menu_offers_what_can_be_done(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in("mlp")
    canvas = window.canvas
    card = canvas.canvas_scene.nodes["relu_1"].card
    at = canvas.mapFromScene(card.center())

    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.viewport().mapToGlobal(at))
    QApplication.sendEvent(canvas.viewport(), event)
    menu = next(each for each in canvas.findChildren(QMenu) if each.isVisible())

    assert window.session.selection.nodes == ("relu_1",)
    wrap = next(action for action in menu.actions() if action.text() == "Wrap in residual")
    assert wrap.isEnabled()
    menu.close()


def test_unsaved_work_found_beside_an_open_file_does_not_cover_it(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    lost = Journal(journal_folder(), open_preset("xor"))
    lost.record(SetParameter("linear_1", "features", 9))
    content, file = lost._file.read_bytes(), lost._file
    lost.close()
    file.write_bytes(content)
    save(open_preset("mlp"), tmp_path / "mine.loom")

    studio.begin(tmp_path / "mine.loom")
    window = studio.window
    qtbot.waitUntil(lambda: bool(window.notices.toasts.toasts()), timeout=60_000)

    assert not window.at_welcome
    assert "XOR" in window.notices.toasts.toasts()[-1].text()


def test_pause_resume_step_and_stop(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in("lenet5")
    runs = window.session.runs
    window.book.run("run.train")
    qtbot.waitUntil(lambda: runs.progress is not None and runs.progress.step > 3, timeout=60_000)
    window.book.refresh()

    window.topbar.pause.click()
    qtbot.waitUntil(lambda: runs.progress.state is RunState.PAUSED, timeout=10_000)  # type: ignore[union-attr]
    window.book.refresh()
    assert window.topbar.train.text() == "Resume"
    at = runs.progress.step  # type: ignore[union-attr]
    window.topbar.step.click()
    qtbot.waitUntil(lambda: runs.progress.step == at + 1, timeout=10_000)  # type: ignore[union-attr]
    window.topbar.train.click()
    qtbot.waitUntil(lambda: runs.progress.step > at + 3, timeout=10_000)  # type: ignore[union-attr]
    with qtbot.waitSignal(runs.ended, timeout=30_000):
        window.topbar.stop.click()

    assert runs.progress.state is RunState.STOPPED  # type: ignore[union-attr]
    window.book.refresh()
    assert window.topbar.train.text() == "Train"


def test_the_keyboard_stays_on_a_button_that_cannot_be_pressed_for_a_while(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in("lenet5")
    window.activateWindow()
    runs, train = window.session.runs, window.topbar.train
    train.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not train.isEnabled(), timeout=10_000)
    assert QApplication.focusWidget() is train
    qtbot.waitUntil(window.topbar.pause.isEnabled, timeout=60_000)
    assert QApplication.focusWidget() is train
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is window.topbar.pause
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    stop = window.topbar.stop
    assert QApplication.focusWidget() is stop

    with qtbot.waitSignal(runs.ended, timeout=30_000):
        QTest.keyClick(stop, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: train.isEnabled() and not stop.isEnabled(), timeout=10_000)
    assert QApplication.focusWidget() is stop
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Backtab)
    assert QApplication.focusWidget() is train


def test_closing_while_training_asks_and_keeps_the_run(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in("lenet5")
    runs = window.session.runs
    window.book.run("run.train")
    qtbot.waitUntil(lambda: runs.progress is not None and runs.progress.step > 1, timeout=60_000)

    window.close()
    box = window.findChild(QMessageBox, "training")
    assert window.isVisible()
    assert box is not None
    stop = next(button for button in box.buttons() if button.text() == "Stop and quit")
    stop.click()

    qtbot.waitUntil(lambda: not window.isVisible(), timeout=30_000)
    assert not runs.live


def test_a_double_click_and_a_problem_lead_to_the_node(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in("lenet5")
    session = window.session
    session.select(["linear_3"])
    set_field(window, "features", "7")
    qtbot.waitUntil(lambda: bool(session.errors), timeout=10_000)
    assert window.panes.bottom.bar.tabText(3) == "Problems"

    key(window, Qt.Key.Key_F7)
    panel = cast("ProblemsPanel", window.panes.bottom.panel("problems"))
    qtbot.waitUntil(lambda: len(panel.rows()) >= 1, timeout=10_000)
    row = panel.rows()[0]
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert session.selection.nodes == (row.problem.node,)
    row.buttons[0].click()
    qtbot.waitUntil(lambda: studio.settled and not session.errors, timeout=10_000)


@pytest.mark.parametrize("steps", [1, -1])
def test_f6_walks_through_every_pane(open_in: OpenIn, steps: int) -> None:
    window = open_in("lenet5")
    window.session.select(["conv2d_1"])
    window.canvas.setFocus()
    panes: list[QWidget] = [window.canvas, window.panes.inspector, window.panes.bottom, window.panes.left]
    if steps < 0:
        panes = [panes[0], *reversed(panes[1:])]

    for pane in (*panes[1:], panes[0]):
        modifier = Qt.KeyboardModifier.NoModifier if steps > 0 else Qt.KeyboardModifier.ShiftModifier
        key(window, Qt.Key.Key_F6, modifier)
        focused = QApplication.focusWidget()
        assert focused is not None
        assert focused is pane or pane.isAncestorOf(focused)
