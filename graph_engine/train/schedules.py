"""Learning rates in closed form: what a schedule gives at a step, whatever came before, so that resuming needs no
replay. What waits for a plateau can't be: its state is in `Plateau`.

Cosine: Loshchilov, Hutter (2017), SGDR: stochastic gradient descent with warm restarts. One cycle: Smith (2018), A
disciplined approach to neural network hyper-parameters. Warm-up: Goyal et al. (2017), Accurate, large minibatch SGD.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from graph_engine.document.plan import Schedule

START_DIVISOR = 25.0
"""One cycle starts at the learning rate divided by this."""
END_DIVISOR = 1e4
"""One cycle ends at its start divided by this."""


def learning_rate(
    schedule: Schedule, base: float, step: int, steps: int, steps_per_epoch: int, warm: int | None = None
) -> float:
    """The learning rate of step `step` (from 0) of the `steps` of a stage; `base` is that of the optimiser.

    Epochs are counted from the end of the warm-up on, which is step `warm` (None: as the schedule says). That of a
    plateau is to be multiplied by `Plateau.factor`.
    """
    warm = schedule.warm_up if warm is None else warm
    if step < warm:
        start = schedule.warm_up_from
        return base * (start + (1 - start) * (step - warm + schedule.warm_up) / schedule.warm_up)
    step -= warm
    steps = max(steps - warm, 1)
    epoch = step // steps_per_epoch
    match schedule.kind:
        case "constant" | "plateau":
            return base
        case "step":
            return base * schedule.factor ** (epoch // schedule.every)
        case "multi_step":
            return base * schedule.factor ** sum(epoch >= milestone for milestone in schedule.milestones)
        case "exponential":
            return base * schedule.factor**epoch
        case "polynomial":
            low = base * schedule.floor
            return low + (base - low) * math.pow(1 - min(step / steps, 1.0), schedule.power)
        case "cosine":
            low = base * schedule.floor
            share = _share_of_period(schedule, step, steps, steps_per_epoch)
            return low + (base - low) * (1 + math.cos(math.pi * share)) / 2
        case "one_cycle":
            return _one_cycle(base, step, steps, schedule.rise)


def counts_epochs(schedule: Schedule) -> bool:
    """Whether the learning rate depends on how many epochs went by, rather than on how much of the stage did."""
    restarts = schedule.kind == "cosine" and schedule.period is not None
    return schedule.kind in ("step", "multi_step", "exponential") or restarts


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a stage stands: the steps done in it, and how many make an epoch."""

    done: int
    steps_per_epoch: int


def warm_after(schedule: Schedule, warm: int, before: Pace, after: Pace) -> int:
    """When the warm-up is to end that was to end at step `warm`, once epochs have another length: what the schedule
    gives goes on from where it was, whether it counts steps, epochs or the share of the stage that is done. Steps of a
    stage in epochs are counted as if all of it had had these.
    """
    if before.done < warm:  # as many steps of it are left
        return warm + after.done - before.done
    if counts_epochs(schedule):
        return after.done - round((before.done - warm) * after.steps_per_epoch / before.steps_per_epoch)
    return round(warm * after.done / max(before.done, 1))


def _share_of_period(schedule: Schedule, step: int, steps: int, steps_per_epoch: int) -> float:
    """How far along its half cosine a step is, from 0 on."""
    if schedule.period is None:
        return step / steps
    length = schedule.period * steps_per_epoch
    if schedule.growth == 1:
        return step % length / length
    while step >= length:
        step -= length
        length *= schedule.growth
    return step / length


def _one_cycle(top: float, step: int, steps: int, rise: float) -> float:
    """Half a cosine up to `top` over the share `rise` of the steps, and half a cosine down to almost nothing."""
    start = top / START_DIVISOR
    end = start / END_DIVISOR
    peak = max(rise * steps - 1, 0.0)
    if step < peak:
        return _between(start, top, step / peak)
    rest = steps - 1 - peak
    return _between(top, end, (step - peak) / rest) if rest > 0 else top


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


@dataclass(slots=True)
class Plateau:
    """What a plateau schedule remembers: the best value so far, how many epochs were no better, and the factor that
    the learning rate is multiplied by.
    """

    factor: float = 1.0
    best: float | None = None
    waited: int = 0

    def look(self, schedule: Schedule, value: float, *, greater: bool) -> None:
        """Judge an epoch; `greater`: greater values are better."""
        sign = -1.0 if greater else 1.0
        value *= sign
        if not math.isnan(value) and (self.best is None or value < self.best - abs(self.best) * schedule.threshold):
            self.best, self.waited = value, 0
            return
        self.waited += 1
        if self.waited > schedule.patience:
            self.factor, self.waited = max(self.factor * schedule.factor, schedule.floor), 0

    def begin_anew(self) -> None:
        """The values to come can't be compared with those before; the learning rate stays as low as it is."""
        self.best, self.waited = None, 0

    def state(self) -> dict[str, Any]:
        return asdict(self)

    def restore(self, state: Mapping[str, Any]) -> None:
        self.factor, self.best, self.waited = state["factor"], state["best"], state["waited"]
