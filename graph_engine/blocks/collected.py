"""Metrics that are no average over batches: the F1 of an epoch is not the mean of the F1 of its batches.

Such a block computes its value on a batch, as every metric does, and names what computes it over all samples: a metric
of torchmetrics that is shown batch after batch and asked at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from graph_engine.blocks.block import Block, Category, Role, Specs


@dataclass(frozen=True, slots=True)
class Collector:
    """A class of torchmetrics, `torchmetrics.classification.MulticlassF1Score`, and the arguments that make it.

    `probabilities`: it is shown the softmax of what the network says. torchmetrics would guess by the values of each
    batch whether they are scores.
    """

    target: str
    options: tuple[tuple[str, Any], ...] = ()
    probabilities: bool = False

    @staticmethod
    def of(target: str, **options: Any) -> Collector:
        return Collector(target, tuple(options.items()))


class CollectedMetric(Block):
    """A metric over all samples. Its first input is what the network says, its second what is right."""

    category: ClassVar = Category.METRIC
    role: ClassVar = Role.METRIC
    at_each_step: ClassVar[bool] = True
    """Whether training tells its value on every batch; else evaluations alone compute it, as it takes long."""

    def collector(self, inputs: Specs) -> Collector:
        """What is shown every batch of the two inputs and gives the value of all of them."""
        raise NotImplementedError
