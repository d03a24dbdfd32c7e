"""Pause, resume, stop and single steps, asked for by any thread and obeyed between two steps."""

from __future__ import annotations

import threading
from collections.abc import Callable

_PATIENCE = 0.05  # s between two looks at what else may be wanted while paused


class Control:
    """What a person wants of a run. Every method may be called from any thread and returns at once."""

    def __init__(self) -> None:
        self.wanted = False
        """Whether the trainer has something to obey: the one thing it reads at every step."""
        self._paused = False
        self._steps = 0
        self._stopped = False
        self._changed = threading.Condition()

    @property
    def paused(self) -> bool:
        """Whether a pause is asked for (the trainer may still be finishing its step)."""
        return self._paused

    @property
    def stopped(self) -> bool:
        return self._stopped

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

    def wait_to_go_on(self, meanwhile: Callable[[], None]) -> bool:
        """For the trainer: returns True when the next step may be taken, False when the run is to end.

        While paused, `meanwhile` is called about twenty times a second.
        """
        while True:
            with self._changed:
                if self._stopped:
                    return False
                if not self._paused:
                    return True
                if self._steps:
                    self._steps -= 1
                    return True
                changed = self._changed.wait(_PATIENCE)
            if not changed:
                meanwhile()

    def _tell(self) -> None:
        self.wanted = self._paused or self._stopped
        self._changed.notify_all()
