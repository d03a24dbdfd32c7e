"""An update of which several workers each take a part of the samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from graph_engine.train.noise_of_whole import NoiseOfWhole
from graph_engine.train.team import Part, Team
from graph_engine.train.updates import ActiveUpdate, Batch, shares


class SharedUpdate(ActiveUpdate):
    """Its step is that of one process on the whole batches, sums rounded otherwise: every worker differentiates the
    mean over its own samples, weighed by how much they count, and then has the sum over all workers, before anything is
    clipped or the optimiser steps.

    That holds of losses that are means over samples, or over what counts of them. One that compares the samples of a
    batch with each other compares those of a worker. Buffers that are not the same in all workers (batch norm on CPUs)
    are those of the first.
    """

    def __init__(self, team: Team, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._team = team
        self._draws = True  # until a step did not
        self._buffers = [
            buffer for buffer in self.measurement.network.buffers() if buffer.is_floating_point() and buffer.numel()
        ]

    def step(self, batches: Sequence[Batch], step: int) -> list[Tensor]:
        self.clear()
        sums: list[Tensor] = []
        drew = False
        own = [(self._team.part(batch), share) for batch, share in shares(batches)]
        every = self.measurement.factors([(part.batch, share * part.weight) for part, share in own], batches)
        for (part, share), factors in zip(own, every, strict=True):
            noise = NoiseOfWhole(part.first, part.count, part.whole) if self._draws else None
            if noise is None:
                values = self._take(part, share, factors)
            else:  # `torch.compile` would look away, and never look at the function again
                with noise, self.measurement.not_compiled():
                    values = self._take(part, share, factors)
            drew |= noise is not None and noise.drew
            sums = [one + other for one, other in zip(sums, values, strict=True)] if sums else values
        self._draws = drew
        told = torch.stack([value.float() for value in sums])
        if self._buffers and not self._team.leads:
            torch._foreach_zero_(self._buffers)
        self._team.add_up([*self._to_add_up(), told, *self._buffers])
        self.descend(step)
        return list(told)

    def _to_add_up(self) -> list[Tensor]:
        """The gradients that are those of this worker's samples alone."""
        return [parameter.grad for parameter in self.parameters if parameter.grad is not None]

    def _take(self, part: Part, share: float, factors: Sequence[Tensor]) -> list[Tensor]:
        """Differentiate what is `share` of the step; what is told, times the part's share of the step."""
        weight = share * part.weight
        values = self.forward(part.batch, factors)
        told = self.backward(part.batch, values[0], weight)
        return [weight * value.detach() for value in (*values, *told)]
