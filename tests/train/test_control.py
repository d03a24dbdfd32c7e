"""Pause, resume, stop and single steps, from another thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from graph_engine.document import Document
from graph_engine.train import Checkpoints, Control, RunState, Trainer
from graph_engine.train.control import Go

Make = Callable[..., Document]
Start = Callable[..., Trainer]


@contextmanager
def running(trained: Trainer) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=trained.run)
    thread.start()
    try:
        yield thread
    finally:
        trained.control.stop()
        thread.join()


def wait_for(trained: Trainer, *states: RunState) -> None:
    until = time.monotonic() + 20
    while trained.feed.progress.state not in states:
        assert time.monotonic() < until, trained.feed.progress
        time.sleep(0.002)


def test_single_steps_then_on_then_stop(small: Make, trainer: Start, tmp_path: Path) -> None:
    trained = trainer(small(epochs=5000), tmp_path)
    trained.control.pause()
    with running(trained):
        wait_for(trained, RunState.PAUSED)
        assert trained.stepper.position.step == 0
        for number in (1, 2, 3):
            trained.control.step()
            until = time.monotonic() + 20
            while trained.feed.progress.step < number and time.monotonic() < until:
                time.sleep(0.002)
            assert trained.stepper.position.step == number
            assert trained.control.paused
        trained.control.resume()
        wait_for(trained, RunState.RUNNING)
        while trained.feed.progress.step < 10:
            time.sleep(0.002)
        trained.control.stop()
    progress = trained.feed.progress
    newest = Checkpoints(tmp_path / "checkpoints").newest()

    assert progress.state is RunState.STOPPED
    assert newest is not None
    assert newest.step == progress.step == trained.stepper.position.step


def test_a_pause_changes_no_number(small: Make, trainer: Start) -> None:
    whole = trainer(small())
    whole.run()
    trained = trainer(small())
    trained.control.pause()
    with running(trained) as thread:
        for _ in range(5):
            trained.control.step()
        wait_for(trained, RunState.PAUSED)
        trained.control.resume()
        thread.join()

    assert trained.feed.progress.state is RunState.FINISHED
    assert trained.feed.progress.metrics == whole.feed.progress.metrics


def test_the_time_of_a_pause_is_not_counted(small: Make, trainer: Start) -> None:
    trained = trainer(small(epochs=1))
    trained.control.pause()
    with running(trained) as thread:
        wait_for(trained, RunState.PAUSED)
        started = time.perf_counter()
        time.sleep(0.3)
        trained.control.resume()
        thread.join()
        whole = time.perf_counter() - started

    assert trained.feed.progress.seconds < whole - 0.2


def test_stopped_before_it_began(small: Make, trainer: Start, tmp_path: Path) -> None:
    trained = trainer(small(), tmp_path)
    trained.control.stop()
    outcome = trained.run()

    assert outcome.progress.state is RunState.STOPPED
    assert outcome.progress.step == 0


class Meanwhile:
    """Counts how often it is called while something is paused."""

    def __init__(self, control: Control, calls: int) -> None:
        self.control, self.left = control, calls

    def __call__(self) -> None:
        self.left -= 1
        if not self.left:
            self.control.resume()


def test_while_paused_others_have_their_turn() -> None:
    control = Control()
    control.pause()
    assert control.wanted
    assert control.wait_to_go_on(Meanwhile(control, 2)) is Go.ON
    assert not control.wanted


def test_stop_wins_over_pause_and_stays() -> None:
    control = Control()
    control.pause()
    control.stop()

    assert control.wait_to_go_on(lambda: None) is Go.END
    control.resume()
    assert control.stopped
    assert control.wait_to_go_on(lambda: None) is Go.END


def test_a_probe_is_answered_while_paused(small: Make, trainer: Start) -> None:
    seen: list[int] = []

    class Looks:
        def is_due(self, now: float) -> bool:
            return trained.feed.progress.state is RunState.PAUSED and not seen

        def look(self, stepper: object) -> None:
            seen.append(1)
            trained.control.resume()

    trained = trainer(small(epochs=1), watcher=Looks())
    trained.control.pause()
    trained.run()

    assert seen == [1]
