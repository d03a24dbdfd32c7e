"""Comparisons of samples over a whole evaluation, as metrics of torchmetrics."""

from __future__ import annotations

from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

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
        return dim_zero_cat(self.made), dim_zero_cat(self.real)  # those of several workers are one tensor already


class CollectedCoverage(_CollectedSamples):
    """The share of real samples that have a made one within their reach."""

    def compute(self) -> Tensor:
        return coverage(*self.both(), self.neighbours)


class CollectedFidelity(_CollectedSamples):
    """The share of made samples within the reach of a real one."""

    def compute(self) -> Tensor:
        return fidelity(*self.both(), self.neighbours)
