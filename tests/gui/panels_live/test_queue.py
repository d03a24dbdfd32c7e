"""The queue, and what is done with runs while another is on: nothing stops it, nothing is silent, nothing blocks."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton

from app.panels.runs import RunsPanel
from app.panels.runs_model import STATE
from app.session import Session
from graph_engine.document import Binding
from graph_engine.runs import RunState, RunStore, follow_run
from graph_engine.runs.folder import PID
from graph_engine.runs.owner import OWNER, Owner, read_owner
from graph_engine.train.changes import read_changes
from tests.gui.panels_live.making import PATIENCE, small_network, train
from tests.gui.panels_live.test_apart import LONG, prepare, step

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def state(run: str) -> RunState:
    return RunStore().get(run).record.state


def sentences(session: Session) -> list[str]:
    """What the window tells from now on."""
    said: list[str] = []
    session.runs.again.said.connect(said.append)
    session.runs.refused.connect(lambda error: said.append(str(error)))
    session.runs.ended.connect(lambda record: said.append(record.message))
    return said


def begin_long(qtbot: QtBot, session: Session) -> str:
    prepare(qtbot, session, 5000)
    session.runs.start()
    qtbot.waitUntil(lambda: bool(session.runs.run) and step(session) > 3, timeout=LONG)
    return session.runs.run


@pytest.mark.usefixtures("saves_often")
def test_nothing_that_is_done_with_an_old_run_stops_the_one_that_is_on(qtbot: QtBot, session: Session) -> None:
    """Branched, rewound, tried again in smaller batches: each waits in the queue, is told, and is done afterwards."""
    prepare(qtbot, session, 3)
    runs, again, store = session.runs, session.runs.again, RunStore()
    old = train(qtbot, session)
    middle = store.get(old).folder.checkpoints.steps()[1]
    last = store.get(old).record.step
    new = begin_long(qtbot, session)
    said = sentences(session)

    for at, (act, words) in enumerate(
        [
            (lambda: again.retry(old, 16), f"goes on from step {last} of {old} with a batch of 16"),
            (lambda: again.branch(old, middle), f"a branch of {old} after step {middle}"),
            (lambda: again.rewind(old, middle), f"{old}, back at step {middle}"),
            (lambda: again.rerun(old), f"{old} again"),
        ]
    ):
        act()
        qtbot.waitUntil(lambda at=at: len(again.waiting) == at + 1, timeout=LONG)
        assert words in said[-1]
        assert "waits in the queue" in said[-1]
    again.rewind(old, 123456)  # refused, in words
    qtbot.waitUntil(lambda: "no whole checkpoint of step 123456" in said[-1], timeout=LONG)
    assert runs.run == new
    assert state(new) is RunState.RUNNING
    assert state(old) is RunState.WAITING

    runs.stop()
    qtbot.waitUntil(lambda: not again.waiting and not runs.live, timeout=LONG)
    assert state(new) is RunState.STOPPED
    records = {record.id: record for record in store.records()}
    assert records[old].state is RunState.FINISHED
    branches = [record for record in records.values() if record.parent == old]
    assert {(each.state, each.parent_step) for each in branches} == {
        (RunState.FINISHED, middle),
        (RunState.FINISHED, last),
        (RunState.FINISHED, 0),
    }
    repeated = next(each for each in branches if not each.parent_step)
    assert repeated.name == f"{old} again"
    assert repeated.metrics == records[old].metrics


@pytest.mark.usefixtures("saves_often")
def test_a_smaller_batch_goes_on_from_the_end_of_an_epoch(qtbot: QtBot, session: Session) -> None:
    prepare(qtbot, session, 4)
    run = train(qtbot, session)
    store = RunStore()
    stored = store.get(run)
    stored.folder.checkpoints.go_back(stored.folder.checkpoints.steps()[2], best=0)
    (done, *_), said = stored.folder.checkpoints.steps(), sentences(session)
    before = stored.folder.epochs()
    session.runs.again.retry(run, 16)
    qtbot.waitUntil(lambda: session.runs.last != run and not session.runs.live, timeout=LONG)

    assert said[0] == f"{session.runs.last}, which goes on from step {done} of {run} with a batch of 16, trains now."
    retried = store.get(session.runs.last)
    assert [each.words for each in read_changes(retried.folder.path)] == ["batch size 64 → 16"]
    assert retried.record.epoch == 4
    assert retried.folder.epochs()[:2] == before[:2]
    per_epoch = -(-stored.record.provenance["data"]["train"] // 16)
    assert retried.record.step - done in (2 * per_epoch, 2 * (per_epoch - 1))  # the last batch may be left out

    for each in stored.folder.checkpoints.steps():
        stored.folder.checkpoints.go_back(each - 1, best=0)
    session.runs.again.retry(run, 32)
    qtbot.waitUntil(lambda: session.runs.last != retried.id and not session.runs.live, timeout=LONG)
    assert f"does {run} from the start with a batch of 32" in " ".join(said)
    anew = store.get(session.runs.last)
    assert (anew.record.parent, anew.record.parent_step) == (run, 0)
    assert anew.document().plan.batch_size == 32


def test_a_run_that_cannot_begin_is_told_and_the_queue_goes_on(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    prepare(qtbot, session, 1)
    again, said = session.runs.again, sentences(session)
    data = tmp_path / "d.npz"
    random = np.random.default_rng(0)
    np.savez(data, image=random.random((200, 1, 8, 8), dtype=np.float32), label=random.integers(0, 10, 200))
    bad = session.document.snapshot()
    bad.binding = Binding(dataset=str(data))
    for at, document in enumerate((bad, session.document)):
        again.enqueue(document)
        again.hold_queue()
        qtbot.waitUntil(lambda at=at: len(again.waiting) == at + 1, timeout=PATIENCE)
    first, second = (record.id for record in again.waiting)
    data.unlink()
    again.start_queue()
    qtbot.waitUntil(lambda: state(second) is RunState.FINISHED and not session.runs.live, timeout=LONG)

    record = RunStore().get(first).record
    assert record.state is RunState.FAILED
    assert record.message.startswith("It could not begin: ")
    assert "d.npz" in record.message
    assert record.message in said


def test_a_run_of_another_machine_or_window_leaves_the_room_free(qtbot: QtBot, session: Session) -> None:
    """A cluster's run in a shared home, here one whose folder says so."""
    prepare(qtbot, session, 1)
    store, runs = RunStore(), session.runs
    run = train(qtbot, session)
    folder = store.get(run).folder
    mine = read_owner(folder.path)
    assert mine is not None
    assert mine.is_ours
    lock = folder.lock
    assert lock.take()
    folder.write(replace(folder.read(), state=RunState.RUNNING))
    store.refresh(run)
    try:
        runs.library.refresh()
        qtbot.waitUntil(lambda: len(runs.again.beside) == 1, timeout=PATIENCE)
        assert not runs.again.has_room
        for other in (replace(mine, host="far"), replace(mine, by=1, by_began="")):
            write_owner(folder.path, other)
            runs.library.refresh()
            qtbot.waitUntil(lambda: run not in runs.library.ours, timeout=PATIENCE)
            assert runs.again.has_room
        runs.follow(run)  # followed, it takes no room either
        qtbot.waitUntil(lambda: runs.run == run, timeout=PATIENCE)
        assert runs.again.has_room
        runs.again.enqueue(session.document)
        qtbot.waitUntil(lambda: len(store.records(states=[RunState.FINISHED])) == 1, timeout=LONG)
        runs.leave()
    finally:
        lock.let_go()
        folder.write(replace(folder.read(), state=RunState.FINISHED))


def write_owner(folder: Path, owner: Owner) -> None:
    import json
    from dataclasses import asdict

    (folder / OWNER).write_text(json.dumps(asdict(owner)), "utf-8")


def test_runs_side_by_side_are_followed_paused_and_stopped_from_their_rows(
    qtbot: QtBot, session: Session, show: Callable[..., RunsPanel]
) -> None:
    """Each by the mouse, whichever is in front."""
    prepare(qtbot, session, 5000)
    runs = session.runs
    runs.again.at_once = 2
    panel = show(RunsPanel(session))
    for _ in range(2):
        runs.again.enqueue(session.document)
    qtbot.waitUntil(lambda: bool(runs.run) and len(runs.again.beside) == 1, timeout=LONG)
    inside, (apart,) = runs.run, (record.id for record in runs.again.beside)
    qtbot.waitUntil(lambda: step(session) > 3 and shown_state(panel, apart) == "training", timeout=LONG)

    press(qtbot, panel, apart, panel.pause)
    qtbot.waitUntil(lambda: shown_state(panel, apart) == "paused", timeout=LONG)
    assert shown_state(panel, inside) == "training"
    press(qtbot, panel, apart, panel.follow)
    qtbot.waitUntil(lambda: runs.run == apart and runs.paused, timeout=LONG)
    stood = step(session)
    assert runs.outlives
    assert not runs.all_outlive, "closing the window would end the other"
    assert [each.run for each in runs.shown.runs] == [apart, inside]
    loss = runs.shown.runs[1].curves.get("loss", "train")
    assert loss is not None
    length = len(loss)
    qtbot.waitUntil(lambda: len(loss) > length, timeout=LONG)  # it goes on, and is drawn on
    runs.pause()
    qtbot.waitUntil(lambda: step(session) > stood, timeout=LONG)

    press(qtbot, panel, inside, panel.pause)  # put aside, it hears as well
    qtbot.waitUntil(lambda: shown_state(panel, inside) == "paused", timeout=LONG)
    press(qtbot, panel, inside, panel.follow)
    qtbot.waitUntil(lambda: runs.run == inside and runs.paused, timeout=LONG)
    assert not runs.outlives
    press(qtbot, panel, apart, panel.follow)
    qtbot.waitUntil(lambda: runs.run == apart, timeout=LONG)
    press(qtbot, panel, apart, panel.stop)
    qtbot.waitUntil(lambda: state(apart) is RunState.STOPPED, timeout=LONG)
    qtbot.waitUntil(lambda: runs.run == inside, timeout=LONG)  # which is followed again
    press(qtbot, panel, inside, panel.stop)
    qtbot.waitUntil(lambda: not runs.live and state(inside) is RunState.STOPPED, timeout=LONG)


def test_the_end_of_a_run_beside_is_told(qtbot: QtBot, session: Session) -> None:
    """Although another is followed: here, its process is killed."""
    prepare(qtbot, session, 5000)
    runs = session.runs
    runs.again.at_once = 2
    for _ in range(2):
        runs.again.enqueue(session.document)
    qtbot.waitUntil(lambda: bool(runs.run) and len(runs.again.beside) == 1, timeout=LONG)
    (beside,) = runs.again.beside
    told: list[tuple[str, RunState]] = []
    runs.ended.connect(lambda record: told.append((record.id, record.state)))
    pid = RunStore().get(beside.id).folder.path / PID
    qtbot.waitUntil(lambda: bool(runs.again._were_beside), timeout=LONG)
    os.kill(int(pid.read_text("ascii")), signal.SIGKILL)
    qtbot.waitUntil(lambda: bool(told), timeout=LONG)
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live, timeout=LONG)
    assert told[0] == (beside.id, RunState.INTERRUPTED)
    assert len(told) == 2


def test_closing_ends_the_run_that_is_put_aside(qtbot: QtBot, session: Session) -> None:
    prepare(qtbot, session, 5000)
    runs = session.runs
    runs.again.at_once = 2
    for _ in range(2):
        runs.again.enqueue(session.document)
    qtbot.waitUntil(lambda: bool(runs.run) and len(runs.again.beside) == 1, timeout=LONG)
    inside, (apart,) = runs.run, (record.id for record in runs.again.beside)
    runs.follow(apart)
    qtbot.waitUntil(lambda: runs.run == apart, timeout=LONG)
    assert runs.close()
    assert state(inside) is RunState.STOPPED
    assert state(apart).live
    other = follow_run(apart, RunStore())
    assert other.stop(30)
    other.leave()


@pytest.mark.parametrize(
    ("cores", "free", "words"),
    [(1, 1e12, "it computes on 1 core, and the runs that go on take 1 of 1"), (8, 1e6, "are free on this machine")],
)
def test_a_run_that_the_device_has_no_room_for_waits_and_says_why(
    qtbot: QtBot,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    show: Callable[..., RunsPanel],
    cores: int,
    free: float,
    words: str,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.setattr("graph_engine.train.forecast._available", lambda _: int(free))
    runs = session.runs
    runs.again.at_once = 2
    panel = show(RunsPanel(session))
    begin_long(qtbot, session)
    said = sentences(session)
    runs.again.enqueue(session.document)
    qtbot.waitUntil(lambda: any(words in each for each in said), timeout=LONG)
    (waiting,) = runs.again.waiting
    panel.choose(waiting.id)
    assert words in panel._message.text()
    assert not runs.again.beside
    runs.again.hold_queue()
    assert "held" in panel._message.text()
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live, timeout=LONG)


def shown_state(panel: RunsPanel, run: str) -> str:
    row = panel.model.row_of(run)
    return str(panel.model.data(panel.model.index(row, STATE))) if row >= 0 else ""


def press(qtbot: QtBot, panel: RunsPanel, run: str, action: QAction) -> None:
    """Clicks the row of a run, then a button of the bar."""
    at = panel.table.visualRect(panel.model.index(panel.model.row_of(run), STATE)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    button = next(each for each in panel.findChildren(QToolButton) if each.defaultAction() is action)
    qtbot.waitUntil(button.isEnabled, timeout=PATIENCE)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def list_anew(qtbot: QtBot, session: Session, run: str, wanted: RunState) -> None:
    """Waits until the list tells the run so."""
    library = session.runs.library

    def told() -> bool:
        library.refresh()
        return any(each.id == run and each.state is wanted for each in library.records or ())

    qtbot.waitUntil(told, timeout=PATIENCE)


def test_the_queue_goes_on_also_when_the_list_has_told_the_end_before(qtbot: QtBot, session: Session) -> None:
    prepare(qtbot, session, 1)
    runs, again = session.runs, session.runs.again
    first = begin_long(qtbot, session)
    again.enqueue(small_network(1))
    again.start_queue()
    qtbot.waitUntil(lambda: len(again.waiting) == 1, timeout=PATIENCE)
    waiting = again.waiting[0].id

    runs._timer.stop()  # it doesn't look at the run any more: the list is first to tell
    runs.stop()
    list_anew(qtbot, session, first, RunState.STOPPED)
    assert runs.run == first
    runs._timer.start()
    qtbot.waitUntil(lambda: state(waiting) is RunState.FINISHED, timeout=PATIENCE)


def test_a_run_is_gone_on_with_also_when_the_list_has_told_its_end_before(qtbot: QtBot, session: Session) -> None:
    runs, said = session.runs, sentences(session)
    run = begin_long(qtbot, session)
    runs._timer.stop()
    runs.stop()
    list_anew(qtbot, session, run, RunState.STOPPED)
    stopped = RunStore().get(run).record.step
    runs.resume_run(run)
    runs._timer.start()
    qtbot.waitUntil(lambda: runs.run == run and step(session) > stopped, timeout=PATIENCE)
    assert said == [""]  # it ended, and nothing was refused or put into the queue
