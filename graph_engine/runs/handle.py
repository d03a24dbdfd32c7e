"""A run that is going on in this process: the thread it runs on, and what one may see and want of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graph_engine.document import Document
from graph_engine.document.file import FileError
from graph_engine.probe import ProbeAnswer, ProbeBoard, ProbeRequest
from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import RunFolder
from graph_engine.runs.link import FolderLink
from graph_engine.runs.lock import RunLock
from graph_engine.runs.provenance import now
from graph_engine.runs.record import RunRecord
from graph_engine.runs.store import RunStore
from graph_engine.train import Control, Feed, RunState

if TYPE_CHECKING:
    from torch import Tensor, nn

    from graph_engine.compile import Program
    from graph_engine.train.outcome import Outcome
    from graph_engine.train.stepper import Stepper
    from graph_engine.train.trainer import Trainer

RECORD_INTERVAL = 5.0
"""s between two updates of `run.json` and the store while the run goes on: the feed tells more, and at once."""


class RunHandle:
    """Control and feed may be used from any thread.

    `board` answers probes while the run goes on, `probe` afterwards.
    """

    def __init__(
        self,
        record: RunRecord,
        folder: RunFolder,
        store: RunStore,
        lock: RunLock,
        document: Document,
        program: Program,
        trainer: Trainer,
        board: ProbeBoard,
    ) -> None:
        self.folder = folder
        self.document = document
        self.program = program
        self.board = board
        self._record = record
        self._store = store
        self._lock = lock
        self._trainer = trainer
        self._link = FolderLink(folder.path, trainer.control, trainer.feed)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"run {record.id}", daemon=True)

    @property
    def id(self) -> str:
        return self._record.id

    @property
    def record(self) -> RunRecord:
        """What is known of the run, as in the store: some seconds old while it goes on."""
        return self._record

    @property
    def control(self) -> Control:
        return self._trainer.control

    @property
    def feed(self) -> Feed:
        return self._trainer.feed

    @property
    def state(self) -> RunState:
        return self.feed.progress.state

    def weights(self) -> dict[str, Tensor]:
        """A copy of the network's state dict, on the CPU. When the run has ended."""
        return {name: value.detach().cpu().clone() for name, value in self.network.state_dict().items()}

    @property
    def network(self) -> nn.Module:
        """The network itself; while the run goes on, leave it to the trainer."""
        return self._trainer.stepper.network

    @property
    def failure(self) -> Exception | None:
        """What a failed run failed by, if it was an error."""
        return self._trainer.failure

    def start(self) -> None:
        self._thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run has ended and everything is written; False when `timeout` (s) passed before."""
        return self._done.wait(timeout)

    def stop(self, timeout: float | None = None) -> bool:
        """End the run after the step in progress and wait for it; False when `timeout` (s) passed before."""
        self.control.stop()
        return self.wait(timeout)

    def probe(self, request: ProbeRequest) -> ProbeAnswer | None:
        """Look at the network when the run has ended; None while it goes on (ask the board)."""
        if not self._done.is_set():
            return None
        self.board.ask(request)
        self.board.look(self._trainer.stepper)
        return self.board.answer

    def result(self) -> dict[str, Any]:
        """What `layerloom train --json` prints: run, state, steps, epochs, seconds, metrics, best, perhaps message."""
        return result_of(self._record)

    def _run(self) -> None:
        try:
            self._link.start()
            self._note(state=RunState.RUNNING, started=self._record.started or now())
            outcome = self._trainer.run()
            self._end(outcome)
        finally:
            self._link.close()
            self._lock.let_go()
            self._done.set()

    def _end(self, outcome: Outcome) -> None:
        progress = outcome.progress
        self._note(
            state=progress.state,
            ended=now(),
            best=outcome.best,
            message=progress.message,
            node=progress.node,
            fits=progress.fits,
            diverged=progress.diverged,
        )

    def sync(self) -> None:
        """Bring record and store up to what the feed says."""
        self._note(state=self.state, best=self._trainer.best.best)

    def _note(self, **changes: Any) -> None:
        """Bring the record up to date, with `changes`.

        A full disk is no reason to lose the run: the old record stays.
        """
        progress = self.feed.progress
        self._record = replace(
            self._record,
            seconds=progress.seconds,
            epoch=progress.epoch,
            epochs=progress.epochs,
            step=progress.step,
            steps=progress.steps,
            metrics=dict(progress.metrics),
            **changes,
        )
        try:
            self.folder.write(self._record)
            self._record = self._store.refresh(self._record.id)  # with the name and note that it has now
        except (RunError, FileError):
            return


class Watch:
    """What the trainer lets look between two steps: probes, and the record that is kept of the run."""

    def __init__(self, board: ProbeBoard) -> None:
        self._board = board
        self._next = time.perf_counter() + RECORD_INTERVAL
        self.handle: RunHandle | None = None

    def is_due(self, moment: float) -> bool:
        return moment >= self._next or self._board.is_due(moment)

    def look(self, stepper: Stepper) -> None:
        moment = time.perf_counter()
        if moment >= self._next and self.handle is not None:
            self._next = moment + RECORD_INTERVAL
            self.handle.sync()
        self._board.look(stepper)


def result_of(record: RunRecord) -> dict[str, Any]:
    """A run as the command line reports it."""
    result: dict[str, Any] = {
        "run": record.id,
        "state": str(record.state),
        "steps": record.step,
        "epochs": record.epoch,
        "seconds": record.seconds,
        "metrics": _plain(record.metrics),
        "best": _plain(record.best),
    }
    if record.message:
        result["message"] = record.message
    return result


def _plain(values: Mapping[str, float]) -> dict[str, float]:
    """Counts as whole numbers."""
    return {name: int(value) if name in ("epoch", "step") else value for name, value in values.items()}
