"""What comes late: files that are read or written while something else is done, and a question is open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

import app.files
from app import workers
from app.costs import CostKind
from app.dialogs.compare import CompareDialog
from app.dialogs.export import ExportDialog
from app.dialogs.run_change import RunChangeDialog
from app.open_document import OpenDocument
from app.panels.history import HistoryPanel
from app.start import Studio
from app.window import MainWindow
from graph_engine.document import AddNodes, Document, Node, RemoveNodes, SetParameter, file
from graph_engine.document.own_blocks import OwnLibrary, keep
from graph_engine.train.changes import read_changes
from presets import open_preset
from tests.gui.panels_live.held import HeldJobs
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]
LONG = 30_000  # ms


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object, str], threading.Event]]:
    """Holds a function until the event is set that this gives."""
    gates: list[threading.Event] = []

    def hold(owner: object, name: str) -> threading.Event:
        gate, real = threading.Event(), getattr(owner, name)
        gates.append(gate)

        def slow(*arguments: object) -> object:
            assert gate.wait(30)
            return real(*arguments)

        monkeypatch.setattr(owner, name, slow)
        return gate

    yield hold
    for gate in gates:
        gate.set()


def saved_in(window: MainWindow, studio: Studio, qtbot: QtBot, path: Path, preset: str = "lenet5") -> OpenDocument:
    """A file of a preset, open in front, with an unsaved change."""
    file.save(open_preset(preset), path)
    window.files.open_path(path)
    qtbot.waitUntil(lambda: window.session.path == path and studio.settled, timeout=LONG)
    change(window, 9)
    return window.session.front


def change(window: MainWindow, channels: int) -> None:
    window.session.perform(SetParameter("conv2d_1", "channels", channels))


def channels_in(path: Path) -> object:
    return file.load(path).main["conv2d_1"].parameters["channels"]


def question(window: MainWindow) -> QMessageBox:
    found = window.findChild(QMessageBox, "unsaved")
    assert found is not None
    return found


def test_a_file_that_comes_while_one_is_asked_about_another_is_shown_after_the_answer(
    window: MainWindow, studio: Studio, qtbot: QtBot, tmp_path: Path, held: Callable[[object, str], threading.Event]
) -> None:
    """*Save* saves what was asked about, which is closed then: else its changes would be lost."""
    asked = saved_in(window, studio, qtbot, tmp_path / "asked.loom")
    other = tmp_path / "other.loom"
    file.save(open_preset("mlp"), other)
    before = other.read_bytes()
    gate = held(file, "load")
    window.files.open_path(other)
    window.files.close()
    box = question(window)
    gate.set()
    qtbot.waitUntil(lambda: not studio.session.jobs.titles, timeout=LONG)
    settle()
    assert window.session.front is asked
    box.button(QMessageBox.StandardButton.Save).click()
    qtbot.waitUntil(lambda: window.session.path == other and studio.settled, timeout=LONG)
    assert asked not in window.session.documents
    assert channels_in(tmp_path / "asked.loom") == 9
    assert other.read_bytes() == before


def test_the_name_that_is_asked_for_is_that_of_the_document_that_it_was_asked_for(
    open_in: OpenIn, studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if another one has come to the front meanwhile."""
    made = QFileDialog.open
    monkeypatch.setattr(
        QFileDialog,
        "open",
        lambda dialog: (dialog.setOption(QFileDialog.Option.DontUseNativeDialog), made(dialog)),
    )
    window = open_in("lenet5")
    change(window, 9)
    asked = window.session.front
    window.files.save_as()
    window.session.show(OpenDocument(open_preset("mlp"), name="other"))
    dialog = window.findChild(QFileDialog)
    line = dialog.findChild(QLineEdit, "fileNameEdit") if dialog is not None else None
    assert dialog is not None
    assert line is not None
    line.setText(str(tmp_path / "named.loom"))
    dialog.accept()
    qtbot.waitUntil(lambda: asked.path == tmp_path / "named.loom" and studio.settled, timeout=LONG)
    assert channels_in(tmp_path / "named.loom") == 9


@pytest.mark.parametrize("quits", [False, True])
def test_what_is_changed_while_it_is_saved_to_be_closed_is_asked_about_again(
    window: MainWindow,
    studio: Studio,
    qtbot: QtBot,
    tmp_path: Path,
    held: Callable[[object, str], threading.Event],
    *,
    quits: bool,
) -> None:
    opened = saved_in(window, studio, qtbot, tmp_path / "net.loom")
    gate = held(file, "write_whole")
    if quits:
        window.close()
    else:
        window.files.close()
    box = question(window)
    box.button(QMessageBox.StandardButton.Save).click()
    settle()
    change(window, 10)
    gate.set()
    qtbot.waitUntil(
        lambda: (found := window.findChild(QMessageBox, "unsaved")) is not None and found is not box, timeout=LONG
    )
    assert window.isVisible()
    assert opened in window.session.documents
    assert channels_in(tmp_path / "net.loom") == 9
    question(window).button(QMessageBox.StandardButton.Save).click()
    qtbot.waitUntil(lambda: not window.isVisible() if quits else opened not in window.session.documents, timeout=LONG)
    assert channels_in(tmp_path / "net.loom") == 10


def test_a_document_that_was_given_up_while_it_was_saved_stays_closed(
    window: MainWindow, studio: Studio, qtbot: QtBot, tmp_path: Path, held: Callable[[object, str], threading.Event]
) -> None:
    opened = saved_in(window, studio, qtbot, tmp_path / "net.loom")
    gate = held(file, "write_whole")
    for button in (QMessageBox.StandardButton.Save, QMessageBox.StandardButton.Discard):
        window.files.close(opened)
        question(window).button(button).click()
        settle()
    assert opened not in window.session.documents
    gate.set()
    qtbot.waitUntil(lambda: studio.settled, timeout=LONG)
    assert opened not in window.session.documents
    assert window.findChild(QMessageBox, "unsaved") is None


def test_what_is_being_saved_here_was_written_by_no_other_program(
    window: MainWindow, studio: Studio, qtbot: QtBot, tmp_path: Path, held: Callable[[object, str], threading.Event]
) -> None:
    path = tmp_path / "net.loom"
    saved_in(window, studio, qtbot, path)
    gate = held(app.files, "fingerprint_of")  # called when it is written, before that is told
    window.files.save()
    qtbot.waitUntil(lambda: channels_in(path) == 9, timeout=LONG)
    window._disk.look()
    qtbot.waitUntil(lambda: len(studio.session.jobs.titles) <= 1, timeout=LONG)
    gate.set()
    qtbot.waitUntil(lambda: studio.settled and not window.session.dirty, timeout=LONG)
    assert not [toast.text() for toast in window.notices.toasts.toasts() if "another program" in toast.text()]


def test_of_two_versions_the_one_chosen_last_is_compared(
    window: MainWindow, studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_in(window, studio, qtbot, tmp_path / "net.loom")
    window.versions.keep_changed()
    change(window, 10)
    window.session.perform(RemoveNodes(("accuracy_1",)))
    window.versions.keep_changed()
    window.show_panel("history")
    panel = window.panes.bottom.panel("history")
    assert isinstance(panel, HistoryPanel)
    qtbot.waitUntil(lambda: panel.versions.count() == 2 and studio.settled, timeout=LONG)
    jobs = HeldJobs(studio.session.jobs, monkeypatch)
    panel.versions.setCurrentRow(1)
    panel.versions.setCurrentRow(0)
    older, newer = jobs.titled("Reading a version")
    jobs.answer(newer)
    said = panel._note.text()
    jobs.answer(older)
    assert panel._note.text() == said
    panel.compare.click()
    (late,) = jobs.titled("Reading a version")
    window.session.show(OpenDocument(open_preset("mlp"), name="other"))
    jobs.answer(late)
    assert window.findChild(CompareDialog) is None


def test_of_two_networks_that_are_timed_the_one_in_front_has_its_numbers(
    open_in: OpenIn, studio: Studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_in("lenet5")
    with monkeypatch.context() as patch:
        jobs = HeldJobs(studio.session.jobs, patch)
        window.costs.show(CostKind.TIME)
        change(window, 9)
        qtbot.waitUntil(lambda: not studio.session.checking and studio.session.program is not None, timeout=LONG)
        before = studio.session.program
        qtbot.waitUntil(lambda: studio.session.program is not before or window.costs._measuring is not before)
        window.costs.show(CostKind.TIME)
        first, second = jobs.titled("Timing nodes")
        jobs.answer(second)
        jobs.answer(first)
    heat = window.canvas.heat
    assert heat is not None
    assert "conv2d_1" in heat.nodes


def test_of_two_looks_at_the_own_blocks_the_later_holds(
    window: MainWindow, studio: Studio, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = window.own
    qtbot.waitUntil(lambda: studio.settled, timeout=LONG)
    jobs = HeldJobs(studio.session.jobs, monkeypatch)
    document = open_preset("resnet:depth=18")
    graph = next(iter(document.composites))
    keep(document, graph, "One", "")
    own.refresh()
    keep(document, graph, "Two", "")
    own.refresh()
    early, late = jobs.titled("Reading your blocks")
    jobs.answer(late)
    there = own.blocks()
    assert {each.title for each in there} >= {"One", "Two"}
    early.done(OwnLibrary())
    assert own.blocks() == there


def test_a_change_is_for_the_stage_that_it_was_asked_for(open_in: OpenIn, qtbot: QtBot) -> None:
    from tests.gui.panels_live.making import small_network

    document = small_network(60)
    (stage,) = document.plan.stages
    document.plan = replace(document.plan, stages=(stage, replace(stage, epochs=100_000)))
    window = open_in(document)
    runs = window.session.runs
    window.train()
    qtbot.waitUntil(lambda: runs.can_pause, timeout=LONG)
    runs.pause()
    window.change_run()
    (dialog,) = window.findChildren(RunChangeDialog)
    dialog.rates[0].enter(0.5)
    runs.pause()
    qtbot.waitUntil(lambda: runs.progress is not None and runs.progress.stage == 2, timeout=LONG)
    folder = runs.folder
    assert folder is not None
    dialog.accept()
    said = f"{runs.run} has left stage 1 meanwhile, so it was not changed."
    assert said in [toast.text() for toast in window.notices.toasts.toasts()]
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live, timeout=LONG)
    assert read_changes(folder.path) == []


@pytest.mark.parametrize("held", ["node", "port"])
@pytest.mark.parametrize("keys", ["Ctrl+Z", "Del", "Ctrl+G"])
def test_what_is_dragged_may_be_taken_away_by_a_key(open_in: OpenIn, qtbot: QtBot, held: str, keys: str) -> None:
    """Then nothing is dragged any more, whatever the mouse does."""
    window = open_in("lenet5")
    canvas, session = window.canvas, window.session
    session.perform(AddNodes((Node("relu_9", "relu", {}, (0.0, -300.0)),)))
    canvas.fit_all()
    session.select(["relu_9"])
    settle()  # the actions know what there is to do
    item = canvas.canvas_scene.nodes["relu_9"]
    place = item.card.center() if held == "node" else item.port_position("output", "y")
    at, view = canvas.mapFromScene(place), canvas.viewport()
    canvas.setFocus()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    for step in (20, 40):
        QTest.mouseMove(view, at + QPoint(step, step // 2))
    assert canvas.gesture is not None
    (stroke,) = QKeySequence(keys)
    QTest.keyClick(canvas, stroke.key(), stroke.keyboardModifiers())
    settle()
    assert "relu_9" not in session.graph
    assert canvas.gesture is None
    after = file.dumps(session.document)
    QTest.mouseMove(view, at + QPoint(60, 30))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at + QPoint(60, 30))
    settle()
    assert file.dumps(session.document) == after
    assert set(canvas.canvas_scene.nodes) == set(session.graph.nodes)


def test_what_is_not_checked_yet_can_be_exported_when_it_is(
    window: MainWindow, studio: Studio, qtbot: QtBot, held: Callable[[object, str], threading.Event]
) -> None:
    gate = held(workers, "data_problems")
    window.session.show(OpenDocument(open_preset("lenet5"), name="LeNet"))
    window.exports.ask("python")
    (dialog,) = window.findChildren(ExportDialog)
    assert dialog._note.text() == "The drawing is being checked."
    save = dialog.buttons.button(QDialogButtonBox.StandardButton.Save)
    assert not save.isEnabled()
    gate.set()
    qtbot.waitUntil(save.isEnabled, timeout=LONG)
    assert not dialog._note.text()
    dialog.reject()
