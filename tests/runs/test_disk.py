"""A disk that fills up while a run goes on."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

from graph_engine.document import Document
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
