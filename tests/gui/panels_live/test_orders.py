"""Answers that come late, twice or in another order than they were asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from app.forecasts import Forecasts
from app.open_document import OpenDocument
from app.panels.data import DataPanel
from app.panels.runs import RunsPanel
from app.panels.runs_model import NOTE
from app.session import Session
from graph_engine.data import DataError
from graph_engine.document import SetBinding, SetParameter
from graph_engine.runs import RunError, RunState, RunStore, enqueue, start_process
from graph_engine.runs.folder import CHECKPOINTS
from tests.gui.panels_live.held import HeldJobs
from tests.gui.panels_live.making import PATIENCE, InstantWorker, open_in, small_network, train
from tests.gui.panels_live.test_apart import LONG, prepare, step
from tests.gui.panels_live.test_queue import begin_long, sentences, state

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_a_stop_before_the_first_step_is_for_that_run_alone(qtbot: QtBot, session: Session) -> None:
    prepare(qtbot, session, 5000)
    runs = session.runs
    runs.start()
    runs.stop()
    qtbot.waitUntil(lambda: bool(runs.last) and not runs.live, timeout=PATIENCE)
    elsewhere = start_process(small_network(100_000), store=RunStore())
    try:
        runs.follow(elsewhere.id)
        qtbot.waitUntil(lambda: runs.run == elsewhere.id, timeout=LONG)
        assert not runs.stopping
        reached = step(session)
        qtbot.waitUntil(lambda: step(session) > reached + 5, timeout=LONG)
        runs.leave()
    finally:
        elsewhere.stop(30)
        elsewhere.leave()


def test_a_run_that_is_gone_on_with_twice_stops_when_it_is_told_to(qtbot: QtBot, session: Session) -> None:
    """By a second click, on a list that still says that it has ended, or the notice of an end long past."""
    runs, run = session.runs, begin_long(qtbot, session)
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)
    said = sentences(session)
    for _ in range(2):
        runs.resume_run(run)
    qtbot.waitUntil(lambda: runs.run == run and step(session) > 3, timeout=LONG)
    assert said == []
    runs.resume_run(run)
    qtbot.waitUntil(lambda: bool(said), timeout=PATIENCE)
    assert said == [f"{run} is going on already."]
    runs.again.slow_down(run, 0.5)
    qtbot.waitUntil(lambda: len(said) == 2, timeout=PATIENCE)
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)
    qtbot.wait(50)
    assert not runs.live
    assert state(run) is RunState.STOPPED


def test_of_two_ended_runs_the_one_asked_for_last_is_shown(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with two quick changes of tab."""
    one, two = train(qtbot, session), train(qtbot, session)
    qtbot.waitUntil(lambda: not session.runs.background.titles, timeout=PATIENCE)
    seen: list[object] = []
    jobs = HeldJobs(session.runs.background, monkeypatch)
    monkeypatch.setattr(session.runs.activations, "set_weights", lambda weights, _: seen.append(weights))
    session.runs.show(one, one)
    first = list(jobs.held)
    session.runs.show(two, two)
    second = [each for each in jobs.held if each not in first]
    for job in (*second, *first):
        jobs.answer(job)
    assert session.runs.shown.runs[0].run == two
    assert len(seen) == 1

    session.runs.show(one, one)
    late = [each for each in jobs.held if each.title in ("Runs", "Reading weights")]
    session.show(OpenDocument(small_network(title="Other"), name="Other"))  # it was never trained
    for job in late:
        jobs.answer(job)
    assert all(not run.current for run in session.runs.shown.runs)
    assert len(seen) == 1


def test_weights_of_a_document_behind_leave_those_of_the_one_in_front(qtbot: QtBot, session: Session) -> None:
    """Its run ends while another document, which was trained before, is looked at."""
    trained = session.front
    train(qtbot, session)
    seen = session.runs.activations
    qtbot.waitUntil(lambda: seen.has_weights, timeout=PATIENCE)
    open_in(qtbot, session, small_network(5000, "Behind"))
    session.runs.start()
    qtbot.waitUntil(lambda: step(session) > 3, timeout=PATIENCE)
    session.show(trained)
    qtbot.waitUntil(lambda: seen.has_weights, timeout=PATIENCE)
    session.runs.stop()
    qtbot.waitUntil(lambda: not session.runs.live and not session.runs.background.titles, timeout=PATIENCE)
    assert seen.has_weights


def test_weights_that_were_read_later_are_not_replaced_by_earlier_ones(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = session.runs
    train(qtbot, session)
    qtbot.waitUntil(lambda: not runs.background.titles, timeout=PATIENCE)
    jobs = HeldJobs(runs.background, monkeypatch)
    seen: list[object] = []
    monkeypatch.setattr(runs.activations, "set_weights", lambda weights, _: seen.append(weights))

    class Handle:
        def __init__(self, name: str) -> None:
            self.weights = lambda: name

    for name in ("earlier", "later"):
        runs._saved.show(Handle(name), session.front)  # type: ignore[arg-type]
    earlier, later = jobs.held
    jobs.answer(later)
    jobs.answer(earlier)
    assert seen == ["later"]


def test_the_row_of_a_run_that_ends_while_one_types_says_so_afterwards(
    qtbot: QtBot, session: Session, show: Callable[..., RunsPanel]
) -> None:
    panel, runs = show(RunsPanel(session)), session.runs
    run = begin_long(qtbot, session)
    qtbot.waitUntil(lambda: panel.model.row_of(run) >= 0 and panel.model._live == run, timeout=PATIENCE)
    panel.choose(run)
    panel.note.trigger()
    (line,) = panel.table.findChildren(QLineEdit)
    qtbot.keyClicks(line, "typed")
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live and not runs.background.titles, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not panel._live_soon.isActive(), timeout=PATIENCE)  # the last look finds one typing
    qtbot.keyClick(line, Qt.Key.Key_Return)
    row = panel.model.row_of(run)
    qtbot.waitUntil(lambda: panel.model.data(panel.model.index(row, NOTE)) == "typed", timeout=PATIENCE)
    assert panel.model.record(row).state is RunState.STOPPED
    assert panel.resume.isEnabled()
    assert not panel.stop.isEnabled()


def test_a_failure_about_an_earlier_drawing_is_not_told_of_this_one(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = session.runs.activations
    jobs = HeldJobs(session.runs.background, monkeypatch)
    seen.want(session, ("conv2d_1",))
    qtbot.waitUntil(lambda: bool(jobs.titled("Looking at nodes")), timeout=PATIENCE)
    (late,) = jobs.titled("Looking at nodes")
    session.perform(SetParameter("conv2d_1", "channels", 9))
    qtbot.wait(60)  # what is shown is asked for soon after an edit, but not while another answer is out
    jobs.answer(late, error=DataError("There was too little memory."))
    qtbot.waitUntil(lambda: bool(jobs.titled("Looking at nodes")), timeout=PATIENCE)
    jobs.answer(jobs.titled("Looking at nodes")[0])
    found = seen.get("conv2d_1")
    assert found is not None
    assert len(found.value) == 9


def test_of_two_lists_asked_for_at_once_one_is_read_at_a_time(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else fails meanwhile: an older list would else take the place of a newer one."""
    library = session.runs.library
    qtbot.waitUntil(lambda: not session.runs.background.titles, timeout=PATIENCE)
    jobs = HeldJobs(session.runs.background, monkeypatch)
    library.refresh()
    library.rename("nobody", "Somebody")
    listing, renaming = jobs.held
    jobs.answer(renaming, error=RunError("There is no such run."))
    library.refresh()
    assert jobs.held == [listing]
    jobs.answer(listing, error=RunError("The list is locked."))
    assert len(jobs.held) == 1, "what was asked for meanwhile is read after all"
    jobs.answer(jobs.held[0])
    assert library.records == ()


def test_samples_that_can_no_longer_be_read_say_nothing_of_other_data(
    qtbot: QtBot, session: Session, show: Callable[..., DataPanel], monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = show(DataPanel(session), (240, 800))
    qtbot.waitUntil(lambda: panel.overview() is not None, timeout=PATIENCE)
    jobs = HeldJobs(session.runs.background, monkeypatch)
    panel._ask_samples([0])
    late = jobs.titled("Reading samples")[0]
    session.perform(SetBinding(replace(session.document.binding, dataset="few_digits", fields=())))
    qtbot.waitUntil(lambda: bool(jobs.titled("Reading data")), timeout=PATIENCE)
    for job in jobs.titled("Reading data"):
        jobs.answer(job)
    there = panel.overview()
    jobs.answer(late, error=DataError("The samples are gone."))
    assert there is not None
    assert panel.overview() is there


def test_what_a_forecast_failed_by_is_not_told_of_another_document(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = HeldJobs(session.jobs, monkeypatch)
    forecasts = session.forecasts
    assert isinstance(forecasts, Forecasts)
    forecasts.ask()
    (late,) = jobs.titled("Trying some steps")
    open_in(qtbot, session, small_network(title="Other"))
    jobs.answer(late, error=MemoryError("too little memory"))
    assert forecasts.trouble == ""
    assert not forecasts.going_on
    forecasts.ask()
    jobs.answer(jobs.titled("Trying some steps")[0], error=MemoryError("too little memory"))
    assert forecasts.trouble == "too little memory"


def test_closing_ends_a_run_that_has_begun_but_was_not_told_of_yet(qtbot: QtBot) -> None:
    session = Session(InstantWorker())
    open_in(qtbot, session, small_network(100_000))
    session.runs.start()
    (job,) = session.runs.background._running
    assert job.thread is not None
    job.thread.join(60)  # its answer waits for the window, which is closed instead
    session.runs.close()
    session.jobs.close()
    (record,) = RunStore().records()
    assert record.state is RunState.STOPPED
    assert RunStore().get(record.id).folder.checkpoint("last").step == record.step


def test_the_queue_is_emptied_of_all_but_what_is_just_beginning(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, store = session.runs.again, RunStore()
    waiting = [enqueue(small_network(2), store=store).id for _ in range(3)]
    session.runs.library.refresh()
    qtbot.waitUntil(lambda: len(again.waiting) == 3, timeout=PATIENCE)
    said = sentences(session)
    with monkeypatch.context() as patch:
        jobs = HeldJobs(session.runs.background, patch)
        again.start_queue()
        (beginning,) = jobs.titled("Starting")
        again.clear_queue()
        jobs.answer(jobs.titled("Queue")[0])
    assert said == ["2 runs wait no more. What had not begun is in the trash."]
    assert [each.id for each in store.records()] == waiting[:1]
    beginning.done(beginning.work())
    qtbot.waitUntil(lambda: not session.runs.live, timeout=PATIENCE)
    assert state(waiting[0]) is RunState.FINISHED


def test_a_run_that_is_deleted_as_its_turn_comes_is_no_failure(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, store = session.runs.again, RunStore()
    waiting = [enqueue(small_network(2), store=store).id for _ in range(2)]
    session.runs.library.refresh()
    qtbot.waitUntil(lambda: len(again.waiting) == 2, timeout=PATIENCE)
    said = sentences(session)
    with monkeypatch.context() as patch:
        jobs = HeldJobs(session.runs.background, patch)
        again.start_queue()
        (beginning,) = jobs.titled("Starting")
        store.delete(waiting[0])
    with pytest.raises(RunError) as refusal:
        beginning.work()
    assert beginning.failed is not None
    beginning.failed(refusal.value)
    qtbot.waitUntil(lambda: state(waiting[1]) is RunState.FINISHED and not session.runs.live, timeout=PATIENCE)
    assert [each for each in said if each] == []


@pytest.mark.usefixtures("saves_often")
def test_a_run_is_not_stopped_for_a_checkpoint_that_is_gone(qtbot: QtBot, session: Session) -> None:
    """The list of them was read a while ago; a run that goes on lets older ones go."""
    runs, run = session.runs, begin_long(qtbot, session)
    said = sentences(session)
    runs.again.rewind(run, 123456)
    qtbot.waitUntil(lambda: bool(said), timeout=PATIENCE)
    assert "no whole checkpoint of step 123456" in said[0]
    assert runs.run == run
    assert not runs.stopping
    checkpoints = RunStore().get(run).folder.checkpoints
    qtbot.waitUntil(lambda: bool(checkpoints.steps()), timeout=PATIENCE)
    runs.pause()
    qtbot.waitUntil(lambda: runs.progress is not None and runs.progress.state is RunState.PAUSED, timeout=PATIENCE)
    back = checkpoints.steps()[-1]
    runs.again.rewind(run, back)
    qtbot.waitUntil(lambda: len(said) == 2, timeout=PATIENCE)  # it has ended, without a word
    qtbot.waitUntil(lambda: runs.run == run and step(session) > back, timeout=PATIENCE)
    assert said[1:] == [""]


def test_a_run_that_was_stopped_at_once_is_seen_again_without_a_word(qtbot: QtBot, session: Session) -> None:
    """It has left no weights; its document comes to the front again."""
    runs, trained = session.runs, session.front
    runs.start()
    runs.stop()
    qtbot.waitUntil(lambda: bool(runs.last) and not runs.live, timeout=PATIENCE)
    shutil.rmtree(RunStore().get(runs.last).folder.path / CHECKPOINTS, ignore_errors=True)
    failed: list[object] = []
    runs.background.failed.connect(lambda _, error: failed.append(error))
    open_in(qtbot, session, small_network(title="Other"))
    session.show(trained)
    qtbot.waitUntil(lambda: not runs.background.titles, timeout=PATIENCE)
    assert failed == []
    assert runs.shown.runs[0].run == runs.last


def test_a_run_that_began_here_meanwhile_is_not_followed_from_outside(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row could be followed while it was beginning; it would be on twice, and its end told twice."""
    runs, run = session.runs, begin_long(qtbot, session)
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live and not runs.background.titles, timeout=PATIENCE)
    with monkeypatch.context() as patch:
        jobs = HeldJobs(runs.background, patch)
        runs.resume_run(run)
        runs.follow(run)
        jobs.answer(jobs.titled("Starting")[0])
        assert runs.run == run
        jobs.answer(jobs.titled("Following")[0])
    assert not runs.outlives
    assert runs._aside is None
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)
