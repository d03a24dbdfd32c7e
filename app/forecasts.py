"""What training will take, found out in a job when it is asked for, and forgotten when the drawing or plan change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.figures import digits, short, size_of

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.compile import Program
    from graph_engine.document import Plan
    from graph_engine.train.forecast import Forecast


class Forecasts(QObject):
    """The forecast of the document in front."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._found: Forecast | None = None
        self._of: tuple[Program | None, Plan] | None = None
        self._going_on = False
        self.trouble = ""
        """Why there is none, in a sentence."""
        for signal in (session.program_changed, session.opened, session.changed):
            signal.connect(self._on_changed)

    @property
    def current(self) -> Forecast | None:
        """What was found for the drawing and plan as they are; None when they were others, or nobody asked."""
        return self._found if self._of == self._subject() else None

    @property
    def going_on(self) -> bool:
        return self._going_on

    @property
    def possible(self) -> bool:
        """Whether there is a program that could be tried."""
        return self._session.program is not None and self._session.check is not None and not self._going_on

    def ask(self) -> None:
        """Takes some steps on a thread, and tells by `changed`."""
        program, result = self._session.program, self._session.check
        if program is None or result is None or self._going_on:
            return
        document, subject = self._session.document.snapshot(), self._subject()
        self._going_on, self.trouble = True, ""

        def work() -> Forecast:
            from graph_engine.train.forecast import forecast

            return forecast(document, program, result)

        def done(found: Forecast) -> None:
            self._going_on, self._found, self._of = False, found, subject
            self.changed.emit()

        def failed(error: Exception) -> None:
            self._going_on = False
            self.trouble = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self.changed.emit()

        self._session.jobs.start("Trying some steps", work, done, failed)
        self.changed.emit()

    def _subject(self) -> tuple[Program | None, Plan]:
        return self._session.program, self._session.document.plan

    def _on_changed(self) -> None:
        self.trouble = ""
        self.changed.emit()


def lines_of(found: Forecast) -> list[tuple[str, str]]:
    """A forecast as rows of a name and a figure."""
    memory = found.memory
    largest = found.largest_batch
    return [
        ("Weights", size_of(memory.weights)),
        ("Gradients", size_of(memory.gradients)),
        ("Optimiser state", size_of(memory.optimiser)),
        (f"Activations, batch {digits(found.batch_size)}", size_of(memory.activations + memory.batch)),
        ("In all", size_of(memory.total)),
        ("A step", duration(found.step_seconds)),
        ("Largest batch that fits", digits(largest) if largest else "none"),
        ("Device", f"{found.device}, {size_of(found.available)} free"),
    ]


def brief(found: Forecast) -> str:
    """`63 MB · 0.39 s a step`."""
    return f"{size_of(found.memory.total)} · {duration(found.step_seconds)} a step"


def duration(seconds: float) -> str:
    """A short time: `0.39 s`, `12 ms`."""
    return f"{short(1000 * seconds)}\u202fms" if seconds < 0.2 else f"{short(seconds)}\u202fs"
