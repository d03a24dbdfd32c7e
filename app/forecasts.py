"""What training will take, found out in a job when it is asked for, and forgotten when the drawing or plan change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.figures import digits, short, size_of
from app.trials import Trial

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.train.forecast import Forecast


class Forecasts(Trial):
    """The forecast of the document in front."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._found: Forecast | None = None

    @property
    def current(self) -> Forecast | None:
        """What was found for the drawing and plan as they are; None when they were others, or nobody asked."""
        return self._found if self.holds else None

    @property
    def possible(self) -> bool:
        """Whether there is a checked program that could be tried."""
        return super().possible and self._session.check is not None

    def ask(self) -> None:
        """Takes some steps on a thread, and tells by `changed`."""
        program, result = self._session.program, self._session.check
        if program is None or result is None or not self.possible:
            return
        document = self._session.document.snapshot()

        def work() -> Forecast:
            from graph_engine.train.forecast import forecast

            return forecast(document, program, result)

        def done(found: Forecast) -> None:
            self._found = found
            self._end()

        self._found = None
        self._begin()
        self._session.jobs.start("Trying some steps", work, done, self._end)
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
