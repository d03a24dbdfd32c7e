"""Which precision, layout and compilation train the plan fastest: tried in a process of its own on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal

from app.figures import digits
from app.forecasts import duration
from app.trials import Subject, Trial
from graph_engine.document import SetPlan

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.runs.speeding import SpeedTest
    from graph_engine.train.speed import Timed


class SpeedTests(Trial):
    """The speed test of the document in front. What was found holds until the drawing, or what is trained, changes."""

    _came = Signal(object)
    """A `Timed`, from the thread that reads them."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._found: list[Timed] = []
        self._test: SpeedTest | None = None
        self._stopped = self._complete = False
        self._came.connect(self._on_came, Qt.ConnectionType.QueuedConnection)

    @property
    def found(self) -> list[Timed]:
        """What was found for the drawing and plan as they are, the plan as it is first."""
        return self._found if self.holds else []

    @property
    def fastest(self) -> Timed | None:
        """What is faster than the plan as it was, beyond doubt; None before all were tried."""
        from graph_engine.train.speed import best_of

        return best_of(self.found) if self._complete else None

    @property
    def is_complete(self) -> bool:
        """Whether all ways were tried."""
        return bool(self.found) and self._complete

    def ask(self, *, compiled: bool) -> None:
        """Tries the ways one after the other, and tells by `changed`."""
        if not self.possible:
            return
        from graph_engine.runs.speeding import SpeedTest

        document = self._session.document.snapshot()
        self._found = []
        self._stopped = self._complete = False
        self._begin()

        def work() -> None:
            test = self._test = SpeedTest(document, compiled=compiled)
            if self._stopped:
                test.stop()
            for each in test:
                self._came.emit(each)

        def done(_: object) -> None:
            self._complete = not self._stopped
            self._test = None
            self._end()

        def failed(error: Exception) -> None:
            self._test = None
            self._end(error)

        self._session.jobs.start("Testing speed", work, done, failed)
        self.changed.emit()

    def stop(self) -> None:
        """Ends a test that is going on; what was found stays."""
        self._stopped = True
        if self._test is not None:
            self._test.stop()

    def use(self, found: Timed) -> None:
        """Puts a way into the plan."""
        plan = found.way.put(self._session.document.plan)
        if plan != self._session.document.plan:
            self._session.attempt(SetPlan(plan), label=f"Train with {found.way.name}")

    def is_used(self, found: Timed) -> bool:
        """Whether the plan is computed this way."""
        return found.way.put(self._session.document.plan) == self._session.document.plan

    def verdict(self) -> str:
        """What all of it comes to, in a sentence; none before all were tried."""
        if not self.is_complete or len(self.found) < 2:
            return ""
        first, last = self.found[0], self.found[-1]
        if first.trouble:
            return f"The plan as it is can't be trained here: {first.trouble}."
        now = first.seconds if last.trouble else min(first.seconds, last.seconds)
        apart = abs(first.seconds - last.seconds) / now
        doubt = f"The plan, tried twice, differed by {100 * apart:.0f}\u202f% from itself."
        if last.trouble:
            doubt = f"The plan could not be tried a second time: {last.trouble}."
        fastest = self.fastest
        if fastest is None:
            return f"Nothing is faster than the plan as it was, beyond doubt. {doubt}"
        return f"{fastest.way.name}: {now / fastest.seconds:.2f} times as fast. {doubt}"

    def _subject(self) -> Subject:
        """Whatever way it is computed in, it is the same plan."""
        from graph_engine.train.speed import Way

        return self._session.program, Way().put(self._session.document.plan)

    def _on_came(self, found: Timed) -> None:
        self._found.append(found)
        self.changed.emit()


def details_of(found: Timed) -> str:
    """What else is known of it, in a line."""
    if found.trouble:
        return found.trouble
    busy = "" if found.busy is None else f" The GPU computed for {100 * found.busy:.0f}\u202f% of the time."
    return (
        f"{digits(round(found.rate))} samples a second. "
        f"Half of the steps took {duration(found.low)} to {duration(found.high)}, the first {duration(found.first)}. "
        f"Loss after four steps: {found.loss:.4g}.{busy}"
    )
