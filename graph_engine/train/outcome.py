"""How a run ends."""

from __future__ import annotations

from dataclasses import dataclass

from graph_engine.train.feed import Progress


class Stopped(Exception):
    """The run is to end after the step that was taken."""


class NotFinite(Exception):
    """The loss of step `step` (from 1), or some weight after it, is not a finite number."""

    def __init__(self, step: int, *, loss: bool = True) -> None:
        words = f"The loss at step {step} is not a finite number."
        super().__init__(words if loss else f"A weight is not a finite number after step {step}.")
        self.step = step


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `progress` holds state, message and newest metrics, `best` the best epoch with its own."""

    progress: Progress
    best: dict[str, float]
