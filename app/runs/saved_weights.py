"""What a run in another process has learnt, seen by the weights that it saves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from app.open_document import OpenDocument
    from app.runs.activations import Activations
    from app.runs.follower import Handle
    from app.workers import Jobs

_EVERY = 2.0  # s between two looks


class SavedWeights:
    """Reads the newest weights of a run, on a thread, and hands them to what looks at nodes."""

    def __init__(self, background: Jobs, activations: Activations) -> None:
        self._background, self._activations = background, activations
        self._step = 0
        self._next = 0.0
        self._asked = self._taken = 0

    def start_over(self) -> None:
        """Another run is followed."""
        self._step = 0

    def look(self, handle: Handle, front: OpenDocument | None) -> None:
        """Shows what a run in another process has saved since the last look."""
        now = time.monotonic()
        if front is None or handle.board is not None or now < self._next:
            return
        self._next = now + _EVERY
        newest = next(iter(handle.folder.checkpoints.steps()), 0)
        if newest > self._step:
            self._step = newest
            self.show(handle, front)

    def show(self, handle: Handle, front: OpenDocument) -> None:
        """Shows what a run has learnt."""
        from graph_engine.runs import RunError

        self._asked = asked = self._asked + 1

        def take(weights: Mapping[str, Tensor]) -> None:
            if asked > self._taken:  # what was asked for later may have been read before
                self._taken = asked
                self._activations.set_weights(weights, front)

        def fail(error: Exception) -> None:
            if not isinstance(error, RunError):  # it ended before it saved any
                raise error

        self._background.start("Reading weights", handle.weights, take, fail)
