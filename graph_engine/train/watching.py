"""Who may look at a network while it is trained: called by the trainer, on its thread, between two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from graph_engine.train.stepper import Stepper


class Watcher(Protocol):
    """Looks at the network and leaves it as it found it."""

    def is_due(self, now: float) -> bool:
        """Whether it wants to look at time `now` (s, of `time.perf_counter`). Asked some twenty times a second."""
        ...

    def look(self, stepper: Stepper) -> None:
        """Look. Gradients are those of the last step."""
        ...
