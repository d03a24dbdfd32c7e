"""Learning rates in closed form: what a schedule gives at a step, whatever came before, so that resuming needs no
replay.

Cosine: Loshchilov, Hutter (2017), SGDR: stochastic gradient descent with warm restarts. One cycle: Smith (2018), A
disciplined approach to neural network hyper-parameters.
"""

from __future__ import annotations

import math

from graph_engine.document.plan import Schedule

START_DIVISOR = 25.0
"""One cycle starts at the learning rate divided by this."""
END_DIVISOR = 1e4
"""One cycle ends at its start divided by this."""


def learning_rate(schedule: Schedule, base: float, step: int, steps: int, steps_per_epoch: int) -> float:
    """The learning rate of step `step` (from 0) of the `steps` of a stage; `base` is that of the optimiser."""
    match schedule.kind:
        case "constant":
            return base
        case "step":
            epoch = step // steps_per_epoch
            return base * schedule.factor ** (epoch // schedule.every)
        case "cosine":
            low = base * schedule.floor
            return low + (base - low) * (1 + math.cos(math.pi * step / steps)) / 2
        case "one_cycle":
            return _one_cycle(base, step, steps, schedule.rise)


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
