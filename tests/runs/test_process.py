"""Runs in a process of their own: begun, steered and followed through their folder, killed, found again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graph_engine.document import Document
from graph_engine.runs import (
    FollowedRun,
    RunError,
    RunState,
    RunStore,
    enqueue,
    follow_run,
    resume_process,
    resume_run,
    start_process,
    start_run,
)
from graph_engine.runs.folder import PID
from graph_engine.runs.wishes import WISHES, Wish, WishReader, forget_wishes, send_wish
from graph_engine.train import Control
from graph_engine.train.changes import RunChange, read_changes

Make = Callable[..., Document]


@pytest.fixture
def follow(store: RunStore) -> Iterator[Callable[[FollowedRun], FollowedRun]]:
    """Ends what a test leaves going on."""
    followed: list[FollowedRun] = []

    def keep(run: FollowedRun) -> FollowedRun:
        followed.append(run)
        return run

    yield keep
    for run in followed:
        if run.folder.is_busy:
            run.stop(30)
        run.leave()


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_followed_steered_left_and_found_again(
    document: Make, store: RunStore, follow: Callable[[FollowedRun], FollowedRun]
) -> None:
    run = follow(start_process(document(epochs=400), store=store, name="Far"))
    until(lambda: run.feed.progress.step > 3)
    assert store.get(run.id).record.state is RunState.RUNNING
    assert store.get(run.id).record.name == "Far"
    with pytest.raises(RunError, match="going on"):
        resume_run(run.id, store=store)

    run.control.pause()
    until(lambda: run.state is RunState.PAUSED)
    stood = run.feed.progress.step
    run.control.step()
    until(lambda: run.feed.progress.step == stood + 1)
    assert run.control.paused
    run.control.evaluate()
    until(
        lambda: (
            "val_loss" in run.feed.since().points and run.feed.progress.step in run.feed.since().points["val_loss"].step
        )
    )

    run.leave()  # the window is closed …
    again = follow(follow_run(run.id, store))  # … and another is opened
    assert again.state is RunState.PAUSED
    assert again.control.paused
    assert again.feed.since().points["train_loss"].step.tolist() == list(range(1, stood + 2))
    again.control.resume()
    until(lambda: again.feed.progress.epoch >= 2)
    again.control.stop_after_epoch()
    assert again.wait(60)
    record = again.record
    assert record.state is RunState.STOPPED
    assert record.parameters > 0
    assert not again.folder.is_busy
    assert again.feed.since().points["train_loss"].step.tolist() == list(range(1, record.step + 1))


def test_a_killed_process_is_noticed_and_can_be_gone_on_with(
    document: Make, store: RunStore, follow: Callable[[FollowedRun], FollowedRun]
) -> None:
    run = follow(start_process(document(epochs=60), store=store))
    run.control.pause()
    until(lambda: run.state is RunState.PAUSED)
    run.control.change(RunChange(learning_rate=0.003))
    until(lambda: bool(read_changes(run.folder.path)))
    assert run._process is not None
    os.kill(run._process.pid, signal.SIGSTOP)  # as a closed lid
    time.sleep(1.2)
    assert not run.wait(0)
    assert run.folder.is_busy
    os.kill(run._process.pid, signal.SIGCONT)
    run.control.step()
    until(lambda: run.feed.progress.step > 0)
    os.kill(run._process.pid, signal.SIGKILL)
    assert run.wait(30)
    assert run.state is RunState.INTERRUPTED
    assert "Resume" in run.record.message
    assert store.get(run.id).record.state is RunState.INTERRUPTED

    resumed = follow(resume_process(run.id, store=store))
    assert resumed.wait(60)
    assert resumed.state is RunState.FINISHED, resumed.record.message
    (made,) = read_changes(run.folder.path)
    assert made.words == "learning rate 0.01 → 0.003"


def test_a_lid_closed_while_it_trains_changes_nothing(
    document: Make, store: RunStore, follow: Callable[[FollowedRun], FollowedRun]
) -> None:
    """For two seconds nothing of the process moves; then it goes on, and ends as one that was not disturbed."""
    run = follow(start_process(document(epochs=300), store=store))
    until(lambda: run.feed.progress.step > 3)
    assert run._process is not None
    os.kill(run._process.pid, signal.SIGSTOP)
    stood = run.feed.progress.step
    time.sleep(2)
    assert not run.wait(0)
    assert store.get(run.id).record.state is RunState.RUNNING
    os.kill(run._process.pid, signal.SIGCONT)
    assert run.wait(120)
    assert run.state is RunState.FINISHED, run.record.message
    assert run.record.step > stood
    alone = start_run(document(epochs=300), store=store)
    assert alone.wait(120)
    assert run.result()["metrics"] == alone.result()["metrics"]


FAULTS = {
    "an error": ('raise RuntimeError("CUDA error: an illegal memory access was encountered")', RunState.FAILED),
    "an abort": ("os.abort()", RunState.INTERRUPTED),
    "a crash": ("ctypes.string_at(0)", RunState.INTERRUPTED),
}
"""What a device may do to the process that uses it, and how a run ends by it."""

FAULTY = """
import ctypes, os, sys
from importlib.abc import MetaPathFinder

class Fault(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "graph_engine.train.trainer":
            sys.meta_path.remove(self)
            from graph_engine.train.stepper import Stepper
            advance = Stepper.advance

            def faulty(stepper):
                advance(stepper)
                if stepper.position.step == 30:
                    {fault}

            Stepper.advance = faulty

sys.meta_path.insert(0, Fault())
"""


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_of_the_device_ends_the_run_and_nothing_else(
    document: Make,
    store: RunStore,
    follow: Callable[[FollowedRun], FollowedRun],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    act, state = FAULTS[fault]
    (tmp_path / "sitecustomize.py").write_text(FAULTY.format(fault=act), "utf-8")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        run = follow(start_process(document(epochs=4), store=store))
    assert run.wait(60)
    assert run.state is state
    assert store.get(run.id).record.state is state
    if state is RunState.FAILED:
        assert run.record.message.startswith("Step 31 failed: CUDA error: an illegal memory access was encountered")

    resumed = follow(resume_process(run.id, store=store))  # on a device that works
    assert resumed.wait(60)
    assert resumed.state is RunState.FINISHED, resumed.record.message
    alone = start_run(document(epochs=4), store=store)
    assert alone.wait(60)
    assert resumed.result()["metrics"] == alone.result()["metrics"]


def test_what_keeps_it_from_beginning_is_told_and_nothing_is_left(document: Make, store: RunStore) -> None:
    with pytest.raises(RunError, match="5000"):
        start_process(document(batch_size=5000), store=store)
    assert store.records() == []
    assert list(store.folder.glob("[a-z]*-1")) == []


def test_a_run_in_a_terminal_is_found_and_stopped_by_its_folder(
    document: Make, store: RunStore, tmp_path: Path, follow: Callable[[FollowedRun], FollowedRun]
) -> None:
    from graph_engine.document.file import save

    save(document(epochs=5000), tmp_path / "net.loom")
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "train", str(tmp_path / "net.loom"), "--json"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: bool(list(store.folder.glob("*/steps.bin"))))
    (record,) = store.records()
    run = follow(follow_run(record.id, store))
    until(lambda: run.feed.progress.step > 5)
    assert run.stop(60)
    assert run.state is RunState.STOPPED
    assert process.wait(30) == 130


def test_wishes_of_an_earlier_session_and_lines_that_are_none_are_passed_over(tmp_path: Path) -> None:
    send_wish(tmp_path, Wish.STOP)
    forget_wishes(tmp_path)
    control, reader = Control(), WishReader(tmp_path)
    reader.obey(control)
    assert not control.stopped
    (tmp_path / WISHES).write_text('nonsense\n{"do": "dance"}\n{"do": "pause"}\n{"do": "st', "utf-8")
    reader.obey(control)
    assert control.paused
    assert not control.stopped
    with (tmp_path / WISHES).open("a") as file:
        file.write('op"}\n')
    reader.obey(control)
    assert control.stopped


@pytest.mark.parametrize("is_new", [True, False])
def test_what_is_wanted_while_its_process_begins_is_heard(
    document: Make, store: RunStore, follow: Callable[[FollowedRun], FollowedRun], *, is_new: bool
) -> None:
    """It is seen to go on some seconds before its first step, and may be told to stop."""
    begun: list[FollowedRun] = []
    waiting = "" if is_new else enqueue(document(epochs=400), store=store).id

    def begin() -> None:
        begun.append(start_process(document(epochs=400), store=store) if is_new else resume_process(waiting))

    thread = threading.Thread(target=begin)
    thread.start()
    until(lambda: any((store.run_folder(each.id).path / PID).exists() for each in store.records()))
    (record,) = store.records()
    assert store.run_folder(record.id).is_busy
    send_wish(store.run_folder(record.id).path, Wish.STOP)
    thread.join(60)
    run = follow(begun[0])
    assert run.wait(60)
    assert run.record.state is RunState.STOPPED


def test_a_run_is_left_also_when_its_process_takes_long_to_end(document: Make, store: RunStore) -> None:
    """As when its folder was moved away by hand."""
    run = start_run(document(), store=store)
    assert run.wait(60)
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            followed = FollowedRun(run.record, run.folder, store, process)
            leaving = threading.Thread(target=followed.leave, daemon=True)
            time.sleep(0.3)  # by now it has seen that the run has ended, and waits for the process
            leaving.start()
            leaving.join(10)
            assert not leaving.is_alive()
        finally:
            process.kill()
