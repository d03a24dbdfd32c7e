"""What several workers agree on between steps. Their clocks differ, so nothing that a clock or a person decides is left
to each: every few steps the first worker tells all what is wanted, and when to meet again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from graph_engine.train.control import Asked, Control
from graph_engine.train.team import Team

INTERVAL = 0.1
"""s between two meetings, about."""
_LONGEST = 10_000  # steps


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the first worker tells: what was asked of it, whether its weights are finite, steps until the next time."""

    asked: Asked
    fine: bool
    steps: int


class Meetings:
    """`control` is what all workers obey: at each meeting, what was asked of that of the first worker."""

    def __init__(self, team: Team, asked: Control) -> None:
        self.team = team
        self.control = Control()
        self._asked = asked
        self._step, self._moment, self._steps = 0, time.perf_counter(), 1

    def meet(self, step: int, look: Callable[[], bool]) -> tuple[bool, int]:
        """After step `step`: whether the first worker found by `look` that all is well, and the step after which to
        meet again.

        Raises: TrainError.
        """
        agreed = self.team.from_first(lambda: Agreed(self._asked.hand_over(), look(), self._until_next(step)))
        self.control.take_over(agreed.asked)
        return agreed.fine, step + agreed.steps

    def _until_next(self, step: int) -> int:
        """As many steps as take about `INTERVAL`, judged by those since the last meeting; at most twice as many."""
        taken, passed = step - self._step, time.perf_counter() - self._moment
        self._step, self._moment = step, time.perf_counter()
        if taken > 0 and passed > 0:
            self._steps = max(1, min(int(taken * INTERVAL / passed), 2 * self._steps, _LONGEST))
        return self._steps
