"""What a person wants of a run: asked for by any thread, obeyed between two steps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from graph_engine.train.changes import RunChange

_PATIENCE = 0.05  # s between two looks at what else may be wanted while paused


class Go(Enum):
    """What is to be done next."""

    ON = "the next step"
    END = "end the run"
    OBEY = "something that was asked for"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for of one control, to be asked of others as well."""

    paused: bool
    steps: int
    stopped: bool
    ends_with_epoch: bool
    evaluates: bool
    changes: tuple[RunChange, ...]


class Control:
    """What a person wants of a run. Every method may be called from any thread and returns at once."""

    def __init__(self) -> None:
        self.wanted = False
        """Whether the trainer has something to obey: the one thing it reads at every step."""
        self._paused = False
        self._steps = 0
        self._stopped = False
        self._ends_with_epoch = False
        self._changes: list[RunChange] = []
        self._evaluates = False
        self._changed = threading.Condition()

    @property
    def paused(self) -> bool:
        """Whether a pause is asked for (the trainer may still be finishing its step)."""
        return self._paused

    @property
    def stopped(self) -> bool:
        return self._stopped

    @property
    def ends_with_epoch(self) -> bool:
        """Whether the run is to end when the epoch in progress does."""
        return self._ends_with_epoch

    def pause(self) -> None:
        """Stand still after the step in progress."""
        with self._changed:
            self._paused = True
            self._tell()

    def resume(self) -> None:
        """Go on after a pause."""
        with self._changed:
            self._paused = False
            self._steps = 0
            self._tell()

    def step(self) -> None:
        """One step, then pause. Calls while that step waits add up."""
        with self._changed:
            self._paused = True
            self._steps += 1
            self._tell()

    def stop(self) -> None:
        """End the run after the step in progress, with a checkpoint of that very step. Can't be taken back."""
        with self._changed:
            self._stopped = True
            self._tell()

    def stop_after_epoch(self, *, on: bool = True) -> None:
        """End the run when the epoch in progress is done and judged; or, with `on` False, not any more."""
        with self._changed:
            self._ends_with_epoch = on
            self._tell()

    def evaluate(self) -> None:
        """Measure on the samples held out, now."""
        with self._changed:
            self._evaluates = True
            self._tell()

    def change(self, change: RunChange) -> None:
        """Go on with other values. A checkpoint is taken first."""
        with self._changed:
            self._changes.append(change)
            self._tell()

    def take_changes(self) -> list[RunChange]:
        """For the trainer: the changes asked for since it last took them."""
        with self._changed:
            taken, self._changes = self._changes, []
            self._tell()
            return taken

    def take_evaluation(self) -> bool:
        """For the trainer: whether an evaluation was asked for since."""
        with self._changed:
            taken, self._evaluates = self._evaluates, False
            self._tell()
            return taken

    def hand_over(self) -> Asked:
        """For a trainer of several: what is asked for; what is done once is taken out."""
        with self._changed:
            asked = Asked(
                self._paused,
                self._steps,
                self._stopped,
                self._ends_with_epoch,
                self._evaluates,
                tuple(self._changes),
            )
            self._steps, self._evaluates, self._changes = 0, False, []
            return asked

    def take_over(self, asked: Asked) -> None:
        """For a trainer of several: ask for all that was asked for elsewhere."""
        with self._changed:
            self._paused = asked.paused
            self._steps = self._steps + asked.steps if asked.paused else 0
            self._stopped = asked.stopped
            self._ends_with_epoch = asked.ends_with_epoch
            self._evaluates |= asked.evaluates
            self._changes += asked.changes
            self._tell()

    def wait_to_go_on(self, meanwhile: Callable[[], None]) -> Go:
        """For the trainer: what is to be done next, as soon as there is something.

        While paused, `meanwhile` is called about twenty times a second.
        """
        while True:
            with self._changed:
                if self._stopped:
                    return Go.END
                if self._changes or self._evaluates:
                    return Go.OBEY
                if not self._paused:
                    return Go.ON
                if self._steps:
                    self._steps -= 1
                    return Go.ON
                changed = self._changed.wait(_PATIENCE)
            if not changed:
                meanwhile()

    def _tell(self) -> None:
        self.wanted = self._paused or self._stopped or bool(self._changes) or self._evaluates
        self._changed.notify_all()
