"""Runs in processes of their own in the window; the queue, rewinding, doing again, changes."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from app.dialogs.checkpoints import CheckpointsDialog, show_checkpoints
from app.dialogs.run_change import RunChangeDialog
from app.runs.finding import find_runs
from app.session import Session
from graph_engine.document import Binding, Judgement, SetPlan
from graph_engine.document.builder import Builder
from graph_engine.runs import FollowedRun, RunState, RunStore, follow_run
from graph_engine.runs.folder import PID
from graph_engine.train import keeper
from graph_engine.train.changes import RunChange, read_changes
from tests.gui.panels_live.making import PATIENCE, InstantWorker, open_in, small_network, train

if TYPE_CHECKING:
    import pytest
    from pytestqt.qtbot import QtBot

LONG = 3 * PATIENCE


def prepare(qtbot: QtBot, session: Session, epochs: int) -> None:
    session.perform(SetPlan(replace(session.document.plan, stages=small_network(epochs).plan.stages)))
    qtbot.waitUntil(lambda: session.check is not None and not session.checking, timeout=PATIENCE)


def step(session: Session) -> int:
    return session.runs.progress.step if session.runs.progress is not None else 0


def test_it_outlives_the_window_and_is_found_again(qtbot: QtBot, session: Session) -> None:
    prepare(qtbot, session, 5000)
    runs = session.runs
    runs.own_process = True
    runs.start()
    qtbot.waitUntil(lambda: runs.outlives and step(session) > 5, timeout=LONG)
    run = runs.run
    assert runs.can_pause
    runs.close()
    assert RunStore().get(run).record.state is RunState.RUNNING

    other = Session(InstantWorker())
    try:
        open_in(qtbot, other, small_network(5000))
        said: list[str] = []
        other.runs.again.said.connect(said.append)
        find_runs(other.runs)
        qtbot.waitUntil(lambda: other.runs.run == run, timeout=PATIENCE)
        assert said == [f"{run} is still training."]
        qtbot.waitUntil(lambda: step(other) > 10, timeout=PATIENCE)
        loss = other.runs.shown.runs[0].curves.get("loss", "train")
        assert loss is not None
        assert loss.x("step")[0] == 1
        qtbot.waitUntil(lambda: other.runs.activations.has_weights, timeout=LONG)
        handle = other.runs._handle
        assert isinstance(handle, FollowedRun)
        ended: list[RunState] = []
        other.runs.ended.connect(lambda record: ended.append(record.state))
        os.kill(int((handle.folder.path / "pid").read_text()), signal.SIGKILL)
        qtbot.waitUntil(lambda: not other.runs.live, timeout=PATIENCE)
        assert ended == [RunState.INTERRUPTED]
    finally:
        other.runs.close()
        other.jobs.close()
        other.deleteLater()


def test_the_queue_goes_on_by_itself(qtbot: QtBot, session: Session) -> None:
    prepare(qtbot, session, 2)
    again = session.runs.again
    for _ in range(2):
        again.enqueue(session.document)
    qtbot.waitUntil(
        lambda: [each.state for each in RunStore().records()] == [RunState.FINISHED] * 2 and not session.runs.live,
        timeout=LONG,
    )
    again.hold_queue()
    again.enqueue(session.document)
    again.hold_queue()
    qtbot.waitUntil(lambda: len(again.waiting) == 1, timeout=PATIENCE)
    qtbot.wait(100)
    assert not session.runs.live
    again.start_queue()
    qtbot.waitUntil(lambda: not again.waiting and not session.runs.live, timeout=PATIENCE)


def test_two_runs_of_the_queue_go_on_side_by_side(qtbot: QtBot, session: Session) -> None:
    """One in the window, the other in a process of its own."""
    prepare(qtbot, session, 5000)
    runs = session.runs
    runs.again.at_once = 2
    for _ in range(3):
        runs.again.enqueue(session.document)
    qtbot.waitUntil(lambda: bool(runs.run) and len(runs.again.beside) == 1, timeout=LONG)
    (beside,) = runs.again.beside
    assert not runs.outlives
    assert len(runs.again.waiting) == 1, "there is room for two"
    apart = follow_run(beside.id, RunStore())
    qtbot.waitUntil(lambda: step(session) > 3 and apart.feed.progress.step > 3, timeout=LONG)

    runs.again.hold_queue()
    runs.stop()
    assert apart.stop(30)
    apart.leave()
    qtbot.waitUntil(lambda: not runs.live, timeout=LONG)
    runs.library.refresh()
    qtbot.waitUntil(lambda: not runs.again.beside, timeout=LONG)
    assert len(runs.again.waiting) == 1


def test_rewound_branched_and_done_again(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 0.0)
    monkeypatch.setattr(keeper, "SAVE_SHARE", 0)
    prepare(qtbot, session, 3)
    runs = session.runs
    run = train(qtbot, session)
    metrics = RunStore().get(run).record.metrics
    folder = RunStore().get(run).folder
    chosen: list[tuple[str, int]] = []
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = CheckpointsDialog(
        run,
        folder,
        lambda at: chosen.append(("rewind", at)),
        lambda at: chosen.append(("branch", at)),
        lambda at: chosen.append(("anew", at)),
        parent,
    )
    dialog.table.selectRow(1)
    dialog.branch.click()
    middle = folder.checkpoints.steps()[1]
    assert chosen == [("branch", middle)]

    runs.again.rewind(run, middle)
    qtbot.waitUntil(lambda: runs.run == run, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)
    assert RunStore().get(run).record.metrics == metrics
    runs.again.branch(run, middle)
    qtbot.waitUntil(lambda: runs.last != run and not runs.live, timeout=PATIENCE)
    assert RunStore().get(runs.last).record.parent == run
    assert RunStore().get(runs.last).record.metrics == metrics
    branch = runs.last
    runs.again.rerun(run)
    qtbot.waitUntil(lambda: runs.last != branch and not runs.live, timeout=PATIENCE)
    assert RunStore().get(runs.last).record.metrics == metrics


def test_of_the_best_epoch_the_weights_are_offered(qtbot: QtBot, session: Session) -> None:
    """It has left nothing to go on from, so that what it offers is a new run, and says so."""
    prepare(qtbot, session, 9)
    first_is_best = Judgement(name="accuracy", better="smaller")
    session.perform(SetPlan(replace(session.document.plan, judge=first_is_best)))
    qtbot.waitUntil(lambda: not session.checking, timeout=PATIENCE)
    runs = session.runs
    run = train(qtbot, session)
    stored = RunStore().get(run)
    last, best = stored.record.step, int(stored.record.best["step"])
    assert best < last
    parent = QWidget()
    qtbot.addWidget(parent)
    show_checkpoints(runs, run, parent)
    (dialog,) = parent.findChildren(CheckpointsDialog)
    assert dialog.chosen() == last
    assert dialog.rewind.isEnabled()
    assert not dialog.anew.isEnabled()
    rows = {dialog.table.item(row, 0).text(): row for row in range(dialog.table.rowCount())}
    dialog.table.selectRow(rows[str(best)])
    assert dialog.table.item(rows[str(best)], 5).text() == "the best: its weights alone"
    assert not dialog.rewind.isEnabled()
    assert not dialog.branch.isEnabled()
    assert "weights alone were kept" in dialog.note.text()
    said: list[str] = []
    runs.again.said.connect(said.append)
    qtbot.mouseClick(dialog.anew, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: runs.last != run and not runs.live, timeout=LONG)
    assert said == [f"{run} anew, which begins with the weights of {run} after step {best}, trains now."]
    begun = RunStore().get(runs.last)
    assert (begun.record.parent, begun.record.epoch, begun.record.state) == (run, 9, RunState.FINISHED)
    assert f"after step {best}, its best" in begun.record.note


def test_what_was_compiled_or_apart_is_so_again(qtbot: QtBot, session: Session) -> None:
    runs = session.runs
    stored = RunStore().get(train(qtbot, session))
    metrics = stored.record.metrics
    assert not runs.belongs_apart(stored)
    compiled = replace(stored.record, provenance={**stored.record.provenance, "compiled": True})
    assert runs.belongs_apart(replace(stored, record=compiled))
    (stored.folder.path / PID).write_text("1", "ascii")  # as its process leaves
    assert runs.belongs_apart(stored)

    apart: list[str] = []
    runs.state_changed.connect(lambda: apart.append(runs.run) if runs.outlives else None)
    runs.again.rerun(stored.id)
    qtbot.waitUntil(lambda: runs.last != stored.id and not runs.live, timeout=LONG)
    assert set(apart) == {runs.last}
    assert RunStore().get(runs.last).record.metrics == metrics


def test_a_change_by_the_dialog_is_made_and_kept(qtbot: QtBot, session: Session) -> None:
    prepare(qtbot, session, 5000)
    runs = session.runs
    runs.start()
    qtbot.waitUntil(lambda: step(session) > 2, timeout=PATIENCE)
    document = runs.document
    assert document is not None
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = RunChangeDialog(document, 0, runs.change, parent)
    assert dialog.changes() == []
    dialog.rates[0].set_value(0.0005)
    dialog.nodes.item(0).setCheckState(Qt.CheckState.Checked)
    assert dialog.changes() == [RunChange(learning_rate=0.0005), RunChange(freeze=("conv2d_1",))]
    dialog.accept()
    folder = RunStore().get(runs.run).folder.path
    qtbot.waitUntil(lambda: len(read_changes(folder)) == 2, timeout=PATIENCE)
    assert read_changes(folder)[0].words == "learning rate 0.001 → 0.0005"
    noticed: list[str] = []
    runs.noticed.connect(noticed.append)
    runs.change(RunChange(batch_size=100_000))
    qtbot.waitUntil(lambda: bool(noticed), timeout=PATIENCE)
    assert "100000" in noticed[0]
    runs.stop_after_epoch()
    assert runs.ends_with_epoch
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)


def test_a_node_inside_a_composite_is_frozen_while_it_runs(qtbot: QtBot, session: Session) -> None:
    """By a click in the list; from then on its weights stay, in both places where the composite is used."""
    net = Builder("Cells", plan=small_network(5000).plan, binding=Binding(dataset="digits"))
    image, label = net.input("image", 1, 8, 8), net.input("label", classes=10, label=True)
    cell = net.composite("cell", "Cell")
    cell.output(cell.add("tanh", cell.add("conv2d", cell.input("x", 2, 8, 8), channels=2)), "y")
    x = net.add("@cell", net.add("@cell", net.add("conv2d", image, channels=2)))
    net.classify(net.add("linear", net.add("flatten", x), features=10), label)
    open_in(qtbot, session, net.document)
    runs = session.runs
    runs.start()
    qtbot.waitUntil(lambda: step(session) > 2, timeout=LONG)
    document = runs.document
    assert document is not None
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = RunChangeDialog(document, 0, runs.change, parent)
    dialog.show()
    (item,) = dialog.nodes.findItems("(conv2d_1 in cell)", Qt.MatchFlag.MatchEndsWith)
    dialog.nodes.scrollToItem(item)
    box = dialog.nodes.visualItemRect(item)
    qtbot.mouseClick(dialog.nodes.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(box.left() + 10, box.center().y()))
    assert item.checkState() is Qt.CheckState.Checked
    dialog.accept()
    folder = RunStore().get(runs.run).folder
    qtbot.waitUntil(lambda: bool(read_changes(folder.path)), timeout=PATIENCE)
    (change,) = read_changes(folder.path)
    assert change.words == "froze cell:conv2d_1"
    qtbot.waitUntil(lambda: step(session) > change.step + 5, timeout=PATIENCE)
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)
    before, after = folder.checkpoints.at(change.step), folder.checkpoint("last")
    assert before is not None
    moved = {name for name, value in after.weights.items() if not value.equal(before.weights[name])}
    stayed = set(after.weights) - moved
    assert len(stayed) == 4, (moved, stayed)
    assert all("cell" in name for name in stayed)
    assert moved
