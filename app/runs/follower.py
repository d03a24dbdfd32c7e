"""The run that the window started: begun on a thread, followed by one timer, ended with a checkpoint.

The trainer calls nobody. Some 25 times a second the window takes from its feed what is new; panels that are seen
draw it.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.runs.activations import Activations
from app.runs.library import RunLibrary
from app.runs.shown import ShownRuns
from app.workers import Jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.open_document import OpenDocument
    from app.runs.curves import RunCurves
    from app.session import Session
    from graph_engine.document import Document
    from graph_engine.runs import RunHandle
    from graph_engine.train import Progress
    from graph_engine.train.feed import Cursor

_EVERY = 40  # ms between two looks at the feed
_SWITCH = 0.001  # s; lets the window in between the Python of two steps
_PATIENCE = 30.0  # s that closing waits for the last checkpoint


class RunFollower(QObject):
    """Starts a run of the session's document and follows it. One run at a time goes on in a window."""

    state_changed = Signal()
    """A run begins, goes on, pauses, is being stopped, or has ended."""
    ticked = Signal()
    """There are new numbers; at most 25 times a second."""
    refused = Signal(object)
    """The exception that says why a run could not be started."""
    ended = Signal(object)
    """The `RunRecord` of the run that has just ended, whatever way."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent or session)
        self._session = session
        self.background = Jobs(self)
        self.library = RunLibrary(self.background, self)
        self.shown = ShownRuns(self.library.read_curves, self)
        self.activations = Activations(session, self.background, self)
        self._handle: RunHandle | None = None
        self._front: OpenDocument | None = None
        self._starting = False
        self._stop_at_once = False
        self._closed = False
        self._settled = False
        self._progress: Progress | None = None
        self._curves: RunCurves | None = None
        self._cursor: Cursor | None = None
        self._interval = sys.getswitchinterval()
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self.tick)
        session.opened.connect(self._on_opened)
        session.check_changed.connect(self._settle_memory)
        self.library.renamed.connect(self.shown.rename)
        self.library.deleted.connect(lambda run, name: self.shown.compare(run, name, on=False))

    # Where the run stands.

    @property
    def live(self) -> bool:
        """Whether a run is on: starting, training, paused or writing its last checkpoint."""
        return self._starting or self._handle is not None

    @property
    def progress(self) -> Progress | None:
        """Where the current run stands, or how the last one ended; None before the first."""
        return self._progress

    @property
    def run(self) -> str:
        """The id of the run that is on; empty while none is."""
        return self._handle.id if self._handle is not None else ""

    @property
    def paused(self) -> bool:
        """Whether the run stands still, or is asked to."""
        return self._handle is not None and self._handle.control.paused

    @property
    def stopping(self) -> bool:
        """Whether the run was asked to end and has not yet."""
        return self.live and (self._stop_at_once or (self._handle is not None and self._handle.control.stopped))

    @property
    def unit(self) -> str:
        """What is counted a second: `img`, or `samples` of anything else."""
        document = self._handle.document if self._handle is not None else self._session.document
        shapes = (node.parameters.get("shape") for node in document.main if node.block == "input")
        return "img" if any(isinstance(shape, (list, tuple)) and len(shape) == 3 for shape in shapes) else "samples"

    @property
    def can_start(self) -> bool:
        """Whether the document could be trained now: it has nodes and no errors, and no run is on."""
        return not self.live and len(self._session.document.main) > 0 and not self._session.errors

    @property
    def can_pause(self) -> bool:
        """Whether there is a run to pause, or a paused one to go on with."""
        return self._handle is not None and not self.stopping

    @property
    def can_stop(self) -> bool:
        return self.live and not self.stopping

    @property
    def can_step(self) -> bool:
        return self.can_pause

    # What a person wants.

    def start(self) -> None:
        """Trains the document as it is, on a thread; what keeps it from that is told by `refused`."""
        if self.live:
            return
        from graph_engine.runs import start_run

        snapshot = self._session.document.snapshot()
        self._launch(lambda: start_run(snapshot, store=self.library.store()))

    def resume_run(self, run: str) -> None:
        """Goes on with a run that was stopped or interrupted, from its newest checkpoint."""
        if not self.live:
            from graph_engine.runs import resume_run

            self._launch(lambda: resume_run(run, store=self.library.store()))

    def show(self, run: str, name: str) -> None:
        """Shows a run that has ended, of the document in front: its curves, and its best weights in what is seen."""
        from graph_engine.runs import load_weights

        front = self._session.front

        def draw(curves: RunCurves) -> None:
            curves.set_weight(self.shown.smoothing)
            self.shown.begin(run, name, curves)

        self.library.read_curves(run, draw)
        self.background.start(
            "Reading weights", lambda: load_weights(run), lambda weights: self.activations.set_weights(weights, front)
        )

    def pause(self) -> None:
        """Stands still after the step in progress, or goes on."""
        if self._handle is None:
            return
        if self.paused:
            self._handle.control.resume()
        else:
            self._handle.control.pause()
        self.state_changed.emit()

    def step(self) -> None:
        """Takes one step and stands still."""
        if self._handle is not None:
            self._handle.control.step()
            self.state_changed.emit()

    def stop(self) -> None:
        """Ends the run after the step in progress, with a checkpoint of it."""
        if self._handle is not None:
            self._handle.control.stop()
        elif self._starting:
            self._stop_at_once = True
        self.state_changed.emit()

    def close(self) -> bool:
        """Ends the run, waits until its checkpoint is written, and ends all that goes on; whether all of it did."""
        self._timer.stop()
        self._closed = True
        ended = True
        if self._handle is not None:
            ended = self._handle.stop(_PATIENCE)
            self._finish()
        self.activations.close()
        self.background.close()
        gc.unfreeze()
        return ended

    def tick(self) -> None:
        """Takes what is new. The timer's; tests call it themselves."""
        handle = self._handle
        if handle is None:
            return
        done = handle.wait(0)
        news = self._take_news(handle)
        self.activations.pull()
        if news:
            self.ticked.emit()
        if done:
            self._finish()

    # Inside.

    def _launch(self, start: Callable[[], RunHandle]) -> None:
        from graph_engine.train import Progress

        self._starting, self._stop_at_once = True, False
        self._front = self._session.front
        self._progress = Progress()
        self.state_changed.emit()

        def work() -> RunHandle:
            handle = start()
            if self._closed:  # nobody will follow it any more
                handle.stop(_PATIENCE)
            return handle

        self.background.start("Starting", work, self._begin, self._refuse)

    def _refuse(self, error: Exception) -> None:
        self._starting = self._stop_at_once = False
        self._progress = None
        self.state_changed.emit()
        self.refused.emit(error)

    def _begin(self, handle: RunHandle) -> None:
        from app.runs.curves import RunCurves

        self._starting = False
        self._handle, self._cursor = handle, None
        self._curves = RunCurves(self.shown.smoothing)
        if self._stop_at_once:
            handle.control.stop()
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        self._take_news(handle)
        self.shown.begin(handle.id, handle.record.name, self._curves)
        if self._front is not None and _same_nodes(handle.document, self._front.document):
            self.activations.follow(handle.board, self._front)
        else:
            self._front = None
        self._timer.start()
        self.state_changed.emit()
        self.library.refresh()

    def _take_news(self, handle: RunHandle) -> bool:
        from app.runs.curves import take_news

        news = handle.feed.since(self._cursor)
        self._cursor = news.cursor
        before, self._progress = self._progress, news.progress
        found = self._curves is not None and take_news(self._curves, news)
        if before is None or before.state is not news.progress.state:
            self.state_changed.emit()
        return found or before != news.progress

    def _finish(self) -> None:
        """The run has ended: what it left is what is seen from now on."""
        handle, front = self._handle, self._front
        if handle is None:
            return
        self._timer.stop()
        sys.setswitchinterval(self._interval)
        self._take_news(handle)
        self._handle = None
        self.activations.unfollow()
        if front is not None and handle.wait(0):
            self.background.start(
                "Keeping weights",
                lambda: {name: value.detach().cpu().clone() for name, value in handle.network.state_dict().items()},
                lambda weights: self.activations.set_weights(weights, front),
            )
        self.ticked.emit()
        self.state_changed.emit()
        self.ended.emit(handle.record)
        self.library.refresh()

    def _settle_memory(self) -> None:
        """torch is loaded by now. Its half million objects stay as long as the window: looking through them for what is
        not used any more would stop every thread for 0.2 s, again and again."""
        if not self._settled and self._session.check is not None:
            self._settled = True
            gc.freeze()

    def _on_opened(self) -> None:
        if not self.live:
            self._progress = None
            self.shown.leave()
            self.state_changed.emit()


def _same_nodes(one: Document, other: Document) -> bool:
    """Whether what a run says of nodes can be told of those of `other`."""
    return {node.id: node.block for node in one.main} == {node.id: node.block for node in other.main}
