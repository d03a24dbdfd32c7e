"""Going back in runs, branching from them, doing them again, and the queue of those that wait."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from graph_engine.train import RunState

if TYPE_CHECKING:
    from app.runs.follower import Handle, RunFollower
    from graph_engine.document import Document, Plan
    from graph_engine.runs import RunRecord, StoredRun

    Going = frozenset[tuple[str, bool]]
    """Which runs go on, and whether each has taken a step."""
    Make = Callable[[], StoredRun]
    Told = Callable[[StoredRun], str]

_OTHERS_EVERY = 3000  # ms between two looks at runs that go on beside the one that is followed
_HEARD_AFTER = 300  # ms after which a run has heard what is wanted of it


class RunsAgain(QObject):
    """What is done with runs that have ended, or wait. Everything slow is done on a thread.

    No run is stopped for another: what there is no room for waits in the queue, and is told so.
    """

    said = Signal(str)
    """What was done, to be told in passing."""
    changed = Signal()
    """Which runs wait, or go on beside, may be others."""
    left = Signal(int)
    """So many runs wait from last time; the queue is held until it is started."""

    def __init__(self, follower: RunFollower) -> None:
        super().__init__(follower)
        self._follower = follower
        self._library = follower.library
        self._then: tuple[str, Callable[[], None]] | None = None
        self.at_once = 1
        """How many runs of this window go on side by side at most; all but one in processes of their own."""
        self.is_on = False
        """Whether the queue goes on by itself."""
        self._beginning: set[str] = set()
        self._given_up: set[str] = set()
        self._were_beside: set[str] = set()
        self._held: dict[str, tuple[str, Going]] = {}
        self._soon = QTimer(self, singleShot=True, interval=_HEARD_AFTER)
        self._soon.timeout.connect(self._library.refresh)
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
        """Runs that go on and are not followed, wherever and whoever began them."""
        return [each for each in self._library.records or () if each.state.live and each.id != self._follower.run]

    @property
    def has_room(self) -> bool:
        """Whether another run may begin, as the preferences say. Only runs of this window take room: what goes on in
        another window, or on another machine that keeps its runs here, does not.
        """
        ours = sum(each.id in self._library.ours for each in self.beside)
        return ours + self._front_takes_room + len(self._beginning) < self.at_once

    @property
    def _front_takes_room(self) -> bool:
        """Whether a run is followed, or begins, that is of this window: one of another machine may be followed too."""
        listed = [each.id for each in self._library.records or () if each.state.live]
        run = self._follower.run
        return self._follower.live and (run not in listed or run in self._library.ours)

    def why_waits(self, record: RunRecord) -> str:
        """Why a run of the queue has not begun, in a sentence; empty for any other."""
        if record.state is not RunState.WAITING:
            return ""
        if not self.is_on:
            return "It waits, and the queue is held: let it go on from the menu Run."
        if record.id in self._held:
            return f"It waits: {self._held[record.id][0]}."
        return "It waits for runs before it to end."

    # What a person wants.

    def pause(self, run: str) -> None:
        """Has a run stand still after the step in progress, whoever is at work on it."""
        self._want(run, "pause")

    def go_on(self, run: str) -> None:
        """Has a run that stands still go on."""
        self._want(run, "resume")

    def stop(self, run: str) -> None:
        """Ends a run after the step in progress, with a checkpoint."""
        self._want(run, "stop")

    def enqueue(self, document: Document) -> None:
        """Keeps a run of the document as it is for when there is room for it."""
        from graph_engine.runs import enqueue

        snapshot = document.snapshot()
        self._put(lambda: enqueue(snapshot, store=self._library.store()), lambda _: snapshot.title)

    def start_queue(self) -> None:
        """Lets the queue go on by itself."""
        self.is_on = True
        self._given_up.clear()
        self._go_on()
        self.changed.emit()

    def hold_queue(self) -> None:
        """Begins no more runs of the queue; those that go on do."""
        self.is_on = False
        self.changed.emit()

    def clear_queue(self) -> None:
        """Takes all runs out of the queue: those that have not begun go to the trash."""
        from graph_engine.runs import RunError, take_out_of_queue

        store, beginning = self._library.store, frozenset(self._beginning)

        def work() -> int:
            count = 0
            for record in store().records(states=[RunState.WAITING]):
                with suppress(RunError):  # it has begun, or was taken out elsewhere
                    if record.id not in beginning:
                        take_out_of_queue(record.id, store())
                        count += 1
            return count

        def done(count: int) -> None:
            runs = "One run waits" if count == 1 else f"{count} runs wait"
            self.said.emit(f"{runs} no more. What had not begun is in the trash.")
            self._library.refresh()

        self.hold_queue()
        self._follower.background.start("Queue", work, done, self._follower.refused.emit)

    def resume(self, run: str) -> None:
        """Goes on with a run, or begins one that waits; at once where none is on, else when there is room."""
        if run in (self._follower.beginning, *self._beginning):
            return
        store = self._library.store
        self._unless_on(run, lambda: self._begin(lambda: store().get(run), lambda stored: stored.name, run=run))

    def rewind(self, run: str, step: int) -> None:
        """Puts a run back to a checkpoint and goes on from there; the one that is followed is stopped first."""
        from graph_engine.runs import keep_checkpoint, rewind_run

        store, follower = self._library.store, self._follower

        def make() -> StoredRun:
            rewind_run(run, step, store())
            return store().get(run)

        def begin() -> None:
            self._begin(make, lambda stored: f"{stored.name}, back at step {step},", run=run)

        def stop(_: object) -> None:
            self._when_ended(run, begin)
            if run == follower.run:
                follower.stop()

        if run != follower.run:
            begin()
            return
        follower.background.start("Runs", lambda: keep_checkpoint(run, step, store()), stop, follower.refused.emit)

    def branch(self, run: str, step: int, plan: Plan | None = None) -> None:
        """Begins a new run from a checkpoint of another, which stays as it is."""
        from graph_engine.runs import branch_run

        self._begin(
            lambda: branch_run(run, step, plan=plan, store=self._library.store()),
            lambda stored: f"{stored.name}, a branch of {run} after step {step},",
            like=run,
        )

    def train_anew(self, run: str, step: int) -> None:
        """Begins a new run with the best weights of another, those of `step`, which stays as it is."""
        from graph_engine.runs import train_anew

        self._begin(
            lambda: train_anew(run, step, store=self._library.store()),
            lambda stored: f"{stored.name}, which begins with the weights of {run} after step {step},",
            like=run,
            tells=True,
        )

    def rerun(self, run: str) -> None:
        """Does a run again from its provenance; apart from the window if that run was, from the queue where another is
        on.
        """
        from graph_engine.runs import differences, enqueue_again, rerun, rerun_process

        store = self._library.store

        def tell(found: list[str]) -> None:
            if found:
                self.said.emit(f"Not as it was when {run} ran: {', '.join(found)}. Its numbers may differ.")

        def work() -> Handle:
            stored = store().get(run)
            apart = self._follower.belongs_apart(stored)
            return (rerun_process if apart else rerun)(stored, store=store())

        self._follower.background.start("Runs", lambda: differences(store().get(run)), tell, lambda _: None)
        if self._follower.live:
            self._put(lambda: enqueue_again(run, store=store()), lambda stored: stored.name)
        else:
            self._follower.launch(work)

    def retry(self, run: str, batch_size: int) -> None:
        """Does with smaller batches what there was not enough memory for: from the newest checkpoint at the end of an
        epoch, else from the start.
        """
        from graph_engine.runs import retry_run

        def tell(stored: StoredRun) -> str:
            at = stored.record.parent_step
            where = f"goes on from step {at} of {run}" if at else f"does {run} from the start"
            return f"{stored.name}, which {where} with a batch of {batch_size},"

        self._begin(lambda: retry_run(run, batch_size, self._library.store()), tell, like=run, tells=True)

    def slow_down(self, run: str, factor: float) -> None:
        """Goes on with a run that failed, from its newest checkpoint, at learning rates times `factor`."""
        from graph_engine.runs import slow_down

        store = self._library.store
        found: list[int] = []

        def make() -> StoredRun:
            found.append(slow_down(run, factor, store()))
            return store().get(run)

        def tell(stored: StoredRun) -> str:
            return f"{stored.name}, from step {found[-1]} on at learning rates × {factor:g},"

        self._unless_on(run, lambda: self._begin(make, tell, run=run, tells=True))

    def close(self) -> None:
        self._then, self.is_on = None, False
        self._timer.stop()
        self._soon.stop()

    # Inside.

    def _want(self, run: str, what: Literal["pause", "resume", "stop"]) -> None:
        """Tells a run through its folder."""
        from graph_engine.runs.wishes import Wish, send_wish

        store = self._library.store
        self._follower.background.start(
            "Runs",
            lambda: send_wish(store().get(run).folder.path, Wish(what)),
            lambda _: self._soon.start(),
            self._follower.refused.emit,
        )

    def _unless_on(self, run: str, begin: Callable[[], None]) -> None:
        """As `_when_ended`, but not where the run simply goes on: it was gone on with since that was offered."""
        follower, store = self._follower, self._library.store
        if run != follower.run:
            begin()
            return

        def take(goes_on: bool) -> None:
            if goes_on and run == follower.run and not follower.stopping:
                self.said.emit(f"{run} is going on already.")
            else:
                self._when_ended(run, begin)

        follower.background.start("Runs", lambda: store().get(run).record.state.live, take, follower.refused.emit)

    def _when_ended(self, run: str, begin: Callable[[], None]) -> None:
        """Begins at once; if the run is the one that is followed, when it has ended: its record may say that it has
        before its last checkpoint is written and its folder is free.
        """
        if run == self._follower.run:
            self._then = (run, begin)
        else:
            begin()

    def _begin(self, make: Make, tell: Told, *, run: str = "", like: str = "", tells: bool = False) -> None:
        """Goes on with the run that `make` gives (on a thread; `run`, if it is there already): here where none is on,
        in a process of its own if that of the run `like` was, else from the queue. `tell` says what it is; also where
        it begins at once, if `tells`.
        """
        if self._follower.live:
            self._put(make, tell)
            return
        store = self._library.store

        def work() -> Handle:
            stored = make()
            words.append(tell(stored))
            apart = self._follower.belongs_apart(store().get(like) if like else stored)
            return self._follower.go_on_with(stored, apart=apart)

        def begun() -> None:
            if tells:
                self.said.emit(f"{words[-1]} trains now.")

        words: list[str] = []
        self._follower.launch(work, run=run, begun=begun)

    def _put(self, make: Make, tell: Told) -> None:
        """Puts the run that `make` gives into the queue."""
        from graph_engine.runs import put_in_queue

        def work() -> str:
            stored = make()
            words = tell(stored)
            if stored.record.state is not RunState.WAITING:
                put_in_queue(stored, self._library.store())
            return words

        def done(words: str) -> None:
            when = "" if self.has_room else ", and begins when there is room"
            self.said.emit(f"{words} waits in the queue{when}.")
            self._library.refresh()

        self.is_on = True
        self._follower.background.start("Checking", work, done, self._follower.refused.emit)

    def _on_state(self) -> None:
        if self._then is not None and self._follower.run != self._then[0]:
            (_, then), self._then = self._then, None
            QTimer.singleShot(0, self, then)
        elif not self._follower.live:
            QTimer.singleShot(0, self, self._go_on)  # a list that showed the end before was no other when it came again
        self._watch()

    def _on_records(self) -> None:
        self._tell_ends()
        waiting = {record.id for record in self.waiting}
        self._beginning &= waiting
        self._given_up &= waiting
        self._held = {run: held for run, held in self._held.items() if run in waiting}
        self._go_on()
        self._watch()
        self.changed.emit()

    def _tell_ends(self) -> None:
        """Of the runs that this window began beside the one that is followed; that one is told of by the follower."""
        follower = self._follower
        for record in self._library.records or ():
            followed = record.id in (follower.run, follower.last)
            if record.id in self._were_beside and not record.state.live and not followed:
                follower.ended.emit(record)
        self._were_beside = {each.id for each in self.beside if each.id in self._library.ours}

    def _watch(self) -> None:
        """Looks at the runs beside now and then, as long as there are any."""
        wanted = bool(self.beside) or (self.is_on and bool(self.waiting))
        if wanted and not self._timer.isActive():
            self._timer.start()
        elif not wanted:
            self._timer.stop()

    def _going(self) -> Going:
        """The runs that go on on this machine."""
        here = self._library.here
        return frozenset((each.id, each.step > 0) for each in self._library.records or () if each.id in here)

    def _go_on(self) -> None:
        """Begins the next runs of the queue, if there is room for them."""
        waiting = [each for each in self.waiting if each.id not in self._beginning | self._given_up]
        if not self.is_on or self._then is not None or not waiting or not self.has_room:
            return
        run = waiting[0].id
        if not self._follower.live:
            self._beginning.add(run)
            store = self._library.store
            self._follower.launch(
                lambda: self._follower.go_on_with(store().get(run)),
                run=run,
                failed=lambda error: self._give_up(run, error),
            )
        elif self._held.get(run, ("", None))[1] != self._going():
            self._beginning.add(run)
            self._begin_beside(run)

    def _begin_beside(self, run: str) -> None:
        """Begins a run in a process of its own, if the device allows it."""
        from graph_engine.runs import resume_process

        store, going = self._library.store, self._going()

        def work() -> str:
            from app.runs.room import why_no_room

            stored = store().get(run)
            why = why_no_room(stored, [store().get(each) for each, _ in going])
            if not why:
                resume_process(stored, store=store()).leave()
            return why

        def done(why: str) -> None:
            if why:
                self._hold(run, why, going)
            self._library.refresh()

        self._follower.background.start("Starting", work, done, lambda error: self._give_up(run, error))

    def _hold(self, run: str, why: str, going: Going) -> None:
        """The device does not allow a run while those of `going` go on as they do."""
        self._beginning.discard(run)
        if self._held.get(run, ("", going))[0] != why:
            self.said.emit(f"{run} waits in the queue: {why}.")
        self._held[run] = (why, going)
        self.changed.emit()

    def _give_up(self, run: str, error: Exception) -> None:
        """A run of the queue does not begin: it has failed, which is told, and the next is begun. One that was deleted
        meanwhile, or begun by another window, has not.
        """
        from graph_engine.runs import could_not_begin

        self._beginning.discard(run)
        self._given_up.add(run)
        store = self._library.store

        def work() -> RunRecord | None:
            stored = store().find(run)
            if stored is None or stored.folder.is_busy:
                return None
            return could_not_begin(run, reason, store())

        def tell(record: RunRecord | None) -> None:
            if record is not None:
                self._follower.ended.emit(record)
            self._library.refresh()
            self._go_on()  # the list may be as it was

        def fail(worse: Exception) -> None:
            self._follower.refused.emit(worse)
            self._go_on()

        reason = str(error) or type(error).__name__
        self._follower.background.start("Queue", work, tell, fail)
