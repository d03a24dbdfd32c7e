"""What the window offers when a run goes wrong: one click, and it goes on or is tried in smaller batches."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from app.dialogs.run_change import RunChangeDialog
from app.start import Studio
from app.window import MainWindow
from graph_engine.compile import Program
from graph_engine.document import Document, SetAbout
from graph_engine.runs import RunRecord, RunState, RunStore, enqueue, start_process
from graph_engine.runs.wishes import Wish, send_wish
from graph_engine.train import keeper
from graph_engine.train.checkpoints import Checkpoints
from presets import open_preset
from tests.gui.window.conftest import settle
from tests.runs.test_process import FAULTY

OpenIn = Callable[[Document | str], MainWindow]
LONG = 30_000  # ms


def offered(window: MainWindow, text: str) -> QAbstractButton | None:
    """The button of a notice that says `text`."""
    buttons = [each for toast in window.notices.toasts.toasts() for each in toast.findChildren(QAbstractButton)]
    return next((each for each in buttons if each.text() == text and each.isVisible()), None)


def click(qtbot: QtBot, window: MainWindow, text: str) -> None:
    qtbot.waitUntil(lambda: offered(window, text) is not None, timeout=LONG)
    button = offered(window, text)
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def ended(window: MainWindow) -> bool:
    return not window.session.runs.live


def small() -> Document:
    document = open_preset("lenet5")
    document.plan = replace(document.plan.with_first(stage=replace(document.plan.stages[0], epochs=1)), batch_size=64)
    return document


def test_too_little_memory_is_one_click_from_a_batch_that_fits(
    open_in: OpenIn, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = torch.nn.Conv2d.forward

    def refuse(module: torch.nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
        if module.training and x.device.type == "cpu" and len(x) > 30:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB.")
        return forward(module, x)

    window = open_in(small())
    monkeypatch.setattr(torch.nn.Conv2d, "forward", refuse)
    window.book.run("run.train")
    click(qtbot, window, "Train with a batch of 16")
    (failed,) = RunStore().records()
    assert (
        "there is not enough memory for a batch of 64 at Conv 2d (conv2d_1), which asks for 2.68 GB" in failed.message
    )
    qtbot.waitUntil(lambda: window.session.runs.last != failed.id and ended(window), timeout=LONG)
    second = RunStore().get(window.session.runs.last)
    assert second.record.state is RunState.FINISHED, second.record.message
    assert (second.document().plan.batch_size, second.record.parent) == (16, failed.id)
    assert window.session.document.plan.batch_size == 64


def test_a_network_that_memory_can_not_hold_is_no_bug(
    open_in: OpenIn, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_in(small())

    def make(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB.")

    monkeypatch.setattr(Program, "make", make)
    window.book.run("run.train")
    qtbot.waitUntil(lambda: bool(window.notices.toasts.toasts()), timeout=LONG)
    (toast,) = window.notices.toasts.toasts()
    assert toast.text() == (
        "There is not enough memory for this (2.68 GB were asked for). "
        "Use a smaller network or batch, or close other programs."
    )
    assert offered(window, "Copy report") is None
    assert ended(window)


def test_a_process_that_a_device_brings_down_is_one_click_from_going_on(
    open_in: OpenIn, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = small()
    document.plan = replace(document.plan, batch_size=16)
    window = open_in(document)
    (tmp_path / "sitecustomize.py").write_text(FAULTY.format(fault="os.abort()"), "utf-8")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        window.train(own_process=True)
        qtbot.waitUntil(lambda: window.session.runs.outlives or ended(window), timeout=LONG)
    qtbot.waitUntil(lambda: ended(window), timeout=LONG)
    run = window.session.runs.last
    assert RunStore().get(run).record.state is RunState.INTERRUPTED
    (first, *_) = RunStore().get(run).folder.checkpoints.steps() or [0]
    click(qtbot, window, f"Go on from step {first}" if first else "Try again")
    qtbot.waitUntil(lambda: window.session.runs.run == run, timeout=LONG)
    qtbot.waitUntil(lambda: ended(window), timeout=LONG)
    assert RunStore().get(run).record.state is RunState.FINISHED


def notice(window: MainWindow) -> str:
    return " ".join(toast.text() for toast in window.notices.toasts.toasts())


def test_a_number_that_is_not_finite_shows_its_node_and_goes_on_slower(
    open_in: OpenIn, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole sentence, the node brought into view, and one click at half the learning rate."""
    from graph_engine.train.changes import read_changes

    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 0.0)
    monkeypatch.setattr(keeper, "SAVE_SHARE", 0)
    document = small()
    document.plan = document.plan.with_first(stage=replace(document.plan.stages[0], epochs=3))
    rate = document.plan.stages[0].updates[0].optimiser.learning_rate
    window = open_in(document)
    linear, bad = torch.nn.functional.linear, [True]

    def poisoned(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        steps = window.session.runs.progress.step if window.session.runs.progress is not None else 0
        y = linear(x, weight, bias)
        return y * float("nan") if bad[0] and steps > 30 and weight.shape[0] == 84 else y

    monkeypatch.setattr(torch.nn.functional, "linear", poisoned)
    window.book.run("run.train")
    qtbot.waitUntil(lambda: offered(window, "Show node") is not None, timeout=LONG)
    bad[0] = False
    (failed,) = RunStore().records()
    assert failed.node
    assert failed.diverged
    assert failed.message in notice(window)
    at = RunStore().get(failed.id).folder.checkpoints.steps()[0]
    words = f"Go on from step {at} at half the learning rate"
    assert offered(window, words) is not None
    assert offered(window, "Rewind or branch…") is not None
    window.canvas.centerOn(-5000, -5000)
    click(qtbot, window, "Show node")
    assert window.session.selection.nodes == (failed.node,)
    item = window.canvas.canvas_scene.nodes[failed.node]
    qtbot.waitUntil(
        lambda: window.canvas.mapToScene(window.canvas.viewport().rect()).boundingRect().contains(item.scenePos()),
        timeout=LONG,
    )

    click(qtbot, window, words)
    assert offered(window, "Show node") is None, "it is done with"
    qtbot.waitUntil(lambda: bool(window.session.runs.run), timeout=LONG)
    qtbot.waitUntil(lambda: ended(window), timeout=LONG)
    stored = RunStore().get(failed.id)
    assert stored.record.state is RunState.FINISHED, stored.record.message
    assert [each.words for each in read_changes(stored.folder.path)] == [f"learning rate {rate:g} → {rate / 2:g}"]


def test_a_node_inside_a_composite_is_shown_where_it_failed(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in("resnet")
    session = window.session
    name = next(each for each in session.document.graphs if each != "main")
    node = next(iter(session.document.graphs[name])).id
    record = RunRecord(
        id="x-1",
        name="x-1",
        document=session.document.title,
        state=RunState.FAILED,
        message="Boom.",
        node=f"{name}:{node}",
    )
    window._ends.tell(record)
    click(qtbot, window, "Show node")
    assert session.graph_name == name
    assert session.selection.nodes == (node,)


def test_a_full_disk_is_told_whole_and_one_click_from_going_on(
    open_in: OpenIn, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_in(small())
    save = Checkpoints.save
    full = [True]

    def refuse(self: Checkpoints, *args: Any, **options: Any) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(self, *args, **options)

    monkeypatch.setattr(Checkpoints, "save", refuse)
    window.book.run("run.train")
    qtbot.waitUntil(lambda: offered(window, "Try again") is not None, timeout=LONG)
    assert "could not be saved (No space left on device)" in notice(window)
    assert "free some space" in notice(window)
    full[0] = False
    run = window.session.runs.last
    click(qtbot, window, "Try again")
    qtbot.waitUntil(lambda: RunStore().get(run).record.state is RunState.FINISHED and ended(window), timeout=LONG)


@pytest.mark.parametrize("answer", ["Start them", "Remove them"])
def test_runs_that_wait_from_last_time_are_told_when_the_window_opens(
    studio: Studio, qtbot: QtBot, answer: str
) -> None:
    store = RunStore()
    document = small()
    document.plan = replace(document.plan, batch_size=512)
    waiting = [enqueue(document, store=store).id for _ in range(2)]
    studio.begin()
    window = studio.window
    qtbot.waitUntil(lambda: "2 runs wait from last time." in notice(window), timeout=2 * LONG)
    assert not window.session.runs.live
    click(qtbot, window, answer)
    goal = [RunState.FINISHED] * 2 if answer == "Start them" else []
    qtbot.waitUntil(
        lambda: [record.state for record in store.records()] == goal and not window.session.runs.live, timeout=2 * LONG
    )
    if not goal:
        assert {record.id for record in store.trash()} == set(waiting)


def test_a_run_of_another_home_is_followed_and_stopped_by_its_folder(
    open_in: OpenIn, qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """From the menu Run: the folder is pasted, curves come, and it hears the window's Stop."""
    document = small()
    document.plan = document.plan.with_first(stage=replace(document.plan.stages[0], epochs=500))
    far = start_process(document, store=RunStore(tmp_path / "far"))
    request.addfinalizer(lambda: send_wish(far.folder.path, Wish.STOP))
    far.leave()
    window = open_in(small())
    runs = window.session.runs

    def choose(path: Path) -> None:
        window.book.run("run.follow_folder")
        dialog = window.findChild(QFileDialog, "run-folder")
        assert dialog is not None
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        assert line is not None
        QGuiApplication.clipboard().setText(str(path))
        line.selectAll()
        QTest.keyClick(line, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        button = next(each for each in dialog.findChildren(QAbstractButton) if each.text() == "Follow")
        qtbot.waitUntil(button.isEnabled, timeout=LONG)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: window.findChild(QFileDialog, "run-folder") is None, timeout=LONG)

    choose(far.folder.path)
    qtbot.waitUntil(lambda: runs.run == far.id, timeout=LONG)
    qtbot.waitUntil(lambda: runs.progress is not None and runs.progress.step > 3, timeout=LONG)
    loss = runs.shown.runs[0].curves.get("loss", "train")
    assert loss is not None
    window.book.run("run.pause")
    qtbot.waitUntil(lambda: runs.progress is not None and runs.progress.state is RunState.PAUSED, timeout=LONG)
    window.book.run("run.stop")
    qtbot.waitUntil(lambda: ended(window), timeout=LONG)
    assert far.folder.read().state is RunState.STOPPED
    assert RunStore().get(far.id).folder.path.resolve() == far.folder.path

    choose(far.folder.path)
    qtbot.waitUntil(lambda: f"{far.id} is not going on: it is stopped." in notice(window), timeout=LONG)
    choose(tmp_path)
    qtbot.waitUntil(lambda: "is no run" in notice(window), timeout=LONG)


def test_what_is_done_to_a_run_that_is_gone_is_told(open_in: OpenIn, qtbot: QtBot) -> None:
    """It ended while the window in which it is changed was open; it was deleted before one goes back in it."""
    from tests.gui.panels_live.making import small_network

    window = open_in(small_network(5000))
    runs, said = window.session.runs, window.notices.toasts
    window.train()
    qtbot.waitUntil(lambda: bool(runs.run), timeout=LONG)
    run = runs.run
    window.change_run()
    (dialog,) = window.findChildren(RunChangeDialog)
    dialog.rates[0].enter(0.5)
    runs.stop()
    qtbot.waitUntil(lambda: ended(window), timeout=LONG)
    dialog.accept()
    assert f"{run} goes on no longer, so it was not changed." in [each.text() for each in said.toasts()]

    assert window.book.qaction("run.checkpoints").isEnabled()
    with qtbot.waitSignal(runs.library.deleted, timeout=LONG):
        runs.library.delete(run, run)
    window.book.refresh()
    assert not window.book.qaction("run.checkpoints").isEnabled()
    window.show_checkpoints(run)
    assert any(run in each.text() and "went wrong" not in each.text() for each in said.toasts()[-1:])


def test_a_run_that_is_to_end_with_the_window_goes_on_when_that_stays(open_in: OpenIn, qtbot: QtBot) -> None:
    """Who says Stop and quit, and then will not give up what is unsaved, has not quit."""
    from tests.gui.panels_live.making import small_network

    window = open_in(small_network(100_000))
    runs = window.session.runs
    window.session.perform(SetAbout("Changed", ""))
    window.train(own_process=True)
    qtbot.waitUntil(lambda: bool(runs.run) and runs.progress is not None and runs.progress.step > 3, timeout=LONG)
    run = runs.run

    def close(last: QMessageBox.StandardButton) -> None:
        window.close()
        box = window.findChild(QMessageBox, "training")
        assert isinstance(box, QMessageBox)
        next(each for each in box.buttons() if each.text() == "Stop and quit").click()
        settle()
        box = window.findChild(QMessageBox, "unsaved")
        assert isinstance(box, QMessageBox)
        box.button(last).click()
        settle()

    close(QMessageBox.StandardButton.Cancel)
    assert window.isVisible()
    assert not runs.stopping
    step = runs.progress.step if runs.progress is not None else 0
    qtbot.waitUntil(lambda: runs.progress is not None and runs.progress.step > step + 5, timeout=LONG)
    close(QMessageBox.StandardButton.Discard)
    assert not window.isVisible()
    qtbot.waitUntil(lambda: RunStore().get(run).record.state is RunState.STOPPED, timeout=LONG)
