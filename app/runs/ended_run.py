"""A run that has ended, seen again: its curves, and its best weights in what nodes give."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from app.open_document import OpenDocument
    from app.runs.activations import Activations
    from app.runs.curves import RunCurves
    from app.runs.library import RunLibrary
    from app.runs.shown import ShownRuns
    from app.workers import Jobs


class EndedRun:
    """Reads on threads. What is read of one run is shown only if no other has come to the front meanwhile."""

    def __init__(self, background: Jobs, library: RunLibrary, shown: ShownRuns, activations: Activations) -> None:
        self._background, self._library = background, library
        self._shown, self._activations = shown, activations
        self._turn = 0

    def give_way(self) -> None:
        """Another run, or none, is to be seen."""
        self._turn += 1

    def show(self, run: str, name: str, front: OpenDocument) -> None:
        """Shows a run of the document `front`."""
        from graph_engine.runs import RunError, load_weights

        self.give_way()
        turn = self._turn

        def draw(curves: RunCurves) -> None:
            if turn == self._turn:
                curves.set_weight(self._shown.smoothing)
                self._shown.begin(run, name, curves)

        def see(weights: Mapping[str, Tensor]) -> None:
            if turn == self._turn:
                self._activations.set_weights(weights, front)

        def fail(error: Exception) -> None:
            if not isinstance(error, RunError):  # it ended before it saved any
                self._background.failed.emit("Reading weights", error)

        self._library.read_curves(run, draw)
        self._background.start("Reading weights", lambda: load_weights(run), see, fail)
