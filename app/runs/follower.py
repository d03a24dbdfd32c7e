"""The run that the window follows: begun on a thread or in a process, followed by one timer, ended with a checkpoint.

The trainer calls nobody. Some 25 times a second the window takes from its feed what is new; panels that are seen
draw it.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.open_document import same_nodes
from app.runs.activations import Activations
from app.runs.again import RunsAgain
from app.runs.aside import AsideRun, let_go
from app.runs.ended_run import EndedRun
from app.runs.library import RunLibrary
from app.runs.saved_weights import SavedWeights
from app.runs.shown import ShownRuns
from app.workers import Jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.open_document import OpenDocument
    from app.runs.curves import RunCurves
    from app.session import Session
    from graph_engine.document import Document
    from graph_engine.runs import FollowedRun, RunFolder, RunHandle, StoredRun
    from graph_engine.train import Progress
    from graph_engine.train.changes import RunChange
    from graph_engine.train.feed import Cursor

    Handle = RunHandle | FollowedRun

_EVERY = 40  # ms between two looks at the feed
_SWITCH = 0.001  # s; lets the window in between the Python of two steps
_PATIENCE = 30.0  # s that closing waits for the last checkpoint


class RunFollower(QObject):
    """Starts a run of the session's document and follows it. One run is followed at a time, and one at most is on a
    thread of the window; others go on in processes of their own.
    """

    state_changed = Signal()
    """A run begins, goes on, pauses, is being stopped, or has ended."""
    ticked = Signal()
    """There are new numbers; at most 25 times a second."""
    refused = Signal(object)
    """The exception that says why a run could not be started."""
    ended = Signal(object)
    """The `RunRecord` of the run that has just ended, whatever way."""
    noticed = Signal(str)
    """Why the run did not do what was wanted of it; it goes on."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent or session)
        self._session = session
        self.background = Jobs(self)
        self.library = RunLibrary(self.background, self)
        self.shown = ShownRuns(self.library.read_curves, self)
        self.again = RunsAgain(self)
        self.activations = Activations(session, self.background, self)
        self._saved = SavedWeights(self.background, self.activations)
        self._ended_run = EndedRun(self.background, self.library, self.shown, self.activations)
        self.own_process = False
        """Whether runs are begun in a process of their own, where nothing else is said."""
        self._handle: Handle | None = None
        self.last = ""
        """The run that is on, or was last."""
        self._front: OpenDocument | None = None
        self._starting = False
        self.beginning = ""
        """The run that is being gone on with, until there is a handle of it."""
        self._unfollowed: list[Handle] = []
        self._stop_at_once = False
        self._closed = False
        self._settled = False
        self._progress: Progress | None = None
        self._curves: RunCurves | None = None
        self._cursor: Cursor | None = None
        self._aside: AsideRun | None = None
        self._interval = sys.getswitchinterval()
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self.tick)
        session.opened.connect(self._on_opened)
        session.check_changed.connect(self._settle_memory)
        self.library.renamed.connect(self.shown.rename)
        self.library.deleted.connect(lambda run, _: self._on_deleted(run))

    # Where the run stands.

    @property
    def live(self) -> bool:
        """Whether a run is on: from its start to its last checkpoint."""
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
    def outlives(self) -> bool:
        """Whether the run goes on when the window is closed: it is in a process of its own."""
        return self._handle is not None and self._handle.board is None

    @property
    def all_outlive(self) -> bool:
        """Whether everything that was begun here goes on when the window is closed."""
        return self.outlives and self._aside is None

    @property
    def of_another(self) -> str:
        """What the run that is on is called, where it is not one of the document in front; else empty."""
        handle = self._handle
        return handle.record.name if handle is not None and self._front is not self._session.front else ""

    @property
    def document(self) -> Document | None:
        """What is trained by the run that is on."""
        return self._handle.document if self._handle is not None else None

    @property
    def folder(self) -> RunFolder | None:
        """That of the run that is on."""
        return self._handle.folder if self._handle is not None else None

    @property
    def ends_with_epoch(self) -> bool:
        """Whether the run was asked to end when its epoch does."""
        return self._handle is not None and self._handle.control.ends_with_epoch

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

    def start(self, *, own_process: bool | None = None) -> None:
        """Trains the document as it is, on a thread or in a process of its own (None: as is preferred; always when it
        is compiled, which would stall the window). What keeps it from that is told by `refused`.
        """
        if self.live:
            return
        from graph_engine.runs import start_process, start_run

        snapshot = self._session.document.snapshot()
        chosen = self.own_process if own_process is None else own_process
        begin = start_process if chosen or snapshot.plan.compiled else start_run
        self.launch(lambda: begin(snapshot, store=self.library.store()))

    def resume_run(self, run: str) -> None:
        """Goes on with a run that was stopped or interrupted, from its newest checkpoint, or begins one that waits; in
        the queue where another is on.
        """
        self.again.resume(run)

    def go_on_with(self, stored: StoredRun, *, apart: bool | None = None) -> Handle:
        """For `launch`: goes on with a run where it belongs, or as `apart` says."""
        from graph_engine.runs import resume_process, resume_run

        chosen = self.belongs_apart(stored) if apart is None else apart
        return (resume_process if chosen else resume_run)(stored, store=self.library.store())

    def belongs_apart(self, stored: StoredRun) -> bool:
        """Whether what is done with a run is done in a process of its own: as is preferred, as it was done before, and
        always when it is compiled, which would stall the window.
        """
        compiled = stored.document().plan.compiled or bool(stored.record.provenance.get("compiled"))
        return self.own_process or compiled or stored.folder.had_own_process

    def follow(self, run: str) -> None:
        """Brings a run that goes on to the front: its curves, and its controls. The one that was followed goes on."""
        if run == self.run:
            return
        if self._aside is not None and run == self._aside.handle.id:
            self._put_aside()
            self._bring_back()
            return
        from graph_engine.runs import follow_run

        def work() -> FollowedRun:
            handle = follow_run(run, self.library.store())
            if self._closed:
                handle.leave()
            return handle

        def done(handle: FollowedRun) -> None:
            if self._starting or run == self.run:
                handle.leave()
            if self._starting:
                self.again.said.emit(f"Another run is just beginning. Follow {run} when it has.")
            elif run != self.run:
                self._put_aside()
                self._front = self._session.front
                self._begin(handle)

        self.background.start("Following", work, done, self.refused.emit)

    def leave(self) -> None:
        """Follows a run in another process no longer; it goes on."""
        if self.outlives:
            self._finish()

    def show(self, run: str, name: str) -> None:
        """Shows a run that has ended, of the document in front: its curves, and its best weights in what is seen."""
        self._ended_run.show(run, name, self._session.front)

    def pause(self) -> None:
        """Stands still after the step in progress, or goes on."""
        if self._handle is not None:
            self._want(self._handle.control.resume if self.paused else self._handle.control.pause)

    def step(self) -> None:
        """Takes one step and stands still."""
        if self._handle is not None:
            self._want(self._handle.control.step)

    def stop(self) -> None:
        """Ends the run after the step in progress, with a checkpoint of it."""
        if self._handle is not None:
            self._want(self._handle.control.stop)
        elif self._starting:
            self._stop_at_once = True
            self.state_changed.emit()

    def stop_after_epoch(self) -> None:
        """Ends the run when the epoch in progress is done; asked again, lets it go on."""
        if self._handle is not None:
            control, on = self._handle.control, not self.ends_with_epoch
            self._want(lambda: control.stop_after_epoch(on=on))

    def evaluate(self) -> None:
        """Measures on the samples held out, now."""
        if self._handle is not None:
            self._want(self._handle.control.evaluate)

    def change(self, change: RunChange) -> None:
        """Goes on with other values; a checkpoint is taken first."""
        if self._handle is not None:
            control = self._handle.control
            self._want(lambda: control.change(change))

    def close(self) -> bool:
        """Ends the run, unless it is in a process of its own, waits until its checkpoint is written, and ends all that
        goes on; whether all of it did.
        """
        self._timer.stop()
        self.again.close()
        self._closed = True
        ended = True
        if self._handle is not None:
            if not self.outlives:
                ended = self._handle.stop(_PATIENCE)
            self._finish(closing=True)
        if self._aside is not None:
            ended = self._aside.handle.stop(_PATIENCE) and ended
            self._aside = None
            sys.setswitchinterval(self._interval)
        self.activations.close()
        self.background.close()
        for handle in self._unfollowed:
            let_go(handle, _PATIENCE)
        gc.unfreeze()
        return ended

    def tick(self) -> None:
        """Takes what is new. The timer's; tests call it themselves."""
        handle = self._handle
        if handle is None:
            return
        self._look_aside()
        done = handle.wait(0)
        news = self._take_news(handle)
        self.activations.pull()
        self._saved.look(handle, self._front)
        if news:
            self.ticked.emit()
        if done:
            self._finish()

    # Inside.

    def launch(
        self,
        start: Callable[[], Handle],
        *,
        run: str = "",
        begun: Callable[[], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Follows the run that `start` begins (`run`, if it is there already); it is called on a thread. What keeps it
        from that is handed to `failed`, else told by `refused`.
        """
        from graph_engine.train import Progress

        self._starting, self._stop_at_once, self.beginning = True, False, run
        self._front = self._session.front
        self._progress = Progress()
        self.state_changed.emit()

        def work() -> Handle:
            handle = start()
            self._unfollowed.append(handle)
            if self._closed:  # nobody will follow it any more
                let_go(handle, _PATIENCE)
            return handle

        def done(handle: Handle) -> None:
            self._unfollowed.remove(handle)
            self._begin(handle)
            if begun is not None:
                begun()

        self.background.start("Starting", work, done, lambda error: self._refuse(error, failed or self.refused.emit))

    def _want(self, wish: Callable[[], None]) -> None:
        from graph_engine.runs import RunError

        try:
            wish()
        except RunError as error:
            self.refused.emit(error)
        self.state_changed.emit()

    def _refuse(self, error: Exception, tell: Callable[[Exception], object]) -> None:
        self._starting = self._stop_at_once = False
        self.beginning = ""
        self._progress = None
        self.state_changed.emit()
        tell(error)

    def _begin(self, handle: Handle) -> None:
        from app.runs.curves import RunCurves

        self._starting, self.beginning = False, ""
        self._handle, self._cursor = handle, None
        self.last = handle.id
        self._curves = RunCurves(self.shown.smoothing)
        if self._stop_at_once:
            self._stop_at_once = False  # it was meant for this run, and for none that is followed later
            self._want(handle.control.stop)
        if self._aside is None:
            self._interval = sys.getswitchinterval()
        if not self.outlives:
            sys.setswitchinterval(_SWITCH)
        self._show_handle(handle)
        self.library.refresh()

    def _show_handle(self, handle: Handle) -> None:
        """The run that is followed now is what is seen."""
        self._ended_run.give_way()
        self._saved.start_over()
        self._take_news(handle)
        if self._curves is not None:
            self.shown.begin(handle.id, handle.record.name, self._curves)
        if self._front is not None and not same_nodes(handle.document, self._front.document):
            self._front = None
        if self._front is not None and handle.board is not None:
            self.activations.follow(handle.board, self._front)
        self._timer.start()
        self.state_changed.emit()

    def _put_aside(self) -> None:
        """Follows the run that is on no longer; one on a thread of the window is looked after until it ends."""
        handle = self._handle
        if handle is None:
            return
        self._timer.stop()
        self.activations.unfollow()
        self._handle = None
        if handle.board is None:
            handle.leave()
        elif self._curves is not None:
            self._aside = AsideRun(handle, self._front, self._curves, self._cursor)

    def _bring_back(self) -> None:
        """Follows the run on a thread of the window again."""
        aside, self._aside = self._aside, None
        if aside is not None:
            self.last = aside.handle.id
            self._handle, self._front = aside.handle, aside.front
            self._curves, self._cursor = aside.curves, aside.cursor
            self._show_handle(aside.handle)

    def _look_aside(self) -> None:
        """Looks after the run that is put aside, and tells when it ends."""
        aside = self._aside
        if aside is not None and aside.look():
            self._aside = None
            sys.setswitchinterval(self._interval)
            self.ended.emit(aside.handle.record)
            self.library.refresh()

    def _take_news(self, handle: Handle) -> bool:
        from app.runs.curves import take_news

        news = handle.feed.since(self._cursor)
        self._cursor = news.cursor
        before, self._progress = self._progress, news.progress
        found = self._curves is not None and take_news(self._curves, news)
        if before is None or before.state is not news.progress.state:
            self.state_changed.emit()
        if news.progress.notice and (before is None or before.notice != news.progress.notice):
            self.noticed.emit(news.progress.notice)
        return found or before != news.progress

    def _finish(self, *, closing: bool = False) -> None:
        """It has ended, or is left: what it left is what is seen from now on, or the run put aside for it."""
        handle, front = self._handle, self._front
        if handle is None:
            return
        self._timer.stop()
        if self._aside is None:
            sys.setswitchinterval(self._interval)
        self._take_news(handle)
        ended = handle.wait(0)
        if handle.board is None:
            handle.leave()
        self._handle = None
        self.activations.unfollow()
        if front is not None and ended:
            self._saved.show(handle, front)
            front.trained = (handle.id, handle.record.name)
        if not ended:
            self._progress = None
        if not closing:
            self._bring_back()
        self.ticked.emit()
        self.state_changed.emit()
        if ended:
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
            self._ended_run.give_way()
            self._progress = None
            self.shown.leave()
            self.state_changed.emit()
            trained = self._session.front.trained
            if trained is not None:
                self.show(*trained)

    def _on_deleted(self, run: str) -> None:
        self.shown.compare(run, "", on=False)
        for opened in self._session.documents:
            if opened.trained is not None and opened.trained[0] == run:
                opened.trained = None
        self.last = "" if self.last == run and not self.live else self.last
        self.state_changed.emit()
