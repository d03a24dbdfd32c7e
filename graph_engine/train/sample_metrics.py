"""Comparisons of samples over a whole evaluation, as metrics of torchmetrics."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from graph_engine.nn.samples import coverage, fidelity


class _CollectedSamples(Metric):
    """Keeps all samples that it is shown."""

    full_state_update = False
    made: list[Tensor]
    real: list[Tensor]

    def __init__(self, neighbours: int = 5) -> None:
        super().__init__()
        self.neighbours = neighbours
        self.add_state("made", default=[], dist_reduce_fx="cat")
        self.add_state("real", default=[], dist_reduce_fx="cat")

    def update(self, made: Tensor, real: Tensor) -> None:
        """One batch, (N, …) each."""
        self.made.append(made)
        self.real.append(real)

    def both(self) -> tuple[Tensor, Tensor]:
        return torch.cat(self.made), torch.cat(self.real)


class CollectedCoverage(_CollectedSamples):
    """The share of real samples that have a made one within their reach."""

    def compute(self) -> Tensor:
        return coverage(*self.both(), self.neighbours)


class CollectedFidelity(_CollectedSamples):
    """The share of made samples within the reach of a real one."""

    def compute(self) -> Tensor:
        return fidelity(*self.both(), self.neighbours)
