"""Losses and metrics in which samples, steps or pixels do not count alike: some classes are left out, or weigh more.

Over a whole evaluation their mean is that over all that counts, so the batches weigh by what counts in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from graph_engine.blocks.block import Block

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Counting:
    """How much a label counts: nothing if it is `ignore` (−1: none is), else the weight of its class (none: 1)."""

    ignore: int = -1
    weights: tuple[float, ...] = ()

    def of(self, labels: Tensor) -> Tensor:
        """How much all of `labels` count together, a scalar of double precision."""
        import torch

        kept = labels != self.ignore
        if not self.weights:
            return kept.sum().double()
        weights = torch.tensor(self.weights, dtype=torch.float64, device=labels.device)
        return (weights[labels.clamp(0, len(self.weights) - 1)] * kept).sum()


class CountedByLabel(Block):
    """A block whose value is a mean over labels, those at its input `label`."""

    labels: ClassVar = "label"

    def counting(self) -> Counting | None:
        """How much each label counts; None: each as much, so that a batch weighs by its samples."""
        raise NotImplementedError
