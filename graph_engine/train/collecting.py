"""Metrics over all samples of an evaluation that are no average over its batches."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from graph_engine.blocks import Specs, TensorSpec
from graph_engine.blocks.collected import CollectedMetric

if TYPE_CHECKING:
    from torch import Tensor
    from torchmetrics import Metric


@dataclass(frozen=True, slots=True)
class Collected:
    """A metric of the drawing that is collected: its name, its block, and the results at its two inputs."""

    name: str
    block: CollectedMetric
    operands: tuple[tuple[str, str], ...]


class Collection:
    """Shows every batch of an evaluation to a metric of torchmetrics, made at the first one."""

    def __init__(self, collected: Collected) -> None:
        self.collected = collected
        self._metric: Metric | None = None
        self._probabilities = False

    def begin(self) -> None:
        """Forget what was shown."""
        self._metric = None

    def show(self, values: Sequence[Tensor]) -> None:
        """One batch: what the network says and what is right."""
        if self._metric is None:
            self._metric = self._made(values).to(values[0].device)
        said, right = values
        self._metric.update(said.float().softmax(1) if self._probabilities else said.float(), right)

    def value(self) -> float:
        """That of all batches shown; NaN where it is not defined, as R² of one sample."""
        if self._metric is None:
            return float("nan")
        with warnings.catch_warnings():  # torchmetrics warns of classes that do not occur
            warnings.simplefilter("ignore")
            try:
                return float(self._metric.compute())
            except ValueError:
                return float("nan")

    def _made(self, values: Sequence[Tensor]) -> Metric:
        ports = [port.name for port in self.collected.block.inputs]
        specs = {
            port: TensorSpec(tuple(value.shape), str(value.dtype).removeprefix("torch."))
            for port, value in zip(ports, values, strict=True)
        }
        collector = self.collected.block.collector(Specs(specs))
        self._probabilities = collector.probabilities
        module, _, name = collector.target.rpartition(".")
        metric: Metric = getattr(import_module(module), name)(**dict(collector.options))
        return metric
