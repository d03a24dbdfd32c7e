"""Going back in runs, branching from them, doing them again, and the queue of those that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from graph_engine.train import RunState

if TYPE_CHECKING:
    from app.runs.follower import Handle, RunFollower
    from graph_engine.document import Document, Plan
    from graph_engine.runs import RunRecord

_OTHERS_EVERY = 3000  # ms between two looks at runs that go on beside the one that is followed


class RunsAgain(QObject):
    """What is done with runs that have ended, or wait. Everything slow is done on a thread."""

    said = Signal(str)
    """What was done, to be told in passing."""
    changed = Signal()
    """Which runs wait, or go on beside, may be others."""

    def __init__(self, follower: RunFollower) -> None:
        super().__init__(follower)
        self._follower = follower
        self._library = follower.library
        self._then: Callable[[], None] | None = None
        self.at_once = 1
        """How many runs go on side by side at most; all but one in processes of their own."""
        self.is_on = False
        """Whether the queue goes on by itself."""
        self._beginning: set[str] = set()
        self._timer = QTimer(self, interval=_OTHERS_EVERY)
        self._timer.timeout.connect(self._library.refresh)
        self._library.changed.connect(self._on_records)
        follower.state_changed.connect(self._on_state)

    # Which there are.

    @property
    def waiting(self) -> list[RunRecord]:
        """The runs of the queue, the next first."""
        records = [each for each in self._library.records or () if each.state is RunState.WAITING]
        return sorted(records, key=lambda record: record.created)

    @property
    def beside(self) -> list[RunRecord]:
        """Runs that go on in other processes and are not followed."""
        return [each for each in self._library.records or () if each.state.live and each.id != self._follower.run]

    # What a person wants.

    def enqueue(self, document: Document) -> None:
        """Keeps a run of the document as it is for when there is room for it."""
        from graph_engine.runs import enqueue

        snapshot = document.snapshot()
        self.is_on = True

        def done(_: object) -> None:
            self.said.emit(f"{snapshot.title} waits in the queue.")
            self._library.refresh()

        self._follower.background.start(
            "Checking", lambda: enqueue(snapshot, store=self._library.store()), done, self._follower.refused.emit
        )

    def start_queue(self) -> None:
        """Lets the queue go on by itself."""
        self.is_on = True
        self._go_on()
        self.changed.emit()

    def hold_queue(self) -> None:
        """Begins no more runs of the queue; those that go on do."""
        self.is_on = False
        self.changed.emit()

    def rewind(self, run: str, step: int) -> None:
        """Puts a run back to a checkpoint and goes on from there; one that goes on here is stopped first."""
        from graph_engine.runs import rewind_run

        store = self._library.store

        def work() -> Handle:
            rewind_run(run, step, store())
            return self._follower.go_on_with(store().get(run))

        self._when_stopped(run, lambda: self._follower.launch(work))

    def branch(self, run: str, step: int, plan: Plan | None = None) -> None:
        """Begins a new run from a checkpoint of another, which stays as it is."""
        from graph_engine.runs import branch_run

        store = self._library.store

        def work() -> Handle:
            stored = store().get(run)
            apart = self._follower.belongs_apart(stored)
            return self._follower.go_on_with(branch_run(stored, step, plan=plan, store=store()), apart=apart)

        self._when_stopped(self._follower.run, lambda: self._follower.launch(work))

    def rerun(self, run: str) -> None:
        """Does a run again from its provenance; apart from the window if that run was."""
        from graph_engine.runs import differences, rerun, rerun_process

        store = self._library.store

        def work() -> Handle:
            stored = store().get(run)
            apart = self._follower.belongs_apart(stored)
            return (rerun_process if apart else rerun)(stored, store=store())

        def tell(found: list[str]) -> None:
            if found:
                self.said.emit(f"Not as it was when {run} ran: {', '.join(found)}. Its numbers may differ.")

        if not self._follower.live:
            self._follower.background.start("Runs", lambda: differences(store().get(run)), tell)
            self._follower.launch(work)

    def retry(self, run: str, batch_size: int) -> None:
        """Trains the document of a run anew with another batch size; apart from the window if that run was."""
        from graph_engine.runs import retry_run

        store = self._library.store

        def work() -> Handle:
            stored = store().get(run)
            return retry_run(stored, batch_size, own_process=self._follower.belongs_apart(stored), store=store())

        if not self._follower.live:
            self._follower.launch(work)

    def close(self) -> None:
        self._timer.stop()

    # Inside.

    def _when_stopped(self, run: str, then: Callable[[], None]) -> None:
        if run and run == self._follower.run:
            self._then = then
            self._follower.stop()
        elif not self._follower.live:
            then()

    def _on_state(self) -> None:
        if not self._follower.live:
            then, self._then = self._then, None
            if then is not None:
                QTimer.singleShot(0, self, then)
        self._watch()

    def _on_records(self) -> None:
        self._beginning &= {record.id for record in self.waiting}
        self._go_on()
        self._watch()
        self.changed.emit()

    def _watch(self) -> None:
        """Looks at the runs beside now and then, as long as there are any."""
        wanted = bool(self.beside) or (self.is_on and bool(self.waiting))
        if wanted and not self._timer.isActive():
            self._timer.start()
        elif not wanted:
            self._timer.stop()

    def _go_on(self) -> None:
        """Begins the next runs of the queue, if there is room for them."""
        waiting = [each for each in self.waiting if each.id not in self._beginning]
        going = len(self.beside) + self._follower.live + len(self._beginning)
        if not self.is_on or self._then is not None or not waiting or going >= self.at_once:
            return
        run = waiting[0].id
        self._beginning.add(run)
        if not self._follower.live:
            self._follower.resume_run(run)
        else:
            self._begin_beside(run)

    def _begin_beside(self, run: str) -> None:
        from graph_engine.runs import resume_process

        store = self._library.store

        def work() -> None:
            resume_process(run, store=store()).leave()

        self._follower.background.start(
            "Starting", work, lambda _: self._library.refresh(), self._follower.refused.emit
        )
