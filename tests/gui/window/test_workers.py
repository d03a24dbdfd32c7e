"""The thread that checks and the jobs: newest first, nothing lost, nothing left behind."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from app.workers import Checked, CheckWorker, Compiled, Jobs
from graph_engine.document import Document, SetParameter
from presets import open_preset


@pytest.fixture
def worker(qtbot: QtBot) -> CheckWorker:
    made = CheckWorker()
    yield made  # type: ignore[misc]
    made.close()
    made.deleteLater()


def test_a_request_made_before_the_start_is_answered_with_check_and_program(worker: CheckWorker, qtbot: QtBot) -> None:
    checks: list[Checked] = []
    worker.checked.connect(checks.append)
    worker.request(7, open_preset("lenet5"))

    with qtbot.waitSignal(worker.compiled, timeout=60_000) as compiled:
        worker.start()

    (answer,) = compiled.args
    assert isinstance(answer, Compiled)
    assert answer.ticket == checks[0].ticket == 7
    assert checks[0].result.total.params == 61_706
    assert answer.program is not None
    assert "class LeNet5" in answer.program.source


def test_only_the_newest_of_several_requests_is_answered(worker: CheckWorker, qtbot: QtBot) -> None:
    checks: list[int] = []
    worker.checked.connect(lambda answer: checks.append(answer.ticket))
    for ticket in range(1, 30):
        worker.request(ticket, open_preset("xor"))
    worker.start()
    qtbot.waitUntil(lambda: bool(checks), timeout=60_000)

    assert checks == [29]


def test_a_drawing_with_errors_has_no_program(worker: CheckWorker, qtbot: QtBot) -> None:
    document = open_preset("lenet5")
    document.apply(SetParameter("linear_3", "features", 7))
    worker.start()

    with qtbot.waitSignal(worker.compiled, timeout=60_000) as compiled:
        worker.request(1, document)

    assert compiled.args[0].program is None


def test_a_bug_on_the_thread_is_told_and_the_thread_goes_on(
    worker: CheckWorker, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(worker.ready, timeout=60_000):
        worker.start()
    with qtbot.waitSignal(worker.failed, timeout=10_000) as failed:
        worker.request(1, None)  # type: ignore[arg-type]  # a bug, on purpose
    assert isinstance(failed.args[0], AttributeError)

    with qtbot.waitSignal(worker.checked, timeout=10_000) as checked:
        worker.request(2, Document())
    assert checked.args[0].ticket == 2


def test_a_job_runs_elsewhere_and_is_answered_here(qtbot: QtBot) -> None:
    jobs, seen = Jobs(), []
    window = threading.get_ident()

    jobs.start("Counting", threading.get_ident, lambda ident: seen.append((ident, threading.get_ident())))
    assert jobs.titles == ["Counting"]
    qtbot.waitUntil(lambda: bool(seen), timeout=10_000)

    assert seen[0][0] != window
    assert seen[0][1] == window
    assert jobs.titles == []
    jobs.close()


def test_a_failure_is_told_to_who_asked_or_else_to_everybody(qtbot: QtBot) -> None:
    jobs, mine, others = Jobs(), [], []
    jobs.failed.connect(lambda title, error: others.append((title, str(error))))

    def fail() -> None:
        raise OSError("no room")

    jobs.start("Mine", fail, lambda _: None, mine.append)
    jobs.start("Nobody's", fail, lambda _: None)
    qtbot.waitUntil(lambda: bool(mine and others), timeout=10_000)

    assert str(mine[0]) == "no room"
    assert others == [("Nobody's", "no room")]
    jobs.close()


def test_closing_waits_for_what_is_going_on_and_tells_nobody(qtbot: QtBot) -> None:
    jobs, done, told = Jobs(), [], []

    def work() -> None:
        QThread.msleep(80)
        done.append(True)

    jobs.start("Writing", work, told.append)
    jobs.close()
    qtbot.wait(50)

    assert done == [True]
    assert told == []
