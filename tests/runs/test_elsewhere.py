"""Runs of other machines and homes: told by their heartbeat where locks can't, gone on with by their folder."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from graph_engine.document import Document
from graph_engine.runs import RunError, RunFolder, RunHandle, RunState, RunStore, follow_run, resume_run
from graph_engine.runs import heartbeat as heart
from graph_engine.runs.link import PROGRESS
from graph_engine.runs.owner import OWNER, read_owner

Make = Callable[..., Document]
Start = Callable[..., RunHandle]


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no flock."""

    def refuse(_handle: int, _what: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)


def make_live(folder: RunFolder, *, host: str, pid: int | None = None) -> None:
    """As if a process on `host` were at work on the run."""
    owner = read_owner(folder.path)
    assert owner is not None
    owner = replace(owner, host=host or owner.host, pid=pid or owner.pid, began="" if pid else owner.began)
    (folder.path / OWNER).write_text(json.dumps(asdict(owner)), "utf-8")
    folder.write(replace(folder.read(), state=RunState.RUNNING))
    said = json.loads((folder.path / PROGRESS).read_bytes())
    (folder.path / PROGRESS).write_text(json.dumps({**said, "state": "running"}), "utf-8")


def beat(folder: RunFolder, seconds_ago: float = 0.0) -> None:
    then = time.time() - seconds_ago
    os.utime(folder.path / PROGRESS, (then, then))


def test_a_run_of_another_machine_is_never_rewritten_here(
    document: Make, start: Start, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heart, "_WATCHED", 0.3)
    handle = start(document())
    assert handle.wait(60)
    folder = handle.folder
    make_live(folder, host="far")
    store.refresh(handle.id)
    written = (folder.path / "run.json").read_bytes()

    (record,) = store.records()
    assert record.state is RunState.RUNNING
    assert folder.is_busy
    followed = follow_run(handle.id, store)
    followed.leave()

    beat(folder, heart.SILENCE + 1)
    (record,) = store.records()
    assert record.state is RunState.INTERRUPTED
    assert "last on far" in record.message
    assert (folder.path / "run.json").read_bytes() == written
    beat(folder)
    assert store.records()[0].state is RunState.RUNNING  # it was only slow

    beat(folder, heart.SILENCE + 1)
    clock = threading.Timer(0.15, beat, [folder])  # by a clock that is late, it is still there
    clock.start()
    with pytest.raises(RunError, match="going on"):
        resume_run(handle.id, store=store)
    clock.join()
    beat(folder, heart.SILENCE + 1)
    folder.checkpoints.go_back(folder.checkpoints.steps()[-1], best=0)
    resumed = resume_run(handle.id, store=store)  # now it has ended
    assert resumed.wait(60)
    assert resumed.record.state is RunState.FINISHED
    owner = read_owner(folder.path)
    assert owner is not None
    assert owner.is_here


@pytest.mark.usefixtures("no_locks")
def test_without_locks_the_process_tells(document: Make, start: Start, store: RunStore) -> None:
    handle = start(document(epochs=400))
    while handle.feed.progress.step < 3:
        time.sleep(0.01)
    assert handle.folder.is_busy
    assert store.records()[0].state.live
    assert store.get(handle.id).record.state.live
    with pytest.raises(RunError, match="going on"):
        resume_run(handle.id, store=store)
    assert handle.stop(30)
    assert not handle.folder.is_busy
    assert store.records()[0].state is RunState.STOPPED

    make_live(handle.folder, host="", pid=2**22 + 1)  # a process that is gone
    store.refresh(handle.id)
    assert store.records()[0].state is RunState.INTERRUPTED
    assert RunFolder(handle.folder.path).read().state is RunState.INTERRUPTED


def test_a_paused_run_is_heard_of(document: Make, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph_engine.runs.link.BEAT", 0.2)
    handle = start(document(epochs=400))
    handle.control.pause()
    while handle.state is not RunState.PAUSED:
        time.sleep(0.01)
    time.sleep(0.3)
    beat(handle.folder, 1000)
    until = time.monotonic() + 30
    while heart.silent_for(handle.folder.path) > 100:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_folder_of_another_home_is_gone_on_with(document: Make, start: Start, tmp_path: Path) -> None:
    """It is listed here from then on, once, by whatever way it is named."""
    home = RunStore(tmp_path / "theirs")
    handle = start(document(epochs=3), store=home)
    assert handle.wait(60)
    metrics, path = handle.record.metrics, handle.folder.path
    handle.folder.checkpoints.go_back(0, best=0)
    handle.folder.write(replace(handle.folder.read(), state=RunState.STOPPED))
    here = RunStore(tmp_path / "mine")
    taken = start(document(), store=here)  # has the same name
    assert taken.wait(60)
    assert taken.id == handle.id

    resumed = resume_run(str(path), store=here)
    assert resumed.wait(60)
    assert resumed.record.state is RunState.FINISHED
    assert resumed.record.metrics == metrics
    assert resumed.id != taken.id
    assert here.get(str(path)).id == here.adopt(path).id == resumed.id
    assert len(here.records()) == 2
    assert here.get(resumed.id).folder.path.resolve() == path.resolve()
    assert home.refresh(handle.id).state is RunState.FINISHED
    here.delete(resumed.id)
    assert (path / "run.json").is_file()


def test_a_run_heard_of_in_the_future_is_watched_no_longer_than_any_other(
    document: Make, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of its machine is an hour ahead, or this one's was set back; and it has ended."""
    handle = start(document())
    assert handle.wait(60)
    make_live(handle.folder, host="far")
    beat(handle.folder, -3600)
    passed = [0.0]
    monkeypatch.setattr(heart.time, "monotonic", lambda: passed[0])

    def sleep(seconds: float) -> None:
        passed[0] += seconds
        assert passed[0] < heart.SILENCE + 2

    monkeypatch.setattr(heart.time, "sleep", sleep)
    assert not heart.stays_at_work(handle.folder.path, held=False)
