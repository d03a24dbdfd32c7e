"""A run that goes on in another process, here or on another machine: seen and steered through its folder."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import RunFolder
from graph_engine.runs.handle import result_of
from graph_engine.runs.link import read_progress
from graph_engine.runs.record import RunRecord
from graph_engine.runs.store import RunStore
from graph_engine.runs.wishes import Wish, send_wish
from graph_engine.train import Feed, RunState
from graph_engine.train.changes import RunChange, change_to_json
from graph_engine.train.tail import HistoryTail

if TYPE_CHECKING:
    from torch import Tensor

    from graph_engine.document import Document

INTERVAL = 0.05
"""s between two looks at the folder."""
ALIVE_INTERVAL = 0.5
"""s between two looks at whether the process is still there."""


class RemoteControl:
    """As `Control`, but of a run in another process. Raises RunError where its folder can't be written."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._sent = 0
        self._paused = self._stopped = self._ends_with_epoch = False

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def stopped(self) -> bool:
        return self._stopped

    @property
    def ends_with_epoch(self) -> bool:
        return self._ends_with_epoch

    def pause(self) -> None:
        self._send(Wish.PAUSE)
        self._paused = True

    def resume(self) -> None:
        self._send(Wish.RESUME)
        self._paused = False

    def step(self) -> None:
        self._send(Wish.STEP)
        self._paused = True

    def stop(self) -> None:
        self._send(Wish.STOP)
        self._stopped = True

    def stop_after_epoch(self, *, on: bool = True) -> None:
        self._send(Wish.STOP_AFTER_EPOCH if on else Wish.DO_NOT_STOP_AFTER_EPOCH)
        self._ends_with_epoch = on

    def evaluate(self) -> None:
        self._send(Wish.EVALUATE)

    def change(self, change: RunChange) -> None:
        self._send(Wish.CHANGE, change)

    def hear(self, state: RunState, heard: int) -> None:
        """The run has heard `heard` bytes of wishes, of whomever, and is in `state`."""
        if heard >= self._sent:
            self._paused = state is RunState.PAUSED

    def _send(self, wish: Wish, change: RunChange | None = None) -> None:
        self._sent = send_wish(self._folder.path, wish, change_to_json(change) if change is not None else None)


class FollowedRun:
    """What one may see and want of it, as of a `RunHandle`. It goes on when nobody follows it any more."""

    board = None
    """Nobody can look into another process; its newest checkpoint tells what it has learnt."""

    def __init__(
        self, record: RunRecord, folder: RunFolder, store: RunStore, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        """`process` is the worker, when this process began it.

        Raises: RunError when its document can't be read.
        """
        self.folder = folder
        self.document: Document = folder.document()
        self.feed = Feed()
        self.control = RemoteControl(folder)
        self._record = record
        self._store = store
        self._process = process
        self._tail = HistoryTail(folder.path, self.feed)
        self._done = threading.Event()
        self._leaving = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._run, name=f"follow {record.id}", daemon=True)
        self._thread.start()

    @property
    def id(self) -> str:
        return self._record.id

    @property
    def record(self) -> RunRecord:
        """What is known of the run; up to date when it has ended."""
        return self._record

    @property
    def state(self) -> RunState:
        return self.feed.progress.state

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run has ended; False when `timeout` (s) passed before."""
        return self._done.wait(timeout)

    def stop(self, timeout: float | None = None) -> bool:
        """End the run after the step in progress and wait for it; False when `timeout` (s) passed before."""
        if not self._done.is_set():
            self.control.stop()
        return self.wait(timeout)

    def leave(self) -> None:
        """Follow it no longer; it goes on."""
        self._leaving.set()
        self._thread.join()
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # it outlives us, and Popen is not to complain of that

    def weights(self) -> dict[str, Tensor]:
        """The newest weights that it has saved.

        Raises: RunError when there are none yet.
        """
        return self.folder.checkpoint("last").weights

    def result(self) -> dict[str, Any]:
        """As `RunHandle.result`."""
        return result_of(self._record)

    def _run(self) -> None:
        next_check = 0.0
        while not self._leaving.wait(INTERVAL):
            ended = False
            if time.monotonic() >= next_check:
                next_check = time.monotonic() + ALIVE_INTERVAL
                ended = not self._alive()
            self._look()
            if ended or not self.state.live:
                self._end()
                return

    def _alive(self) -> bool:
        """Whether some process is at work on the folder. Our own, when it has ended, is buried."""
        if self._process is not None and self._process.poll() is not None:
            return False
        return self.folder.is_busy

    def _look(self) -> None:
        found = read_progress(self.folder.path)
        self._tail.pull()
        if found is not None:
            progress, heard = found
            self.feed.report(progress)
            self.control.hear(progress.state, heard)

    def _end(self) -> None:
        while self._alive() and not self._leaving.wait(INTERVAL):
            continue  # it has said that it ended, and is tidying up
        while self._process is not None and self._process.poll() is None and not self._leaving.wait(INTERVAL):
            continue
        try:
            self._record = self._store.get(self.id).record  # marked as interrupted where nobody said how it ended
        except RunError as error:
            self.feed.set_state(RunState.INTERRUPTED, str(error))
        else:
            self.feed.set_state(self._record.state, self._record.message, self._record.node)
        self._tail.pull()
        self._done.set()


def follow_run(run: str, store: RunStore | None = None) -> FollowedRun:
    """Follow a run that goes on in another process.

    Raises: RunError when there is no such run, or it is not going on.
    """
    store = store or RunStore()
    stored = store.get(run)
    if not stored.folder.is_busy:
        raise RunError(f"The run {stored.id} is not going on: it is {stored.record.state}.")
    return FollowedRun(stored.record, stored.folder, store)
