"""A disk that fills up while a run goes on."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph_engine.document import Document
from graph_engine.document.file import save
from graph_engine.runs import RunHandle, RunState, RunStore, resume_run
from graph_engine.train import checkpoints, keeper

Make = Callable[..., Document]
Start = Callable[..., RunHandle]


class Disk:
    """Full from the moment that `full` is set: nothing can be made durable."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._fsync = os.fsync
        patch.setattr(os, "fsync", self.fsync)

    def fsync(self, handle: Any) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._fsync(handle)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 0.05)
    monkeypatch.setattr(keeper, "SAVE_SHARE", 1)
    return Disk(monkeypatch)


def test_the_run_ends_with_words_and_can_go_on(document: Make, start: Start, store: RunStore, disk: Disk) -> None:
    whole = start(document(epochs=100))
    whole.wait(60)
    handle = start(document(epochs=100))
    while handle.feed.progress.epoch < 20 and handle.state.live:
        handle.wait(0.005)
    disk.full = True
    assert handle.wait(30)

    assert handle.state is RunState.FAILED
    message = handle.feed.progress.message
    assert "could not be saved (No space left on device)" in message
    assert "free some space and resume the run" in message
    assert all(not path.name.startswith(".") for path in (handle.folder.path / "checkpoints").iterdir())
    assert handle.folder.checkpoints.newest() is not None

    disk.full = False
    resumed = resume_run(handle.id, store=store)
    assert resumed.wait(60)
    assert resumed.state is RunState.FINISHED
    assert resumed.result()["metrics"] == whole.result()["metrics"]


def test_a_checkpoint_half_written_is_taken_away(
    document: Make, start: Start, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = checkpoints.write_durably

    def full(path: Any, data: bytes) -> None:
        if path.name == checkpoints.STATE:
            path.write_bytes(data[:7])
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data)

    monkeypatch.setattr(checkpoints, "write_durably", full)
    handle = start(document(epochs=1))
    assert handle.wait(30)

    assert handle.state is RunState.FAILED
    assert [path.name for path in (handle.folder.path / "checkpoints").glob("*step*")] == []
    assert store.get(handle.id).record.state is RunState.FAILED


FULL = """
import resource, sys
from app.__main__ import main
from graph_engine.train.stepper import Stepper
advance = Stepper.advance

def filling(stepper):
    advance(stepper)
    if stepper.position.step == 100:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))

Stepper.advance = filling
sys.exit(main(["train", *sys.argv[1:]]))
"""


def test_wherever_a_file_meets_the_end_of_the_disk(
    document: Make, start: Start, store: RunStore, tmp_path: Path
) -> None:
    """From some step on no file of the process may grow beyond a few kilobytes: the system refuses the write, whichever
    it is, of steps, of a checkpoint, or of the list of runs.
    """
    whole = start(document(epochs=60))
    save(document(epochs=60), tmp_path / "net.loom")
    call = [sys.executable, "-c", FULL, str(tmp_path / "net.loom"), "--out", str(tmp_path / "run")]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        call, cwd=root, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, check=False
    )
    assert whole.wait(60)
    assert done.returncode == 1
    assert "could not be saved (File too large)" in done.stderr
    assert "free some space and resume the run" in done.stderr
    (record,) = (each for each in store.records() if each.id != whole.id)
    assert record.state is RunState.FAILED
    assert 100 <= record.step < whole.record.step

    resumed = resume_run(record.id, store=store)
    assert resumed.wait(60)
    assert resumed.state is RunState.FINISHED, resumed.record.message
    assert resumed.result()["metrics"] == whole.result()["metrics"]
