"""A run is begun, followed, paused, stepped, stopped and left in a safe state, and the window's thread never waits."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from app.open_document import OpenDocument
from app.panels.run_status import RunStatus
from app.session import Session
from graph_engine.document import Document, SetPlan
from graph_engine.runs import RunRecord, RunState, RunStore
from tests.gui.panels_live.making import PATIENCE, InstantWorker, open_in, small_network, train

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def begin(qtbot: QtBot, session: Session, epochs: int = 1000) -> None:
    """Begins a run that would take long."""
    session.perform(SetPlan(replace(session.document.plan, stages=small_network(epochs).plan.stages)))
    qtbot.waitUntil(lambda: session.check is not None and not session.checking, timeout=PATIENCE)
    session.runs.start()
    qtbot.waitUntil(lambda: bool(session.runs.run), timeout=PATIENCE)


def steps(session: Session) -> int:
    assert session.runs.progress is not None
    return session.runs.progress.step


def test_a_run_is_followed_to_its_end(qtbot: QtBot, session: Session) -> None:
    runs = session.runs
    states: list[bool] = []
    runs.state_changed.connect(lambda: states.append(runs.live))
    assert runs.can_start
    assert not runs.can_stop

    run = train(qtbot, session)

    assert states[0]
    assert not states[-1]
    assert runs.progress is not None
    assert runs.progress.state is RunState.FINISHED
    assert runs.progress.metrics["val_accuracy"] > 0.3
    assert runs.can_start
    shown = runs.shown.runs
    assert [(each.run, each.current) for each in shown] == [(run, True)]
    loss = shown[0].curves.get("loss", "train")
    assert loss is not None
    assert len(loss) == runs.progress.steps
    assert loss.x("step")[-1] == runs.progress.steps
    val = shown[0].curves.get("accuracy", "val")
    assert val is not None
    assert val.x("epoch").tolist() == [1.0, 2.0]


def test_numbers_are_pulled_few_times_however_many_steps_there_are(qtbot: QtBot, session: Session) -> None:
    ticks: list[int] = []
    begin(qtbot, session)
    session.runs.ticked.connect(lambda: ticks.append(steps(session)))
    qtbot.waitUntil(lambda: steps(session) > 400, timeout=PATIENCE)
    session.runs.stop()
    qtbot.waitUntil(lambda: not session.runs.live, timeout=PATIENCE)

    assert len(ticks) < steps(session) / 3


def test_pause_steps_and_resume(qtbot: QtBot, session: Session) -> None:
    runs = session.runs
    begin(qtbot, session)
    assert runs.can_pause
    runs.pause()
    qtbot.waitUntil(lambda: runs.progress is not None and runs.progress.state is RunState.PAUSED, timeout=PATIENCE)
    assert runs.paused
    stood = steps(session)

    runs.step()
    qtbot.waitUntil(lambda: steps(session) == stood + 1, timeout=PATIENCE)
    qtbot.wait(120)
    assert steps(session) == stood + 1

    runs.pause()
    assert not runs.paused
    qtbot.waitUntil(lambda: steps(session) > stood + 1, timeout=PATIENCE)


def test_a_stopped_run_can_be_gone_on_with(qtbot: QtBot, session: Session) -> None:
    runs = session.runs
    begin(qtbot, session, epochs=6)
    qtbot.waitUntil(lambda: steps(session) > 5, timeout=PATIENCE)
    run = runs.run
    runs.stop()
    assert runs.stopping
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)
    assert runs.progress is not None
    reached = runs.progress.step
    assert reached < runs.progress.steps
    assert RunStore().get(run).record.state is RunState.STOPPED
    assert RunStore().get(run).folder.checkpoint("last").step == reached

    runs.resume_run(run)
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)

    assert runs.progress.state is RunState.FINISHED
    assert [each.run for each in runs.shown.runs] == [run]
    loss = runs.shown.runs[0].curves.get("loss", "train")
    assert loss is not None
    assert loss.x("step").tolist() == list(range(1, runs.progress.steps + 1))


def test_what_keeps_a_run_from_starting_is_told(qtbot: QtBot, session: Session) -> None:
    session.perform(SetPlan(replace(session.document.plan, batch_size=5000)))
    with qtbot.waitSignal(session.runs.refused, timeout=PATIENCE) as refused:
        session.runs.start()

    assert "5000" in str(refused.args[0])
    assert not session.runs.live
    assert session.runs.progress is None
    assert not RunStore().records()


def test_an_empty_or_faulty_drawing_cannot_be_started(qtbot: QtBot, session: Session) -> None:
    open_in(qtbot, session, Document())

    assert not session.runs.can_start


def test_closing_stops_with_a_checkpoint(qtbot: QtBot, session: Session) -> None:
    before = sys.getswitchinterval()
    begin(qtbot, session)
    assert sys.getswitchinterval() < before
    run = session.runs.run

    assert session.runs.close()

    assert not session.runs.live
    assert sys.getswitchinterval() == before
    stored = RunStore().get(run)
    assert stored.record.state is RunState.STOPPED
    assert stored.folder.checkpoint("last").step == stored.record.step


def test_closing_while_a_run_starts_leaves_no_run_behind(qtbot: QtBot) -> None:
    session = Session(InstantWorker())
    open_in(qtbot, session, small_network(1000))
    session.runs.start()

    session.runs.close()
    session.jobs.close()

    assert all(not record.state.live for record in RunStore().records())


def test_the_run_before_stays_for_comparison_until_the_next(qtbot: QtBot, session: Session) -> None:
    first, second, third = (train(qtbot, session) for _ in range(3))

    shown = session.runs.shown.runs
    assert [each.run for each in shown] == [third, second]
    assert shown[0].current
    assert not shown[1].current
    assert session.runs.shown.series(second) not in (None, 0, 1)
    assert not session.runs.shown.is_shown(first)


def test_another_document_leaves_the_run_for_comparison(qtbot: QtBot, session: Session) -> None:
    run = train(qtbot, session)
    open_in(qtbot, session, small_network(title="Other"))

    assert session.runs.progress is None
    assert [(each.run, each.current) for each in session.runs.shown.runs] == [(run, False)]


def test_a_run_goes_on_while_another_document_is_open(qtbot: QtBot, session: Session) -> None:
    begin(qtbot, session)
    front = session.front
    open_in(qtbot, session, small_network(title="Other"))
    assert session.runs.live
    assert not session.runs.activations.is_live
    status = RunStatus(session)
    assert session.runs.run in status.text()  # of another document than is seen

    session.show(front)
    assert session.runs.run not in status.text()
    status.deleteLater()
    assert session.runs.activations.is_live
    assert isinstance(front, OpenDocument)


def test_the_run_ends_with_its_record(qtbot: QtBot, session: Session) -> None:
    with qtbot.waitSignal(session.runs.ended, timeout=PATIENCE) as ended:
        session.runs.start()

    (record,) = ended.args
    assert isinstance(record, RunRecord)
    assert record.document == "Small"
    assert record.state is RunState.FINISHED


def test_memory_is_given_back_on_closing(qtbot: QtBot) -> None:
    session = Session(InstantWorker())
    open_in(qtbot, session, small_network())
    assert gc.get_freeze_count() > 0

    session.runs.close()
    session.jobs.close()

    assert gc.get_freeze_count() == 0


def test_what_is_counted_depends_on_the_input(qtbot: QtBot, session: Session) -> None:
    assert session.runs.unit == "img"
    from presets import open_preset

    open_in(qtbot, session, open_preset("xor"))
    assert session.runs.unit == "samples"
